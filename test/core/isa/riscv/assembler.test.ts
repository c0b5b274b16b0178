import assert from 'node:assert/strict';
import { riscvAssembler } from '../../../../src/core/isa/riscv/assembler.ts';
import {
  assemblerMnemonics,
  newerMnemonics,
} from '../../../../src/core/isa/riscv/assemblerMnemonics.ts';
import { isaNamed } from '../../../../src/core/registry.ts';
import { complaints, newerExtensions, unknownMnemonics } from './gnuAssembler.ts';

/** CSRs of specifications ratified after binutils 2.40, which does not name them. */
const newerControlRegisters = new Set(
  `ssp jvt scountinhibit sctrctl sctrstatus sctrdepth srmcfg vsctrctl mctrctl
  sireg2 sireg3 sireg4 sireg5 sireg6 vsireg2 vsireg3 vsireg4 vsireg5 vsireg6
  mireg2 mireg3 mireg4 mireg5 mireg6 mcyclecfg mcyclecfgh minstretcfg minstretcfgh
  medelegh hedelegh mnscratch mnepc mncause mnstatus`.split(/\s+/),
);

describe('core/isa/riscv/assembler', () => {
  it('names instructions that the assembler knows', () => {
    const names = Object.values(assemblerMnemonics).flatMap((t) => t.trim().split(/\s+/));
    assert.ok(names.length > 900);
    assert.deepEqual(unknownMnemonics(names), []);
    // The same question has the other answer where it should.
    assert.deepEqual(unknownMnemonics(['addi', 'frobnicate']), ['frobnicate']);
  });

  it('names newer instructions in the form that mnemonics have, each once', () => {
    const names = Object.values(newerMnemonics).flatMap((t) => t.trim().split(/\s+/));
    for (const name of names) assert.match(name, /^[a-z][a-z0-9]*(\.[a-z0-9]+)*$/);
    assert.equal(new Set(names).size, names.length);
  });

  it('names control registers that the assembler knows', () => {
    const names = [
      ...isaNamed('rv64').controlRegisters.map((c) => c.name),
      ...riscvAssembler.controlRegisters,
    ];
    const found = complaints(names.map((n) => `csrr a0, ${n}`));
    const unknown = new Set([...found.keys()].map((i) => names[i]!));
    assert.deepEqual(
      [...unknown].filter((n) => !newerControlRegisters.has(n)),
      [],
    );
    for (const name of newerControlRegisters) {
      assert.ok(!names.includes(name) || unknown.has(name), `${name} is known by now`);
    }
  });

  it('names registers that the assembler knows', () => {
    const lines = riscvAssembler.registers.map((r) =>
      r.startsWith('v') ? `vmv.v.v ${r}, ${r}` : `fmv.d ${r}, ${r}`,
    );
    assert.deepEqual([...complaints(lines)], []);
  });

  it('names relocations that the assembler knows', () => {
    const forms = [
      (r: string) => `lui a0, ${r}(x)`,
      (r: string) => `auipc a0, ${r}(x)`,
      (r: string) => `addi a0, a0, ${r}(x)`,
      (r: string) => `add a0, a0, tp, ${r}(x)`,
    ];
    for (const { name } of riscvAssembler.relocations) {
      const lines = forms.map((form) => form(name));
      assert.ok(complaints(lines).size < lines.length, name);
    }
  });

  it('has suffixes that the assembler takes on every instruction they are said to fit', () => {
    const { instructions } = isaNamed('rv64');
    for (const { name, extensions } of riscvAssembler.suffixes) {
      const rows = instructions.filter(
        (i) => extensions.includes(i.extension) && !newerExtensions.has(i.extension),
      );
      assert.ok(rows.length > 20);
      assert.deepEqual(unknownMnemonics(rows.map((r) => r.mnemonic + name)), []);
    }
  });
});
