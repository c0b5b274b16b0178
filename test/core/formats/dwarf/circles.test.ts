/** Debug information that goes in circles or nests without end: readers stop all the same. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../../../src/core/base/userError.ts';
import { relocationsOf } from '../../../../src/core/registry.ts';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type { FrameContext } from '../../../../src/core/debug/symbols/symbols.ts';
import { DW_AT } from '../../../../src/core/formats/dwarf/constants.ts';
import { Dwarf } from '../../../../src/core/formats/dwarf/dwarf.ts';
import type { Die } from '../../../../src/core/formats/dwarf/unit.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { run } from './fixtures.ts';
import { smallFiles } from './smallFiles.ts';

/** Asks what a debugger asks, at all places of `.text`; how many variables were shown. */
async function ask(bytes: Uint8Array, names: readonly string[]): Promise<number> {
  const symbols = loadProgramSymbols([{ name: 'a.elf', bytes }], relocationsOf);
  for (const name of names) symbols.functionsNamed(name);
  let shown = 0;
  for (let pc = 0x400000n; pc < 0x400080n; pc += 4n) {
    symbols.callsAt(pc);
    const context: FrameContext = {
      pc,
      cfa: 0x1000n,
      readRegister: async (number) => BigInt(number),
      readMemory: async (_, size) => new Uint8Array(Math.min(size, 64)),
    };
    const variables = [...(await symbols.locals(context)), ...(await symbols.globals(context))];
    for (const { children } of variables) {
      await children?.(0, 2).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
      });
    }
    shown += variables.length;
  }
  return shown;
}

function* entries(die: Die): Generator<Die> {
  yield die;
  for (const child of die.children()) yield* entries(child);
}

describe('debug information in circles', function () {
  this.timeout(60_000);

  const attributes = {
    DW_AT_type: DW_AT.type,
    DW_AT_abstract_origin: DW_AT.abstract_origin,
    DW_AT_specification: DW_AT.specification,
    DW_AT_sibling: DW_AT.sibling,
  };
  for (const [name, attribute] of Object.entries(attributes)) {
    it(`by ${name} ends`, async () => {
      let changed = 0;
      for (const file of smallFiles()) {
        const elf = new ElfFile(file.bytes, file.name);
        const section = elf.section('.debug_info');
        if (!section || !/^C(\+\+)?, DWARF \d$|type units|^Rust/.test(file.name)) continue;
        const bytes = Uint8Array.from(file.bytes);
        const view = new DataView(bytes.buffer);
        for (const unit of new Dwarf(elf).units) {
          for (const die of entries(unit.root)) {
            const value = die.value(attribute);
            if (value?.kind !== 'unitReference') continue;
            // The first four bytes of the entry that are the reference now lead to the entry itself.
            for (let at = die.offset; at + 4 <= die.nextOffset; at++) {
              if (view.getUint32(section.offset + at, true) !== value.offset) continue;
              view.setUint32(section.offset + at, die.offset - unit.offset, true);
              changed++;
              break;
            }
          }
        }
        await ask(bytes, ['apply', 'get', 'largest']);
      }
      assert.ok(changed > 3, `${changed} references`);
    });
  }
});

describe('debug information that nests', function () {
  this.timeout(60_000);
  const folder = path.resolve('out', `nested-${process.pid}`);
  before(() => mkdirSync(folder, { recursive: true }));
  after(() => rmSync(folder, { recursive: true, force: true }));

  // DW_TAG_namespace, DW_TAG_lexical_block, DW_TAG_structure_type, DW_TAG_subprogram
  for (const tag of [0x39, 0x0b, 0x13, 0x2e]) {
    it(`100,000 levels deep is read: tag 0x${tag.toString(16)}`, async () => {
      const source = path.join(folder, `${tag}.s`);
      const file = path.join(folder, `${tag}.elf`);
      const range = '.byte 0x11, 1, 0x12, 6';
      writeFileSync(
        source,
        `.section .debug_abbrev\n.uleb128 1, 0x11, 1\n${range}, 0, 0\n` +
          `.uleb128 2, ${tag}, 1\n${range}, 0, 0\n.byte 0\n` +
          '.section .debug_info\n.4byte end - start\nstart: .2byte 4\n.4byte 0\n.byte 8\n' +
          '.uleb128 1\n.8byte 0x400000\n.4byte 0x100\n.rept 100000\n' +
          '.uleb128 2\n.8byte 0x400000\n.4byte 0x100\n.endr\nend:\n' +
          '.text\n.globl main\nmain: .zero 0x100\n',
      );
      run('as', ['-o', `${source}.o`, source]);
      run('ld.lld', ['-Ttext=0x400000', '-e', 'main', '-o', file, `${source}.o`]);
      const bytes = new Uint8Array(readFileSync(file));
      assert.equal(await ask(bytes, ['main', 'deep']), 0);
      const dwarf = new Dwarf(new ElfFile(bytes, file));
      assert.deepEqual(dwarf.problems, []);
      assert.equal([...(dwarf.units[0]?.root.children() ?? [])].length, 1);
    });
  }
});
