/**
 * One call in a script's hands: what it reads and writes of the guest, and how all of that comes
 * to nothing when it fails. Guest time stands still meanwhile, so what is put back is what was there.
 */
import type { CallReply, ScriptGuest } from '../hypervisor/callHandler.ts';
import type { CallExit } from '../hypervisor/exits.ts';
import type { Vm } from '../hypervisor/vm.ts';
import type { Cpu } from '../isa/cpu.ts';

type Space = 'virtual' | 'physical';

/** Translation is looked up once per piece of this size; no ISA has smaller pages. */
const page = 4096n;

export interface ScriptedCallParts {
  readonly vm: Vm;
  readonly cpu: Cpu;
  readonly exit: CallExit;
  /** Has the VMM's own parts answer `exit`. */
  readonly next: () => void;
  /** Moves the guest's time on. */
  readonly spend: (seconds: number) => void;
}

export class ScriptedCall implements ScriptGuest {
  readonly pc: bigint;
  private readonly parts: ScriptedCallParts;
  private readonly unanswered: readonly [bigint, bigint];
  private readonly registers = new Map<string, bigint>();
  /** What was in memory before each write, the first one first. */
  private readonly overwritten: { readonly address: number; readonly bytes: Uint8Array }[] = [];
  private seconds = 0;
  private open = true;

  constructor(parts: ScriptedCallParts) {
    this.parts = parts;
    this.pc = parts.cpu.pc;
    this.unanswered = [...parts.exit.ret];
  }

  readRegister(name: string): bigint | undefined {
    return this.registers.get(name) ?? this.parts.cpu.readRegister(name);
  }

  writeRegister(name: string, value: bigint): boolean {
    if (!this.open || this.parts.cpu.readRegister(name) === undefined) return false;
    this.registers.set(name, value);
    return true;
  }

  readMemory(space: Space, address: bigint, size: number): Uint8Array | undefined {
    const result = new Uint8Array(size);
    let done = 0;
    for (const piece of this.pieces(space, address, size)) {
      if (piece.physical === undefined) return undefined;
      const bytes = this.parts.vm.readMemory(piece.physical, piece.size);
      if (!bytes) return undefined;
      result.set(bytes, done);
      done += piece.size;
    }
    return result;
  }

  writeMemory(space: Space, address: bigint, bytes: Uint8Array): boolean {
    if (!this.open) return false;
    const { vm } = this.parts;
    const targets: { readonly address: number; readonly bytes: Uint8Array }[] = [];
    let done = 0;
    for (const { physical, size } of this.pieces(space, address, bytes.length)) {
      if (physical === undefined || !vm.slots.pieces(physical, size, 'write')) return false;
      targets.push({ address: physical, bytes: bytes.subarray(done, done + size) });
      done += size;
    }
    for (const target of targets) {
      const old = vm.readMemory(target.address, target.bytes.length);
      if (old) this.overwritten.push({ address: target.address, bytes: old });
      vm.writeMemory(target.address, target.bytes);
    }
    return true;
  }

  spend(seconds: number): void {
    if (this.open) this.seconds += seconds;
  }

  next(): CallReply | undefined {
    const { exit } = this.parts;
    if (!this.open) return undefined;
    this.parts.next();
    return exit.answered ? { error: exit.ret[0], value: exit.ret[1] } : undefined;
  }

  /** The script has answered. */
  settle({ error, value }: CallReply): void {
    const { exit } = this.parts;
    this.open = false;
    exit.ret = [error, value];
    exit.answered = true;
    if (this.registers.size > 0) exit.registers = this.registers;
    if (this.seconds > 0) this.parts.spend(this.seconds);
  }

  /** The script has failed, or is not waited for: the guest is as it was before the call. */
  undo(): void {
    const { exit, vm } = this.parts;
    this.open = false;
    for (const { address, bytes } of this.overwritten.toReversed()) vm.writeMemory(address, bytes);
    exit.ret = [...this.unanswered];
    exit.answered = false;
  }

  /** Cuts a range at page borders, with the guest-physical address of each piece. */
  private *pieces(space: Space, address: bigint, size: number) {
    const { cpu } = this.parts;
    const end = address + BigInt(size);
    for (let at = address; at < end;) {
      const pageEnd = (at / page + 1n) * page;
      const next = pageEnd < end ? pageEnd : end;
      const physical = space === 'physical' ? Number(at) : cpu.debugTranslate(at, 'first', 'load');
      yield { physical, size: Number(next - at) };
      at = next;
    }
  }
}
