import assert from 'node:assert/strict';
import type { CallExit } from '../../../../src/core/hypervisor/exits.ts';
import { ramBase, ramSize, rig, type Rig, type RigOptions } from './rig.ts';

/** Error codes of the SBI specification, "Binary Encoding", table 1. */
const SUCCESS = 0n;
const NOT_SUPPORTED = -2n;
const INVALID_PARAM = -3n;
const INVALID_ADDRESS = -5n;
const ALREADY_AVAILABLE = -6n;

const BASE = 0x10;
const TIME = 0x54494d45;
const IPI = 0x735049;
const RFENCE = 0x52464e43;
const HSM = 0x48534d;
const SRST = 0x53525354;
const DBCN = 0x4442434e;
const ones = 2n ** 64n - 1n;

/** Makes one call on hart `id` and returns a0 (signed) and a1. */
function call(r: Rig, id: number, ext: number, fn: number, ...args: bigint[]): [bigint, bigint] {
  const hart = r.harts[id];
  assert(hart);
  const pc = hart.pc;
  hart.ecall(ext, fn, ...args);
  const { exit, consumed } = r.vcpus[id]?.run(1) ?? assert.fail();
  assert.deepEqual([exit.kind, consumed], ['intr', 1]);
  assert.equal(hart.pc, pc + 4n, 'goes on after the ecall');
  assert(hart.virtualized && hart.privilege === 1);
  return [BigInt.asIntN(64, hart.getX(10)), hart.getX(11)];
}

function check(
  name: string,
  ext: number,
  fn: number,
  args: bigint[],
  expected: [bigint, bigint?],
  options: RigOptions = { harts: 3 },
) {
  it(name, () => {
    const [error, value] = call(rig(options), 0, ext, fn, ...args);
    assert.equal(error, expected[0]);
    if (expected[1] !== undefined) assert.equal(value, expected[1]);
  });
}

function starts(r: Rig, id: number): void {
  assert.deepEqual(call(r, 0, HSM, 0, BigInt(id), BigInt(ramBase), 0n), [SUCCESS, 0n]);
  r.vcpus[id]?.run(1);
}

describe('SBI: BASE', () => {
  check('specification 3.0', BASE, 0, [], [SUCCESS, 0x3000000n]);
  check('implementation KVM', BASE, 1, [], [SUCCESS, 3n]);
  check('implementation version', BASE, 2, [], [SUCCESS, 0x60d00n]);
  for (const fn of [4, 5, 6]) check(`id ${fn}`, BASE, fn, [], [SUCCESS, 0n]);
  check('unknown function', BASE, 7, [], [NOT_SUPPORTED]);
  check('ids are 32 bits wide', BASE, 2 ** 32 + 1, [], [SUCCESS, 3n]);

  const PMU = 0x504d55;
  const [SUSP, STA, FWFT] = [0x53555350, 0x535441, 0x46574654];
  for (const ext of [
    0,
    3,
    4,
    5,
    6,
    7,
    8,
    BASE,
    TIME,
    IPI,
    RFENCE,
    HSM,
    SRST,
    PMU,
    SUSP,
    STA,
    FWFT,
  ]) {
    check(`offers 0x${ext.toString(16)}`, BASE, 3, [BigInt(ext)], [SUCCESS, 1n]);
  }
  // DBTR, SSE, MPXY, CPPC and NACL are among them.
  const absent = [0x44425452, 0x535345, 0x4d505859, 0x43505043, 0x4e41434c];
  for (const ext of [1, 2, 9, DBCN, ...absent, 0x08000000, 0x09000001, 0x12345678]) {
    check(`offers no 0x${ext.toString(16)}`, BASE, 3, [BigInt(ext)], [SUCCESS, 0n]);
  }
  check('probes with 32 bits, those below', BASE, 3, [5n << 32n], [SUCCESS, 1n]);
  check('probes with 32 bits', BASE, 3, [(7n << 32n) | BigInt(HSM)], [SUCCESS, 1n]);
});

describe('SBI: a probe agrees with the policy table', () => {
  const probe = (options: RigOptions, ext: number) =>
    call(rig(options), 0, BASE, 3, BigInt(ext))[1] === 1n;
  const rule = (ext: number, action: 'handle' | 'forward' | 'deny' | 'break') => ({
    calls: [{ extension: [ext, ext] as const, action }],
  });
  const dbcn = { answers: (ext: number) => ext === DBCN };

  it('denied', () => assert.equal(probe(rule(TIME, 'deny'), TIME), false));
  it('forwarded to nobody', () => assert.equal(probe(rule(TIME, 'forward'), TIME), false));
  it('forwarded to somebody', () => assert.equal(probe(dbcn, DBCN), true));
  it('somebody, but denied', () =>
    assert.equal(probe({ ...rule(DBCN, 'deny'), ...dbcn }, DBCN), false));
  it('handled by nobody', () => assert.equal(probe(rule(DBCN, 'handle'), DBCN), false));
  it('handled after a stop', () => assert.equal(probe(rule(TIME, 'break'), TIME), true));
  it('forwarded after a stop', () =>
    assert.equal(probe({ ...rule(DBCN, 'break'), ...dbcn }, DBCN), true));
  it('answered by whoever is at the debugger', () =>
    assert.equal(probe(rule(0x09000001, 'break'), 0x09000001), true));
  it('one function denied', () =>
    assert.equal(
      probe({ calls: [{ extension: [HSM, HSM], function: [3, 3], action: 'deny' }] }, HSM),
      true,
    ));

  check('a denied call is not supported', TIME, 0, [5n], [NOT_SUPPORTED], rule(TIME, 'deny'));
  check('as is one that nobody handles', DBCN, 2, [5n], [NOT_SUPPORTED], rule(DBCN, 'handle'));
});

describe('SBI: TIME', () => {
  it('sets vstimecmp with Sstc', () => {
    const r = rig({ sstc: true });
    assert.deepEqual(call(r, 0, TIME, 0, 500n), [SUCCESS, 0n]);
    assert.equal(r.hart.getCsr(0x24d), 500n);
    assert.equal(r.vcpu.nextDeadline(), 500n);
    call(r, 0, TIME, 0, ones);
    assert.equal(r.vcpu.nextDeadline(), undefined);
  });

  it('raises VSTIP from a software timer without Sstc, and clears it when set again', () => {
    const r = rig();
    call(r, 0, TIME, 0, 500n);
    assert.equal(r.vcpu.nextDeadline(), 500n);
    r.vcpu.advanceTimer();
    assert.equal(r.hart.getCsr(0x645), 0n);
    r.clock.skipTo(500n);
    r.vcpu.advanceTimer();
    assert.equal(r.hart.getCsr(0x645), 1n << 6n);
    assert.equal(r.vcpu.nextDeadline(), undefined);
    call(r, 0, TIME, 0, 600n);
    assert.equal(r.hart.getCsr(0x645), 0n);
    call(r, 0, TIME, 0, 1n);
    assert.equal(r.hart.getCsr(0x645), 1n << 6n, 'a time in the past fires at once');
    call(r, 0, TIME, 0, ones);
    assert.equal(r.hart.getCsr(0x645), 0n, 'never');
  });
  check('unknown function', TIME, 1, [5n], [NOT_SUPPORTED]);
});

describe('SBI: IPI', () => {
  const pending = (r: Rig) => r.harts.map((h) => h.getCsr(0x645) === 4n);

  it('reaches the harts of the mask', () => {
    const r = rig({ harts: 3 });
    assert.deepEqual(call(r, 0, IPI, 0, 0b11n, 1n), [SUCCESS, 0n]);
    assert.deepEqual(pending(r), [false, true, true]);
  });
  it('reaches all with base -1, whatever the mask', () => {
    const r = rig({ harts: 3 });
    assert.deepEqual(call(r, 0, IPI, 0, 0n, ones), [SUCCESS, 0n]);
    assert.deepEqual(pending(r), [true, true, true]);
  });
  it('reaches nobody when one of them does not exist', () => {
    const r = rig({ harts: 3 });
    assert.equal(call(r, 0, IPI, 0, 0b1001n, 0n)[0], INVALID_PARAM);
    assert.deepEqual(pending(r), [false, false, false]);
  });
  check('a base need not exist', IPI, 0, [0n, 77n], [SUCCESS]);
  check('a base with its own bit must', IPI, 0, [1n, 77n], [INVALID_PARAM]);
  check('unknown function', IPI, 1, [1n, 0n], [NOT_SUPPORTED]);
});

describe('SBI: RFENCE', () => {
  it('fence.i and sfence.vma on the harts of the mask', () => {
    const r = rig({ harts: 3 });
    const count = (kind: 'i' | 'vvma') => r.harts.map((h) => h.fences[kind]);
    const [i, vvma] = [count('i'), count('vvma')];
    assert.deepEqual(call(r, 0, RFENCE, 0, 0b101n, 0n), [SUCCESS, 0n]);
    assert.deepEqual(
      count('i').map((n, k) => n - (i[k] ?? 0)),
      [1, 0, 1],
    );
    call(r, 0, RFENCE, 1, 0b110n, 0n, 0x1000n, 0x2000n);
    call(r, 0, RFENCE, 2, 0b010n, 0n, 0n, ones, 0xffffn);
    assert.deepEqual(
      count('vvma').map((n, k) => n - (vvma[k] ?? 0)),
      [0, 2, 1],
    );
  });
  check('a hart that does not exist', RFENCE, 0, [0b1000n, 0n], [INVALID_PARAM]);
  check('a range that wraps', RFENCE, 1, [1n, 0n, ones - 1n, 0x1000n], [INVALID_ADDRESS]);
  check('a range up to the end', RFENCE, 1, [1n, 0n, ones - 0xfffn, 0x1000n], [SUCCESS]);
  check('everything', RFENCE, 1, [1n, 0n, 0x1000n, ones], [SUCCESS]);
  check('an ASID of 17 bits', RFENCE, 2, [1n, 0n, 0n, 0n, 0x10000n], [INVALID_PARAM]);
  for (const fn of [3, 4, 5, 6, 7]) {
    check(`function ${fn} without H`, RFENCE, fn, [1n, 0n, 0n, 0n], [NOT_SUPPORTED]);
  }
});

describe('SBI: HSM', () => {
  const status = (r: Rig, id: number) => call(r, 0, HSM, 2, BigInt(id))[1];
  const start = BigInt(ramBase) + 0x1000n;

  check('status of a running hart', HSM, 2, [0n], [SUCCESS, 0n]);
  check('status of a stopped hart', HSM, 2, [1n], [SUCCESS, 1n]);
  check('status of no hart', HSM, 2, [3n], [INVALID_PARAM]);
  check('start of no hart', HSM, 0, [3n, start, 0n], [INVALID_PARAM]);
  check('start of the caller', HSM, 0, [0n, start, 0n], [ALREADY_AVAILABLE]);
  check('start outside memory', HSM, 0, [1n, 0x1000n, 0n], [INVALID_ADDRESS]);
  check('start after memory', HSM, 0, [1n, BigInt(ramBase + ramSize), 0n], [INVALID_ADDRESS]);
  check('start at an odd address', HSM, 0, [1n, start + 1n, 0n], [INVALID_ADDRESS]);
  check('non-retentive suspend, nowhere to resume', HSM, 3, [0x80000000n, 0n], [INVALID_ADDRESS]);
  check('reserved non-retentive type', HSM, 3, [0x80000001n, start, 0n], [INVALID_PARAM]);
  check('platform non-retentive type', HSM, 3, [0x90000000n, start, 0n], [INVALID_PARAM]);
  check('reserved suspend type', HSM, 3, [1n, start, 0n], [INVALID_PARAM]);
  check('platform suspend type', HSM, 3, [0x10000000n, start, 0n], [INVALID_PARAM]);
  check('unknown function', HSM, 4, [], [NOT_SUPPORTED]);

  it('STOPPED, START_PENDING, STARTED, with the registers of the specification', () => {
    const r = rig({ harts: 2 });
    const [, second] = r.harts;
    const [, vcpu] = r.vcpus;
    assert(second && vcpu);
    second.setCsr(0x280, 0x8000000000080000n);
    second.setCsr(0x200, 2n);
    assert.deepEqual(vcpu.run(5), { exit: { kind: 'halted' }, consumed: 0 });
    assert.deepEqual(call(r, 0, HSM, 0, 1n, start, 0xbeefn), [SUCCESS, 0n]);
    assert.equal(status(r, 1), 2n);
    assert.equal(call(r, 0, HSM, 0, 1n, start, 0n)[0], ALREADY_AVAILABLE);
    assert.equal(second.pc, start);
    assert.deepEqual([second.getX(10), second.getX(11)], [1n, 0xbeefn]);
    assert.equal(second.getCsr(0x280), 0n, 'satp');
    assert.equal(second.getCsr(0x200) & 2n, 0n, 'sstatus.SIE');
    assert(second.virtualized && second.privilege === 1);
    vcpu.run(1);
    assert.equal(status(r, 1), 0n);
  });

  it('hart_stop does not return, and the hart can be started again', () => {
    const r = rig({ harts: 2 });
    starts(r, 1);
    const [, second] = r.harts;
    second?.ecall(HSM, 1);
    assert.deepEqual(r.vcpus[1]?.run(10), { exit: { kind: 'halted' }, consumed: 0 });
    assert.equal(status(r, 1), 1n);
    assert.equal(r.vcpus[1]?.mpState, 'stopped');
    starts(r, 1);
    assert.equal(status(r, 1), 0n);
  });

  it('a retentive suspend lasts until an interrupt and returns SUCCESS', () => {
    const r = rig({ harts: 2 });
    starts(r, 1);
    const [, second] = r.harts;
    const [, vcpu] = r.vcpus;
    assert(second && vcpu);
    second.setCsr(0x204, 2n);
    // The upper half of a 32-bit parameter is ignored.
    second.ecall(HSM, 3, 1n << 40n, 0n, 0n);
    const pc = second.pc;
    assert.deepEqual(vcpu.run(10), { exit: { kind: 'halted' }, consumed: 1 });
    assert.equal(status(r, 1), 4n);
    assert(vcpu.waiting && !vcpu.runnable);
    call(r, 0, IPI, 0, 2n, 0n);
    assert.equal(status(r, 1), 0n);
    assert(vcpu.runnable);
    assert.deepEqual(vcpu.run(3), { exit: { kind: 'intr' }, consumed: 3 });
    assert.deepEqual([second.pc, second.getX(10)], [pc + 4n, SUCCESS]);
  });
});

describe('SBI: HSM, non-retentive suspend', () => {
  const resume = BigInt(ramBase) + 0x2000n;

  it('lasts until an interrupt and goes on at resume_addr, features kept', () => {
    const r = rig({ harts: 2, pointerMasking: true });
    starts(r, 1);
    const [, second] = r.harts;
    const [, vcpu] = r.vcpus;
    assert(second && vcpu);
    call(r, 1, 0x46574654, 0, 5n, 7n, 0n);
    second.setCsr(0x204, 2n);
    second.setCsr(0x280, 0x8000000000080000n);
    second.setCsr(0x200, 2n);
    second.ecall(HSM, 3, (1n << 40n) | 0x80000000n, resume, 0x77n);
    assert.equal(vcpu.run(10).exit.kind, 'halted');
    assert.equal(call(r, 0, HSM, 2, 1n)[1], 4n, 'SUSPENDED');
    assert.equal(call(r, 0, HSM, 0, 1n, resume, 0n)[0], ALREADY_AVAILABLE);
    call(r, 0, IPI, 0, 2n, 0n);
    vcpu.run(1);
    assert.equal(call(r, 0, HSM, 2, 1n)[1], 0n, 'STARTED');
    assert.deepEqual([second.getX(10), second.getX(11)], [1n, 0x77n]);
    assert.equal(second.getCsr(0x280), 0n, 'satp');
    assert.equal(second.getCsr(0x200) & 2n, 0n, 'sstatus.SIE');
    assert.equal(second.pc - resume, 0n);
    assert.deepEqual(call(r, 1, 0x46574654, 1, 5n), [SUCCESS, 7n]);
  });
});

describe('SBI: SRST', () => {
  function resets(name: string, type: bigint, reason: bigint, event: string) {
    it(name, () => {
      const r = rig();
      r.hart.ecall(SRST, 0, type, reason);
      const { exit } = r.vcpu.run(1);
      assert(exit.kind === 'systemEvent');
      assert.deepEqual([exit.type, exit.reason], [event, Number(BigInt.asUintN(32, reason))]);
    });
  }
  resets('shutdown', 0n, 0n, 'shutdown');
  resets('shutdown after a failure', 0n, 1n, 'shutdown');
  resets('cold reboot', 1n, 0n, 'reset');
  resets('warm reboot', 2n, 0n, 'reset');
  resets('upper halves are ignored', 5n << 32n, 9n << 32n, 'shutdown');
  check('reserved type', SRST, 0, [3n, 0n], [INVALID_PARAM]);
  check('last reserved type', SRST, 0, [0xefffffffn, 0n], [INVALID_PARAM]);
  check('vendor type', SRST, 0, [0xf0000000n, 0n], [INVALID_PARAM]);
  check('reserved reason', SRST, 0, [0n, 2n], [INVALID_PARAM]);
  check('last reserved reason', SRST, 0, [0n, 0xdfffffffn], [INVALID_PARAM]);
  check('implementation’s reason', SRST, 0, [0n, 0xe0000000n], [INVALID_PARAM]);
  check('vendor reason', SRST, 0, [0n, 0xf0000000n], [INVALID_PARAM]);
  check('unknown function', SRST, 1, [0n, 0n], [NOT_SUPPORTED]);
});

describe('SBI: forwarded calls', () => {
  function exitOf(r: Rig): CallExit {
    const { exit } = r.vcpu.run(100);
    assert(exit.kind === 'call');
    return exit;
  }

  it('carry everything, and are completed by the next run', () => {
    const r = rig();
    const pc = r.hart.pc;
    r.hart.ecall(0x09000001, 7, 1n, 2n, 3n, 4n, 5n, ones);
    const exit = exitOf(r);
    assert.deepEqual(
      [exit.extension, exit.function, exit.args, exit.ret, exit.answered, exit.stop],
      [0x09000001, 7, [1n, 2n, 3n, 4n, 5n, ones], [NOT_SUPPORTED, 0n], false, false],
    );
    assert.equal(
      exit.describe().text,
      'vendor extension 0x9000001 function 7(a0=1, a1=2, a2=3, a3=4, a4=5, a5=-1)',
    );
    assert.deepEqual([r.hart.pc, r.hart.getX(10)], [pc, 1n], 'not completed yet');
    exit.ret = [-3n, 77n];
    assert.deepEqual(r.vcpu.run(1), { exit: { kind: 'intr' }, consumed: 1 });
    assert.deepEqual([r.hart.pc, r.hart.getX(10), r.hart.getX(11)], [pc + 4n, 2n ** 64n - 3n, 77n]);
    assert.match(r.exits.at(-1)?.text() ?? '', / → INVALID_PARAM$/);
  });

  it('are not supported when nobody answers', () => {
    const r = rig();
    r.hart.ecall(0x4d505859, 0);
    assert.equal(exitOf(r).describe().text, 'sbi_mpxy_get_shmem_size()');
    r.vcpu.run(0);
    assert.equal(BigInt.asIntN(64, r.hart.getX(10)), NOT_SUPPORTED);
  });

  it('count as answered by hand when somebody moved pc', () => {
    const r = rig();
    r.hart.ecall(0x4d505859, 0);
    exitOf(r);
    r.hart.pc += 4n;
    r.hart.setX(10, 5n);
    const { pc } = r.hart;
    r.vcpu.run(0);
    assert.deepEqual([r.hart.pc, r.hart.getX(10)], [pc, 5n]);
  });

  it('legacy ones give back a0 only', () => {
    const r = rig();
    r.hart.ecall(2, 0, 0n, 0x55n);
    exitOf(r).ret = [-1n, 0n];
    r.vcpu.run(0);
    assert.deepEqual([r.hart.getX(10), r.hart.getX(11)], [ones, 0x55n]);
  });

  it('a stop comes before the call is made, and the call after it', () => {
    const r = rig({ calls: [{ extension: [TIME, TIME], action: 'break' }], sstc: true });
    const pc = r.hart.pc;
    r.hart.ecall(TIME, 0, 900n);
    const exit = exitOf(r);
    assert.equal(exit.stop, true);
    assert.equal(exit.describe().text, 'sbi_set_timer(stime_value=900)');
    assert.notEqual(r.hart.getCsr(0x24d), 900n);
    // The user changes the argument, then runs on.
    r.hart.setX(10, 901n);
    assert.deepEqual(r.vcpu.run(1), { exit: { kind: 'intr' }, consumed: 1 });
    assert.equal(r.hart.getCsr(0x24d), 901n);
    assert.deepEqual([r.hart.pc, r.hart.getX(10)], [pc + 4n, SUCCESS]);
  });

  it('a call that was stopped at is not made when somebody has answered it', () => {
    const r = rig({ calls: [{ extension: [TIME, TIME], action: 'break' }], sstc: true });
    const pc = r.hart.pc;
    r.hart.ecall(TIME, 0, 900n);
    const exit = exitOf(r);
    exit.answered = true;
    exit.ret = [-4n, 9n];
    exit.registers = new Map([['a3', 7n]]);
    r.vcpu.run(1);
    assert.notEqual(r.hart.getCsr(0x24d), 900n);
    const a = [10, 11, 13].map((i) => r.hart.getX(i));
    assert.deepEqual([r.hart.pc, ...a], [pc + 4n, 2n ** 64n - 4n, 9n, 7n]);
  });

  it('a new pc is where the guest goes on', () => {
    const r = rig();
    r.hart.ecall(0x09000001, 7);
    exitOf(r).registers = new Map([['pc', 0x8000_4000n]]);
    r.vcpu.run(0);
    assert.equal(r.hart.pc, 0x8000_4000n);
  });
});
