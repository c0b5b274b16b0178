/** Zkr: the seed CSR and who may use it (unprivileged manual, Zkr, "Access Control to seed"). */
import assert from 'node:assert/strict';
import { rig } from './rig.ts';

const USEED = 1n << 8n;
const SSEED = 1n << 9n;

function made(instruction: string, isa = 'rv64imach_zkr') {
  const machine = rig(Array(4).fill(instruction).join('\n'), { isa });
  machine.setCsr('pmpaddr0', -1n);
  machine.setCsr('pmpcfg0', 0x1fn);
  return machine;
}

describe('core/isa/riscv/entropy', () => {
  it('gives sixteen bits with status ES16, others each time, and zeros above', () => {
    const { step, x } = made('csrrw a0, 0x015, x0');
    const values = Array.from({ length: 4 }, () => {
      step(1);
      return x('a0');
    });
    for (const value of values) assert.equal(value >> 16n, 0x8000n);
    assert.equal(new Set(values).size, 4);
  });

  it('is the same in every run, and another on every hart', () => {
    const first = (hart: number): bigint => {
      const { harts } = rig('csrrw a0, 0x015, x0', { isa: 'rv64imac_zkr', harts: 2 });
      harts[hart]!.run(1);
      return harts[hart]!.getX(10);
    };
    assert.equal(first(0), first(0));
    assert.notEqual(first(0), first(1));
  });

  it('looks random: every bit is set about half the time', () => {
    const { hart } = made('csrrw a0, 0x015, x0');
    const counts = Array<number>(16).fill(0);
    for (let i = 0; i < 1000; i++) {
      hart.pc = 0x8000_0000n;
      hart.run(1);
      counts.forEach((n, bit) => (counts[bit] = n + Number((hart.getX(10) >> BigInt(bit)) & 1n)));
    }
    for (const count of counts) assert.ok(count > 430 && count < 570, `${count} of 1000`);
  });

  it('is not used up by a debugger that looks at it', () => {
    const { csr, step, x } = made('csrrw a0, 0x015, x0');
    const seen = csr('seed');
    assert.equal(csr('seed'), seen);
    step(1);
    assert.equal(x('a0'), seen);
    assert.notEqual(csr('seed'), seen);
  });

  it('refuses to be read alone, in M-mode too', () => {
    for (const instruction of [
      'csrrs a0, 0x015, x0',
      'csrrc a0, 0x015, x0',
      'csrrsi a0, 0x015, 0',
    ]) {
      const { hart, csr } = made(instruction);
      assert.equal(hart.run(1).retired, 0, instruction);
      assert.equal(csr('mcause'), 2n);
    }
    for (const instruction of [
      'csrrs a0, 0x015, a1',
      'csrrwi a0, 0x015, 0',
      'csrrsi a0, 0x015, 1',
    ]) {
      assert.equal(made(instruction).hart.run(1).retired, 1, instruction);
    }
  });

  it('is open below M-mode as mseccfg says', () => {
    for (const mseccfg of [0n, USEED, SSEED, USEED | SSEED]) {
      for (const [privilege, virtualized] of [
        [3, false],
        [1, false],
        [0, false],
        [1, true],
        [0, true],
      ] as const) {
        for (const instruction of ['csrrw a0, 0x015, x0', 'csrrs a0, 0x015, x0']) {
          const { hart, csr, setCsr } = made(instruction);
          setCsr('mseccfg', mseccfg);
          hart.privilege = privilege;
          hart.virtualized = virtualized;
          const reads = instruction.startsWith('csrrs');
          const open = privilege === 3 || (mseccfg & (privilege === 1 ? SSEED : USEED)) !== 0n;
          const expected = reads
            ? 2n
            : virtualized
              ? mseccfg & SSEED
                ? 22n
                : 2n
              : open
                ? undefined
                : 2n;
          const { retired } = hart.run(1);
          const what = `${instruction}, mseccfg ${mseccfg}, ${privilege}, V=${virtualized}`;
          assert.equal(retired, expected === undefined ? 1 : 0, what);
          if (expected !== undefined) assert.equal(csr('mcause'), expected, what);
        }
      }
    }
  });

  it('is not there without Zkr', () => {
    for (const number of ['0x015', 'mseccfg']) {
      const { hart, csr } = made(`csrrw a0, ${number}, x0`, 'rv64imach');
      assert.equal(hart.run(1).retired, 0);
      assert.equal(csr('mcause'), 2n);
    }
  });
});
