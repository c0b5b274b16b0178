import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { Bug } from '../../src/core/base/assert.ts';
import { UserError } from '../../src/core/base/userError.ts';
import type { ConsoleEvent, EndEvent, StopEvent } from '../../src/core/debug/target.ts';
import type { LaunchConfig } from '../../src/core/machine/launchConfig.ts';
import { connectMachine } from '../../src/worker/client.ts';
import type { Machine } from '../../src/core/machine/machine.ts';
import { serveMachine, type PrepareMachine } from '../../src/worker/machineServer.ts';
import { nodeRunHost, portOfParent } from '../../src/worker/nodePort.ts';
import { toy, ToyMachine } from '../core/debug/toyMachine.ts';

const config = {
  program: 'toy',
  mode: 'machine',
  board: 'toy',
  isa: '',
  harts: 1,
  memory: 0x2000,
  loadFiles: [],
  calls: [],
  engine: 'auto',
  time: 'virtual',
} satisfies LaunchConfig;

/** Both ends in this thread; every value crosses by structured cloning all the same. */
async function connect(make: (...launch: Parameters<PrepareMachine>) => Machine) {
  const { port1, port2 } = new MessageChannel();
  serveMachine(
    portOfParent(port2),
    (...launch) =>
      () =>
        make(...launch),
    nodeRunHost,
  );
  const files = new Map([['toy', Uint8Array.of(1, 2, 3)]]);
  try {
    const target = await connectMachine(portOfParent(port1), config, files, { pace: 'never' });
    return { target, close: () => port1.close(), breakOff: () => port2.close() };
  } catch (error) {
    port1.close();
    throw error;
  }
}

const program = [toy('addi', 0, 0, 65), toy('out', 0), toy('event', 1), toy('halt', 3)];

describe('a machine behind messages', () => {
  it('gets its configuration and files', async () => {
    let got: unknown[] = [];
    const { close } = await connect((...args) => {
      got = args;
      return new ToyMachine(program);
    });
    assert.deepEqual(got, [config, new Map([['toy', Uint8Array.of(1, 2, 3)]])]);
    close();
  });

  it('answers, and sends stops, console bytes and the end in order', async () => {
    const { target, close } = await connect(() => new ToyMachine(program));
    const events: (StopEvent | EndEvent | ConsoleEvent | string)[] = [];
    let heard = () => {};
    const push = (event: (typeof events)[number]) => (events.push(event), heard());
    target.onStop(push);
    target.onEnd(push);
    target.onConsole(push);
    const until = (count: number) =>
      new Promise<void>((resolve) => {
        heard = () => events.length >= count && resolve();
        heard();
      });
    assert.equal((await target.info()).entry, 0n);
    await target.setBreakpoints([{ id: 4, address: 4n }]);
    await target.resume({ kind: 'continue' });
    await until(1);
    assert.deepEqual(await target.readRegisters(0, ['r0', 'zz']), [65n, undefined]);
    assert.equal(await target.writeRegister(0, 'r0', 66n), 66n);
    assert.deepEqual([...(await target.readMemory(0, 'virtual', 4n, 4))], toy('out', 0));
    await target.resume({ kind: 'continue' });
    await until(3);
    await target.resume({ kind: 'continue' });
    await until(4);
    assert.deepEqual(events, [
      { hart: 0, reason: { kind: 'breakpoint', ids: [4] }, at: 1 },
      { console: 'uart0', bytes: Uint8Array.of(66) },
      { hart: 0, reason: { kind: 'event', name: 'call', text: 'call 1' }, at: 3 },
      { reason: 'shutdown', code: 3, text: 'halted with 3' },
    ]);
    await target.restart();
    assert.deepEqual(await target.readRegisters(0, ['r0']), [0n]);
    await target.dispose();
    close();
  });

  it('keeps the kind of an error: a user error with its subject, a defect with its stack', async () => {
    const user = connect(() => {
      throw new UserError('too large', 'memory');
    });
    await assert.rejects(user, (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.message, error.subject], ['too large', 'memory']);
      return true;
    });
    const bug = connect(() => {
      throw new TypeError('x is not a function');
    });
    await assert.rejects(bug, (error) => {
      assert.ok(error instanceof Bug);
      assert.match(error.stack ?? '', /TypeError: x is not a function\n.*client\.test/s);
      return true;
    });
    const { target, close } = await connect(() => new ToyMachine(program));
    await assert.rejects(target.writeRegister(0, 'zz', 1n), { name: 'UserError', subject: 'zz' });
    close();
  });

  it('fails what waits, and ends the guest, when the other side goes away', async () => {
    const { target, breakOff } = await connect(() => new ToyMachine([toy('jump')]));
    const ended = new Promise<EndEvent>((resolve) => target.onEnd(resolve));
    await target.resume({ kind: 'continue' });
    breakOff();
    const waiting = target.statistics();
    await assert.rejects(waiting, /thread has ended/);
    assert.deepEqual([(await ended).reason, (await ended).code], ['crash', 125]);
    await assert.rejects(target.info(), /thread has ended/);
  });
});
