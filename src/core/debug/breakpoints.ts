/**
 * Which addresses the harts stop at: the client's breakpoints and, while something runs to a
 * place, temporary ones. Breakpoints live in the harts and are never written to the guest. This
 * module does not decide what a stop means.
 */
import type { Cpu } from '../isa/cpu.ts';
import type { Breakpoint } from './target.ts';

export interface WatchedReturns {
  readonly hart: number;
  /** That they lead to. */
  readonly mode: string;
}

export class BreakpointSet {
  private readonly idsByAddress = new Map<bigint, number[]>();
  private temporary: readonly bigint[] = [];
  private returns: WatchedReturns | undefined;

  /** Replaces the client's breakpoints; `apply` brings them into the harts. */
  replace(breakpoints: readonly Breakpoint[]): void {
    this.idsByAddress.clear();
    for (const { id, address } of breakpoints) {
      const ids = this.idsByAddress.get(address);
      if (ids) ids.push(id);
      else this.idsByAddress.set(address, [id]);
    }
  }

  /** Replaces the temporary addresses, and the returns from traps that one hart stops behind. */
  setTemporary(addresses: readonly bigint[], returns?: WatchedReturns): void {
    this.temporary = addresses;
    this.returns = returns;
  }

  get hasTemporary(): boolean {
    return this.temporary.length > 0;
  }

  /** The client's breakpoints at an address, none where there is only a temporary one. */
  idsAt(address: bigint): readonly number[] {
    return this.idsByAddress.get(address) ?? [];
  }

  /** Gives every hart the addresses that are in force now. */
  apply(harts: readonly Cpu[]): void {
    const addresses = [...new Set([...this.idsByAddress.keys(), ...this.temporary])];
    for (const [index, hart] of harts.entries()) {
      hart.setBreakpoints(addresses);
      hart.watchReturns?.(this.returns?.hart === index ? this.returns.mode : undefined);
    }
  }
}
