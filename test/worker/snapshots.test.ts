import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { UserError } from '../../src/core/base/userError.ts';
import type { DebugTarget, StopEvent } from '../../src/core/debug/target.ts';
import type { LaunchConfig } from '../../src/core/machine/launchConfig.ts';
import type { Machine } from '../../src/core/machine/machine.ts';
import { connectMachine } from '../../src/worker/client.ts';
import { serveMachine } from '../../src/worker/machineServer.ts';
import { nodeRunHost, portOfParent } from '../../src/worker/nodePort.ts';
import { busyMachine } from '../core/machine/busyGuest.ts';
import { toy, ToyMachine } from '../core/debug/toyMachine.ts';

const config: LaunchConfig = {
  ...{ program: 'busy', mode: 'guest', board: 'virt', isa: '', harts: 2, memory: 8 << 20 },
  ...{ loadFiles: [], calls: [], engine: 'interpreter', time: 'virtual' },
};

async function connect(make: () => Machine) {
  const { port1, port2 } = new MessageChannel();
  serveMachine(portOfParent(port2), () => make, nodeRunHost);
  const target = await connectMachine(portOfParent(port1), config, new Map(), { pace: 'never' });
  return { target, close: () => port1.close() };
}

const nextStop = (target: DebugTarget): Promise<StopEvent> =>
  new Promise((resolve) => {
    const unsubscribe = target.onStop((stop) => {
      unsubscribe();
      resolve(stop);
    });
  });

async function runAWhile(target: DebugTarget): Promise<void> {
  await target.resume({ kind: 'continue' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const stop = nextStop(target);
  await target.pause();
  await stop;
}

const registers = async (target: DebugTarget) => {
  const { instructions } = await target.statistics();
  return [
    instructions,
    ...(await target.readRegisters(0, ['pc', 'sp', 's3', 'time', 'vstimecmp'])),
  ];
};

describe('snapshots of a machine behind messages', () => {
  it('are taken while it runs or stands, and restored while it runs, too, and after a restart', async () => {
    const { target, close } = await connect(() => busyMachine({}));
    const { snapshots } = target;
    assert.ok(snapshots);
    await runAWhile(target);
    const then = await registers(target);
    const { id, name, instructions } = await snapshots.take('here');
    assert.deepEqual([name, instructions], ['here', then[0]]);
    await target.resume({ kind: 'continue' });
    assert.ok((await snapshots.take()).instructions >= instructions);
    const restored = nextStop(target);
    await snapshots.restore(id);
    assert.deepEqual((await restored).reason, { kind: 'restored', snapshot: 'here' });
    assert.deepEqual(await registers(target), then);
    await runAWhile(target);
    assert.notDeepEqual(await registers(target), then);
    await target.restart();
    await runAWhile(target);
    await snapshots.restore(id);
    assert.deepEqual(await registers(target), then);
    const bytes = await snapshots.save(id);
    await snapshots.drop(id);
    await assert.rejects(snapshots.restore(id), UserError);
    await target.restart();
    const loaded = await snapshots.load(bytes, 'from a file');
    await snapshots.restore(loaded.id);
    assert.deepEqual(await registers(target), then);
    assert.ok((await snapshots.list()).some((each) => each.name === 'from a file'));
    await assert.rejects(
      snapshots.load(bytes.subarray(9), 'another file'),
      /another file: this is no/,
    );
    await target.dispose();
    close();
  });

  it('are not there where the machine has none', async () => {
    const { target, close } = await connect(() => new ToyMachine([toy('halt', 0)]));
    assert.equal(target.snapshots, undefined);
    await target.dispose();
    close();
  });
});
