/** Machines for transcripts, in this thread, and places in the sample guests' sources. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { StartMachine } from '../../src/adapter/launch.ts';
import { LocalTarget } from '../../src/core/debug/localTarget.ts';
import { handlersOf } from '../../src/handlers/attach.ts';
import { machineOnTestEngine, singleEngine } from '../engine.ts';
import { nodeRunHost } from '../../src/worker/nodePort.ts';
import { Transcript } from './transcript.ts';

export const inThisThread: StartMachine = async (config, files, options) => {
  // Nobody looks on: virtual time need not wait for the clock on the wall.
  const unpaced = { ...options, pace: 'never' as const };
  const withHandlers = await handlersOf(config);
  const create = (again?: boolean) => withHandlers(machineOnTestEngine(config, files), again);
  const target = new LocalTarget(create, nodeRunHost, unpaced);
  return { target, end: () => target.dispose() };
};

/** On an engine whose machines have snapshots. */
export const withSnapshots: StartMachine = (config, files, options) =>
  inThisThread({ ...config, engine: singleEngine }, files, options);

export const sample = (name: string) => path.resolve('media/samples', name);

/** Number of the line of a file that holds a text; a test breaks loudly when it is gone. */
export function lineOf(file: string, text: string): number {
  const index = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`no line of ${file} has ${text}`);
  return index + 1;
}

/** Runs a script against a session of its own and ends the session in any case. */
export async function withTranscript(
  script: (t: Transcript) => Promise<void>,
  startMachine = inThisThread,
): Promise<void> {
  const transcript = new Transcript(startMachine);
  let passed = false;
  try {
    await script(transcript);
    passed = true;
  } finally {
    await transcript.close(passed);
  }
}

/** `initialize` and `launch` until breakpoints may be set; what is announced is in exitFilters. */
export async function launch(t: Transcript, attributes: object): Promise<void> {
  await t.requestQuietly('initialize', { adapterID: 'trapline', clientID: 'test' });
  await t.request('launch', attributes);
  await t.event('initialized');
}

/** Name and value of each row, as the client would show them. */
export async function rows(t: Transcript, variablesReference: number) {
  const { variables } = await t.request('variables', { variablesReference });
  return variables as { name: string; value: string; variablesReference: number }[];
}
