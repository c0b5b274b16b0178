/**
 * A CSR row fitted to a hart: which of its fields the hart has, which bits can be read and written,
 * which values are legal, which gates are there. Made once for each hart.
 */
import { Bug } from '../../../base/assert.ts';
import type { HartState } from '../hartState.ts';
import {
  all64,
  bitsOf,
  type Behaviour,
  type CsrConfig,
  type CsrField,
  type CsrHart,
  type CsrRow,
  type Gate,
  type GateFor,
  type IllegalWrite,
} from './row.ts';

type Condition = (state: HartState) => boolean;

interface Gates {
  readonly always: readonly Condition[];
  readonly machine: readonly Condition[];
  /**
   * What `machine` is when V=1. For an upper half "the same CSR instruction for the corresponding
   * low-half CSR" decides what is HS-qualified.
   */
  readonly machineForGuest: readonly Condition[];
  readonly hypervisor: readonly Condition[];
  readonly hypervisorWrite: readonly Condition[];
  readonly supervisor: readonly Condition[];
}

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
  readonly reset: bigint;
  /** Where it is stored, which for an upper half is the lower one's number. */
  private readonly slot: number;
  private readonly halfKind: Half;
  private readonly readable: bigint;
  private readonly writable: bigint;
  private readonly limited: readonly LimitedField[];
  private readonly behaviour: Behaviour;

  constructor(row: CsrRow, config: CsrConfig, stored: CsrRow = row) {
    this.number = row.number;
    this.level = (row.number >>> 8) & 3;
    this.guest = row.guest;
    this.mustWrite = row.mustWrite;
    this.gates = gatesOf(row, stored, config);
    this.slot = stored.number;
    this.halfKind = halfOf(row, config);
    this.behaviour = stored.behaviour;
    const fields = stored.fields.filter((f) => hasField(f, config));
    const width = config.xlen === 64 || stored.upper !== undefined ? all64 : low32;
    const hasFields = stored.fields.length > 0;
    this.readable = hasFields ? union(fields.map(bitsOf)) & width : width;
    this.writable = hasFields
      ? union(fields.filter((f) => f.writable).map(writableBits)) & width
      : stored.mask(config) & width;
    this.limited = fields.flatMap((f) => limited(f, config));
    this.reset =
      this.number === this.slot
        ? stored.reset | union(fields.map((f) => f.reset << BigInt(f.low)))
        : 0n;
  }

  /** All bits of the register, as the present mode sees them. */
  read(h: CsrHart): bigint {
    const { read } = this.behaviour;
    const stored = h.state.csr(this.slot) & this.seen(h);
    return read ? read(h, stored) : stored;
  }

  readForUpdate(h: CsrHart): bigint {
    const read = this.read(h);
    return this.behaviour.readForUpdate?.(h, read) ?? read;
  }

  /** Writes what of a value of all bits is legal. */
  write(h: CsrHart, value: bigint, retiring: boolean): void {
    const { write, affects = 0 } = this.behaviour;
    const writable = this.writable & this.visible(h);
    const old = this.limited.length > 0 || write ? this.readForUpdate(h) : 0n;
    const legal = this.legalise(old, value);
    if (legal === undefined) return;
    if (write) {
      write(h, (old & ~writable) | (legal & writable), retiring);
    } else {
      h.state.setCsr(this.slot, (h.state.csr(this.slot) & ~writable) | (legal & writable));
    }
    if (affects !== 0) h.affect(affects);
  }

  /** The half that software has under this number, of the whole. */
  half(whole: bigint): bigint {
    if (this.halfKind === 'whole') return whole;
    return this.halfKind === 'upper' ? whole >> 32n : whole & low32;
  }

  /** The whole with a new value for that half. */
  withHalf(h: CsrHart, value: bigint): bigint {
    if (this.halfKind === 'whole') return value;
    const whole = this.readForUpdate(h);
    return this.halfKind === 'upper'
      ? (whole & low32) | ((value & low32) << 32n)
      : (whole & ~low32) | (value & low32);
  }

  private visible(h: CsrHart): bigint {
    return this.behaviour.visible?.(h) ?? all64;
  }

  private seen(h: CsrHart): bigint {
    const { visible } = this.behaviour;
    return visible ? this.readable & visible(h) : this.readable;
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
