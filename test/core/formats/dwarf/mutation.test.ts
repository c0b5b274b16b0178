import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { UserError } from '../../../../src/core/base/userError.ts';
import { relocationsOf } from '../../../../src/core/registry.ts';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type { FrameContext, Variable } from '../../../../src/core/debug/symbols/symbols.ts';
import { unwind } from '../../../../src/core/debug/symbols/unwind.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { riscvIsa } from '../../../../src/core/isa/riscv/riscv.ts';
import { build, fixtures } from './fixtures.ts';
import { mutations } from './mutate.ts';

const sections = ['.debug_info', '.debug_abbrev', '.debug_line', '.debug_frame', '.eh_frame'];
const lists = ['.debug_loclists', '.debug_rnglists', '.debug_loc', '.debug_ranges', '.debug_addr'];
const COUNT = 40;

/** Asks for everything that a debugger asks for. */
async function exercise(bytes: Uint8Array, addresses: readonly bigint[]): Promise<number> {
  const symbols = loadProgramSymbols([{ name: 'a.elf', bytes }], relocationsOf);
  let answers = 0;
  for (const source of symbols.sources) {
    for (const line of symbols.linesWithCode(source, 1, 60).slice(0, 5)) {
      answers += symbols.locationsOfLine(source, line)?.addresses.length ?? 0;
    }
  }
  symbols.functionsNamed('deep');
  for (const pc of addresses) {
    symbols.callsAt(pc);
    symbols.lineRangeAt(pc);
    const memory = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 8) & 0x7f);
    const target = {
      readRegisters: async (names: readonly string[]) =>
        names.map((name) => (name === 'pc' ? pc : 0x80001000n)),
      readMemory: async (_: bigint, size: number) => memory(size),
    };
    answers += (await unwind(symbols, target, { isa: riscvIsa(64), maxFrames: 20 })).length;
    const context: FrameContext = {
      pc,
      cfa: 0x80001000n,
      readRegister: async (number) => BigInt(number),
      readMemory: target.readMemory,
    };
    const variables = [...(await symbols.locals(context)), ...(await symbols.globals(context))];
    answers += await expand(variables, 3);
    await symbols.variableNamed(context, 'no such variable');
  }
  return answers;
}

async function expand(variables: readonly Variable[], depth: number): Promise<number> {
  let count = variables.length;
  if (depth === 0) return count;
  for (const { children } of variables.slice(0, 12)) {
    // What is read while expanding may be broken in its turn, and says so in its own words.
    const found = await children?.(0, 3).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      return [];
    });
    count += await expand(found?.slice(0, 5) ?? [], depth - 1);
  }
  return count;
}

describe('damaged debug information', () => {
  const chosen = fixtures.filter((f) =>
    /gcc -O2 DWARF 4$|gcc -O2 DWARF 5|clang -O1 DWARF 5/.test(f.name),
  );
  for (const fixture of chosen) {
    for (const name of [...sections, ...lists]) {
      const file = build(fixture);
      const bytes = new Uint8Array(readFileSync(file));
      const section = new ElfFile(bytes, file).section(name);
      if (!section) continue;
      it(`in ${name} gives a result or a UserError: ${fixture.name}`, async () => {
        const whole = loadProgramSymbols([{ name: file, bytes }]);
        const addresses = ['main', 'deep', 'sum'].map((n) => {
          const found = whole.functionsNamed(n)[0];
          assert.ok(found);
          return found.afterPrologue + 4n;
        });
        assert.ok((await exercise(bytes, addresses)) > 50);
        const region = { start: section.offset, end: section.offset + section.size };
        let usable = 0;
        const seed = section.offset + section.size;
        for (const broken of mutations(bytes, COUNT, seed, region)) {
          const start = performance.now();
          usable += (await exercise(broken, addresses)) > 0 ? 1 : 0;
          const milliseconds = performance.now() - start;
          assert.ok(milliseconds < 5000, `took ${milliseconds} ms`);
        }
        assert.ok(usable > 0);
      });
    }
  }
});
