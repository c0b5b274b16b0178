/**
 * Machine software interrupts and the machine timer of all harts, laid out as in a SiFive CLINT.
 * MTIME is the board's time plus an offset that writing it changes.
 *
 * RISC-V ACLINT specification 1.0-rc4, chapters 2 (MTIMER) and 3 (MSWI).
 */
import { UserError } from '../../../base/userError.ts';
import type {
  AccessSize,
  InterruptLine,
  MmioDevice,
  Persist,
  TimeSource,
  TimedDevice,
} from '../../device.ts';
import { MSIP, MTIME, MTIMECMP } from './registers.ts';

export interface AclintState {
  readonly msip: readonly boolean[];
  readonly mtimecmp: readonly bigint[];
  /** MTIME minus the ticks of the board's time, modulo 2^64. */
  readonly offset: bigint;
}

/** The two inputs of one hart that this device drives. */
export interface AclintHartLines {
  readonly msip: InterruptLine;
  readonly mtip: InterruptLine;
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The largest MTIMECMP: software's way to switch a timer off. */
const NEVER = u64(-1n);

export class Aclint implements MmioDevice, TimedDevice, Persist<AclintState> {
  readonly name = 'clint';
  private readonly time: TimeSource;
  private readonly harts: readonly AclintHartLines[];
  private msip: boolean[];
  private mtimecmp: bigint[];
  private offset = 0n;
  /** The least MTIMECMP that was not told yet; NEVER if there is none. */
  private nearest = NEVER;
  /** Levels of MTIP as the harts were last told. */
  private readonly raised: boolean[];

  constructor(time: TimeSource, harts: readonly AclintHartLines[]) {
    this.time = time;
    this.harts = harts;
    this.msip = harts.map(() => false);
    this.raised = harts.map(() => false);
    // The specification leaves MTIMECMP unknown at reset; the largest value starts no timer.
    this.mtimecmp = harts.map(() => NEVER);
  }

  /** MTIME: what the harts' `time` counter shows, too. */
  mtime(): bigint {
    return u64(this.time.ticks() + this.offset);
  }

  /** Registers are 32 or 64 bits wide; narrower accesses do nothing and read 0. */
  read(offset: number, size: AccessSize): number {
    if (size !== 4 || offset % 4 !== 0) return 0;
    if (offset >= MTIME) return offset < MTIME + 8 ? half(this.mtime(), offset - MTIME) : 0;
    if (offset >= MTIMECMP) {
      const hart = (offset - MTIMECMP) >> 3;
      return half(this.mtimecmp[hart] ?? 0n, offset & 4);
    }
    // The upper 31 bits are wired to zero (chapter 3).
    return this.msip[(offset - MSIP) >> 2] ? 1 : 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4 || offset % 4 !== 0) return;
    if (offset >= MTIME) {
      if (offset < MTIME + 8) this.setMtime(withHalf(this.mtime(), offset - MTIME, value));
    } else if (offset >= MTIMECMP) {
      const hart = (offset - MTIMECMP) >> 3;
      const old = this.mtimecmp[hart];
      if (old === undefined) return;
      this.mtimecmp[hart] = withHalf(old, offset & 4, value);
      this.updateTimer(hart);
    } else {
      const hart = (offset - MSIP) >> 2;
      if (hart >= this.harts.length) return;
      this.msip[hart] = (value & 1) === 1;
      this.harts[hart]?.msip.set((value & 1) === 1);
    }
  }

  /** Timers are read and set all the time, and mostly as a whole. */
  readonly wide = {
    read: (offset: number): bigint => {
      if (offset === MTIME) return this.mtime();
      if (offset % 4 !== 0) return 0n;
      return BigInt(this.read(offset, 4)) | (BigInt(this.read(offset + 4, 4)) << 32n);
    },
    write: (offset: number, value: bigint): void => {
      if (offset % 4 !== 0) return;
      const hart = (offset - MTIMECMP) / 8;
      if (offset === MTIME) {
        this.setMtime(value);
      } else if (Number.isInteger(hart) && this.mtimecmp[hart] !== undefined) {
        this.mtimecmp[hart] = value;
        this.updateTimer(hart);
      } else {
        this.write(offset, 4, Number(value & 0xffffffffn));
        this.write(offset + 4, 4, Number(value >> 32n));
      }
    },
  };

  nextDeadline(): bigint | undefined {
    if (this.nearest === NEVER) return undefined;
    const now = this.mtime();
    // One that is over and was not told yet is due at once.
    return this.time.ticks() + (this.nearest > now ? this.nearest - now : 0n);
  }

  advance(_now: bigint): void {
    for (let hart = 0; hart < this.harts.length; hart++) this.updateTimer(hart);
  }

  save(): AclintState {
    return { msip: [...this.msip], mtimecmp: [...this.mtimecmp], offset: this.offset };
  }

  restore(state: AclintState): void {
    const harts = this.harts.length;
    const fits =
      state.msip.length === harts &&
      state.mtimecmp.length === harts &&
      [...state.mtimecmp, state.offset].every((value) => value === u64(value));
    if (!fits) throw new UserError(`saved state of ${this.name} is not one of ${harts} harts`);
    this.msip = [...state.msip];
    this.mtimecmp = [...state.mtimecmp];
    this.offset = state.offset;
    this.time.jumped?.();
    this.harts.forEach(({ msip }, hart) => msip.set(this.msip[hart] === true));
    this.advance(0n);
  }

  private setMtime(value: bigint): void {
    this.offset = u64(value - this.time.ticks());
    this.time.jumped?.();
    this.advance(0n);
  }

  /** MTIP follows MTIME >= MTIMECMP, both unsigned (chapter 2). */
  private updateTimer(hart: number): void {
    const level = this.mtime() >= (this.mtimecmp[hart] ?? NEVER);
    this.raised[hart] = level;
    this.harts[hart]?.mtip.set(level);
    this.findNearest();
  }

  private findNearest(): void {
    this.nearest = NEVER;
    for (let hart = 0; hart < this.harts.length; hart++) {
      const compare = this.mtimecmp[hart]!;
      if (!this.raised[hart] && compare < this.nearest) this.nearest = compare;
    }
  }
}

/** The 32-bit half of a 64-bit register at byte 0 or 4. */
function half(value: bigint, byte: number): number {
  return Number(byte === 0 ? value & 0xffffffffn : value >> 32n);
}

function withHalf(value: bigint, byte: number, word: number): bigint {
  const bits = BigInt(word >>> 0);
  return byte === 0 ? (value & ~0xffffffffn) | bits : (value & 0xffffffffn) | (bits << 32n);
}
