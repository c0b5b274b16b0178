/** PMP's enhancements for M-mode: the manual's truth table, its sticky bits, and locking bypassed. */
import assert from 'node:assert/strict';
import { encode } from '../../../differential/encode.ts';
import { ramBase, rig, type Rig } from './rig.ts';

const isa = 'rv64imach_smepmp';
const data = BigInt(ramBase + 0x10_0000);
const [MML, MMWP, RLB] = [1n, 2n, 4n];
const NAPOT = 0x18;
const LOCKED = 0x80;
const all = (1n << 54n) - 1n;
const napotPage = (at: bigint): bigint => (at >> 2n) | 0x1ffn;

/** "The physical memory protection rules when mseccfg.MML is set to 1": L R W X, M-mode, S/U-mode. */
const truthTable = `
  0000 ---  ---
  0001 ---  --x
  0010 rw-  r--
  0011 rw-  rw-
  0100 ---  r--
  0101 ---  r-x
  0110 ---  rw-
  0111 ---  rwx
  1000 ---  ---
  1001 --x  ---
  1010 --x  --x
  1011 r-x  --x
  1100 r--  ---
  1101 r-x  ---
  1110 rw-  ---
  1111 r--  r--`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/) as [bits: string, machine: string, below: string]);

function configOf(bits: string): number {
  const [l, r, w, x] = [...bits].map(Number);
  return (l! ? LOCKED : 0) | (r! ? 1 : 0) | (w! ? 2 : 0) | (x! ? 4 : 0) | NAPOT;
}

/** Entry 1 is about the data, entry 0 lets M-mode execute what makes the accesses. */
function machine(config: number, mseccfg: bigint): Rig {
  const r = rig('', { isa });
  r.setCsr('mtvec', BigInt(ramBase + 0x1000));
  r.setCsr('pmpaddr0', napotPage(BigInt(ramBase)));
  r.setCsr('pmpaddr1', napotPage(data));
  r.setCsr('mseccfg', RLB);
  r.setCsr('mseccfg', RLB | MML);
  r.setCsr('pmpcfg0', BigInt(0x9d | (config << 8)));
  assert.equal(r.csr('pmpcfg0'), BigInt(0x9d | (config << 8)));
  r.setCsr('mseccfg', mseccfg);
  return r;
}

function access(r: Rig, kind: 'r' | 'w' | 'x', supervisor: boolean, at = data): boolean {
  const { hart } = r;
  hart.privilege = kind === 'x' && supervisor ? 1 : 3;
  hart.virtualized = false;
  r.setCsr('mstatus', supervisor && kind !== 'x' ? (1n << 17n) | (1n << 11n) : 0n);
  r.setCsr('mcause', 0n);
  hart.setX(5, at);
  hart.pc = kind === 'x' ? at : BigInt(ramBase);
  r.memory.write32(Number(at), encode('addi', {}));
  if (kind !== 'x') {
    r.memory.write32(ramBase, encode(kind === 'r' ? 'lw' : 'sw', { rd: 6, rs1: 5, rs2: 6 }));
  }
  const allowed = hart.run(1).retired === 1;
  if (!allowed) assert.equal(r.csr('mcause'), { r: 5n, w: 7n, x: 1n }[kind]);
  return allowed;
}

function permissions(r: Rig, supervisor: boolean, at = data): string {
  return (['r', 'w', 'x'] as const).map((k) => (access(r, k, supervisor, at) ? k : '-')).join('');
}

describe('core/isa/riscv/smepmp', () => {
  it('the truth table of MML holds for M-mode and for the modes below', () => {
    for (const [bits, forMachine, below] of truthTable) {
      const r = machine(configOf(bits), MML | RLB);
      assert.equal(permissions(r, false), forMachine, `${bits} in M-mode`);
      assert.equal(permissions(r, true), below, `${bits} in S-mode`);
    }
  });

  it('without MML a locked entry binds every mode, another one only those below', () => {
    for (const [config, forMachine, below] of [
      [0x1b, 'rwx', 'rw-'],
      [0x9d, 'r-x', 'r-x'],
      [0x99, 'r--', 'r--'],
      [0x98, '---', '---'],
    ] as const) {
      const r = rig('', { isa });
      r.setCsr('mtvec', BigInt(ramBase + 0x1000));
      r.setCsr('pmpaddr0', napotPage(data));
      r.setCsr('pmpcfg0', BigInt(config));
      assert.equal(permissions(r, false), forMachine);
      assert.equal(permissions(r, true), below);
    }
  });

  it('where no entry matches, MML keeps M-mode from executing and MMWP from everything', () => {
    const elsewhere = data + 0x8000n;
    for (const [mseccfg, expected] of [
      [MML | RLB, 'rw-'],
      [MML | MMWP | RLB, '---'],
    ] as const) {
      const r = machine(NAPOT, mseccfg);
      assert.equal(permissions(r, false, elsewhere), expected);
      assert.equal(permissions(r, true, elsewhere), '---');
    }
    const r = rig('', { isa });
    r.setCsr('mtvec', BigInt(ramBase + 0x1000));
    r.setCsr('pmpaddr0', napotPage(BigInt(ramBase)));
    r.setCsr('pmpcfg0', 0x1fn);
    r.setCsr('mseccfg', MMWP);
    assert.equal(permissions(r, false, elsewhere), '---');
  });

  it('MML and MMWP are sticky; RLB cannot be set again while an entry is locked', () => {
    const r = rig('', { isa });
    r.setCsr('mseccfg', MML | MMWP | RLB);
    r.setCsr('mseccfg', 0n);
    assert.equal(r.csr('mseccfg'), MML | MMWP);
    r.setCsr('mseccfg', RLB);
    assert.equal(r.csr('mseccfg'), MML | MMWP | RLB);
    // "Including disabled entries."
    r.setCsr('pmpcfg0', BigInt(LOCKED));
    r.setCsr('mseccfg', 0n);
    r.setCsr('mseccfg', RLB);
    assert.equal(r.csr('mseccfg'), MML | MMWP);
    r.hart.reset();
    assert.equal(r.csr('mseccfg'), 0n);
  });

  it('RLB opens locked entries and the base of a locked top of range', () => {
    const r = rig('', { isa });
    r.setCsr('mseccfg', RLB);
    r.setCsr('pmpcfg0', 0x8900n);
    for (const [name, value] of [
      ['pmpaddr0', 10n],
      ['pmpaddr1', 20n],
      ['pmpcfg0', 0x8b1fn],
    ] as const) {
      r.setCsr(name, value);
      assert.equal(r.csr(name), value);
    }
    r.setCsr('mseccfg', 0n);
    r.setCsr('pmpaddr0', 1n);
    r.setCsr('pmpaddr1', 2n);
    r.setCsr('pmpcfg0', 0n);
    assert.equal(r.csr('pmpaddr0'), 10n);
    assert.equal(r.csr('pmpaddr1'), 20n);
    assert.equal(r.csr('pmpcfg0'), 0x8b00n);
  });

  it('with MML no rule that lets M-mode execute is added, unless RLB is set', () => {
    for (const [bits, forMachine] of truthTable) {
      const adds = bits.startsWith('1') && forMachine.includes('x');
      const config = BigInt(configOf(bits));
      for (const bypass of [0n, RLB]) {
        const r = rig('', { isa });
        r.setCsr('mseccfg', MML | bypass);
        r.setCsr('pmpcfg0', config);
        assert.equal(r.csr('pmpcfg0'), adds && bypass === 0n ? 0n : config, bits);
      }
    }
  });

  it('walks are made as in S-mode: a table for M-mode alone cannot be walked', () => {
    const r = machine(configOf('1110'), MML | RLB);
    r.setCsr('pmpaddr2', all);
    r.setCsr('pmpcfg0', r.csr('pmpcfg0') | 0x1f_0000n);
    const elsewhere = data + 0x8000n;
    r.memory.write64(Number(data), ((elsewhere >> 12n) << 10n) | 0xcfn);
    r.setCsr('satp', (8n << 60n) | (data >> 12n));
    r.setCsr('mstatus', (1n << 17n) | (1n << 11n));
    r.hart.setX(5, 0n);
    r.memory.write32(ramBase, encode('lw', { rd: 6, rs1: 5 }));
    r.hart.pc = BigInt(ramBase);
    assert.equal(r.hart.run(1).retired, 0);
    assert.equal(r.csr('mcause'), 5n);
  });
});
