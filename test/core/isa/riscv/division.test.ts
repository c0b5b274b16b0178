/** Division in the cases that have no quotient: the table of the unprivileged manual, chapter M. */
import assert from 'node:assert/strict';
import { describeEngines, rig } from './rig.ts';

const lowest = 0x8000_0000_0000_0000n;
const lowestWord = 0xffff_ffff_8000_0000n;
const ones = 0xffff_ffff_ffff_ffffn;
/** Whose low half is 0 or -1, and whose high half is not. */
const [zeroWord, minusOneWord] = [0x5_0000_0000n, 0x5_ffff_ffffn];

/** What a row makes of dividend and divisor. */
const table: readonly [string, bigint, bigint, bigint][] = [
  // "The quotient of division by zero has all bits set, and the remainder … equals the dividend."
  ['div', 7n, 0n, ones],
  ['divu', 7n, 0n, ones],
  ['rem', 7n, 0n, 7n],
  ['remu', 7n, 0n, 7n],
  ['divw', 7n, zeroWord, ones],
  ['divuw', 7n, zeroWord, ones],
  ['remw', lowestWord, zeroWord, lowestWord],
  ['remuw', 0x8000_0007n, zeroWord, 0xffff_ffff_8000_0007n],
  // "The quotient of a signed division with overflow is equal to the dividend, and the remainder is
  // zero."
  ['div', lowest, ones, lowest],
  ['rem', lowest, ones, 0n],
  ['divw', lowestWord, ones, lowestWord],
  ['divw', 0x8000_0000n, minusOneWord, lowestWord],
  ['remw', lowestWord, ones, 0n],
  ['remw', 0x8000_0000n, minusOneWord, 0n],
  ['divu', lowest, ones, 0n],
  ['remu', lowest, ones, lowest],
  // What is no overflow at the other width.
  ['div', lowestWord, ones, 0x8000_0000n],
  ['divw', lowest | 9n, ones, 0xffff_ffff_ffff_fff7n],
];

describeEngines('core/isa/riscv/division', () => {
  it('has the results of the table, each time', () => {
    for (const [mnemonic, dividend, divisor, expected] of table) {
      const { hart, x } = rig(`
        li a3, 50
        again: ${mnemonic} a2, a0, a1
        add a4, a4, a2
        addi a3, a3, -1
        bnez a3, again
        done: j done`);
      hart.setX(10, dividend);
      hart.setX(11, divisor);
      hart.run(1000);
      const label = `${mnemonic} ${dividend.toString(16)} ${divisor.toString(16)}`;
      assert.equal(x('a2'), expected, label);
      assert.equal(x('a4'), BigInt.asUintN(64, 50n * expected), label);
    }
  });
});
