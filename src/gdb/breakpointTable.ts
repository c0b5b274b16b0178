/**
 * The debugger's breakpoints and watchpoints. They reach the machine when it is next resumed:
 * gdb takes all of them out at each stop and puts them in again.
 */
import type { Breakpoint, DataBreakpoint, DebugTarget } from '../core/debug/target.ts';

export type BreakpointType = 'software' | 'hardware' | 'write' | 'read' | 'access';

interface Row {
  readonly id: number;
  readonly type: BreakpointType;
  readonly address: bigint;
  readonly size: number;
}

export class BreakpointTable {
  private readonly target: DebugTarget;
  private readonly rows = new Map<string, Row>();
  private nextId = 1;
  private installed = '';

  constructor(target: DebugTarget) {
    this.target = target;
  }

  /** Inserting twice is the same as once. */
  insert(type: BreakpointType, address: bigint, size: number): void {
    const key = keyOf(type, address, size);
    if (!this.rows.has(key)) this.rows.set(key, { id: this.nextId++, type, address, size });
  }

  remove(type: BreakpointType, address: bigint, size: number): void {
    this.rows.delete(keyOf(type, address, size));
  }

  row(id: number): Row | undefined {
    return [...this.rows.values()].find((row) => row.id === id);
  }

  async install(): Promise<void> {
    const wanted = [...this.rows.keys()].sort().join(' ');
    if (wanted === this.installed) return;
    const code: Breakpoint[] = [];
    const data: DataBreakpoint[] = [];
    for (const { id, type, address, size } of this.rows.values()) {
      const access = accessOf(type);
      if (access === undefined) code.push({ id, address });
      else data.push({ id, address, size, access, before: true });
    }
    await this.target.setBreakpoints(code);
    await this.target.setDataBreakpoints(data);
    this.installed = wanted;
  }

  async clear(): Promise<void> {
    this.rows.clear();
    await this.install();
  }
}

function accessOf(type: BreakpointType): DataBreakpoint['access'] | undefined {
  switch (type) {
    case 'software':
    case 'hardware':
      return undefined;
    case 'write':
    case 'read':
      return type;
    case 'access':
      return 'readWrite';
  }
}

/** Breakpoints have no size here: `kind` says how many bytes a written one would have. */
function keyOf(type: BreakpointType, address: bigint, size: number): string {
  const isCode = type === 'software' || type === 'hardware';
  return isCode ? `${type} ${address}` : `${type} ${address} ${size}`;
}
