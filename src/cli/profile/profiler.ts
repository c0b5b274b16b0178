/**
 * `trapline run --profile FILE`: where the guest spends its instructions and the host its time, by
 * guest function. Instructions are seen by looking at pc in short intervals of them, which makes no
 * difference to the guest; time is what V8's profiler says of the functions made of regions.
 */
import { writeFileSync } from 'node:fs';
import { Session, type Profiler as V8 } from 'node:inspector';
import path from 'node:path';
import { SourcePaths } from '../../adapter/sourcePaths.ts';
import { UserError } from '../../core/base/userError.ts';
import { loadProgramSymbols } from '../../core/debug/symbols/programSymbols.ts';
import type { ProgramSymbols } from '../../core/debug/symbols/symbols.ts';
import type { ObservedModule } from '../../core/engine/translator/observed.ts';
import { ElfFile } from '../../core/formats/elf/elf.ts';
import type { LaunchConfig, LaunchFiles } from '../../core/machine/launchConfig.ts';
import type { Machine, MachineStop } from '../../core/machine/machine.ts';
import { relocationsOf } from '../../core/registry.ts';
import { openFile } from '../../host/node/openFile.ts';
import { CpuProfile } from './cpuProfile.ts';
import { GuestFrames } from './guestFrames.ts';
import { hostProfile, type Moment } from './hostProfile.ts';

/** Instructions from one look at pc to the next, on average: some microseconds of work. */
const interval = 20_000;
/** Microseconds from one sample of V8's to the next. */
const hostInterval = 250;
const microseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** A profiler that writes into a file and knows the symbols of a launch. */
export type NewProfiler = (file: string, config: LaunchConfig, files: LaunchFiles) => Profiler;

export const newProfiler: NewProfiler = (file, config, files) =>
  new Profiler(file, config.program, symbolsOf(config, files));

export class Profiler {
  readonly longestSlice = 1_000_000;
  private readonly guest: GuestFrames;
  private readonly file: string;
  private readonly session = new Session();
  private readonly byInstructions = new CpuProfile();
  private readonly moments: Moment[] = [];
  private readonly entries = new Map<string, bigint>();
  private random = 1;

  constructor(file: string, program: string, symbols: ProgramSymbols) {
    this.file = file;
    this.guest = new GuestFrames(
      symbols,
      new SourcePaths(symbols, { sourceMap: {}, cwd: process.cwd(), program }),
    );
    this.write(file, '');
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.setSamplingInterval', { interval: hostInterval });
    this.session.post('Profiler.start');
  }

  /** The other file: with instructions for time, a thousand of them for a millisecond. */
  get instructionsFile(): string {
    const { dir, name, ext } = path.parse(this.file);
    return path.join(dir, `${name}.instructions${ext}`);
  }

  observe({ regions }: ObservedModule): void {
    for (const { name, entry } of regions) this.entries.set(name, entry);
  }

  run(machine: Machine, budget: number): MachineStop {
    for (let left = budget; ;) {
      const before = machine.harts.map(({ instructions }) => instructions);
      const slice = Math.min(left, this.nextInterval());
      const stop = machine.run(slice);
      left -= slice;
      // Of several harts the one that did most, which is as a rule the only one that ran.
      const done = machine.harts.map((hart, i) => hart.instructions - before[i]!);
      const most = Math.max(...done);
      if (most > 0) this.look(machine.harts[done.indexOf(most)]!.pc, most);
      if (stop.kind !== 'budget' || left <= 0) return stop;
    }
  }

  /** Writes both files; gives their names. */
  close(): readonly string[] {
    let profile: V8.Profile | undefined;
    this.session.post('Profiler.stop', (error, result) => {
      if (error) throw new UserError(`--profile: ${error.message}`, 'profile');
      ({ profile } = result);
    });
    this.session.disconnect();
    if (profile) {
      const made = hostProfile(profile, this.entries, this.moments, this.guest);
      this.write(this.file, made.json());
    }
    this.write(this.instructionsFile, this.byInstructions.json());
    return [this.file, this.instructionsFile];
  }

  private look(pc: bigint, instructions: number): void {
    const { stack, line } = this.guest.at(pc);
    this.byInstructions.add(stack, line, instructions);
    this.moments.push({ time: microseconds(), pc });
  }

  /** Of all lengths, the same in every run, so that no loop of the guest keeps step with it. */
  private nextInterval(): number {
    this.random = (Math.imul(this.random, 1_664_525) + 1_013_904_223) >>> 0;
    return interval / 2 + (this.random % interval);
  }

  private write(file: string, text: string): void {
    try {
      writeFileSync(file, text);
    } catch (error) {
      throw new UserError(`--profile: ${(error as Error).message}`, 'profile');
    }
  }
}

/** Of the launch's ELF files, the program first. */
function symbolsOf({ program, firmware }: LaunchConfig, files: LaunchFiles): ProgramSymbols {
  const names = [program, firmware].filter((name) => name !== undefined);
  const known = names.flatMap((name) => {
    const bytes = files.get(name);
    return bytes && ElfFile.recognises(bytes) ? [{ name, bytes, open: openFile }] : [];
  });
  return loadProgramSymbols(known, relocationsOf);
}
