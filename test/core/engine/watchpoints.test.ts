import assert from 'node:assert/strict';
import { describeEngines, ramBase, rig, type Rig } from '../isa/riscv/rig.ts';
import { PageTables } from './pageTables.ts';

/** A loop that loads and stores all over a page and its neighbours; ten instructions a round. */
const loop = `
.option norvc
_start: la s0, words
1: ld a0, 0(s0)
  ld a1, 8(s0)
  add a0, a0, a1
  sd a0, 16(s0)
  amoadd.d a2, a1, (s1)
  lb a3, 91(s2)
  ld a4, 92(s2)
  addi a5, a5, 1
  addi a6, a6, 1
  j 1b
  .balign 4096
words: .fill 4096 * 3, 1, 0`;
const words = ramBase + 4096;
const at = (offset: number): bigint => BigInt(words + offset);
/** The loop's first instruction, behind those of \`la\`. */
const first = BigInt(ramBase + 8);
const rounds = 100;
const perRound = 10;

function running(): Rig {
  const r = rig(loop);
  r.hart.writeRegister('s1', at(64));
  r.hart.writeRegister('s2', at(4000));
  r.step(2 + rounds * perRound);
  return r;
}

describeEngines('core/engine/watchpoints', () => {
  for (const [what, watchpoint, instruction, write] of [
    ['a load', { address: at(8), size: 8, access: 'read' }, 1, false],
    ['one byte of a load', { address: at(15), size: 1, access: 'read' }, 1, false],
    ['a store', { address: at(16), size: 4, access: 'write' }, 3, true],
    ['an AMO, by what it reads', { address: at(64), size: 8, access: 'read' }, 4, true],
    ['an AMO, by what it writes', { address: at(71), size: 1, access: 'write' }, 4, true],
    ['either', { address: at(16), size: 1, access: 'both' }, 3, true],
    [
      'the first page of an access to two',
      { address: at(4092), size: 2, access: 'read' },
      6,
      false,
    ],
    [
      'the second page of an access to two',
      { address: at(4098), size: 1, access: 'read' },
      6,
      false,
    ],
    ['many pages', { address: at(4096), size: 8192, access: 'both' }, 6, false],
  ] as const) {
    it(`stops before ${what} in code that was running, each time, with exact counts`, () => {
      const r = running();
      r.hart.setWatchpoints([watchpoint]);
      assert.deepEqual(r.hart.run(1000), {
        stop: 'breakpoint',
        retired: instruction,
        steps: instruction,
      });
      assert.equal(r.hart.pc, first + BigInt(instruction * 4));
      assert.equal(r.hart.watchHit?.watchpoint, watchpoint);
      assert.equal(r.hart.watchHit?.write, write);
      assert.equal(r.hart.watchHit?.read, !write || what.startsWith('an AMO'));
      for (let round = 0; round < 5; round++) {
        r.hart.skipWatchpointsOnce();
        assert.equal(r.hart.run(1000).retired, perRound);
      }
      r.hart.setWatchpoints([]);
      assert.deepEqual(r.hart.run(1000), { stop: 'budget', retired: 1000, steps: 1000 });
      assert.equal(r.hart.watchHit, undefined);
    });
  }

  it('does not stop for the other kind of access, nor for bytes beside', () => {
    const r = running();
    r.hart.setWatchpoints([
      { address: at(0), size: 16, access: 'write' },
      { address: at(16), size: 8, access: 'read' },
      { address: at(24), size: 40, access: 'both' },
      { address: at(72), size: 8, access: 'both' },
      { address: at(8192), size: 1, access: 'both' },
    ]);
    assert.equal(r.hart.run(5000).stop, 'budget');
    assert.equal(r.hart.watchHit, undefined);
  });

  it('changes nothing that a program can see', () => {
    const [plain, watched] = [running(), running()];
    watched.hart.setWatchpoints([{ address: at(2048), size: 8, access: 'both' }]);
    for (const r of [plain, watched]) assert.equal(r.hart.run(3333).stop, 'budget');
    assert.equal(watched.hart.pc, plain.hart.pc);
    for (const name of ['a0', 'a1', 'a2', 'a5']) assert.equal(watched.x(name), plain.x(name));
  });

  it('stops before a fault of the same access, and the instruction that goes on meets it', () => {
    const r = rig(`.option norvc\n_start: la t0, 2f\n csrw mtvec, t0\n ld a0, 0(s0)\n1: j 1b
      .balign 4\n2: ld a1, 0(s0)`);
    r.hart.writeRegister('s0', 0x5000_0000n);
    r.hart.setWatchpoints([{ address: 0x5000_0000n, size: 8, access: 'read' }]);
    assert.equal(r.hart.run(100).retired, 3);
    r.hart.skipWatchpointsOnce();
    // The handler's load is another instruction.
    assert.deepEqual(r.hart.run(100), { stop: 'breakpoint', retired: 0, steps: 1 });
    assert.equal(r.csr('mcause'), 5n);
  });

  it('knows where the second half of an access to two pages is that lie apart', () => {
    const window = 0x4000_0000;
    const mapped = () => {
      const r = rig(loop);
      const tables = new PageTables(r, 0);
      tables.identity(ramBase / 2 ** 30);
      tables.map(window, words + 8192);
      tables.map(window + 4096, words + 4096);
      r.step(2);
      r.setCsr('pmpaddr0', (1n << 54n) - 1n);
      r.setCsr('pmpcfg0', 0x1fn);
      r.setCsr('satp', tables.register());
      r.hart.privilege = 1;
      r.hart.writeRegister('s1', at(64));
      r.hart.writeRegister('s2', BigInt(window + 4000));
      r.step(rounds * perRound);
      return r;
    };
    const physical = (offset: number, size: number) =>
      ({ address: at(offset), size, access: 'read', physical: true }) as const;
    const second = mapped();
    second.hart.setWatchpoints([physical(4096 + 3, 1)]);
    assert.deepEqual(second.hart.run(1000), { stop: 'breakpoint', retired: 6, steps: 6 });
    const { address, size, physical: where } = second.hart.watchHit!;
    assert.deepEqual([address, size, where], [BigInt(window + 4096), 4, at(4096)]);
    second.hart.skipWatchpointsOnce();
    assert.equal(second.hart.run(1000).retired, perRound);
    const first = mapped();
    first.hart.setWatchpoints([physical(8192 + 4095, 1)]);
    assert.equal(first.hart.run(1000).retired, 6);
    const neither = mapped();
    // What comes behind the first page in memory, and behind the accessed bytes of the second.
    neither.hart.setWatchpoints([physical(12288, 8), physical(4096 + 4, 8)]);
    assert.equal(neither.hart.run(1000).stop, 'budget');
  });
});
