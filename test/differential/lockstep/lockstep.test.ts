/**
 * Random programs in lock step with QEMU: all state compared after each instruction, memory after
 * each program. `../README.md` says how to run more of them.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Difference } from './compare.ts';
import type { LockstepProgram } from './generator.ts';
import { processors, type LockstepProcessor } from './processors.ts';
import { listing, Session } from './session.ts';
import { Tracer } from './tracer.ts';

const seed = Number(process.env['TRAPLINE_DIFFERENTIAL_SEED'] ?? 1);
/** Of RV64; other processors have a share of it besides. */
const goal = Number(process.env['TRAPLINE_LOCKSTEP_INSTRUCTIONS'] ?? 1_000_000);
const programsAtOnce = 28;
/** Differences that are shown, each shrunk; an evening's run goes on to the end. */
const mostShown = 3;

/** Follows programs until so many instructions were compared. */
async function compare(
  processor: LockstepProcessor,
  tracer: Tracer,
  instructions: number,
): Promise<void> {
  const session = new Session(processor, tracer);
  const met = new Map<string, number>();
  const failures: string[] = [];
  const fail = async (program: LockstepProgram, { pc, text }: Difference): Promise<void> => {
    const where = `program ${program.seed} at 0x${pc.toString(16)}: ${text}`;
    console.error(where);
    const shown = failures.length < mostShown ? await shrunk(session, program) : '';
    failures.push(`${where}\n${shown}`);
    console.error(shown);
  };
  let compared = 0;
  let handling = 0;
  let programs = 0;
  // QEMU runs the next programs while those before are compared.
  let own = seed * 1_000_003;
  const next = () => {
    const batch = session.start(own, programsAtOnce);
    own = batch.programs.at(-1)!.seed + 1;
    return batch;
  };
  for (let batch = next(); compared < instructions;) {
    await batch.trace;
    const following = next();
    for (let rest = batch; rest.programs.length > 0;) {
      const result = await session.finish(rest);
      compared += result.instructions;
      handling += result.handling;
      programs += result.programs;
      for (const [name, count] of result.deviations) met.set(name, (met.get(name) ?? 0) + count);
      if (result.difference)
        await fail(rest.programs[result.difference.program]!, result.difference);
      const left = rest.programs.slice(result.programs);
      if (left.length === 0) break;
      rest = session.begin(left);
    }
    batch = following;
  }
  const [count, others] = [compared, compared - handling].map((n) => n.toLocaleString('en'));
  console.log(
    `      ${count} instructions of ${programs} programs compared, seed ${seed}; ` +
      `${others} of them not the trap handler's`,
  );
  for (const [name, times] of met) console.log(`        ${times} times: ${name}`);
  assert.equal(failures.length, 0, failures.slice(0, mostShown).join('\n'));
}

async function shrunk(session: Session, program: LockstepProgram): Promise<string> {
  const least = await session.shrink(program);
  const { difference } = await session.alone(least);
  if (!difference) return 'alone it makes no difference';
  return `shrunk, at 0x${difference.pc.toString(16)}: ${difference.text}\n${listing(least)}`;
}

describe('lock step with QEMU', () => {
  let tracer: Tracer;
  before(() => {
    tracer = new Tracer(path.resolve('test/differential/lockstep/tracer.c'));
  });
  after(() => tracer.remove());

  for (const processor of processors) {
    const own = Math.ceil(goal * processor.share);
    it(`${processor.name}: at least ${own.toLocaleString('en')} instructions`, async function () {
      this.timeout(0);
      await compare(processor, tracer, own);
    });
  }
});
