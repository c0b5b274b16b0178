import assert from 'node:assert/strict';
import { rig, type Rig } from './rig.ts';
import { call } from './sbiCalls.ts';

describe('SBI: legacy calls', () => {
  /** Legacy calls write a0 only. */
  function legacy(r: Rig, ext: number, ...args: bigint[]): bigint {
    const kept = args[1] ?? 0n;
    const [result, a1] = call(r, 0, ext, 99, ...args);
    assert.equal(a1, kept, 'a1 is left alone');
    return result;
  }

  it('set_timer', () => {
    const r = rig({ sstc: true });
    assert.equal(legacy(r, 0, 700n, 0x55n), 0n);
    assert.equal(r.hart.getCsr(0x24d), 700n);
  });
  it('clear_ipi', () => {
    const r = rig();
    r.hart.setCsr(0x645, (1n << 2n) | (1n << 10n));
    assert.equal(legacy(r, 3, 0n, 0x55n), 1n, 'one had been pending');
    assert.equal(r.hart.getCsr(0x645), 1n << 10n);
    assert.equal(legacy(r, 3, 0n, 0x55n), 0n);
  });
  it('send_ipi reads a mask of as many words as there are harts for', () => {
    const r = rig({ harts: 66 });
    const words = new Map([
      [0x4000n, 1n << 63n],
      [0x4008n, 0b110n],
    ]);
    r.hart.onLoad = (address) => ({ value: words.get(address) ?? assert.fail() });
    assert.equal(legacy(r, 4, 0x4000n), 0n);
    const interrupted = r.harts.filter((h) => h.getCsr(0x645) === 4n).map((h) => h.id);
    assert.deepEqual(interrupted, [63, 65]);
  });
  it('a fault in the second word of the mask comes before anything is done', () => {
    const r = rig({ harts: 66 });
    const trap = { cause: 13, tval: 0x4008n, tval2: 0n, tinst: 0, gva: true };
    r.hart.onLoad = (address) => (address === 0x4000n ? { value: 3n } : { trap });
    r.hart.ecall(4, 0, 0x4000n);
    r.vcpu.run(1);
    assert.equal(r.hart.getCsr(0x242), 13n, 'vscause');
    assert(r.harts.every((h) => h.getCsr(0x645) === 0n));
  });
  it('send_ipi reads the mask through the guest', () => {
    const r = rig({ harts: 3 });
    const asked: unknown[] = [];
    r.hart.onLoad = (...args) => {
      asked.push(args);
      return { value: 0b110n | (1n << 60n) };
    };
    assert.equal(legacy(r, 4, 0x4000n), 0n);
    assert.deepEqual(asked, [[0x4000n, 8, false]]);
    assert.deepEqual(
      r.harts.map((h) => h.getCsr(0x645)),
      [0n, 4n, 4n],
    );
  });
  it('a null mask is every hart', () => {
    const r = rig({ harts: 2 });
    legacy(r, 4, 0n);
    assert.deepEqual(
      r.harts.map((h) => h.getCsr(0x645)),
      [4n, 4n],
    );
  });
  it('remote fences', () => {
    const r = rig({ harts: 2 });
    r.hart.onLoad = () => ({ value: 0b10n });
    const before = { ...r.harts[1]?.fences } as { i: number; vvma: number };
    legacy(r, 5, 0x4000n);
    legacy(r, 6, 0x4000n, 0n, 0n);
    legacy(r, 7, 0x4000n, 0x1000n, 0x1000n, 3n);
    assert.equal(r.harts[1]?.fences.i, before.i + 1);
    assert.equal(r.harts[1]?.fences.vvma, before.vvma + 2);
  });
  it('a fault in reading the mask is the guest’s, at the ecall', () => {
    const r = rig();
    const { hart } = r;
    hart.setCsr(0x205, 0x8000_0100n);
    hart.setCsr(0x200, 2n);
    hart.onLoad = (tval) => ({ trap: { cause: 13, tval, tval2: 0n, tinst: 0, gva: true } });
    hart.pc = 0x8000_0040n;
    hart.ecall(4, 0, 0x4000n);
    assert.deepEqual(r.vcpu.run(1), { exit: { kind: 'intr' }, consumed: 1 });
    assert.deepEqual(
      [hart.getCsr(0x242), hart.getCsr(0x243), hart.getCsr(0x241), hart.pc],
      [13n, 0x4000n, 0x8000_0040n, 0x8000_0100n],
    );
    assert.equal(hart.getCsr(0x200) & 0x122n, 0x120n, 'SPP and SPIE, SIE off');
    assert.equal(hart.getX(10), 0x4000n, 'no result is written');
  });
  it('a mask outside memory is a load access fault', () => {
    const r = rig();
    r.hart.onLoad = (tval) => ({
      trap: { cause: 21, tval, tval2: 0x1000n >> 2n, tinst: 0, gva: true },
    });
    r.hart.ecall(4, 0, 0x1000n);
    r.vcpu.run(1);
    assert.deepEqual([r.hart.getCsr(0x242), r.hart.getCsr(0x243)], [5n, 0x1000n]);
  });
  it('a mask on a page not touched before is mapped and read', () => {
    const r = rig({ harts: 2 });
    let faults = 0;
    r.hart.onLoad = (tval) =>
      faults++ === 0
        ? { trap: { cause: 21, tval, tval2: 0x8040_0000n >> 2n, tinst: 0, gva: true } }
        : { value: 2n };
    assert.equal(legacy(r, 4, 0x8040_0000n), 0n);
    assert.equal(r.harts[1]?.getCsr(0x645), 4n);
  });
  it('shutdown', () => {
    const r = rig();
    r.hart.ecall(8, 0);
    const { exit } = r.vcpu.run(1);
    assert(exit.kind === 'systemEvent');
    assert.deepEqual([exit.type, exit.reason], ['shutdown', 0]);
  });
});
