/** Everything that lock step with one processor needs: programs, both machines, and shrinking. */
import { parseIsaString } from '../../../src/core/isa/riscv/isaString.ts';
import { disassemble } from '../../../src/core/isa/riscv/disassemble.ts';
import { Comparer, type Comparison } from './compare.ts';
import { Csrs } from './csrs.ts';
import { generate, placed, without, type LockstepProgram, type Surroundings } from './generator.ts';
import { layout } from './layout.ts';
import { Monitor, type FloatLoad } from './monitor.ts';
import { Ours } from './ours.ts';
import type { LockstepProcessor } from './processors.ts';
import { Rows } from './rows.ts';
import { isNothing } from './slots.ts';
import type { Trace, Tracer } from './tracer.ts';

/** So many WFIs may be taken out of a program. */
const mostWaits = 16;

export interface Batch {
  readonly programs: readonly LockstepProgram[];
  readonly trace: Promise<Trace>;
}

export class Session {
  private readonly processor: LockstepProcessor;
  private readonly tracer: Tracer;
  private readonly around: Surroundings;
  private readonly monitor: Monitor;
  private readonly comparer: Comparer;
  /** Tries programs out. */
  private scout: Ours;
  /** Programs that our machine does not bring to an end. */
  endless = 0;

  constructor(processor: LockstepProcessor, tracer: Tracer) {
    this.processor = processor;
    this.tracer = tracer;
    const { extensions } = parseIsaString(processor.isa);
    this.scout = new Ours(processor, new Uint8Array(4096));
    const csrs = new Csrs(processor.xlen, (n) => this.scout.hart.csrs.exists(n));
    const rows = new Rows(processor);
    this.around = { xlen: processor.xlen, rows, csrs, extensions };
    const floats: FloatLoad = extensions.has('d') ? 'fld' : extensions.has('f') ? 'flw' : 'none';
    this.monitor = new Monitor(processor.xlen, floats, csrs.resets());
    this.comparer = new Comparer(processor);
  }

  /** So many programs that come to an end, from a seed on; QEMU begins with them at once. */
  start(seed: number, count: number): Batch {
    const programs: LockstepProgram[] = [];
    for (let own = seed; programs.length < count; own++) {
      const base = layout.first + programs.length * layout.stride;
      const program = this.awake(generate(own, base, this.around));
      if (program) programs.push(program);
      else this.endless++;
    }
    return this.begin(programs);
  }

  /** Programs that stand behind one another. */
  begin(programs: readonly LockstepProgram[]): Batch {
    // Page tables that a walk changes are looked at entry by entry.
    const raw = this.around.extensions.has('svadu');
    return { programs, trace: this.tracer.run(this.processor, this.image(programs), { raw }) };
  }

  async finish({ programs, trace }: Batch): Promise<Comparison> {
    const ours = new Ours(this.processor, this.image(programs));
    return this.comparer.compare(ours, await trace, programs.length);
  }

  /** One program alone, with memory in full, and all registers read after each instruction. */
  async alone(program: LockstepProgram): Promise<Comparison> {
    const image = this.image([program]);
    const trace = await this.tracer.run(this.processor, image, {
      raw: true,
      limit: 60_000,
      every: 1,
    });
    return this.comparer.compare(new Ours(this.processor, image), trace, 1);
  }

  /** A program that comes to its end: without those WFIs that wait for ever. */
  private awake(program: LockstepProgram): LockstepProgram | undefined {
    for (let tries = mostWaits; tries > 0; tries--) {
      const outcome = this.outcome(program);
      if (outcome === 'ends') return program;
      if (outcome !== 'waits') return undefined;
      // It counts as retired.
      const at = Number(this.scout.hart.pc) - 4;
      program = without(program, new Set([at, at - layout.alias]));
    }
    return undefined;
  }

  private outcome(program: LockstepProgram): ReturnType<Ours['runsToEnd']> {
    const outcome = this.scout.runsToEnd(this.image([program]));
    if (outcome === 'off') this.scout = new Ours(this.processor, new Uint8Array(4096));
    return outcome;
  }

  ends(program: LockstepProgram): boolean {
    return this.outcome(program) === 'ends';
  }

  image(programs: readonly LockstepProgram[]): Uint8Array {
    return this.monitor.image(programs.map(placed));
  }

  /** The program with as few instructions as still make a difference of the same kind. */
  async shrink(program: LockstepProgram, tries = 80): Promise<LockstepProgram> {
    let best = program;
    const kindOf = async (candidate: LockstepProgram): Promise<string | undefined> =>
      (await this.alone(candidate)).difference?.text.replace(/[: ].*/, '');
    const kind = await kindOf(program);
    const fails = async (candidate: LockstepProgram): Promise<boolean> =>
      tries-- > 0 && this.ends(candidate) && (await kindOf(candidate)) === kind;
    if (kind === undefined) return program;
    for (let part = 2; ; part *= 2) {
      const addresses = instructionsOf(best);
      const size = Math.max(1, Math.ceil(addresses.length / part));
      for (let at = 0; at < addresses.length && tries > 0; at += size) {
        const candidate = without(best, new Set(addresses.slice(at, at + size)));
        if (await fails(candidate)) best = candidate;
      }
      if (size === 1 || tries <= 0) return best;
    }
  }
}

/** Addresses of what is neither a constant nor nothing. */
export function instructionsOf(program: LockstepProgram): number[] {
  return program.slots.flatMap((slot) => {
    let at = slot.address;
    return slot.words.flatMap((word) => {
      const own = at;
      at += word.bytes;
      return word.data || isNothing(word) ? [] : [own];
    });
  });
}

/** What is left of a program, with what it starts from where it says so itself. */
export function listing(program: LockstepProgram): string {
  const { bytes, base } = placed(program);
  const left = new Set(instructionsOf(program));
  const lines = [...left]
    .sort((a, b) => a - b)
    .map((address) => {
      const at = address - base;
      const { text } = disassemble(bytes.subarray(at, at + 4), BigInt(address), program.xlen);
      return `  ${address.toString(16)}: ${text}`;
    });
  return lines.join('\n');
}
