/**
 * Platform-level interrupt controller with level-triggered sources and any number of contexts.
 * Which privilege mode of which hart a context is, only the board knows.
 *
 * RISC-V PLIC specification 1.0.0 (chapters named at the code), priorities as in SiFive's cores.
 */
import { fields, list, mustFit, numbers, whole, type Persist } from '../../../base/persist.ts';
import type { AccessSize, InterruptLine, MmioDevice } from '../../device.ts';
import * as r from './registers.ts';

export interface PlicState {
  readonly priority: Uint32Array;
  /** Bits by source, 32 a word: inputs, pending bits, requests claimed and not yet completed. */
  readonly level: Uint32Array;
  readonly pending: Uint32Array;
  readonly claimed: Uint32Array;
  readonly contexts: readonly { readonly enable: Uint32Array; readonly threshold: number }[];
}

interface Context {
  readonly enable: Uint32Array;
  threshold: number;
}

export class Plic implements MmioDevice, Persist<PlicState> {
  readonly name = 'plic';
  private readonly sources: number;
  private readonly outputs: readonly InterruptLine[];
  private readonly priority: Uint32Array;
  private readonly level: Uint32Array;
  private readonly pending: Uint32Array;
  private readonly claimed: Uint32Array;
  private readonly contexts: readonly Context[];

  /** Sources 1 … `sources`; one output per context. */
  constructor(sources: number, outputs: readonly InterruptLine[]) {
    const words = (sources >> 5) + 1;
    this.sources = sources;
    this.outputs = outputs;
    this.priority = new Uint32Array(sources + 1);
    this.level = new Uint32Array(words);
    this.pending = new Uint32Array(words);
    this.claimed = new Uint32Array(words);
    this.contexts = outputs.map(() => ({ enable: new Uint32Array(words), threshold: 0 }));
  }

  /** The input line of a source. */
  source(id: number): InterruptLine {
    return { set: (level) => this.setLevel(id, level) };
  }

  /** Registers are 32 bits wide; narrower accesses do nothing and read 0. */
  read(offset: number, size: AccessSize): number {
    if (size !== 4 || offset % 4 !== 0) return 0;
    if (offset < r.PENDING) return this.priority[offset >> 2] ?? 0;
    if (offset < r.ENABLE) return this.pending[(offset - r.PENDING) >> 2] ?? 0;
    if (offset < r.CONTEXT) {
      const at = offset - r.ENABLE;
      return this.contexts[Math.floor(at / r.ENABLE_STRIDE)]?.enable[enableWord(at)] ?? 0;
    }
    const context = Math.floor((offset - r.CONTEXT) / r.CONTEXT_STRIDE);
    const register = offset % r.CONTEXT_STRIDE;
    if (register === r.THRESHOLD) return this.contexts[context]?.threshold ?? 0;
    return register === r.CLAIM ? this.claim(context) : 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4 || offset % 4 !== 0) return;
    if (offset < r.PENDING) {
      const id = offset >> 2;
      // Source 0 does not exist.
      if (id > 0 && id <= this.sources) this.priority[id] = value & r.PRIORITY_MASK;
    } else if (offset < r.ENABLE) {
      return; // Pending bits are read-only.
    } else if (offset < r.CONTEXT) {
      this.writeEnable(offset - r.ENABLE, value);
    } else {
      const context = Math.floor((offset - r.CONTEXT) / r.CONTEXT_STRIDE);
      const register = offset % r.CONTEXT_STRIDE;
      if (register === r.CLAIM) this.complete(context, value);
      else if (register === r.THRESHOLD) this.writeThreshold(context, value);
    }
    this.update();
  }

  save(): PlicState {
    return {
      priority: this.priority.slice(),
      level: this.level.slice(),
      pending: this.pending.slice(),
      claimed: this.claimed.slice(),
      contexts: this.contexts.map(({ enable, threshold }) => ({
        enable: enable.slice(),
        threshold,
      })),
    };
  }

  restore(state: PlicState): void {
    const words = this.level.length;
    const bits = numbers(Uint32Array, words);
    const priority = numbers(Uint32Array, this.priority.length);
    const context = fields({ enable: bits, threshold: whole });
    const contexts = list(context, this.contexts.length);
    mustFit(
      this.name,
      state,
      fields({ priority, level: bits, pending: bits, claimed: bits, contexts }),
    );
    this.priority.set(state.priority);
    this.level.set(state.level);
    this.pending.set(state.pending);
    this.claimed.set(state.claimed);
    this.contexts.forEach((context, i) => {
      const saved = state.contexts[i];
      if (!saved) return;
      context.enable.set(saved.enable);
      context.threshold = saved.threshold;
    });
    this.update();
  }

  private setLevel(id: number, level: boolean): void {
    // Devices say it after every access.
    if (bit(this.level, id) === level) return;
    setBit(this.level, id, level);
    this.gateway(id);
    this.update();
  }

  /**
   * The gateway of a level-triggered source: a high level becomes one request, and the next only
   * after completion. A request that the core has accepted stays pending although the source
   * falls again; the handler will find that nothing is to be done (chapters "Interrupt Gateways"
   * and "Interrupt Flow").
   */
  private gateway(id: number): void {
    if (bit(this.level, id) && !bit(this.claimed, id)) setBit(this.pending, id, true);
  }

  private writeEnable(at: number, value: number): void {
    const context = this.contexts[Math.floor(at / r.ENABLE_STRIDE)];
    const word = enableWord(at);
    if (!context || word >= context.enable.length) return;
    context.enable[word] = value & this.existing(word);
  }

  /** Bits of a word that stand for a source which exists. */
  private existing(word: number): number {
    let mask = 0;
    for (let i = 0; i < 32; i++) {
      const id = 32 * word + i;
      if (id >= 1 && id <= this.sources) mask |= 1 << i;
    }
    return mask;
  }

  private writeThreshold(context: number, value: number): void {
    const target = this.contexts[context];
    if (target) target.threshold = value & r.PRIORITY_MASK;
  }

  /**
   * Chapter "Interrupt Claim Process": the id of the highest-priority pending interrupt, its
   * pending bit cleared; 0 when there is none. The priority threshold has no say in a claim.
   */
  private claim(context: number): number {
    const target = this.contexts[context];
    const id = target ? this.best(target, 0) : 0;
    if (id === 0) return 0;
    setBit(this.pending, id, false);
    setBit(this.claimed, id, true);
    this.update();
    return id;
  }

  /** Chapter "Interrupt Completion": an id not enabled for the context is silently ignored. */
  private complete(context: number, id: number): void {
    const target = this.contexts[context];
    if (!target || id < 1 || id > this.sources || !bit(target.enable, id)) return;
    setBit(this.claimed, id, false);
    this.gateway(id);
  }

  private update(): void {
    this.contexts.forEach((context, i) => {
      this.outputs[i]?.set(this.best(context, context.threshold) !== 0);
    });
  }

  /** Enabled pending source of the highest priority above `threshold`; the lowest id wins a tie. */
  private best(context: Context, threshold: number): number {
    let best = 0;
    let highest = threshold;
    for (let word = 0; word < this.pending.length; word++) {
      let bits = (this.pending[word] ?? 0) & (context.enable[word] ?? 0);
      while (bits !== 0) {
        const low = 31 - Math.clz32(bits & -bits);
        const id = 32 * word + low;
        const priority = this.priority[id] ?? 0;
        if (priority > highest) {
          highest = priority;
          best = id;
        }
        bits &= bits - 1;
      }
    }
    return best;
  }
}

function enableWord(at: number): number {
  return (at % r.ENABLE_STRIDE) >> 2;
}

function bit(words: Uint32Array, id: number): boolean {
  return (((words[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1;
}

function setBit(words: Uint32Array, id: number, value: boolean): void {
  const old = words[id >> 5] ?? 0;
  const mask = 1 << (id & 31);
  words[id >> 5] = value ? old | mask : old & ~mask;
}
