/**
 * A CSR row fitted to a hart: which of its fields the hart has, which bits can be read and written,
 * which values are legal, which gates are there. Made once for each hart.
 */
import { Bug } from '../../../base/assert.ts';
import type { HartState } from '../hartState.ts';
import { Refusals, type Condition, type Gates } from './refusal.ts';
import {
  all64,
  bitsOf,
  type Accessed,
  type Behaviour,
  type CsrConfig,
  type CsrField,
  type CsrHart,
  type CsrRow,
  type Gate,
  type GateFor,
  type IllegalWrite,
} from './row.ts';

/** What an instruction does with a register besides reading it. */
export type CsrAccess = 'read' | 'write' | 'set' | 'clear';

/** A field that not every value may be written to. */
interface LimitedField {
  readonly mask: bigint;
  readonly low: bigint;
  /** Already at the field's place. */
  readonly legal: ReadonlySet<bigint>;
  readonly illegal: IllegalWrite;
}

/** What is 32 bits wide of a register of 64. */
type Half = 'whole' | 'lower' | 'upper';

const low32 = 0xffff_ffffn;

export class Register {
  readonly number: number;
  /** Lowest privilege that may access it: 0 for U, 1 for S, 2 for HS, 3 for M. */
  readonly level: number;
  readonly guest: number | undefined;
  readonly mustWrite: boolean;
  readonly gates: Gates;
  readonly readRefusals: Refusals;
  readonly writeRefusals: Refusals;
  readonly reset: bigint;
  /** Instructions have `accessWords`. */
  readonly isInWords: boolean;
  /** Where it is stored, which for an upper half is the lower one's number. */
  private readonly slot: number;
  private readonly halfKind: Half;
  private readonly readable: bigint;
  private readonly readableWords: Words;
  /** Bits that writing leaves as they are. */
  private readonly kept: bigint;
  private readonly keptWords: Words;
  private readonly limited: readonly LimitedField[];
  private readonly limitedWords: Words;
  private readonly behaviour: Behaviour;
  /** Reading has no use for what is stored. */
  private readonly readsElsewhere: boolean;
  /** Writing has a use for what was there. */
  private readonly keepsOld: boolean;

  constructor(row: CsrRow, config: CsrConfig, stored: CsrRow = row) {
    this.number = row.number;
    this.level = (row.number >>> 8) & 3;
    this.guest = row.guest;
    this.mustWrite = row.mustWrite;
    this.gates = gatesOf(row, stored, config);
    this.readRefusals = new Refusals(this, false);
    this.writeRefusals = new Refusals(this, true);
    this.slot = stored.number;
    this.halfKind = halfOf(row, config);
    this.behaviour = stored.behaviour;
    const fields = stored.fields.filter((f) => hasField(f, config));
    const width = config.xlen === 64 || stored.upper !== undefined ? all64 : low32;
    const hasFields = stored.fields.length > 0;
    this.readable = hasFields ? union(fields.map(bitsOf)) & width : width;
    const writable = hasFields
      ? union(fields.filter((f) => f.writable).map(writableBits)) & width
      : stored.mask(config) & width;
    this.kept = all64 ^ writable;
    this.limited = fields.flatMap((f) => limited(f, config));
    this.readableWords = wordsOf(this.readable);
    this.keptWords = wordsOf(this.kept);
    this.limitedWords = wordsOf(union(this.limited.map((f) => f.mask)));
    const { words: inWords, read, write, visible } = this.behaviour;
    this.isInWords = this.halfKind === 'whole' && (!(read || write || visible) || !!inWords);
    // A function that takes no second argument.
    this.readsElsewhere = read !== undefined && read.length < 2;
    this.keepsOld = this.limited.length > 0 || write !== undefined || inWords !== undefined;
    this.reset =
      this.number === this.slot
        ? stored.reset | union(fields.map((f) => f.reset << BigInt(f.low)))
        : 0n;
  }

  /** All bits of the register, as the present mode sees them. */
  read(h: CsrHart): bigint {
    const { words, read, visible } = this.behaviour;
    if (words) return fromWords(words.low(h), words.high(h)) & this.readable;
    if (read && this.readsElsewhere) return read(h, 0n);
    let stored = h.state.csr(this.slot);
    if (this.readable !== all64) stored &= this.readable;
    if (visible) stored &= visible(h);
    return read ? read(h, stored) : stored;
  }

  /** Writes what of a value of all bits is legal. */
  write(h: CsrHart, value: bigint): void {
    this.put(h, value, this.keepsOld ? this.readForUpdate(h, this.read(h)) : 0n, false);
  }

  /** Writes the half that software has under this number. */
  writeHalf(h: CsrHart, value: bigint): void {
    if (this.halfKind === 'whole') return this.write(h, value);
    const old = this.readForUpdate(h, this.read(h));
    this.put(h, this.withHalf(old, value), old, false);
  }

  /** What `accessWide` does, on two words; what it reads is left in `into`. */
  accessWords(h: CsrHart, how: CsrAccess, low: number, high: number, into: Accessed): void {
    const { slot, readableWords, behaviour } = this;
    const { words } = behaviour;
    const { state } = h;
    if (words?.both) words.both(h, into);
    else {
      into.low = words ? words.low(h) : state.low(slot);
      into.high = words ? words.high(h) : state.high(slot);
    }
    into.low &= readableWords.low;
    into.high &= readableWords.high;
    if (how !== 'read') this.updateWords(h, how, low, high, into);
  }

  /**
   * Where instructions find it and which bits they read and write there, if such an access does
   * nothing besides and takes every value.
   */
  plain(how: CsrAccess): { slot: number; readable: bigint; writable: bigint } | undefined {
    const { words, read, write, visible, affects = 0 } = this.behaviour;
    if (this.halfKind !== 'whole' || words || read || visible) return undefined;
    const storesOnly = !write && affects === 0 && this.limited.length === 0;
    if (how !== 'read' && !storesOnly) return undefined;
    return { slot: this.slot, readable: this.readable, writable: all64 ^ this.kept };
  }

  private updateWords(h: CsrHart, how: CsrAccess, low: number, high: number, old: Words): void {
    const { slot, keptWords, limitedWords, behaviour } = this;
    const { words, affects = 0 } = behaviour;
    const { state } = h;
    const oldLow = words?.lowForUpdate ? words.lowForUpdate(h, old.low) : old.low;
    const newLow = combined(how, oldLow, low);
    const newHigh = combined(how, old.high, high);
    if ((newLow ^ oldLow) & limitedWords.low || (newHigh ^ old.high) & limitedWords.high) {
      return this.put(h, fromWords(newLow, newHigh), fromWords(oldLow, old.high), true);
    }
    if (words) {
      const legal = newLow ^ ((newLow ^ oldLow) & keptWords.low);
      words.write(h, legal, newHigh ^ ((newHigh ^ old.high) & keptWords.high));
    } else {
      const legal = newLow ^ ((newLow ^ state.low(slot)) & keptWords.low);
      state.setWords(slot, legal, newHigh ^ ((newHigh ^ state.high(slot)) & keptWords.high));
    }
    if (affects !== 0) h.affect(affects);
  }

  /** Carries out an instruction; gives what it reads, which without `reads` has no meaning. */
  accessWide(h: CsrHart, how: CsrAccess, source: bigint, reads: boolean): bigint {
    if (how === 'read') return this.half(this.read(h));
    const isKnown = reads || this.keepsOld || this.halfKind !== 'whole';
    const read = isKnown ? this.read(h) : 0n;
    const old = isKnown ? this.readForUpdate(h, read) : 0n;
    const base = this.half(old);
    const value = how === 'write' ? source : how === 'set' ? base | source : base & ~source;
    this.put(h, this.withHalf(old, value), old, true);
    return this.half(read);
  }

  /** The half that software has under this number, of the whole. */
  half(whole: bigint): bigint {
    if (this.halfKind === 'whole') return whole;
    return this.halfKind === 'upper' ? whole >> 32n : whole & low32;
  }

  /** `old` with a new value for that half. */
  private withHalf(old: bigint, value: bigint): bigint {
    if (this.halfKind === 'whole') return value;
    return this.halfKind === 'upper'
      ? (old & low32) | ((value & low32) << 32n)
      : (old & ~low32) | (value & low32);
  }

  /** What CSRRS and CSRRC combine with: inputs of mip from outside must not become software's. */
  private readForUpdate(h: CsrHart, read: bigint): bigint {
    const { words } = this.behaviour;
    if (!words?.lowForUpdate) return read;
    const low = words.lowForUpdate(h, Number(read & low32));
    return (read & ~low32) | BigInt(low >>> 0);
  }

  /** `old` is what `readForUpdate` gives, where `keepsOld` asks for it. */
  private put(h: CsrHart, value: bigint, old: bigint, retiring: boolean): void {
    const { words, write, visible, affects = 0 } = this.behaviour;
    const legal = this.limited.length === 0 ? value : this.legalise(old, value);
    if (legal === undefined) return;
    const hidden = visible ? all64 ^ visible(h) : 0n;
    const kept = hidden === 0n ? this.kept : this.kept | hidden;
    if (words) {
      const { low, high } = wordsOf(replaced(old, legal, kept));
      words.write(h, low, high);
    } else if (write) write(h, kept === 0n ? legal : replaced(old, legal, kept), retiring);
    else if (kept === 0n) h.state.setCsr(this.slot, legal);
    else h.state.setCsr(this.slot, replaced(h.state.csr(this.slot), legal, kept));
    if (affects !== 0) h.affect(affects);
  }

  /** The value with its illegal fields replaced, or undefined when one of them voids the write. */
  private legalise(old: bigint, value: bigint): bigint | undefined {
    let legal = value;
    for (const f of this.limited) {
      // What a field holds is legal, and most writes leave it alone.
      if (((legal ^ old) & f.mask) === 0n || f.legal.has(legal & f.mask)) continue;
      if (f.illegal === 'void') return undefined;
      const kept = f.illegal === 'keep' ? old & f.mask : BigInt(f.illegal) << f.low;
      legal = (legal & ~f.mask) | kept;
    }
    return legal;
  }
}

/** Two halves as 32-bit integers with a sign. */
interface Words {
  readonly low: number;
  readonly high: number;
}

const wordsOf = (value: bigint): Words => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
});

const fromWords = (low: number, high: number): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

const combined = (how: CsrAccess, old: number, source: number): number =>
  how === 'write' ? source : how === 'set' ? old | source : old & ~source;

/** `kept` are the bits of the old value; the others of those that differ change. */
const replaced = (old: bigint, value: bigint, kept: bigint): bigint =>
  value ^ ((old ^ value) & kept);

/** The registers that a hart with this configuration has, each fitted when it is first asked for. */
export class Registers {
  private readonly config: CsrConfig;
  private readonly rows = Array<CsrRow | undefined>(4096).fill(undefined);
  private readonly stated = new Map<number, CsrRow>();
  private readonly made = Array<Register | undefined>(4096).fill(undefined);
  /** Numbers of those that are not 0 after reset. */
  private readonly resetting: readonly number[];

  constructor(rows: readonly CsrRow[], config: CsrConfig) {
    this.config = config;
    for (const row of rows) {
      this.stated.set(row.number, row);
      if (hasRow(row, config)) this.rows[row.number] = row;
    }
    this.resetting = rows.filter(mayReset).map((row) => row.number);
  }

  at(number: number): Register | undefined {
    return this.made[number] ?? this.make(number);
  }

  reset(state: HartState): void {
    state.clearCsrs();
    for (const number of this.resetting) state.setCsr(number, this.at(number)?.reset ?? 0n);
  }

  private make(number: number): Register | undefined {
    const row = this.rows[number];
    if (!row) return undefined;
    const stored = row.upperOf === undefined ? row : this.stated.get(row.upperOf);
    if (!stored) throw new Bug(`${row.name} has no lower half`);
    return (this.made[number] = new Register(row, this.config, stored));
  }
}

const mayReset = ({ reset, fields }: CsrRow): boolean =>
  reset !== 0n || fields.some((f) => f.reset !== 0n);

export function hasRow(row: CsrRow, config: CsrConfig): boolean {
  const { number, extension, alsoIn, xlen, when } = row;
  const level = (number >>> 8) & 3;
  if (level === 1 && !config.has('s')) return false;
  if (level === 2 && !config.has('h')) return false;
  if (xlen !== undefined && xlen !== config.xlen) return false;
  return brought([extension, ...alsoIn], config) && (when?.(config) ?? true);
}

export function hasField(f: CsrField, config: CsrConfig): boolean {
  if (f.xlen !== undefined && f.xlen !== config.xlen) return false;
  return brought([f.extension ?? '', ...f.alsoIn], config) && (f.when?.(config) ?? true);
}

const brought = (extensions: readonly string[], { has }: CsrConfig): boolean =>
  extensions.some((name) => name === '' || has(name.toLowerCase()));

const union = (masks: readonly bigint[]): bigint => masks.reduce((all, mask) => all | mask, 0n);

const writableBits = (f: CsrField): bigint =>
  f.bits === undefined ? bitsOf(f) : f.bits << BigInt(f.low);

function limited(f: CsrField, config: CsrConfig): LimitedField[] {
  if (!f.legal) return [];
  const low = BigInt(f.low);
  const legal = new Set(f.legal(config).map((value) => BigInt(value) << low));
  return [{ mask: bitsOf(f), low, legal, illegal: f.illegal }];
}

function halfOf(row: CsrRow, { xlen }: CsrConfig): Half {
  if (xlen === 64) return 'whole';
  return row.upperOf === undefined ? 'lower' : 'upper';
}

function gatesOf(row: CsrRow, stored: CsrRow, config: CsrConfig): Gates {
  const all = ({ gates }: CsrRow, which: keyof Gate): readonly Condition[] =>
    gates.flatMap((gateFor: GateFor) => gateFor(config)?.[which] ?? []);
  return {
    always: all(row, 'always'),
    machine: all(row, 'machine'),
    machineForGuest: all(stored, 'machine'),
    hypervisor: all(row, 'hypervisor'),
    hypervisorWrite: all(row, 'hypervisorWrite'),
    supervisor: all(row, 'supervisor'),
  };
}
