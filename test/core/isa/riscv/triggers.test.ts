/** Expectations are sentences of the debug specification's chapter Sdtrig. */
import assert from 'node:assert/strict';
import { csrNumber } from '../../../../src/core/isa/riscv/csr/names.ts';
import { ramBase, rig, type Rig, type RigOptions } from './rig.ts';

const isa = 'rv64imach_zicbom_zicboz_sdtrig';
const [load, store, execute] = [1, 2, 4] as const;
const mode = { U: 1 << 3, S: 1 << 4, M: 1 << 6, VU: 1 << 23, VS: 1 << 24 } as const;
const [mcontrol, mcontrol6, disabled] = [2, 6, 15] as const;
const hit = { [mcontrol]: 1 << 20, [mcontrol6]: 1 << 22 } as const;
const data = BigInt(ramBase + 0x2000);
const [MIE, SIE, FIOM] = [1n << 3n, 1n << 1n, 0n];
const breakpoint = 3n;

const tdata1 = (type: number, bits: number, xlen = 64): bigint =>
  (BigInt(type) << BigInt(xlen - 4)) | BigInt(bits);

/** A rig with a trigger set, which executes `source` in M-mode with MIE unless `prepare` says else. */
function triggered(
  source: string,
  control: bigint,
  address: bigint,
  options: RigOptions = {},
): Rig {
  const r = rig(`.option norvc\n${source}`, { isa, ...options });
  r.setCsr('mtvec', BigInt(ramBase + 0x1000));
  r.setCsr('mstatus', r.csr('mstatus') | MIE);
  r.setCsr('tselect', 0n);
  r.setCsr('tdata2', address);
  r.setCsr('tdata1', control);
  r.hart.setX(8, data);
  return r;
}

/** Runs until the first trap, at most so many instructions; what it was. */
function trapOf(r: Rig, budget = 10) {
  r.hart.run(budget);
  const [cause, tval, epc] = ['mcause', 'mtval', 'mepc'].map((name) => r.csr(name));
  return { cause, tval, epc };
}

describe('core/isa/riscv/triggers', () => {
  it('can be enumerated as the specification says, and are disabled after reset', () => {
    const r = rig('nop', { isa });
    for (const index of [0n, 1n, 2n, 3n]) {
      r.setCsr('tselect', index);
      assert.equal(r.csr('tselect'), index);
      assert.equal(r.csr('tdata1'), tdata1(disabled, 0));
    }
    r.setCsr('tselect', 4n);
    assert.equal(r.csr('tselect'), 3n);
    // tinfo: bits for types 2, 6 and 15; version 1 is 1.0.
    assert.equal(r.csr('tinfo'), (1n << 24n) | 0x8044n);
  });

  it('have the types that tinfo says, and only what they can do', () => {
    const r = rig('nop', { isa });
    const written = (value: bigint): bigint => {
      r.setCsr('tdata1', value);
      return r.csr('tdata1');
    };
    const all = 0x0fff_ffff_ffff_ffffn;
    assert.equal(written((2n << 60n) | all), tdata1(mcontrol, 0x10005f));
    assert.equal(written((6n << 60n) | all), tdata1(mcontrol6, 0x3c0005f));
    for (const type of [0n, 1n, 3n, 4n, 5n, 7n]) {
      assert.equal(written((type << 60n) | all), tdata1(disabled, 0));
    }
    r.setCsr('tselect', 1n);
    r.setCsr('tdata2', 5n);
    r.setCsr('tselect', 0n);
    assert.equal(r.csr('tdata2'), 0n);
    // vs and vu belong to the hypervisor extension.
    const without = rig('nop', { isa: 'rv64i_sdtrig' });
    without.setCsr('tdata1', (6n << 60n) | all);
    assert.equal(without.csr('tdata1'), tdata1(mcontrol6, 0x240005f));
  });

  it('are M-mode registers, and there with Sdtrig alone', () => {
    for (const name of ['tselect', 'tdata1', 'tdata2', 'tdata3', 'tinfo']) {
      const without = rig(`csrr a0, ${csrNumber(name)}`, { isa: 'rv64i' });
      assert.equal(trapOf(without, 1).cause, 2n);
      const with_ = rig(`csrr a0, ${csrNumber(name)}`, { isa });
      assert.equal(trapOf(with_, 1).cause, 0n);
      const supervisor = rig(`csrr a0, ${csrNumber(name)}`, { isa });
      supervisor.hart.privilege = 1;
      supervisor.setCsr('pmpaddr0', (1n << 54n) - 1n);
      supervisor.setCsr('pmpcfg0', 0x1fn);
      assert.equal(trapOf(supervisor, 1).cause, 2n);
    }
  });

  for (const type of [mcontrol, mcontrol6] as const) {
    it(`of type ${type} fire before the instruction at their address`, () => {
      const at = BigInt(ramBase + 8);
      const r = triggered('li a0, 1\nli a0, 2\nli a0, 3', tdata1(type, execute | mode.M), at);
      assert.deepEqual(trapOf(r, 3), { cause: breakpoint, tval: at, epc: at });
      assert.equal(r.x('a0'), 2n);
      assert.equal(r.csr('tdata1'), tdata1(type, execute | mode.M | hit[type]));
    });

    it(`of type ${type} fire before loads and stores that touch their address`, () => {
      for (const [source, about, fires] of [
        ['ld a0, (s0)', load, true],
        ['lb a0, 3(s0)', load, true],
        ['lw a0, 4(s0)', load, false],
        ['ld a0, (s0)', store, false],
        ['sw a0, (s0)', store, true],
        ['sh a0, 2(s0)', store, true],
        ['sh a0, 4(s0)', store, false],
        ['amoadd.w a0, a1, (s0)', store, true],
        ['amoadd.w a0, a1, (s0)', load, true],
        ['lr.w a0, (s0)', load, true],
        ['lr.w a0, (s0)', store, false],
      ] as const) {
        // The page has been accessed before: it must not be served by the TLB.
        const program = `ld a2, 64(s0)\nsd a2, 64(s0)\n${source}`;
        const r = triggered(program, tdata1(type, about | mode.M), data + 3n);
        const { cause, tval, epc } = trapOf(r, 3);
        assert.equal(cause, fires ? breakpoint : 0n, `${source}, ${about}`);
        if (!fires) continue;
        const offset = /(\d)\(s0\)/.exec(source)?.[1] ?? '0';
        assert.equal(tval, data + BigInt(offset), source);
        assert.equal(epc, BigInt(ramBase + program.split('\n').indexOf(source) * 4), source);
        assert.equal(r.memory.read64(Number(data)), 0n);
      }
    });
  }

  it('treat cache-block operations as stores to the whole block', () => {
    for (const operation of ['.insn i 0x0f, 2, x0, s0, 4', '.insn i 0x0f, 2, x0, s0, 1']) {
      const inside = triggered(operation, tdata1(mcontrol6, store | mode.M), data + 63n);
      assert.equal(trapOf(inside, 1).cause, breakpoint);
      const beyond = triggered(operation, tdata1(mcontrol6, store | mode.M), data + 64n);
      assert.equal(trapOf(beyond, 1).cause, 0n);
    }
  });

  it('go before what else an access may meet', () => {
    // Priority: load/store address breakpoints are above misaligned addresses and page faults.
    for (const source of ['amoadd.w a0, a1, (s0)', 'lr.w a0, (s0)']) {
      const r = triggered(source, tdata1(mcontrol6, load | mode.M), data + 1n);
      r.hart.setX(8, data + 1n);
      assert.equal(trapOf(r, 1).cause, breakpoint, source);
    }
    const nowhere = triggered('ld a0, (x0)', tdata1(mcontrol6, load | mode.M), 0n);
    assert.deepEqual(trapOf(nowhere, 1), { cause: breakpoint, tval: 0n, epc: BigInt(ramBase) });
    const jump = triggered('jr x0', tdata1(mcontrol6, execute | mode.M), 0n);
    assert.deepEqual(trapOf(jump, 1 + 1), { cause: breakpoint, tval: 0n, epc: 0n });
  });

  it('do not fire where they would interrupt their own handler', () => {
    const at = BigInt(ramBase);
    const fires = (bits: number, prepare: (r: Rig) => void): boolean => {
      const r = triggered('nop', tdata1(mcontrol6, execute | bits), at);
      r.setCsr('pmpaddr0', (1n << 54n) - 1n);
      r.setCsr('pmpcfg0', 0x1fn);
      prepare(r);
      r.hart.run(1);
      return [r.csr('mcause'), r.csr('scause'), r.csr('vscause')].includes(breakpoint);
    };
    const set = (r: Rig, name: string, bits: bigint) => r.setCsr(name, r.csr(name) | bits);
    const enter = (r: Rig, privilege: 0 | 1, virtualized = false) => {
      r.hart.privilege = privilege;
      r.hart.virtualized = virtualized;
    };
    assert.ok(!fires(mode.M, (r) => r.setCsr('mstatus', FIOM)));
    assert.ok(!fires(mode.M, (r) => enter(r, 1)));
    assert.ok(
      fires(mode.S, (r) => enter(r, 1)),
      'M-mode takes it',
    );
    const delegate = (r: Rig) => r.setCsr('medeleg', 8n);
    assert.ok(!fires(mode.S, (r) => (delegate(r), enter(r, 1))));
    assert.ok(fires(mode.S, (r) => (delegate(r), set(r, 'sstatus', SIE), enter(r, 1))));
    assert.ok(fires(mode.U, (r) => (delegate(r), enter(r, 0))));
    assert.ok(!fires(mode.S | mode.U, (r) => enter(r, 0, true)));
    assert.ok(fires(mode.VU, (r) => enter(r, 0, true)));
    assert.ok(
      fires(mode.VS, (r) => (delegate(r), enter(r, 1, true))),
      'HS-mode takes it',
    );
    const both = (r: Rig) => (delegate(r), r.setCsr('hedeleg', 8n));
    assert.ok(!fires(mode.VS, (r) => (both(r), enter(r, 1, true))));
    assert.ok(fires(mode.VS, (r) => (both(r), set(r, 'vsstatus', SIE), enter(r, 1, true))));
  });

  it('no longer fire when they are taken away, nor on another hart', () => {
    const r = triggered('lw a0, (s0)\nlw a0, (s0)', tdata1(mcontrol6, load | mode.M), data, {
      harts: 2,
    });
    const other = r.harts[1]!;
    other.setX(8, data);
    other.setCsr(csrNumber('mtvec'), BigInt(ramBase + 0x1000));
    assert.equal(other.run(2).retired, 2);
    r.setCsr('tdata1', 0n);
    r.step(2);
  });

  it('hold addresses and types in 32 bits on RV32', () => {
    const at = BigInt(ramBase + 4);
    const options = { isa: 'rv32i_sdtrig' };
    const control = tdata1(mcontrol6, execute | mode.M, 32);
    const r = triggered('li a0, 1\nli a0, 2', control, at, options);
    assert.equal(r.csr('tdata1'), control);
    assert.equal(r.csr('tdata2'), at);
    assert.equal(trapOf(r, 2).cause, breakpoint);
    assert.equal(r.x('a0'), 1n);
  });
});
