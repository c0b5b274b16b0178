/**
 * Runs a bundle with the code that V8 made of it in an earlier run. Node's own compile cache (since
 * 22.1) keeps a file as it is before its first line has run, without the functions that are compiled
 * when they are first called, which here cost as much again.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getHeapCodeStatistics } from 'node:v8';
import { Script } from 'node:vm';
import { KeptFile } from './keptFile.ts';
import { onceBeforeFlagsChange } from './v8Flags.ts';

type Wrapper = (
  exports: unknown,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  dirname: string,
) => void;

/** By then a program has gone through what it does at its start. */
const settledMilliseconds = 1000;
/** What a program does later is looked at after so many times as long, and so on. */
const laterFactor = 10;
/** A run that called functions which none before it did has so many times as much compiled code. */
const growthWorthKeeping = 1.02;

/** The bundle is CommonJS and all ASCII, as esbuild makes them. */
export function runBundle(file: string, require: NodeJS.Require): void {
  const bytes = readFileSync(file);
  const kept = KeptFile.of(path.basename(file, '.cjs'), bytes);
  // The first line is ours, so that the bundle's own lines keep their numbers.
  const head = Buffer.from('(function (exports, require, module, __filename, __dirname) {\n');
  // Put together as bytes: V8 would copy a string that is.
  const text = Buffer.concat([head, bytes, Buffer.from('\n})')]).toString('latin1');
  const script = new Script(text, {
    filename: file,
    lineOffset: -1,
    ...(kept?.content && { cachedData: kept.content }),
  });
  if (kept) keepLater(script, kept);
  const module = { exports: {} };
  (script.runInThisContext() as Wrapper)(module.exports, require, module, file, path.dirname(file));
}

/**
 * Functions that ran are in it, so it is made when the program has run for a while. What was kept is
 * in the process, too: each run that does something new adds to it. Other code of the process, as a
 * user's handlers, counts as compiled, too, and runs without it would seem to add nothing; so what is
 * not fresh is made again all the same.
 */
function keepLater(script: Script, kept: KeptFile): void {
  /** How much compiled code there was where the code was made that is kept; 0 to make it again. */
  let compiledBytes = script.cachedDataRejected === false ? kept.extent : 0;
  let isOver = false;
  const keep = () => {
    if (isOver) return;
    // To ask takes a millisecond or two, to make the code some ten.
    const compiled = getHeapCodeStatistics().bytecode_and_metadata_size;
    if (compiled <= compiledBytes * growthWorthKeeping) return;
    compiledBytes = compiled;
    kept.write(script.createCachedData(), compiled);
  };
  const keepAfter = (delay: number): void => {
    const later = () => {
      keep();
      keepAfter(delay * laterFactor);
    };
    if (delay < longestTimer) setTimeout(later, delay).unref();
  };
  keepAfter(settledMilliseconds);
  process.once('exit', keep);
  // Code that is made after that V8 would refuse.
  onceBeforeFlagsChange(() => {
    keep();
    isOver = true;
  });
}

/** Node's timers end at once when they are to take longer. */
const longestTimer = 2 ** 31;
