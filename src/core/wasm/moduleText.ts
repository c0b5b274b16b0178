/**
 * A module of ours in the text format (core specification 2.0, section 6), to be read by people:
 * what `ModuleBuilder` makes, with the instructions that this folder emits.
 */
import { assert } from '../base/assert.ts';
import {
  loadTable,
  op,
  operatorTable,
  simd,
  storeTable,
  valueTypes,
  type ValueType,
} from './opcodes.ts';

/** `names` are what functions that are exported are called besides, as comments. */
export function moduleText(bytes: Uint8Array, names: ReadonlyMap<string, string> = new Map()) {
  return new ModuleText(bytes, names).text();
}

const sections = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const headerBytes = 8;
const typeName = new Map<number, string>(
  Object.entries(valueTypes).map(([name, code]) => [code, name]),
);

class ModuleText {
  private readonly reader: Reader;
  private readonly names: ReadonlyMap<string, string>;
  private readonly lines: string[] = ['(module'];
  private readonly types: string[] = [];
  private readonly typeOfFunction: number[] = [];
  private readonly exports = new Map<number, string>();
  private imported = 0;

  constructor(bytes: Uint8Array, names: ReadonlyMap<string, string>) {
    this.reader = new Reader(bytes, headerBytes);
    this.names = names;
  }

  text(): string {
    const { reader } = this;
    while (!reader.ended) {
      const id = reader.byte();
      const size = reader.unsigned();
      const end = reader.at + size;
      switch (id) {
        case sections.type:
          this.readTypes();
          break;
        case sections.import:
          reader.vector(() => this.readImport());
          break;
        case sections.function:
          reader.vector(() => this.typeOfFunction.push(reader.unsigned()));
          break;
        case sections.export:
          reader.vector(() => {
            const name = reader.name();
            reader.byte();
            this.exports.set(reader.unsigned(), name);
          });
          break;
        case sections.code:
          reader.vector((i) => this.readFunction(this.imported + i, this.typeOfFunction[i]!));
          break;
        default:
          reader.at = end;
      }
      assert(reader.at === end, `section ${id} ends at ${reader.at} instead of ${end}`);
    }
    for (const [index, name] of this.exports) {
      this.lines.push(`  (export ${JSON.stringify(name)} (func ${index}))`);
    }
    return `${this.lines.join('\n')})\n`;
  }

  private readTypes(): void {
    const { reader } = this;
    reader.vector(() => {
      reader.byte();
      const list = (keyword: string): string => {
        const types = reader.vector(() => typeOf(reader.byte()));
        return types.length === 0 ? '' : ` (${keyword} ${types.join(' ')})`;
      };
      const type = list('param') + list('result');
      this.lines.push(`  (type (;${this.types.length};) (func${type}))`);
      this.types.push(type);
    });
  }

  private readImport(): void {
    const { reader } = this;
    const from = `(import ${JSON.stringify(reader.name())} ${JSON.stringify(reader.name())}`;
    const kind = reader.byte();
    if (kind === 0) {
      this.lines.push(`  ${from} (func (;${this.imported++};) (type ${reader.unsigned()})))`);
      return;
    }
    if (kind === 1) reader.byte();
    const hasMaximum = reader.byte() === 1;
    const limits = [reader.unsigned(), ...(hasMaximum ? [reader.unsigned()] : [])].join(' ');
    this.lines.push(
      `  ${from} ${kind === 1 ? `(table ${limits} funcref)` : `(memory ${limits})`})`,
    );
  }

  private readFunction(index: number, type: number): void {
    const { reader, lines } = this;
    const end = reader.unsigned() + reader.at;
    const name = this.exports.get(index);
    const comment = name === undefined ? undefined : this.names.get(name);
    if (comment !== undefined) lines.push(`  ;; ${comment}`);
    lines.push(`  (func (;${index};) (type ${type})${this.types[type]}`);
    const locals = reader.vector(() => {
      const count = reader.unsigned();
      return `${typeOf(reader.byte())} `.repeat(count).trimEnd();
    });
    if (locals.length > 0) lines.push(`    (local ${locals.join(' ')})`);
    let depth = 2;
    while (reader.at < end - 1) {
      const text = instruction(reader);
      if (text === 'end' || text === 'else') depth--;
      lines.push('  '.repeat(depth) + text);
      if (/^(block|loop|if|else)\b/.test(text)) depth++;
    }
    reader.at = end;
    lines[lines.length - 1] += ')';
  }
}

type Immediate = 'type' | 'index' | 'table' | 'indirect' | 'memory' | ValueType;

/** What the instructions are called that are no operators, and what follows their codes. */
const others: Readonly<Record<number, readonly [name: string, immediate?: Immediate]>> = {
  [op.unreachable]: ['unreachable'],
  [op.block]: ['block', 'type'],
  [op.loop]: ['loop', 'type'],
  [op.if]: ['if', 'type'],
  [op.else]: ['else'],
  [op.end]: ['end'],
  [op.br]: ['br', 'index'],
  [op.brIf]: ['br_if', 'index'],
  [op.brTable]: ['br_table', 'table'],
  [op.return]: ['return'],
  [op.call]: ['call', 'index'],
  [op.callIndirect]: ['call_indirect', 'indirect'],
  [op.returnCall]: ['return_call', 'index'],
  [op.drop]: ['drop'],
  [op.select]: ['select'],
  [op.localGet]: ['local.get', 'index'],
  [op.localSet]: ['local.set', 'index'],
  [op.localTee]: ['local.tee', 'index'],
  [op.i32Const]: ['i32.const', 'i32'],
  [op.i64Const]: ['i64.const', 'i64'],
  [op.f32Const]: ['f32.const', 'f32'],
  [op.f64Const]: ['f64.const', 'f64'],
};

const byCode: ReadonlyMap<number, readonly [name: string, immediate?: Immediate]> = new Map([
  ...Object.entries(others).map(([code, row]) => [Number(code), row] as const),
  ...Object.values(operatorTable).map(({ code, name }) => [code, [name]] as const),
  ...[...Object.values(loadTable), ...Object.values(storeTable)].map(
    ({ code, name }) => [code, [name, 'memory']] as const,
  ),
]);

const simdNames = new Map<number, string>([
  [simd.f64x2Splat, 'f64x2.splat'],
  [simd.f64x2ExtractLane, 'f64x2.extract_lane'],
  [simd.f64x2RelaxedMadd, 'f64x2.relaxed_madd'],
]);

function instruction(reader: Reader): string {
  const code = reader.byte();
  if (code === op.simd) {
    const number = reader.unsigned();
    const lane = number === simd.f64x2ExtractLane ? ` ${reader.byte()}` : '';
    return `${simdNames.get(number)}${lane}`;
  }
  const row = byCode.get(code);
  assert(row, `no instruction with code 0x${code.toString(16)}`);
  const [name, immediate] = row;
  return immediate === undefined ? name : `${name}${immediateText(reader, immediate)}`;
}

function immediateText(reader: Reader, kind: Immediate): string {
  switch (kind) {
    case 'type': {
      const type = reader.byte();
      return type === op.voidBlock ? '' : ` (result ${typeOf(type)})`;
    }
    case 'index':
      return ` ${reader.unsigned()}`;
    case 'table':
      return ` ${[...reader.vector(() => reader.unsigned()), reader.unsigned()].join(' ')}`;
    case 'indirect': {
      const type = reader.unsigned();
      reader.byte();
      return ` (type ${type})`;
    }
    case 'memory': {
      const alignment = 1 << reader.unsigned();
      const offset = reader.unsigned();
      return `${offset === 0 ? '' : ` offset=${offset}`} align=${alignment}`;
    }
    case 'i32':
    case 'i64':
      return ` ${reader.signed()}`;
    case 'f32':
    case 'f64':
      return ` ${reader.float(kind === 'f32' ? 4 : 8)}`;
  }
}

function typeOf(code: number): string {
  const name = typeName.get(code);
  assert(name, `no type with code 0x${code.toString(16)}`);
  return name;
}

/** LEB128 and names of the binary format. */
class Reader {
  at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  get ended(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    assert(value !== undefined, 'the module ends early');
    return value;
  }

  unsigned(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  signed(): bigint {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return BigInt.asIntN(Number(shift), value);
    }
  }

  /** The shortest decimal that is this number; of what is none, its bits. */
  float(size: 4 | 8): string {
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at, size);
    this.at += size;
    const value = size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
    const bits = size === 4 ? BigInt(view.getUint32(0, true)) : view.getBigUint64(0, true);
    const sign = view.getUint8(size - 1) >= 0x80 ? '-' : '';
    if (!Number.isNaN(value)) return `${sign}inf`;
    return `${sign}nan:0x${BigInt.asUintN(size === 4 ? 23 : 52, bits).toString(16)}`;
  }

  name(): string {
    const length = this.unsigned();
    const start = this.at;
    this.at += length;
    return String.fromCharCode(...this.bytes.subarray(start, this.at));
  }

  vector<T>(read: (index: number) => T): T[] {
    return Array.from({ length: this.unsigned() }, (_, index) => read(index));
  }
}
