/**
 * The form of a CSR row, and the shorthands in which rows are written. A row says everything about
 * its register: who has it, fields and their legal values, reset value, who may access it, what is
 * accessed instead in a guest, and what happens besides storing. `CsrFile` fits the rows to a hart.
 */
import type { TimeCounter } from '../../../base/virtualClock.ts';
import type { RegisterWidth } from '../../../engine/semantics.ts';
import type { ControlRegisterInfo, FieldInfo } from '../../isa.ts';
import type { HartState } from '../hartState.ts';
import type { Counters } from './counters.ts';
import type { HartInterruptFiles } from './externalInterrupts.ts';
import type { Pmp } from '../pmp.ts';
import type { Triggers } from '../triggers.ts';

/** What a hart is built with, as far as registers depend on it. */
export interface CsrConfig {
  readonly xlen: RegisterWidth;
  /** GEILEN, the number of guest external interrupts. */
  readonly guestFiles: number;
  /** Whether it has an IMSIC. */
  readonly hasImsic: boolean;
  /** Takes the name of an extension in lower case. */
  has(extension: string): boolean;
}

/** What a row's behaviour may use of the hart. */
export interface CsrHart extends CsrConfig {
  readonly state: HartState;
  readonly pmp: Pmp;
  readonly counters: Counters;
  readonly triggers: Triggers;
  /** What the `time` counter shows, and what it shows with htimedelta. */
  readonly time: TimeCounter;
  guestTime(): bigint;
  /** Software reads the time. */
  lookAtTime(): void;
  /** The same as a number, or -1 where that would not be exact. */
  guestTimeNumber(): number;
  /** STIP and VSTIP, of timers that are compared with time, as bits of mip. */
  timersPending(): number;
  /** mip as a number, with all that makes interrupts pending. */
  pending(): number;
  readonly imsic: HartInterruptFiles | undefined;
  /** IPRIOLEN. */
  readonly priorityBits: number;
  /** Without IMSIC, the priority number of what the external interrupt controller signals, or 0. */
  externalPriority(level: 'machine' | 'supervisor'): number;
  /** Levels of the interrupt inputs, as bits of mip. */
  readonly inputs: number;
  /** Levels of guest external interrupts, as hgeip shows them. */
  readonly guestInputs: bigint;
  /** A register with all its 64 bits, also where registers are 32 bits wide. */
  readWhole(number: number): bigint;
  writeWhole(number: number, value: bigint): void;
  /** Says that something besides the register must be brought in line. */
  affect(effects: number): void;
}

/** What a write may change, for whoever runs the hart. */
export const effect = {
  /** How addresses are translated, or whether accesses are allowed: another TLB set. */
  translation: 1,
  /** Remembered translations are void. */
  protection: 2,
  /** An interrupt may have become pending or enabled. */
  interrupts: 4,
  /** A timer may be due at another time. */
  timers: 8,
} as const;

/** Reading and writing in words, for registers that programs access all the time. */
/** Where an access leaves what it read. */
export interface Accessed {
  low: number;
  high: number;
}

export interface WordBehaviour {
  readonly low: (h: CsrHart) => number;
  readonly high: (h: CsrHart) => number;
  /** Both at once, where that is less work; absent where it is not. */
  readonly both?: (h: CsrHart, into: Accessed) => void;
  readonly write: (h: CsrHart, low: number, high: number) => void;
  /** The lower word that CSRRS and CSRRC combine with, where that is not what they read. */
  readonly lowForUpdate?: (h: CsrHart, read: number) => number;
}

export interface Behaviour {
  /** Instead of `read` and `write`. */
  readonly words?: WordBehaviour;
  /** What is read; gets what is stored, without bits of fields that do not exist. */
  readonly read?: (h: CsrHart, stored: bigint) => bigint;
  /** Takes a value that is legal, instead of storing it. */
  readonly write?: (h: CsrHart, value: bigint, retiring: boolean) => void;
  /** Bits that are more than read-only zeros at present. */
  readonly visible?: (h: CsrHart) => bigint;
  /** Numbers of `effect`. */
  readonly affects?: number;
}

/**
 * What keeps modes from a register or an instruction. Each level opens it for those below: if
 * M-mode does not, an access is illegal; if HS-mode does not, one with V=1 is virtual; if S-mode
 * does not, one from U-mode is illegal and one from VU-mode virtual.
 */
export interface Gate {
  readonly machine?: (state: HartState) => boolean;
  readonly hypervisor?: (state: HartState) => boolean;
  /** The same for writes only. */
  readonly hypervisorWrite?: (state: HartState) => boolean;
  readonly supervisor?: (state: HartState) => boolean;
  /** Holds in M-mode too: an access is illegal. */
  readonly always?: (state: HartState) => boolean;
}

/** A gate may be there for some harts only. */
export type GateFor = (config: CsrConfig) => Gate | undefined;

export interface CsrField extends FieldInfo {
  /** Further extensions, each of which brings the field too. */
  readonly alsoIn: readonly string[];
  /** What else must hold for the hart to have it. */
  readonly when?: (config: CsrConfig) => boolean;
  /** Only registers of this width have it. */
  readonly xlen?: RegisterWidth;
  readonly reset: bigint;
  /** The only values it takes; without them any. */
  readonly legal?: (config: CsrConfig) => readonly number[];
  /** What a write of another value does. */
  readonly illegal: IllegalWrite;
  /** Bits of the field that can be other than 0. */
  readonly bits?: bigint;
}

/** Leaves the field as it was, voids the whole write, or gives the field this value. */
export type IllegalWrite = 'keep' | 'void' | number;

export interface CsrRow extends ControlRegisterInfo {
  readonly alsoIn: readonly string[];
  readonly fields: readonly CsrField[];
  /** Registers without fields: the bits that a write may change. */
  readonly mask: (config: CsrConfig) => bigint;
  readonly reset: bigint;
  /** What else must hold for a hart to have it. */
  readonly when?: (config: CsrConfig) => boolean;
  /** Only harts of this width have it. */
  readonly xlen?: RegisterWidth;
  /** It shows bits 63:32 of this register. */
  readonly upperOf?: number;
  /** It has its bits 63:32 under this number when registers are 32 bits wide. */
  readonly upper?: number;
  /** Accessed instead when V=1. */
  readonly guest?: number;
  readonly gates: readonly GateFor[];
  /** An access that only reads is illegal. */
  readonly mustWrite: boolean;
  readonly behaviour: Behaviour;
}

export const all64 = 0xffff_ffff_ffff_ffffn;

export interface FieldOptions {
  readonly values?: Readonly<Record<number, string>>;
  readonly readOnly?: boolean;
  /** Without it the field reads as zero. */
  readonly extension?: string;
  readonly alsoIn?: readonly string[];
  readonly when?: (config: CsrConfig) => boolean;
  readonly xlen?: RegisterWidth;
  readonly reset?: number;
  readonly legal?: readonly number[] | ((config: CsrConfig) => readonly number[]);
  readonly illegal?: IllegalWrite;
  readonly bits?: bigint;
}

/** A field of one bit or of `[high, low]`. */
export function field(
  name: string,
  bits: number | readonly [high: number, low: number],
  description: string,
  options: FieldOptions = {},
): CsrField {
  const [high, low] = typeof bits === 'number' ? [bits, bits] : bits;
  const { values, readOnly = false, extension, xlen, legal, reset = 0 } = options;
  return {
    name,
    high,
    low,
    description,
    writable: !readOnly,
    alsoIn: options.alsoIn ?? [],
    illegal: options.illegal ?? 'keep',
    reset: BigInt(reset),
    ...(values ? { values } : {}),
    ...(extension === undefined ? {} : { extension }),
    ...(xlen === undefined ? {} : { xlen }),
    ...(options.when === undefined ? {} : { when: options.when }),
    ...(options.bits === undefined ? {} : { bits: options.bits }),
    ...(legal === undefined ? {} : { legal: typeof legal === 'function' ? legal : () => legal }),
  };
}

/** A field at bit 63, or at bit 31 of a register of 32 bits. */
export function topField(name: string, description: string, options: FieldOptions): CsrField[] {
  return [
    field(name, 63, description, { ...options, xlen: 64 }),
    field(name, 31, description, { ...options, xlen: 32 }),
  ];
}

/** All bits of a field, where the register has them. */
export function bitsOf({ high, low }: FieldInfo): bigint {
  return ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
}

export interface CsrOptions extends Behaviour {
  readonly fields?: readonly CsrField[];
  /** Default: all bits. Only for registers without fields. */
  readonly mask?: bigint | ((config: CsrConfig) => bigint);
  /** Default: what the fields' resets make. */
  readonly reset?: bigint;
  readonly extension?: string;
  readonly alsoIn?: readonly string[];
  readonly when?: (config: CsrConfig) => boolean;
  readonly xlen?: RegisterWidth;
  /** RV32's register for bits 63:32. */
  readonly upper?: readonly [number: number, name: string, differing?: UpperOptions];
  readonly guest?: number;
  readonly gates?: readonly GateFor[];
  readonly mustWrite?: boolean;
}

/** Where the register for the upper half differs from its lower one. */
export interface UpperOptions {
  readonly extension?: string;
  readonly gates?: readonly GateFor[];
}

export type CsrSpec = readonly [
  number: number,
  name: string,
  description: string,
  options?: CsrOptions,
];

/**
 * Rows of one group; the number's bits 11:10 say whether writes exist, 9:8 the privilege, and with
 * it that S or H is needed.
 */
export function group(name: string, section: string, specs: readonly CsrSpec[]): CsrRow[] {
  return specs.flatMap(([number, csr, description, options = {}]) => {
    const { upper, xlen, when, guest, mask = all64 } = options;
    const fields = options.fields ?? [];
    const level = (number >>> 8) & 3;
    const low: CsrRow = {
      name: csr,
      number,
      bits: 64,
      description,
      section,
      group: name,
      counterpart: counterpartOf(csr, level),
      privilege: (['U', 'S', 'HS', 'M'] as const)[level]!,
      writable: number >>> 10 !== 3,
      fields,
      extension: options.extension ?? (level === 2 ? 'H' : ''),
      alsoIn: options.alsoIn ?? [],
      mask: typeof mask === 'function' ? mask : () => mask,
      reset: options.reset ?? 0n,
      gates: options.gates ?? [],
      mustWrite: options.mustWrite ?? false,
      behaviour: options,
      ...(xlen === undefined ? {} : { xlen }),
      ...(when === undefined ? {} : { when }),
      ...(guest === undefined ? {} : { guest }),
      ...(upper === undefined ? {} : { upper: upper[0] }),
    };
    return upper === undefined ? [low] : [low, upperRow(low, upper)];
  });
}

/** The name without the letters of its level; level 2 has HS-mode's registers and the guest's. */
function counterpartOf(name: string, level: number): string {
  const letters = (['', 's', name.startsWith('vs') ? 'vs' : 'h', 'm'] as const)[level]!;
  const rest = name.startsWith(letters) ? name.slice(letters.length) : name;
  // hgatp is to guest-physical addresses what satp and vsatp are to virtual ones.
  return rest === 'gatp' ? 'atp' : rest;
}

function upperRow(
  row: CsrRow,
  [number, name, differing = {}]: NonNullable<CsrOptions['upper']>,
): CsrRow {
  const { upper: _, guest, ...rest } = row;
  return {
    ...rest,
    number,
    name,
    counterpart: counterpartOf(name, (number >>> 8) & 3),
    description: `Bits 63:32 of ${row.name}: ${row.description}`,
    xlen: 32,
    upperOf: row.number,
    ...differing,
    // The upper halves of a register and of its guest's are as far apart as the registers.
    ...(guest === undefined ? {} : { guest: number + guest - row.number }),
  };
}
