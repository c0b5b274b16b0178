/** Two engines side by side: kernels of the bench agree, and a difference is found and named. */
import assert from 'node:assert/strict';
import { Bug } from '../../../src/core/base/assert.ts';
import type { EngineChoice } from '../../../src/core/machine/launchConfig.ts';
import { LockstepMachine } from '../../../src/core/machine/lockstepMachine.ts';
import { SmallKernels } from '../../bench/smallKernel.ts';
import { makeMachine } from '../../firmware/machine.ts';

const kernel = (name: string, engine: EngineChoice) =>
  makeMachine({
    mode: 'machine',
    program: `test/bench/kernels/${name}.elf`,
    engine,
    memory: 64 << 20,
  });

/** Kernels to their end, which takes minutes. */
const whole = process.env['TRAPLINE_LOCKSTEP'] === 'whole';

describe('core/machine/lockstep', function () {
  this.timeout(whole ? 0 : 120_000);
  const kernels = new SmallKernels();
  after(() => kernels.remove());

  for (const name of ['mix', 'bytecode', 'quicksort', 'rewrite', 'ticking', 'nbody']) {
    it(`finds no difference in ${name}`, () => {
      const machine = kernel(name, 'lockstep');
      const stop = machine.run(whole ? Number.MAX_SAFE_INTEGER : 8_000_000);
      assert.equal(stop.kind, whole ? 'ended' : 'budget');
      assert.ok(machine.instructions > 7_000_000);
      assert.ok(machine.engineCounters!()['regions']! > 0);
    });
  }

  // The same under Sv39, and as a guest of two stages: its own pages, faults and interrupts.
  for (const [name, repetitions] of [
    ['sha256', 60],
    ['rewrite', 20],
    ['ticking', 200],
    ['thrash', 10_000],
    ['nbody', 500],
  ] as const) {
    for (const world of [1, 2]) {
      it(`finds no difference in ${name} in world ${world}`, () => {
        const machine = makeMachine({
          mode: 'machine',
          program: kernels.build(name, repetitions, world),
          engine: 'lockstep',
          memory: 256 << 20,
        });
        assert.equal(machine.run(20_000_000).kind, 'ended');
        assert.ok(machine.instructions > 100_000, `${machine.instructions}`);
        assert.ok(machine.engineCounters!()['regions']! > 0);
      });
    }
  }

  it('logs the stores of both guests', () => {
    const machine = makeMachine({
      mode: 'guest',
      program: 'media/samples/hello-dbcn/hello-dbcn.elf',
      engine: 'lockstep',
    });
    machine.consoles[0]?.feed(Uint8Array.of(13));
    const begun = machine.run(10_000);
    assert.equal(begun.kind, 'budget', JSON.stringify(begun));
    assert.deepEqual(machine.dirtyLog?.('start'), { logging: true, pages: 0, ranges: [] });
    assert.equal(machine.run(20_000_000).kind, 'ended');
    const log = machine.dirtyLog?.('show');
    assert.ok(log && log.pages > 4, `${log?.pages}`);
    assert.deepEqual(machine.dirtyLog?.('clear').pages, 0);
  });

  it('names what differs, with the instructions between which it came up', () => {
    const [first, second] = [kernel('mix', 'interpreter'), kernel('mix', 'jit')];
    const machine = new LockstepMachine(first, second);
    machine.run(1000);
    second.harts[0]!.writeRegister('mscratch', 0x123n);
    const named = (error: Error): boolean =>
      error instanceof Bug &&
      /between instructions 1\d\d\d and.*mscratch: 0x0 and 0x123/s.test(error.message);
    assert.throws(() => machine.run(1000), named);
  });

  it('finds a difference in memory when it ends', () => {
    const [first, second] = [kernel('empty', 'interpreter'), kernel('empty', 'jit')];
    const machine = new LockstepMachine(first, second);
    second.memory.write32(0x8200_0000, 7);
    assert.throws(() => machine.run(1_000_000), /ram at 0x82000000: 0x0 and 0x7/);
  });

  it('finds a difference in what is written to the console', () => {
    const [first, second] = [kernel('empty', 'interpreter'), kernel('empty', 'jit')];
    const machine = new LockstepMachine(first, second);
    second.consoles[0]!.put(0x21);
    assert.throws(() => machine.run(1000), /uart0: [\d,]+ and 33,/);
  });

  it('goes on alike after its owner wrote registers and memory', () => {
    const machine = kernel('mix', 'lockstep');
    machine.run(1000);
    machine.harts[0]!.writeRegister('mscratch', 5n);
    machine.memory.write32(0x8200_0000, 7);
    assert.equal(machine.run(50_000).kind, 'budget');
    assert.equal(machine.memory.read32(0x8200_0000), 7);
  });
});
