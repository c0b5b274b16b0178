/** A WebAssembly module under construction (binary format, core specification 5.5). */
import { assert } from '../base/assert.ts';
import { ByteSink } from './byteSink.ts';
import type { FunctionType } from './functionBuilder.ts';
import { op, valueTypes, type ValueType } from './opcodes.ts';

/** A function of a module: a `FunctionBuilder`, or what was made otherwise. */
export interface FunctionBody {
  readonly type: FunctionType;
  /** Appends the body as the code section has it. */
  appendBody(to: ByteSink): void;
}

export class ModuleBuilder {
  /** Whether exported functions have their names for debuggers and profilers too. */
  namesFunctions = false;
  private readonly types: FunctionType[] = [];
  private readonly typeIndex = new Map<string, number>();
  private readonly imports = new ByteSink();
  private importCount = 0;
  private importedFunctions = 0;
  private readonly functions: FunctionBody[] = [];
  private readonly elements: { place: number; index: number }[] = [];
  private readonly exports: { name: string; index: number }[] = [];

  /** Index of an imported function. Imports come before all functions of the module's own. */
  importFunction(
    module: string,
    name: string,
    parameters: readonly ValueType[],
    results: readonly ValueType[],
  ): number {
    assert(this.functions.length === 0, 'imports come before functions');
    this.imports
      .name(module)
      .name(name)
      .byte(0)
      .unsigned(this.indexOfType({ parameters, results }));
    this.importCount++;
    return this.importedFunctions++;
  }

  /** The memory must have at least `minimumPages` of 64 KiB. */
  importMemory(module: string, name: string, minimumPages: number): void {
    this.imports.name(module).name(name).byte(2).byte(0).unsigned(minimumPages);
    this.importCount++;
  }

  /** A table of at least `minimum` functions. */
  importTable(module: string, name: string, minimum: number): void {
    this.imports.name(module).name(name).byte(1).byte(0x70).byte(0).unsigned(minimum);
    this.importCount++;
  }

  /** Number of a function type, as `callIndirect` wants it. */
  typeIndexOf(type: FunctionType): number {
    return this.indexOfType(type);
  }

  addFunction(f: FunctionBody, exportName?: string): number {
    const index = this.importedFunctions + this.functions.length;
    this.functions.push(f);
    if (exportName !== undefined) this.exports.push({ name: exportName, index });
    return index;
  }

  /** A function goes to a place in the imported table. */
  addElement(place: number, index: number): void {
    this.elements.push({ place, index });
  }

  build(): Uint8Array {
    const typeOf = this.functions.map((f) => this.indexOfType(f.type));
    const out = new ByteSink();
    out.append(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
    section(out, 1, vector(this.types, encodeType));
    section(out, 2, new ByteSink().unsigned(this.importCount).append(this.imports));
    section(
      out,
      3,
      vector(typeOf, (sink, index) => sink.unsigned(index)),
    );
    section(
      out,
      7,
      vector(this.exports, (sink, e) => sink.name(e.name).byte(0).unsigned(e.index)),
    );
    if (this.elements.length > 0) section(out, 9, vector(this.elements, encodeElement));
    section(
      out,
      10,
      vector(this.functions, (sink, f) => {
        f.appendBody(sink);
      }),
    );
    if (this.namesFunctions) section(out, 0, this.nameSection());
    return out.result().slice();
  }

  /** Core specification 2.0, 7.4.1: a custom section whose subsection 1 names functions. */
  private nameSection(): ByteSink {
    const names = vector(this.exports, (sink, e) => sink.unsigned(e.index).name(e.name));
    return new ByteSink().name('name').byte(1).unsigned(names.length).append(names);
  }

  private indexOfType(type: FunctionType): number {
    const same = this.types.indexOf(type);
    if (same >= 0) return same;
    const key = `${type.parameters.join()}>${type.results.join()}`;
    const known = this.typeIndex.get(key);
    if (known !== undefined) return known;
    this.typeIndex.set(key, this.types.length);
    this.types.push(type);
    return this.types.length - 1;
  }
}

function section(out: ByteSink, id: number, content: ByteSink): void {
  out.byte(id).unsigned(content.length).append(content);
}

function vector<T>(items: readonly T[], encode: (sink: ByteSink, item: T) => void): ByteSink {
  const out = new ByteSink().unsigned(items.length);
  for (const item of items) encode(out, item);
  return out;
}

function encodeElement(sink: ByteSink, { place, index }: { place: number; index: number }): void {
  sink.byte(0).byte(op.i32Const).signedSmall(place).byte(op.end).unsigned(1).unsigned(index);
}

function encodeType(sink: ByteSink, type: FunctionType): void {
  sink.byte(0x60).unsigned(type.parameters.length);
  for (const t of type.parameters) sink.byte(valueTypes[t]);
  sink.unsigned(type.results.length);
  for (const t of type.results) sink.byte(valueTypes[t]);
}
