/**
 * `trapline run --dump`: what the translator makes, as files to read. `blocks.txt` is guest code by
 * region and block, `map.txt` which function has which guest addresses, and each module is there as
 * `module<n>.wasm` and, as text, `.wat`.
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../core/base/userError.ts';
import type {
  ObservedBlock,
  ObservedModule,
  ObservedRegion,
} from '../core/engine/translator/observed.ts';
import type { Machine } from '../core/machine/machine.ts';
import { moduleText } from '../core/wasm/moduleText.ts';
import { UsageError } from './options.ts';

export const dumpKinds = ['blocks', 'wat', 'wasm', 'map'] as const;
type DumpKind = (typeof dumpKinds)[number];

export function parseDump(text: string): ReadonlySet<DumpKind> {
  const names = text.split(',').map((name) => name.trim());
  const kinds = names.map((name) => {
    const kind = dumpKinds.find((each) => each === name);
    if (!kind) throw new UsageError(`--dump wants ${dumpKinds.join(', ')}, not '${name}'`, 'dump');
    return kind;
  });
  return new Set(kinds);
}

export class Dump {
  private readonly kinds: ReadonlySet<DumpKind>;
  private readonly folder: string;
  private readonly files = new Map<DumpKind, number>();
  private modules = 0;

  constructor(kinds: ReadonlySet<DumpKind>, folder: string) {
    this.kinds = kinds;
    this.folder = folder;
    try {
      mkdirSync(folder, { recursive: true });
      for (const kind of ['blocks', 'map'] as const) {
        if (kinds.has(kind)) this.files.set(kind, openSync(path.join(folder, `${kind}.txt`), 'w'));
      }
    } catch (error) {
      throw new UserError(`--dump-dir: ${(error as Error).message}`, 'dump-dir');
    }
  }

  /** A module, as the machine's code is at present. */
  add(machine: Machine, { bytes, regions }: ObservedModule): void {
    const name = `module${String(this.modules++).padStart(4, '0')}`;
    const entries = new Map(regions.map((region) => [region.name, `guest ${hex(region.entry)}`]));
    if (this.kinds.has('wasm')) writeFileSync(path.join(this.folder, `${name}.wasm`), bytes);
    if (this.kinds.has('wat')) {
      writeFileSync(path.join(this.folder, `${name}.wat`), moduleText(bytes, entries));
    }
    for (const region of regions) {
      this.write('blocks', blocksText(machine, name, region));
      this.write('map', mapText(name, region));
    }
  }

  close(): void {
    for (const file of this.files.values()) closeSync(file);
  }

  private write(kind: DumpKind, text: string): void {
    const file = this.files.get(kind);
    if (file !== undefined) writeSync(file, text);
  }
}

function blocksText(machine: Machine, module: string, { name, entry, blocks }: ObservedRegion) {
  const count = blocks.reduce((sum, block) => sum + block.instructions.length, 0);
  const title = `${module} ${name}: entry ${hex(entry)}, ${blocks.length} blocks, ${count} instructions`;
  return `${title}\n${blocks.map((block) => blockText(machine, block)).join('')}\n`;
}

function blockText({ memory, isa }: Machine, { instructions, end }: ObservedBlock): string {
  const lines = instructions.map(({ address, halves }) => {
    const bytes = halves.flatMap((at) => [...(memory.view8(at, 2) ?? [])]);
    const isThere = bytes.length === halves.length * 2;
    const text = isThere ? isa.disassemble(Uint8Array.from(bytes), address).text : '(no memory)';
    return `    ${hex(address)}  ${text}`;
  });
  const [first] = instructions;
  const title = first ? `${hex(first.address)}: ${instructions.length} instructions` : 'empty';
  return `  block ${title}, end ${end}\n${lines.join('\n')}${lines.length > 0 ? '\n' : ''}`;
}

/** A line for each run of addresses: module, function, from, up to and without, in order. */
function mapText(module: string, { name, blocks }: ObservedRegion): string {
  const instructions = blocks.flatMap((block) => block.instructions);
  const sorted = instructions.sort((a, b) => (a.address < b.address ? -1 : 1));
  const runs: { from: bigint; to: bigint }[] = [];
  for (const { address, length } of sorted) {
    const last = runs.at(-1);
    const next = address + BigInt(length);
    if (last && last.to >= address) last.to = next;
    else runs.push({ from: address, to: next });
  }
  return runs.map(({ from, to }) => `${module} ${name} ${hex(from)} ${hex(to)}\n`).join('');
}

const hex = (address: bigint): string => `0x${address.toString(16)}`;
