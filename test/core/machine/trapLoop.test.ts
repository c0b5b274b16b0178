import assert from 'node:assert/strict';
import { parseLaunchConfig } from '../../../src/core/machine/parseLaunchConfig.ts';
import { machineOnTestEngine } from '../../engine.ts';

/** Zeros are an illegal instruction, and nothing has set a trap vector: the handler is not there. */
const zeros = new Uint8Array(64);

function boot(mode: 'guest' | 'machine', program: Uint8Array) {
  const config = parseLaunchConfig({ program: 'zeros.bin', mode, memory: '16M' });
  return machineOnTestEngine(config, new Map([['zeros.bin', program]]));
}

describe('a hart that traps for ever', () => {
  it('stops the machine with an event, and ends it when it is run on', () => {
    const machine = boot('machine', zeros);
    const stop = machine.run(100_000_000);
    assert.equal(stop.kind, 'event');
    // Long before the turn of a hart that is alone is over.
    assert.ok(machine.steps < 100_000, `${machine.steps} steps`);
    assert.ok(stop.kind === 'event' && stop.name === 'crash');
    assert.match(stop.text, /hart 0 takes trap after trap in M-mode at pc 0x0 /);
    // The reset vector's instructions are all that ran.
    assert.ok(machine.instructions < 20);
    const end = machine.run(1);
    assert.ok(end.kind === 'ended' && end.end.reason === 'crash' && end.end.code === 125);
  });

  it('is not one that returns from its traps', () => {
    // la t0, handler; csrw mtvec; loop: ecall; j loop; handler: mepc += 4; mret
    const words = [
      0x00000297, 0x01828293, 0x30529073, 0x00000073, 0xffdff06f, 0x00000013, 0x34102373,
      0x00430313, 0x34131073, 0x30200073,
    ];
    const machine = boot('machine', new Uint8Array(Uint32Array.from(words).buffer));
    assert.equal(machine.run(100_000).kind, 'budget');
  });
});
