/**
 * The machine's end of the channel: makes a machine when asked and answers every method of
 * `DebugTarget` for it. One machine per channel. It knows neither which thread it is in nor which
 * machines exist; both are given.
 */
import { assert, Bug } from '../core/base/assert.ts';
import type { MakeMachine } from '../core/debug/history/recordedMachine.ts';
import { LocalTarget } from '../core/debug/localTarget.ts';
import type { Snapshots } from '../core/debug/target.ts';
import type { RunHost } from '../core/debug/runControl.ts';
import type { LaunchConfig, LaunchFiles } from '../core/machine/launchConfig.ts';
import type { Message, Port } from './port.ts';
import { toWire } from './port.ts';
import {
  isCapabilityMethod,
  isTargetMethod,
  type Capabilities,
  type CapabilityMethod,
  type CreateOptions,
} from './targetMethods.ts';

/** Gets ready for a launch, and makes a machine of it, each time anew. */
export type PrepareMachine = (
  config: LaunchConfig,
  files: LaunchFiles,
) => Promise<MakeMachine> | MakeMachine;

export function serveMachine(port: Port, prepare: PrepareMachine, host: RunHost): void {
  const server = new MachineServer(port, prepare, host);
  port.onMessage((message) => void server.receive(message as Message));
  port.onClose(() => void server.close());
}

class MachineServer {
  private readonly port: Port;
  private readonly prepare: PrepareMachine;
  private readonly host: RunHost;
  private target: LocalTarget | undefined;

  constructor(port: Port, prepare: PrepareMachine, host: RunHost) {
    this.port = port;
    this.prepare = prepare;
    this.host = host;
  }

  async receive(message: Message): Promise<void> {
    if (message.type !== 'request') return;
    const { id, method, args } = message;
    try {
      this.send({ type: 'reply', id, value: await this.call(method, args) });
    } catch (error) {
      this.send({ type: 'reply', id, error: toWire(error) });
    }
  }

  /** Nobody is there to hear of the machine any more. */
  async close(): Promise<void> {
    await this.target?.dispose();
  }

  private async call(method: string, args: readonly unknown[]): Promise<unknown> {
    if (method === 'create') {
      const [config, files, options] = args as readonly [LaunchConfig, LaunchFiles, CreateOptions];
      return this.create(config, files, options);
    }
    if (isCapabilityMethod(method)) return this.callCapability(method, args);
    if (!isTargetMethod(method)) throw new Bug(`the machine has no method '${method}'`);
    assert(this.target, `'${method}' before 'create'`);
    const call = this.target[method] as (...args: readonly unknown[]) => Promise<unknown>;
    return call.call(this.target, ...args);
  }

  private async callCapability(name: CapabilityMethod, args: readonly unknown[]): Promise<unknown> {
    const capability = this.target?.snapshots;
    assert(capability, `'${name}' of a machine without it`);
    const method = name.slice(name.indexOf('.') + 1) as keyof Snapshots;
    const call = capability[method] as (...args: readonly unknown[]) => Promise<unknown>;
    return call.call(capability, ...args);
  }

  private async create(
    config: LaunchConfig,
    files: LaunchFiles,
    options: CreateOptions,
  ): Promise<Capabilities> {
    assert(!this.target, 'a channel has one machine');
    const createMachine = await this.prepare(config, files);
    const target = new LocalTarget(createMachine, this.host, options);
    this.target = target;
    target.onEvent((event, body) => this.send({ type: 'event', event, body }));
    return { snapshots: target.snapshots !== undefined };
  }

  private send(message: Message): void {
    this.port.post(message);
  }
}
