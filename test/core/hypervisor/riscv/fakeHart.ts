/**
 * A hart without instructions: registers and CSRs in maps, and a script that says what the guest
 * does next. Traps have the effects on CSRs that the privileged manual lists for a trap to HS-mode.
 */
import type { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import type { CpuRun, CpuStop } from '../../../../src/core/isa/cpu.ts';
import type {
  GuestRead,
  Privilege,
  RiscvHart,
  TrapInfo,
} from '../../../../src/core/isa/riscv/riscvHart.ts';

const scause = 0x142;
const sstatus = 0x100;
const sepc = 0x141;
const stval = 0x143;
const hstatus = 0x600;
const hie = 0x604;
const hip = 0x644;
const hvip = 0x645;
const vsie = 0x204;
const vstimecmp = 0x24d;
const hgatp = 0x680;
const henvcfg = 0x60a;

export interface FakeHartOptions {
  readonly sstc?: boolean;
  readonly vmidBits?: number;
  /** Widest hgatp.MODE. */
  readonly widestMode?: bigint;
  /** Ssnpm: henvcfg.PMM takes all lengths. */
  readonly pointerMasking?: boolean;
}

export class FakeHart implements RiscvHart {
  readonly id: number;
  readonly xlen = 64;
  readonly supportsTwoStage = true;
  privilege: Privilege = 3;
  virtualized = false;
  hypervisorAttached = false;
  /** Calls are traps here, as all else. */
  onGuestCall: (() => boolean) | undefined;
  pc = 0n;
  instructions = 0;
  /** How often each fence was executed. */
  readonly fences = { gvma: 0, vvma: 0, i: 0 };
  skipped = 0;
  /** What the guest does next; each entry is one stretch of running. */
  readonly script: ((hart: FakeHart, budget: number) => CpuRun)[] = [];
  onLoad: (address: bigint, size: number, executable: boolean) => GuestRead = (address) => ({
    trap: { cause: 13, tval: address, tval2: 0n, tinst: 0, gva: true },
  });
  private readonly x = new Map<number, bigint>();
  private readonly csrs = new Map<number, bigint>();
  private readonly clock: VirtualClock;
  private readonly options: FakeHartOptions;

  constructor(id: number, clock: VirtualClock, options: FakeHartOptions = {}) {
    this.id = id;
    this.clock = clock;
    this.options = options;
  }

  get modeName(): string {
    return `${this.virtualized ? 'V' : ''}${this.privilege}`;
  }

  loseReservation(): void {}

  get wouldWake(): boolean {
    return (this.getCsr(hip) & this.getCsr(hie)) !== 0n;
  }

  run(budget: number): CpuRun {
    const next = this.script.shift();
    if (next) return next(this, budget);
    return this.retire(budget);
  }

  retire(count: number, stop: CpuStop = 'budget'): CpuRun {
    this.instructions += count;
    this.clock.instructions += count;
    return { stop, retired: count, steps: count };
  }

  /** Takes a trap from the guest to the hypervisor. */
  trap(cause: number, rest: { tval?: bigint; gpa?: bigint; tinst?: number } = {}): CpuRun {
    this.csrs.set(scause, BigInt(cause));
    this.csrs.set(sepc, this.pc);
    this.csrs.set(stval, rest.tval ?? 0n);
    this.csrs.set(0x643, (rest.gpa ?? 0n) >> 2n);
    this.csrs.set(0x64a, BigInt(rest.tinst ?? 0));
    const spp = this.privilege === 1 ? 1n : 0n;
    this.csrs.set(hstatus, this.getCsr(hstatus) | (1n << 7n));
    this.csrs.set(sstatus, (this.getCsr(sstatus) & ~(1n << 8n)) | (spp << 8n));
    this.virtualized = false;
    this.privilege = 1;
    return { stop: 'hypervisorTrap', retired: 0, steps: 1 };
  }

  /** Scripts an SBI call. */
  ecall(extension: number, fn: number, ...args: bigint[]): void {
    this.script.push(() => {
      this.setX(17, BigInt(extension));
      this.setX(16, BigInt(fn));
      for (let i = 0; i < 6; i++) this.setX(10 + i, args[i] ?? 0n);
      return this.trap(10);
    });
  }

  getX(index: number): bigint {
    return this.x.get(index) ?? 0n;
  }
  setX(index: number, value: bigint): void {
    if (index !== 0) this.x.set(index, BigInt.asUintN(64, value));
  }

  getXWord(index: number): number {
    return Number(BigInt.asUintN(32, this.getX(index)));
  }
  getXHighWord(index: number): number {
    return Number(this.getX(index) >> 32n);
  }
  advancePc(length: number): void {
    this.pc += BigInt(length);
  }
  getCsrWord(number: number, half: 'low' | 'high'): number {
    const value = this.getCsr(number);
    return Number(BigInt.asUintN(32, half === 'low' ? value : value >> 32n));
  }

  getCsr(number: number): bigint {
    if (number === hip) return this.getCsr(hvip) | this.timerPending();
    if (number === vsie) return (this.getCsr(hie) & 0x444n) >> 1n;
    if (number === henvcfg && !this.options.sstc) {
      return (this.csrs.get(number) ?? 0n) & ~(1n << 63n);
    }
    return this.csrs.get(number) ?? 0n;
  }
  getWideCsr(number: number): bigint {
    return this.getCsr(number);
  }
  setWideCsr(number: number, value: bigint): void {
    this.setCsr(number, value);
  }

  setCsr(number: number, value: bigint): void {
    const unsigned = BigInt.asUintN(64, value);
    if (number === vsie) this.csrs.set(hie, (unsigned & 0x222n) << 1n);
    else if (number === hgatp) this.writeHgatp(unsigned);
    else if (number === henvcfg && !this.options.pointerMasking) {
      this.csrs.set(number, unsigned & ~(3n << 32n));
    } else this.csrs.set(number, unsigned);
  }

  reset(): void {
    this.x.clear();
    this.csrs.clear();
    this.privilege = 3;
    this.virtualized = false;
  }

  sret(): void {
    const status = this.getCsr(sstatus);
    this.virtualized = ((this.getCsr(hstatus) >> 7n) & 1n) === 1n;
    this.privilege = (status >> 8n) & 1n ? 1 : 0;
    this.csrs.set(hstatus, this.getCsr(hstatus) & ~(1n << 7n));
    this.csrs.set(sstatus, status & ~(1n << 8n));
    this.pc = this.getCsr(sepc);
  }

  hypervisorLoad(address: bigint, size: number, executable: boolean): GuestRead {
    return this.onLoad(address, size, executable);
  }
  hypervisorStore(): TrapInfo | undefined {
    throw new Error('not used');
  }
  hfenceGvma(): void {
    this.fences.gvma++;
  }
  hfenceVvma(): void {
    this.fences.vvma++;
  }
  fenceI(): void {
    this.fences.i++;
  }
  nextTimer(): bigint | undefined {
    throw new Error('not used');
  }
  setInterruptInput(): void {}
  requestAttention(): void {}
  readonly watchHit = undefined;
  setWatchpoints(): void {}
  skipWatchpointsOnce(): void {}
  skipBreakpointOnce(): void {
    this.skipped++;
  }
  setBreakpoints(): void {}

  readRegister(name: string): bigint | undefined {
    if (name === 'vstimecmp') return this.options.sstc ? this.getCsr(vstimecmp) : undefined;
    const index = argumentIndex(name);
    if (index !== undefined) return this.getX(index);
    return name === 'pc' ? this.pc : undefined;
  }
  writeRegister(name: string, value: bigint): bigint | undefined {
    const index = argumentIndex(name);
    if (name === 'pc') this.pc = value;
    else if (index === undefined) return undefined;
    else this.setX(index, value);
    return this.readRegister(name);
  }
  /** Where virtual pages lead to; every other address faults. */
  readonly pages = new Map<bigint, number>();
  debugTranslate(address: bigint): number | undefined {
    const physical = this.pages.get(address & ~0xfffn);
    return physical === undefined ? undefined : physical + Number(address & 0xfffn);
  }
  mappings(): never {
    throw new Error('not used');
  }

  private timerPending(): bigint {
    if (!this.options.sstc || ((this.getCsr(henvcfg) >> 63n) & 1n) === 0n) return 0n;
    const now = BigInt.asUintN(64, this.clock.ticks() + this.getCsr(0x605));
    return now >= this.getCsr(vstimecmp) ? 1n << 6n : 0n;
  }

  private writeHgatp(value: bigint): void {
    const mode = value >> 60n;
    const kept = mode <= (this.options.widestMode ?? 10n) ? mode : 0n;
    const vmid = (value >> 44n) & 0x3fffn & ((1n << BigInt(this.options.vmidBits ?? 14)) - 1n);
    this.csrs.set(hgatp, (kept << 60n) | (vmid << 44n) | (value & ((1n << 44n) - 1n)));
  }
}

/** x10 to x17 for a0 to a7. */
function argumentIndex(name: string): number | undefined {
  const match = /^a([0-7])$/.exec(name);
  return match ? 10 + Number(match[1]) : undefined;
}
