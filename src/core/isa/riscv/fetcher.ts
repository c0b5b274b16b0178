/**
 * Instruction fetch and predecoding: from a virtual address to records, and from bytes to a
 * handler. Breakpoints live here: a record that has one is resolved anew each time.
 */
import { decoded as decodedBits } from '../../engine/encodings.ts';
import type { CodePages } from '../../engine/codePages.ts';
import type { EngineMemory } from '../../engine/engineMemory.ts';
import type { Interpreter } from '../../engine/interpreter.ts';
import {
  exit,
  hart as layout,
  leave,
  pageBytes,
  record,
  special,
  zeroSink,
} from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { Decoder } from './decode.ts';
import { engineTables, type EngineTables } from './engineRows.ts';
import type { HartState } from './hartState.ts';
import type { MemoryPath } from './memoryPath.ts';
import type { Pmp } from './pmp.ts';
import type { Regimes } from './regimes.ts';
import type { TrapInfo } from './riscvHart.ts';
import type { Operands } from './system.ts';
import type { Triggers } from './triggers.ts';
import { defined } from '../../base/assert.ts';
import { cause, trap } from './trapCause.ts';

interface FetcherParts {
  readonly engine: EngineMemory;
  readonly memory: PhysicalMemory;
  readonly code: CodePages;
  readonly decoder: Decoder;
  readonly interpreter: Pick<Interpreter, 'decode'>;
  readonly xlen: RegisterWidth;
  readonly codePageAdded: (offset: number) => void;
  readonly recordsExhausted: () => void;
  readonly watchesChanged: () => void;
}

type Raise = (info: TrapInfo) => number;

export class Fetcher {
  /** pc of the instruction whose breakpoint is not to stop the next time. */
  skipBreakpoint: bigint | undefined;
  /** The page being executed must be looked up again before each instruction. */
  uncacheable = false;
  /** The next slice is to be of one instruction. */
  oneByOne = false;
  private readonly state: HartState;
  private readonly parts: FetcherParts;
  private readonly path: MemoryPath;
  private readonly regimes: Regimes;
  private readonly pmp: Pmp;
  private readonly tables: EngineTables;
  private readonly triggers: Triggers;
  private breakpoints = new Set<bigint>();
  /** Offsets of breakpoints by the number of their virtual page. */
  private readonly breakpointsOfPage = new Map<number, number[]>();
  private triggerOffsets: readonly number[] = [];

  constructor(
    state: HartState,
    parts: FetcherParts,
    path: MemoryPath,
    regimes: Regimes,
    pmp: Pmp,
    triggers: Triggers,
  ) {
    this.state = state;
    this.parts = parts;
    this.tables = engineTables(parts.xlen);
    this.path = path;
    this.regimes = regimes;
    this.pmp = pmp;
    this.triggers = triggers;
  }

  /** A page's breakpoints are brought to its records when it is next looked up. */
  setBreakpoints(addresses: readonly bigint[]): void {
    const { breakpoints, breakpointsOfPage } = this;
    const same =
      addresses.length === breakpoints.size && addresses.every((a) => breakpoints.has(a));
    if (same) return;
    // A skip was for a breakpoint of then, not for one that is new at its place.
    if (!breakpoints.has(this.skipBreakpoint ?? -1n)) this.skipBreakpoint = undefined;
    this.breakpoints = new Set(addresses);
    breakpointsOfPage.clear();
    for (const address of this.breakpoints) {
      const number = Number(address >> 12n);
      const offsets = breakpointsOfPage.get(number);
      if (offsets) offsets.push(Number(address & 0xfffn));
      else breakpointsOfPage.set(number, [Number(address & 0xfffn)]);
    }
    this.parts.watchesChanged();
  }

  /** Execute triggers have changed, perhaps where they are. */
  updateTriggers(): void {
    this.triggers.changed = false;
    const offsets = [...this.triggers.executeOffsets()];
    const same = offsets.length === this.triggerOffsets.length;
    if (same && offsets.every((offset, i) => this.triggerOffsets[i] === offset)) return;
    this.triggerOffsets = offsets;
    this.parts.watchesChanged();
  }

  /** Before a page can be executed, records where this hart may stop are marked. */
  private watchPage(page: number, low: number, high: number): void {
    const { code } = this.parts;
    for (const offset of this.triggerOffsets) code.watch(page, offset & ~1);
    if (this.breakpoints.size === 0) return;
    const here = this.breakpointsOfPage.get(high * 2 ** 20 + (low >>> 12));
    for (const offset of here ?? []) code.watch(page, offset & ~1);
  }

  /** As `InterpreterImports.fetchMiss`; `alone` says that the slice is of one instruction. */
  fetchMiss(raise: Raise, alone: boolean): number {
    const { state, parts } = this;
    const word = (state.area + layout.argAddress) >>> 2;
    const low = state.u32[word]!;
    const high = state.u32[word + 1]!;
    const address = this.path.fetch(low, high);
    if (address < 0) {
      this.stopAt(low, high);
      raise(this.trigger() ?? this.path.takeFault());
      return 0;
    }
    const page = address - (address % pageBytes);
    const records = parts.code.recordsAt(page) || this.createRecords(page);
    if (records === 0) {
      this.stopAt(low, high);
      state.exit = exit.changed;
      return 0;
    }
    if (!this.pmp.uniform(page, pageBytes)) {
      if (!alone) {
        this.stopAt(low, high);
        this.oneByOne = true;
        state.exit = exit.changed;
        return 0;
      }
      if (!this.secondHalfAllowed(address)) {
        this.stopAt(low, high);
        raise(trap(cause.instructionAccess, this.wrapped(state.pc + 2n)));
        return 0;
      }
      this.uncacheable = true;
    }
    this.watchPage(page, low, high);
    this.path.rememberFetch(low, high, records);
    return 1;
  }

  /** As `InterpreterImports.resolve`. */
  resolve(at: number, raise: Raise): number {
    const { parts } = this;
    const { page, offset } = parts.code.locate(at);
    const looked = parts.code.isWatched(page, offset);
    if (looked && this.stopsAt(offset)) {
      this.state.exit = exit.breakpoint;
      return leave.before;
    }
    const fired = looked ? this.trigger(offset) : undefined;
    if (fired) return raise(fired);
    const first = this.halfAt(page + offset);
    const isWide = (first & 3) === 3;
    const straddles = isWide && offset === pageBytes - 2;
    const second = !isWide
      ? 0
      : straddles
        ? this.halfOfNextPage(raise)
        : this.halfAt(page + offset + 2);
    if (second < 0) return leave.before;
    const bits = (first | (second << 16)) >>> 0;
    return this.decodeInto(at, isWide ? bits : first, offset, looked || straddles);
  }

  /** As `InterpreterClient.predecode`. */
  predecode(at: number, behind: number): number {
    const { code } = this.parts;
    const { page, offset } = code.locate(at);
    const first = this.halfAt(page + offset);
    const isWide = (first & 3) === 3;
    const straddles = isWide && offset === pageBytes - 2;
    if (code.isWatched(page, offset) || straddles !== (behind !== 0)) return 0;
    const second = straddles ? code.pageAt(behind)! : page + offset + 2;
    const bits = isWide ? (first | (this.halfAt(second) << 16)) >>> 0 : first;
    return this.decodeInto(at, bits, offset, straddles);
  }

  /** Reads the operands of a record, as register numbers, into an object that is used again. */
  readOperands(at: number, into: Operands): void {
    const { view } = this.parts.engine;
    const rd = view.getUint16(at + record.rd, true) >>> 3;
    into.rd = rd === zeroSink ? 0 : rd;
    into.rs1 = view.getUint16(at + record.rs1, true) >>> 3;
    into.rs2 = view.getUint16(at + record.rs2, true) >>> 3;
    into.imm = view.getInt32(at + record.immediate, true);
  }

  /** Bits of the instruction at a virtual address; 0 where it cannot be read. */
  instructionWord(pc: bigint): number {
    const first = this.codeHalf(pc);
    if ((first & 3) !== 3) return first;
    return (first | (this.codeHalf(this.wrapped(pc + 2n)) << 16)) >>> 0;
  }

  /** Of an instruction of four bytes at an address whose first half may be fetched. */
  private secondHalfAllowed(address: number): boolean {
    if ((this.halfAt(address) & 3) !== 3 || address % pageBytes === pageBytes - 2) return true;
    return this.pmp.allows(address + 2, 2, 'fetch', this.state.privilege);
  }

  private createRecords(page: number): number {
    const { parts } = this;
    const offset = parts.memory.offsetOf(page, pageBytes);
    const created = parts.code.create(page, offset);
    if (created === undefined) {
      parts.recordsExhausted();
      return 0;
    }
    parts.codePageAdded(offset);
    return created;
  }

  private decodeInto(at: number, bits: number, offset: number, eachTime: boolean): number {
    const { interpreter, engine } = this.parts;
    const known = interpreter.decode(at, bits, offset) & decodedBits.handler;
    const handler = known === 0 ? this.decodeUnusual(at, bits) : known;
    if (eachTime) engine.view.setUint16(at + record.handler, special.resolve, true);
    return handler;
  }

  /** What generated code does not decode: jumps that may trap, and words that are no instructions. */
  private decodeUnusual(at: number, bits: number): number {
    const { decoder, code } = this.parts;
    const { illegalRow, alignedJumpRow, handlers } = this.tables;
    const decoded = decoder.decode(bits);
    if (!decoded) {
      const length = (bits & 3) === 3 ? 4 : 2;
      const handler = defined(handlers.number(illegalRow, length, false), 'illegal');
      code.write(at, { handler, rd: 0, rs1: 0, rs2: 0, imm: 0 });
      return handler;
    }
    const { length, rd, rs1, rs2, imm } = decoded;
    const handler = defined(handlers.number(alignedJumpRow, length, false), 'an aligned jump');
    code.write(at, { handler, rd: rd === 0 ? zeroSink : rd, rs1, rs2, imm });
    return handler;
  }

  /** The exception of an execute trigger, at pc or at an offset in the page being executed. */
  private trigger(offset?: number): TrapInfo | undefined {
    if (this.triggerOffsets.length === 0) return undefined;
    const pc = offset === undefined ? this.state.pc : this.addressAt(offset);
    return this.triggers.check('fetch', Number(pc & 0xffff_ffffn), Number(pc >> 32n), 1);
  }

  private addressAt(offset: number): bigint {
    const { state } = this;
    return state.view.getBigUint64(state.area + layout.pageAddress, true) + BigInt(offset);
  }

  private stopsAt(offset: number): boolean {
    const pc = this.addressAt(offset);
    if (this.skipBreakpoint === pc) {
      this.skipBreakpoint = undefined;
      return false;
    }
    return this.breakpoints.has(pc);
  }

  private halfAt(address: number): number {
    const { memory, engine } = this.parts;
    return engine.view.getUint16(memory.offsetOf(address, 2), true);
  }

  /** The second half of an instruction that begins at a page's end, or -1 with a trap raised. */
  private halfOfNextPage(raise: Raise): number {
    const word = (this.state.area + layout.pageAddress) >>> 2;
    const { u32 } = this.state;
    const low = (u32[word]! + pageBytes) >>> 0;
    // Behind the last page comes the first one.
    const high = low !== 0 || this.parts.xlen === 32 ? u32[word + 1]! : (u32[word + 1]! + 1) >>> 0;
    const records = this.regimes.set.recordsAt(low, high);
    if (records !== 0) return this.halfAt(this.parts.code.pageAt(records)!);
    const address = this.path.fetch(low, high);
    if (address >= 0) return this.halfAt(address);
    raise(this.path.takeFault());
    return -1;
  }

  /** Two bytes of code: of the page being executed, which needs no walk, or of another. */
  private codeHalf(pc: bigint): number {
    const { state, parts } = this;
    const page = state.view.getBigUint64(state.area + layout.pageAddress, true);
    const offset = Number(pc - page);
    if (offset < 0 || offset >= pageBytes) return this.debugHalf(pc);
    const records = state.u32[(state.area + layout.recordPage) >>> 2]!;
    const physical = records === 0 ? undefined : parts.code.pageAt(records);
    return physical === undefined ? this.debugHalf(pc) : this.halfAt(physical + offset);
  }

  private debugHalf(pc: bigint): number {
    const mode = { ...this.regimes.fetchMode, debug: true };
    const address = this.path.debugTranslate(pc, mode);
    if (address < 0 || this.parts.memory.offsetOf(address, 2) < 0) return 0;
    return this.halfAt(address);
  }

  /** Of the address space there is no end: pc comes round to 0. */
  private wrapped(address: bigint): bigint {
    return BigInt.asUintN(this.parts.xlen, address);
  }

  private stopAt(low: number, high: number): void {
    this.state.pc = (BigInt(high) << 32n) | BigInt(low);
  }
}
