import assert from 'node:assert/strict';
import { ramBase, ramSize, rig, type Rig } from './rig.ts';
import {
  call,
  checkCall,
  DENIED,
  INVALID_ADDRESS,
  INVALID_PARAM,
  NOT_SUPPORTED,
  ones,
  SUCCESS,
} from './sbiCalls.ts';

const SUSP = 0x53555350;
const HSM = 0x48534d;
const resume = BigInt(ramBase) + 0x4000n;
const hvip = 0x645;
const vsie = 0x204;
const vsatp = 0x280;
const vsstatus = 0x200;

function suspends(r: Rig): void {
  r.hart.ecall(SUSP, 0, 0n, resume, 0x77n);
  assert.deepEqual(r.vcpu.run(10), { exit: { kind: 'halted' }, consumed: 1 });
  assert(r.vcpu.waiting && !r.vcpu.runnable);
}

describe('SBI: SUSP, refused', () => {
  const check = (name: string, args: bigint[], error: bigint) =>
    checkCall(name, SUSP, 0, args, [error]);
  check('reserved type', [1n, resume, 0n], INVALID_PARAM);
  check('last reserved type', [0x7fffffffn, resume, 0n], INVALID_PARAM);
  check('platform type', [0x80000000n, resume, 0n], INVALID_PARAM);
  check('resume outside memory', [0n, 0x1000n, 0n], INVALID_ADDRESS);
  check('resume behind memory', [0n, BigInt(ramBase + ramSize), 0n], INVALID_ADDRESS);
  check('resume at all ones', [0n, ones - 1n, 0n], INVALID_ADDRESS);
  check('resume at an odd address', [0n, resume + 1n, 0n], INVALID_ADDRESS);
  checkCall('unknown function', SUSP, 1, [0n, resume, 0n], [NOT_SUPPORTED]);

  it('while another hart is started, or about to', () => {
    const r = rig({ harts: 3 });
    call(r, 0, HSM, 0, 2n, BigInt(ramBase), 0n);
    assert.equal(call(r, 0, SUSP, 0, 0n, resume, 0n)[0], DENIED, 'START_PENDING');
    r.vcpus[2]?.run(1);
    assert.equal(call(r, 0, SUSP, 0, 0n, resume, 0n)[0], DENIED, 'STARTED');
    r.harts[2]?.setCsr(vsie, 2n);
    r.harts[2]?.ecall(HSM, 3, 0n, 0n, 0n);
    r.vcpus[2]?.run(1);
    assert.equal(call(r, 0, SUSP, 0, 0n, resume, 0n)[0], DENIED, 'SUSPENDED');
    r.vcpus[2]?.raiseSoftwareInterrupt();
    r.harts[2]?.ecall(HSM, 1);
    r.vcpus[2]?.run(2);
    suspends(r);
  });
});

describe('SBI: SUSP, suspend to RAM', () => {
  it('sleeps until an interrupt that is enabled, and resumes as the specification says', () => {
    const r = rig({ harts: 2 });
    const { hart, vcpu } = r;
    hart.setCsr(vsie, 1n << 9n);
    hart.setCsr(vsatp, 0x8000000000080000n);
    hart.setCsr(vsstatus, 2n);
    // The upper half of the 32-bit parameter is ignored.
    hart.ecall(SUSP, 0, 5n << 32n, resume, 0x77n);
    assert.deepEqual(vcpu.run(10), { exit: { kind: 'halted' }, consumed: 1 });
    vcpu.raiseSoftwareInterrupt();
    assert(vcpu.waiting, 'a masked interrupt does not wake');
    assert.deepEqual(vcpu.run(10), { exit: { kind: 'halted' }, consumed: 0 });
    vcpu.setInterrupt(true);
    assert(vcpu.runnable);
    let entered: bigint[] = [];
    hart.script.push((h, budget) => {
      entered = [h.pc, h.getX(10), h.getX(11), h.getCsr(vsatp), h.getCsr(vsstatus) & 2n];
      assert(h.virtualized && h.privilege === 1);
      return h.retire(budget);
    });
    assert.deepEqual(vcpu.run(3), { exit: { kind: 'intr' }, consumed: 3 });
    assert.deepEqual(entered, [resume, 0n, 0x77n, 0n, 0n]);
    assert.equal(hart.getCsr(hvip), (1n << 10n) | (1n << 2n), 'no interrupt is lost');
    assert.equal(call(r, 0, HSM, 2, 1n)[1], 1n, 'the other hart is still stopped');
    assert.equal(call(r, 0, HSM, 2, 0n)[1], 0n);
  });

  it('resumes at once when there is a reason already', () => {
    const r = rig();
    r.hart.setCsr(vsie, 2n);
    r.vcpu.raiseSoftwareInterrupt();
    r.hart.ecall(SUSP, 0, 0n, resume, 5n);
    assert.deepEqual(r.vcpu.run(4), { exit: { kind: 'intr' }, consumed: 4 });
    assert.deepEqual([r.hart.pc, r.hart.getX(11)], [resume, 5n]);
  });

  it('is woken by the timer', () => {
    const r = rig({ sstc: true });
    r.hart.setCsr(vsie, 1n << 5n);
    call(r, 0, 0x54494d45, 0, 500n);
    suspends(r);
    assert.equal(r.vcpu.nextDeadline(), 500n);
    r.clock.skipTo(500n);
    r.vcpu.advanceTimer();
    assert(r.vcpu.runnable);
    r.vcpu.run(1);
    assert.equal(r.hart.pc, resume);
  });

  it('keeps what the guest registered', () => {
    const r = rig();
    const event = 0xf0005n;
    r.hart.setCsr(vsie, 2n);
    assert.deepEqual(call(r, 0, 0x504d55, 2, 8n, 1n, 4n, event, 0n), [SUCCESS, 8n]);
    call(r, 0, 0x46574654, 0, 0n, 1n, 1n);
    suspends(r);
    r.vcpu.raiseSoftwareInterrupt();
    r.vcpu.run(1);
    call(r, 0, 0x54494d45, 0, ones);
    assert.deepEqual(call(r, 0, 0x504d55, 5, 8n), [SUCCESS, 1n]);
    assert.deepEqual(call(r, 0, 0x46574654, 1, 0n), [SUCCESS, 1n]);
  });

  it('shows in the exits', () => {
    const r = rig();
    r.hart.setCsr(vsie, 2n);
    suspends(r);
    r.vcpu.raiseSoftwareInterrupt();
    r.vcpu.run(1);
    assert.deepEqual(
      r.exits.map((e) => `${e.kind}: ${e.text()}`),
      [
        'sbi: SUSP system_suspend(sleep_type=SUSPEND_TO_RAM, resume_addr=0x80004000, opaque=119)',
        'resume: an interrupt ends the suspend',
      ],
    );
  });
});
