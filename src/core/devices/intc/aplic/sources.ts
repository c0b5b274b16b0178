/**
 * The interrupt sources of one domain of an APLIC: configuration, pending and enable bits, targets.
 *
 * RISC-V Advanced Interrupt Architecture 1.0, sections 4.5.2 (sourcecfg), 4.5.16 (target) and 4.7
 * (precise effects on interrupt-pending bits).
 */
import { fields, numbers } from '../../../base/persist.ts';
import * as r from './registers.ts';

export interface SourcesState {
  readonly sourcecfg: Uint32Array;
  readonly target: Uint32Array;
  /** Bits by source, 32 a word. */
  readonly pending: Uint32Array;
  readonly enable: Uint32Array;
}

export interface SourcesOptions {
  /** Sources 1 … `count`. */
  readonly count: number;
  /** Levels of the incoming wires, 32 a word: the same for all domains of an APLIC. */
  readonly wires: Uint32Array;
  readonly delivery: 'direct' | 'msi';
  /** The value that a target register takes of what is written. */
  readonly legalTarget: (value: number) => number;
  /** How many domains sources can be delegated to. */
  readonly children: number;
  /** Whether a source is there without being delegated from above: in the root domain. */
  readonly root: boolean;
}

type Kind = 'inactive' | 'detached' | 'edge' | 'level';
const kinds: readonly Kind[] = [
  ...(['inactive', 'detached', 'inactive', 'inactive'] as const),
  ...(['edge', 'edge', 'level', 'level'] as const),
];

export class Sources {
  readonly count: number;
  private readonly options: SourcesOptions;
  private readonly sourcecfg: Uint32Array;
  private readonly targets: Uint32Array;
  private readonly pending: Uint32Array;
  private readonly enable: Uint32Array;
  /** Sources that this domain has. */
  private readonly present: Uint32Array;

  constructor(options: SourcesOptions) {
    const { count, root } = options;
    const words = (count >> 5) + 1;
    this.options = options;
    this.count = count;
    this.sourcecfg = new Uint32Array(count + 1);
    this.targets = new Uint32Array(count + 1);
    this.pending = new Uint32Array(words);
    this.enable = new Uint32Array(words);
    this.present = new Uint32Array(words);
    for (let i = 1; i <= count; i++) if (root) setBit(this.present, i, true);
  }

  config(i: number): number {
    return this.sourcecfg[i] ?? 0;
  }

  /** The child domain that a source is delegated to, if it is. */
  delegatedTo(i: number): number | undefined {
    const config = this.config(i);
    return config & r.D ? config & ~r.D : undefined;
  }

  /** WARL: what is reserved, and delegation where there is no such child, leaves a source inactive. */
  configure(i: number, value: number): void {
    if (!this.exists(i)) return;
    this.sourcecfg[i] = this.legalConfig(value);
    if (this.kind(i) === 'inactive') {
      setBit(this.pending, i, false);
      setBit(this.enable, i, false);
      this.targets[i] = 0;
      return;
    }
    // A target of 0 is not legal in every mode, and only an inactive source has it.
    this.targets[i] = this.options.legalTarget(this.targets[i]!);
    // "Any write to a sourcecfg register might (or might not) cause the corresponding
    // interrupt-pending bit to be set to one if the rectified input value is high": as in QEMU.
    if (this.rectified(i)) setBit(this.pending, i, true);
    else if (this.kind(i) === 'level') setBit(this.pending, i, false);
  }

  /** The parent domain delegates a source to this one, or no longer does. */
  setPresent(i: number, present: boolean): void {
    if (present === bit(this.present, i)) return;
    if (!present) this.configure(i, 0);
    setBit(this.present, i, present);
  }

  /** The wire of a source has changed. */
  wireChanged(i: number): void {
    if (this.rectified(i)) setBit(this.pending, i, true);
    else if (this.kind(i) === 'level') setBit(this.pending, i, false);
  }

  /** A write to setip or setipnum; of level sources only a high one can be set, and by MSI only. */
  setPending(i: number): void {
    const kind = this.kind(i);
    if (kind === 'inactive') return;
    if (kind === 'level' && (this.options.delivery === 'direct' || !this.rectified(i))) return;
    setBit(this.pending, i, true);
  }

  /** A write to in_clrip or clripnum, a claim, or a message sent. */
  clearPending(i: number): void {
    // In direct mode the bit of a level source is a copy of its rectified input.
    if (this.kind(i) === 'level' && this.options.delivery === 'direct') return;
    setBit(this.pending, i, false);
  }

  setEnabled(i: number, enabled: boolean): void {
    if (this.kind(i) !== 'inactive') setBit(this.enable, i, enabled);
  }

  target(i: number): number {
    return this.targets[i] ?? 0;
  }
  setTarget(i: number, value: number): void {
    if (this.kind(i) !== 'inactive') this.targets[i] = this.options.legalTarget(value);
  }

  pendingWord(word: number): number {
    return this.pending[word] ?? 0;
  }
  enableWord(word: number): number {
    return this.enable[word] ?? 0;
  }
  rectifiedWord(word: number): number {
    return sourcesOf(word, 0xffffffff).reduce(
      (bits, i) => (this.rectified(i) ? bits | (1 << (i & 31)) : bits),
      0,
    );
  }

  /** Sources that are pending and enabled, lowest first. */
  *ready(): Generator<number> {
    for (let word = 0; word < this.pending.length; word++) {
      yield* sourcesOf(word, this.pending[word]! & this.enable[word]!);
    }
  }

  save(): SourcesState {
    return {
      sourcecfg: this.sourcecfg.slice(),
      target: this.targets.slice(),
      pending: this.pending.slice(),
      enable: this.enable.slice(),
    };
  }

  /** Whether a state could be that of these sources. */
  fits(state: SourcesState): boolean {
    const words = (own: Uint32Array) => numbers(Uint32Array, own.length);
    const shape = fields({
      ...{ sourcecfg: words(this.sourcecfg), target: words(this.targets) },
      ...{ pending: words(this.pending), enable: words(this.enable) },
    });
    if (shape(state) !== undefined) return false;
    return state.sourcecfg.every((value) => value === this.legalConfig(value));
  }

  restore(state: SourcesState): void {
    this.sourcecfg.set(state.sourcecfg);
    this.targets.set(state.target);
    this.pending.set(state.pending);
    this.enable.set(state.enable);
  }

  /** The parent's sourcecfg registers were restored: these are the sources it delegates. */
  restorePresent(delegated: (i: number) => boolean): void {
    for (let i = 1; i <= this.count; i++) setBit(this.present, i, delegated(i));
  }

  private exists(i: number): boolean {
    return i >= 1 && i <= this.count && bit(this.present, i);
  }

  private legalConfig(value: number): number {
    if (value & r.D) {
      // "For such a leaf domain, attempting to write a sourcecfg register with a value that has
      // bit 10 = 1 causes the entire register to be set to zero instead."
      const child = value & (r.D - 1);
      if (this.options.children === 0) return 0;
      return r.D | (child < this.options.children ? child : 0);
    }
    const mode = value & r.SM_MASK;
    return mode === 2 || mode === 3 ? 0 : mode;
  }

  private kind(i: number): Kind {
    const config = this.config(i);
    return config & r.D ? 'inactive' : kinds[config & r.SM_MASK]!;
  }

  /** The rectified input value; zero for a source that is inactive or detached. */
  private rectified(i: number): boolean {
    const kind = this.kind(i);
    if (kind === 'inactive' || kind === 'detached') return false;
    const inverted = (this.config(i) & 1) === 1;
    return bit(this.options.wires, i) !== inverted;
  }
}

/** Numbers of the sources that the bits of a word stand for, lowest first. */
export function sourcesOf(word: number, bits: number): number[] {
  const found: number[] = [];
  for (let rest = bits; rest !== 0; rest &= rest - 1) {
    found.push(32 * word + 31 - Math.clz32(rest & -rest));
  }
  return found;
}

function bit(words: Uint32Array, i: number): boolean {
  return (((words[i >> 5] ?? 0) >>> (i & 31)) & 1) === 1;
}

function setBit(words: Uint32Array, i: number, value: boolean): void {
  const old = words[i >> 5] ?? 0;
  words[i >> 5] = value ? old | (1 << (i & 31)) : old & ~(1 << (i & 31));
}
