/**
 * Machine software interrupts and the machine timer of all harts, laid out as in a SiFive CLINT.
 * MTIME is the board's time plus an offset that writing it changes.
 *
 * RISC-V ACLINT specification 1.0-rc4, chapters 2 (MTIMER) and 3 (MSWI).
 */
import type { TimeCounter } from '../../../base/virtualClock.ts';
import { UserError } from '../../../base/userError.ts';
import { big, fields, flag, list, mustFit, type Persist } from '../../../base/persist.ts';
import type {
  AccessSize,
  InterruptLine,
  MmioDevice,
  TimeSource,
  TimedDevice,
  WideRegisters,
} from '../../device.ts';
import { MSIP, MTIME, MTIMECMP } from './registers.ts';

export interface AclintState {
  readonly msip: readonly boolean[];
  readonly mtimecmp: readonly bigint[];
  /** MTIME minus the ticks of the board's time, modulo 2^64. */
  readonly offset: bigint;
  /** Levels of MTIP as the harts were told them: a timer that is over may not be told yet. */
  readonly raised: readonly boolean[];
}

/** The two inputs of one hart that this device drives. */
export interface AclintHartLines {
  readonly msip: InterruptLine;
  readonly mtip: InterruptLine;
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

export class Aclint implements MmioDevice, TimedDevice, Persist<AclintState> {
  readonly name = 'clint';
  /** MTIME as others read it. */
  readonly counter: TimeCounter = {
    ticks: () => this.mtime(),
    tickNumber: () => this.mtimeNumber(),
  };
  private readonly time: TimeSource;
  private readonly harts: readonly AclintHartLines[];
  private msip: boolean[];
  /** Two words of each MTIMECMP, the lower one first. */
  private readonly mtimecmp: Uint32Array;
  private offset = 0n;
  /** The offset as a number with a sign; NaN where that would not be exact, or MTIME comes round. */
  private smallOffset = 0;
  /** The hart with the least MTIMECMP that was not told yet; -1 if there is none. */
  private nearest = -1;
  /** Levels of MTIP as the harts were last told. */
  private readonly raised: boolean[];

  constructor(time: TimeSource, harts: readonly AclintHartLines[]) {
    this.time = time;
    this.harts = harts;
    this.msip = harts.map(() => false);
    this.raised = harts.map(() => false);
    // The specification leaves MTIMECMP unknown at reset; the largest value starts no timer, which
    // is software's way to switch one off, too.
    this.mtimecmp = new Uint32Array(harts.length * 2).fill(0xffff_ffff);
  }

  /** MTIME: what the harts' `time` counter shows, too. */
  mtime(): bigint {
    return u64(this.time.ticks() + this.offset);
  }

  /** The same as a number, or -1 where that would not be exact. */
  mtimeNumber(): number {
    const ticks = this.time.tickNumber?.() ?? -1;
    const sum = ticks + this.smallOffset;
    return ticks >= 0 && sum >= 0 ? sum : -1;
  }

  /** Registers are 32 or 64 bits wide; narrower accesses do nothing and read 0. */
  read(offset: number, size: AccessSize): number {
    if (size !== 4 || offset % 4 !== 0) return 0;
    if (offset >= MTIME) return offset < MTIME + 8 ? this.mtimeHalf(offset - MTIME) : 0;
    if (offset >= MTIMECMP) return this.mtimecmp[(offset - MTIMECMP) >> 2] ?? 0;
    // The upper 31 bits are wired to zero (chapter 3).
    return this.msip[(offset - MSIP) >> 2] ? 1 : 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4 || offset % 4 !== 0) return;
    if (offset >= MTIME) {
      if (offset < MTIME + 8) this.setMtime(withHalf(this.mtime(), offset - MTIME, value));
    } else if (offset >= MTIMECMP) {
      const word = (offset - MTIMECMP) >> 2;
      if (word >= this.mtimecmp.length) return;
      this.mtimecmp[word] = value;
      this.updateTimer(word >> 1);
    } else {
      const hart = (offset - MSIP) >> 2;
      if (hart >= this.harts.length) return;
      this.msip[hart] = (value & 1) === 1;
      this.harts[hart]?.msip.set((value & 1) === 1);
    }
  }

  /** Timers are read and set all the time, and mostly as a whole. */
  readonly wide: WideRegisters = {
    read: (offset, into) => {
      const now = offset === MTIME ? this.mtimeNumber() : -1;
      if (now >= 0) {
        this.time.looked?.();
        into.low = now >>> 0;
        into.high = Math.floor(now / 2 ** 32);
        return;
      }
      into.low = this.read(offset, 4);
      into.high = this.read(offset + 4, 4);
    },
    write: (offset, low, high) => {
      const word = (offset - MTIMECMP) >> 2;
      if (offset === MTIME) {
        this.setMtime((BigInt(high) << 32n) | BigInt(low));
      } else if (offset >= MTIMECMP && offset % 8 === 0 && word < this.mtimecmp.length) {
        this.mtimecmp[word] = low;
        this.mtimecmp[word + 1] = high;
        this.updateTimer(word >> 1);
      } else {
        this.write(offset, 4, low);
        this.write(offset + 4, 4, high);
      }
    },
  };

  nextDeadline(): bigint | undefined {
    if (this.nearest < 0) return undefined;
    const wait = this.compare(this.nearest) - this.mtime();
    // One that is over and was not told yet is due at once.
    return this.time.ticks() + (wait > 0n ? wait : 0n);
  }

  dueTick(): number {
    if (this.nearest < 0) return Infinity;
    return this.compareNumber(this.nearest) - this.smallOffset;
  }

  advance(): void {
    for (let hart = 0; hart < this.harts.length; hart++) this.updateTimer(hart);
  }

  save(): AclintState {
    const mtimecmp = this.harts.map((_, hart) => this.compare(hart));
    const raised = [...this.raised];
    return { msip: [...this.msip], mtimecmp, offset: this.offset, raised };
  }

  restore(state: AclintState): void {
    const harts = this.harts.length;
    const perHart = {
      msip: list(flag, harts),
      mtimecmp: list(big, harts),
      raised: list(flag, harts),
    };
    mustFit(this.name, state, fields({ ...perHart, offset: big }));
    const fits = [...state.mtimecmp, state.offset].every((value) => value === u64(value));
    if (!fits) throw new UserError(`saved state of ${this.name} is not one of ${harts} harts`);
    this.msip = [...state.msip];
    state.mtimecmp.forEach((value, hart) => {
      this.mtimecmp[hart * 2] = half(value, 0);
      this.mtimecmp[hart * 2 + 1] = half(value, 4);
    });
    this.setOffset(state.offset);
    this.harts.forEach(({ msip, mtip }, hart) => {
      msip.set(this.msip[hart] === true);
      this.raised[hart] = state.raised[hart] === true;
      mtip.set(this.raised[hart]);
    });
    this.findNearest();
  }

  private setMtime(value: bigint): void {
    this.setOffset(u64(value - this.time.ticks()));
    this.advance();
  }

  private setOffset(offset: bigint): void {
    this.offset = offset;
    const signed = Number(BigInt.asIntN(64, offset));
    const isSmall = Math.abs(signed) < 2 ** 52 && this.time.ticks() + BigInt(signed) >= 0n;
    this.smallOffset = isSmall ? signed : NaN;
    this.time.jumped?.();
  }

  private mtimeHalf(byte: number): number {
    this.time.looked?.();
    const now = this.mtimeNumber();
    if (now < 0) return half(this.mtime(), byte);
    return byte === 0 ? now >>> 0 : Math.floor(now / 2 ** 32);
  }

  private compare(hart: number): bigint {
    const { mtimecmp } = this;
    return (BigInt(mtimecmp[hart * 2 + 1]!) << 32n) | BigInt(mtimecmp[hart * 2]!);
  }

  /** Rounded where it is above all numbers that `mtimeNumber` gives. */
  private compareNumber(hart: number): number {
    return this.mtimecmp[hart * 2 + 1]! * 2 ** 32 + this.mtimecmp[hart * 2]!;
  }

  private isNever(hart: number): boolean {
    return (this.mtimecmp[hart * 2]! & this.mtimecmp[hart * 2 + 1]!) === -1;
  }

  /** MTIP follows MTIME >= MTIMECMP, both unsigned (chapter 2). */
  private updateTimer(hart: number): void {
    const now = this.mtimeNumber();
    const level = now >= 0 ? now >= this.compareNumber(hart) : this.mtime() >= this.compare(hart);
    this.raised[hart] = level;
    this.harts[hart]?.mtip.set(level);
    this.findNearest();
  }

  private findNearest(): void {
    this.nearest = -1;
    for (let hart = 0; hart < this.harts.length; hart++) {
      if (this.raised[hart] || this.isNever(hart)) continue;
      if (this.nearest < 0 || this.isEarlier(hart, this.nearest)) this.nearest = hart;
    }
  }

  private isEarlier(hart: number, other: number): boolean {
    const { mtimecmp } = this;
    const upper = mtimecmp[hart * 2 + 1]! - mtimecmp[other * 2 + 1]!;
    return upper < 0 || (upper === 0 && mtimecmp[hart * 2]! < mtimecmp[other * 2]!);
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
