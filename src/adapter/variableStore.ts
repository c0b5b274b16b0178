/**
 * What the client may expand and change while the guest stands: references to containers, kept
 * until it runs. Where values come from is the containers' affair.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../core/base/userError.ts';
import type { MemorySpace } from '../core/debug/target.ts';
import { CodeReferences, placeOfCode } from './codeReferences.ts';
import { errorCodes, RequestError } from './errors.ts';
import type { Guest } from './guest.ts';

/** Bytes in memory, by virtual address where no other memory is named; or a register. */
export interface DataPlace {
  /** As the user would write it. */
  readonly expression: string;
  readonly address: bigint;
  readonly size: number;
  readonly space?: MemorySpace | undefined;
  /** By name, and the bits of it that are meant; then address and size mean nothing. */
  readonly register?: string | undefined;
  readonly mask?: bigint | undefined;
}

/** One row, what is under it, and how to change it. */
export interface Item {
  readonly variable: Omit<DebugProtocol.Variable, 'variablesReference'>;
  readonly children?: Container | undefined;
  /** Where it is, when it is in memory. */
  readonly place?: DataPlace | undefined;
  /** Comes back with the row as it is after the write. */
  readonly assign?: ((text: string) => Promise<Item>) | undefined;
}

export interface Container {
  /** All rows, or a window of the indexed ones; with a filter only those of a kind. */
  list(start?: number, count?: number, filter?: 'indexed' | 'named'): Promise<readonly Item[]>;
}

export class VariableStore {
  private readonly containers = new Map<number, Container>();
  /** Rows the client has seen, by container and name: what it may ask to change. */
  private readonly seen = new Map<number, Map<string, Item>>();
  private nextReference = 1;
  /** Of values that are addresses of code. */
  readonly code: CodeReferences;

  constructor(guest: () => Guest) {
    this.code = new CodeReferences((address) => placeOfCode(guest(), address));
  }

  clear(): void {
    this.code.clear();
    this.containers.clear();
    this.seen.clear();
  }

  add(container: Container): number {
    const reference = this.nextReference++;
    this.containers.set(reference, container);
    return reference;
  }

  async list(args: DebugProtocol.VariablesArguments): Promise<DebugProtocol.Variable[]> {
    const { variablesReference: reference, start, count, filter } = args;
    const container = this.container(reference);
    const isWhole = filter === 'named';
    const most = count === 0 ? undefined : count;
    const items = isWhole
      ? await container.list(undefined, undefined, filter)
      : await container.list(start, most, filter);
    const names = this.seen.get(reference) ?? new Map<string, Item>();
    for (const item of items) names.set(item.variable.name, item);
    this.seen.set(reference, names);
    return items.map((item) => this.toDap(item));
  }

  async set(reference: number, name: string, text: string): Promise<Item> {
    return assignTo(await this.find(reference, name), name, text);
  }

  async find(reference: number, name: string): Promise<Item | undefined> {
    const container = this.container(reference);
    const known = this.seen.get(reference)?.get(name);
    return known ?? (await container.list()).find(({ variable }) => variable.name === name);
  }

  toDap(item: Item): DebugProtocol.Variable {
    const variablesReference = item.children ? this.add(item.children) : 0;
    return { ...item.variable, ...this.code.of(item.variable.value), variablesReference };
  }

  private container(reference: number): Container {
    const container = this.containers.get(reference);
    if (!container) {
      throw new RequestError(errorCodes.notStopped, 'the guest has gone on since');
    }
    return container;
  }
}

export async function assignTo(item: Item | undefined, name: string, text: string): Promise<Item> {
  if (!item) throw new UserError(`there is no '${name}'`, name);
  if (!item.assign) throw new UserError(`'${name}' cannot be changed`, name);
  return item.assign(text);
}
