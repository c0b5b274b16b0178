/**
 * Objects of the C++ library: what they hold is what gdb's printers of libstdc++ say of the same
 * program at the same stop.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadProgramSymbols } from '../../../src/core/debug/symbols/programSymbols.ts';
import type { Variable } from '../../../src/core/debug/symbols/symbols.ts';
import { frameContext, unwind } from '../../../src/core/debug/symbols/unwind.ts';
import { riscvIsa } from '../../../src/core/isa/riscv/riscv.ts';
import { output, serve, type Serving } from '../serving.ts';
import { buildLibraryProgram } from './programs.ts';

/** As library.py writes values. */
async function plain(variable: Variable): Promise<unknown> {
  const { value, type, children, raw, indexedCount, isKeyed } = variable;
  if (raw) {
    if (value === 'nullopt') return null;
    if (value.startsWith('"')) return JSON.parse(value);
    if (indexedCount !== undefined || isKeyed) {
      const parts = (await children?.()) ?? [];
      const found: unknown[] = [];
      const isMap = /^class (multi)?map</.test(type);
      for (const part of parts) {
        const held = await plain(part);
        found.push(isMap ? [part.name, held] : held);
      }
      return found;
    }
  }
  if (variable.pointsTo !== undefined && !type.endsWith('&'))
    return { to: Number(variable.pointsTo) };
  const parts = (await children?.()) ?? [];
  if (parts.length === 0) return scalar(value);
  const members: Record<string, unknown> = {};
  for (const part of parts) members[part.name] = await plain(part);
  return parts[0]?.name === '[0]' ? Object.values(members) : members;
}

function scalar(value: string): unknown {
  const number = /^-?\d+/.exec(value)?.[0];
  if (number !== undefined) return Number(number);
  return /^(true|false)$/.test(value) ? value === 'true' : value;
}

async function compared(dwarf: 4 | 5) {
  const elf = buildLibraryProgram(dwarf);
  const bytes = readFileSync(elf);
  const symbols = loadProgramSymbols([{ name: elf, bytes }]);
  const ours = new Map<string, Variable>();
  const observe = {
    name: 'observe',
    operands: '',
    help: 'take down what we see',
    async run() {
      const { target } = serving;
      const own = {
        readRegisters: (wanted: readonly string[]) => target.readRegisters(0, wanted),
        readMemory: (address: bigint, size: number) =>
          target.readMemory(0, 'virtual', address, size),
      };
      const frames = await unwind(symbols, own, { isa: riscvIsa(64) });
      const index = frames.findIndex((f) => symbols.functionAt(f.lookupPc)?.name === 'main');
      const context = frameContext(frames, index, own);
      for (const variable of context ? await symbols.locals(context) : []) {
        ours.set(variable.name, variable);
        seen[variable.name] = await plain(variable);
      }
      return '';
    },
  };
  const seen: Record<string, unknown> = {};
  const serving: Serving = await serve({ program: elf, mode: 'machine' }, [observe]);
  try {
    const script = path.resolve('test/gdb/comparison/library.py');
    const gdb = ['gdb-multiarch', '-nx', '-q', '-batch', '-x', script, elf];
    const printed = await output('env', [`COMPARE_PORT=${serving.port}`, ...gdb]);
    const line = printed.split('\n').find((l) => l.startsWith('SEEN '));
    assert.ok(line, printed.slice(-3000));
    return { seen, ours, theirs: JSON.parse(line.slice(5)) as Record<string, unknown> };
  } finally {
    await serving.close();
  }
}

describe('objects of the C++ library', function () {
  this.timeout(120_000);

  for (const dwarf of [5, 4] as const) {
    it(`hold what gdb's printers say: DWARF ${dwarf}`, async () => {
      const { seen, theirs } = await compared(dwarf);
      assert.ok(Object.keys(theirs).length > 35);
      for (const [name, value] of Object.entries(theirs)) {
        assert.deepEqual({ [name]: seen[name] }, { [name]: value });
      }
    });
  }
});
