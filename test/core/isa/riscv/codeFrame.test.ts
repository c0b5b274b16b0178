import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { disassemble } from '../../../../src/core/isa/riscv/disassemble.ts';
import { codeFrame } from '../../../../src/core/isa/riscv/codeFrame.ts';

const sp = 0x8100_0000n;

/** Where the compiler's call-frame information says the stack was, and what the code says. */
async function agreement(file: string) {
  const bytes = readFileSync(file);
  const elf = new ElfFile(bytes, file);
  const symbols = loadProgramSymbols([{ name: file, bytes }]);
  const [segment] = elf.loadable;
  const at = (address: bigint) => segment!.offset + Number(address - segment!.virtualAddress);
  let same = 0;
  let all = 0;
  for (const { type, value, size, name } of elf.symbols) {
    if (type !== 2 || size === 0n || symbols.frameRuleAt(value) === undefined) continue;
    const handler = name === 'trap_entry';
    for (let pc = value, length = 0; pc < value + size; pc += BigInt(length)) {
      length = disassemble(bytes.subarray(at(pc)), pc).size;
      const rule = symbols.frameRuleAt(pc);
      if (!rule || handler) continue;
      const { cfa } = await rule.apply({
        readRegister: async (number) => (number === 2 ? sp : undefined),
        readMemory: async (_, length) => new Uint8Array(length),
      });
      const code = bytes.subarray(at(value), at(pc));
      all++;
      if (codeFrame(code, value, 64).size === Number(cfa - sp)) same++;
    }
  }
  return { same, all };
}

describe('what code did to the stack', () => {
  for (const name of ['hello-dbcn', 'machine-hello', 'vendor-sensor', 'unknown-call']) {
    it(`is what the compiler's call-frame information says of ${name}`, async () => {
      const { same, all } = await agreement(`media/samples/${name}/${name}.elf`);
      console.log(`      ${same} of ${all} places`);
      assert.ok(all > 50);
      assert.ok(same >= all * 0.97, `${same} of ${all}`);
    });
  }

  it('finds saved registers, and the stack pointer that a handler exchanged', () => {
    const words = [0x14011173, 0xef810113, 0x00113423, 0x00513823];
    const code = new Uint8Array(new Uint32Array(words).buffer);
    const { size, saved, swapped } = codeFrame(code, 0x8000_0000n, 64);
    assert.equal(swapped, 'sscratch');
    assert.equal(size, 0x108);
    assert.deepEqual(
      [...saved],
      [
        ['ra', 8 - 0x108],
        ['t0', 16 - 0x108],
      ],
    );
  });
});
