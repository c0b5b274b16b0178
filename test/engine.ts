/**
 * The engine on which tests run their guests: all that one runs on is run on each of them in turn
 * (`phases` in run.mjs). Tests that are about an engine name it themselves.
 */
import type { TranslatorOptions } from '../src/core/engine/translator/translator.ts';
import type { EngineChoice, LaunchConfig, LaunchFiles } from '../src/core/machine/launchConfig.ts';
import type { Machine } from '../src/core/machine/machine.ts';
import { createMachine } from '../src/core/registry.ts';

const engines: readonly EngineChoice[] = ['auto', 'interpreter', 'jit', 'lockstep'];

const named = process.env['TRAPLINE_ENGINE'] ?? 'auto';

/** What `TRAPLINE_ENGINE` names; as a user has it by default. `drafts` is `jit` with drafts alone. */
export const testEngine = chosen(named === 'drafts' ? 'jit' : named);

/**
 * With the translator and every jump hot, so that short programs are translated at once, with code
 * that was not executed yet.
 */
export const eagerTranslation: TranslatorOptions = { period: 1, batch: 1, eager: true };

/** Everything is drafted, and what is hot after that translated in earnest. */
export const draftedTranslation: TranslatorOptions = {
  period: 1,
  batch: 1,
  drafts: { period: 1, ahead: 20, batch: 1 },
};

/** Everything is drafted at once, with code that was not executed yet, and stays so. */
export const eagerDrafts: TranslatorOptions = {
  eager: true,
  period: 1 << 20,
  drafts: { period: 1, ahead: 1 << 30, batch: 1 },
};

/** A machine on the tests' engine, unless its launch names one, for guests of a few thousand
 * instructions. */
export function machineOnTestEngine(config: LaunchConfig, files: LaunchFiles): Machine {
  const engine = config.engine === 'auto' ? testEngine : config.engine;
  return createMachine({ ...config, engine }, files, testTranslation);
}

/** For tests of what two machines that compare themselves have not: snapshots. */
export const singleEngine = testEngine === 'lockstep' ? 'jit' : testEngine;

/** How guests of a few thousand instructions are to be translated, if at all. */
export const testTranslation: TranslatorOptions | undefined =
  testEngine === 'jit' || testEngine === 'lockstep' ? hotTranslation() : undefined;

function hotTranslation(): TranslatorOptions {
  return named === 'drafts' ? eagerDrafts : eagerTranslation;
}

function chosen(name: string): EngineChoice {
  const engine = engines.find((each) => each === name);
  if (!engine) throw new Error(`TRAPLINE_ENGINE: no engine '${name}', but ${engines.join(', ')}`);
  return engine;
}
