/**
 * Extensions of the profiles that are no more than rules about CSRs, by the sentences that define
 * them. Of the others of their kind, Sstvala, Shtvala and Shvstvala are what traps write, compared
 * with QEMU after every trap in test/differential, and Ssccptr is what page-table walks read, which
 * those tests hold in RAM.
 */
import assert from 'node:assert/strict';
import { CSR } from '../../../../../src/core/isa/riscv/csr/numbers.ts';
import { Random } from '../../../../differential/random.ts';
import { rig } from '../rig.ts';

const everything = (1n << 64n) - 1n;
const isa = 'rv64gch_sstc_smstateen';

describe('CSRs as the profiles ask', () => {
  it('Sscounterenw, Shcounterenw: each counter that is not read-only zero has a writable enable', () => {
    const r = rig('nop', { isa });
    for (const register of ['mcounteren', 'hcounteren', 'scounteren']) {
      r.setCsr(register, everything);
      assert.equal(r.csr(register), 0xffff_ffffn, register);
      r.setCsr(register, 0n);
      assert.equal(r.csr(register), 0n, register);
    }
  });

  it('Sstvecd, Shvstvecd: MODE can be Direct, with any valid four-byte-aligned BASE', () => {
    const r = rig('nop', { isa });
    const random = new Random(5);
    for (const register of ['stvec', 'vstvec', 'mtvec']) {
      for (let i = 0; i < 50; i++) {
        const address = random.bits64() & ~3n;
        r.setCsr(register, address);
        assert.equal(r.csr(register), address, register);
      }
    }
  });

  it('Ssu64xl: UXL can be 64', () => {
    const r = rig('nop', { isa });
    assert.equal((r.csr('sstatus') >> 32n) & 3n, 2n);
    assert.equal((r.csr('vsstatus') >> 32n) & 3n, 2n);
  });

  it('Shvsatpa, Shgatpa: vsatp and hgatp have the modes of satp', () => {
    for (const [names, modes] of [
      ['', [8n, 9n, 10n]],
      ['_sv48', [8n, 9n]],
      ['_sv39', [8n]],
    ] as const) {
      const r = rig('nop', { isa: isa + names });
      for (const register of ['satp', 'vsatp', 'hgatp']) {
        const supported = Array.from({ length: 16 }, (_, mode) => BigInt(mode)).filter((mode) => {
          r.setCsr(register, 0n);
          r.setCsr(register, mode << 60n);
          return r.csr(register) >> 60n === mode;
        });
        assert.deepEqual(supported, [0n, ...modes], `${register}${names}`);
      }
    }
  });

  it('a MODE that does not exist voids a write of satp, and is not written to hgatp', () => {
    const r = rig('nop', { isa: `${isa}_sv39` });
    const [sv39, sv48] = [8n << 60n, 9n << 60n];
    for (const [register, expected] of [
      ['satp', sv39 | 0x1000n],
      ['vsatp', sv39 | 0x1000n],
      ['hgatp', sv39 | 0x2000n],
    ] as const) {
      r.setCsr(register, sv39 | 0x1000n);
      r.setCsr(register, sv48 | 0x2000n);
      assert.equal(r.csr(register), expected, register);
    }
  });

  it('an upper half is virtual where its lower half is HS-qualified, whatever closes it', () => {
    const r = rig('nop', { isa: 'rv32gch_smstateen' });
    const hedelegh = 0x612;
    const refusals = (): unknown[] =>
      [false, true].map((virtualized) => {
        r.hart.privilege = 1;
        r.hart.virtualized = virtualized;
        return r.hart.csrs.refusal(hedelegh, false);
      });
    assert.deepEqual(refusals(), ['illegal', 'virtual']);
    const P1P13 = 1n << 24n;
    r.hart.setCsr(CSR.mstateen0 + 0x10, P1P13);
    assert.deepEqual(refusals(), [undefined, 'virtual']);
  });

  it('registers of an extension that is off are none, and so are their fields and bits of misa', () => {
    const without = rig('nop', { isa: 'rv64ima' });
    for (const name of ['fcsr', 'stimecmp', 'hstatus', 'mtval2', 'scountovf', 'mstateen0']) {
      assert.equal(without.hart.readRegister(name), undefined, name);
    }
    const mask = (letter: string): bigint => 1n << BigInt(letter.charCodeAt(0) - 65);
    const letters = [...'ABCDFHIMSUV'].filter((letter) => without.csr('misa') & mask(letter));
    assert.equal(letters.join(''), 'AIMSU');
    const FS = 0x6000n;
    const [GVA, MPV] = [1n << 38n, 1n << 39n];
    without.setCsr('mstatus', FS | GVA | MPV);
    assert.equal(without.csr('mstatus') & (FS | GVA | MPV), 0n);
    without.setCsr('mepc', 0x1006n);
    assert.equal(without.csr('mepc'), 0x1004n);
  });
});
