/**
 * Runs a bundle with the code that V8 made of it in an earlier run. Node's own compile cache (since
 * 22.1) keeps a file as it is before its first line has run, without the functions that are compiled
 * when they are first called, which here cost as much again.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { getHeapCodeStatistics } from 'node:v8';
import { Script } from 'node:vm';
import * as zlib from 'node:zlib';
import { onceBeforeFlagsChange } from './v8Flags.ts';

type Wrapper = (
  exports: unknown,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  dirname: string,
) => void;

/** Of bytes. Node before 20.15 has none, and then nothing is kept. */
const crc32 = (zlib as { crc32?: (data: Uint8Array, start?: number) => number }).crc32;

/**
 * Before the code: a checksum of all that follows, the source's, the code's length, and how much
 * compiled code there was in the process that made it.
 */
const headerBytes = 16;
/** By then a program has gone through what it does at its start. */
const settledMilliseconds = 1000;
/** What a program does later is looked at after so many times as long, and so on. */
const laterFactor = 10;
/** A run that called functions which none before it did has so many times as much compiled code. */
const growthWorthKeeping = 1.02;
/**
 * What is older is made again all the same: other code of the process, as a user's handlers, counts as
 * compiled, too, and runs without it would seem to add nothing.
 */
const freshMilliseconds = 24 * 60 * 60 * 1000;
/** What was not made again for so long is of a program or a Node that nobody starts any more. */
const keptMilliseconds = 14 * freshMilliseconds;

/** The bundle is CommonJS and all ASCII, as esbuild makes them. */
export function runBundle(file: string, require: NodeJS.Require): void {
  const bytes = readFileSync(file);
  const cache = CodeCache.of(file, bytes);
  // The first line is ours, so that the bundle's own lines keep their numbers.
  const head = '(function (exports, require, module, __filename, __dirname) {\n';
  const script = new Script(`${head}${bytes.toString('latin1')}\n})`, {
    filename: file,
    lineOffset: -1,
    ...(cache?.code && { cachedData: cache.code }),
  });
  cache?.keepLater(script);
  const module = { exports: {} };
  (script.runInThisContext() as Wrapper)(module.exports, require, module, file, path.dirname(file));
}

class CodeCache {
  readonly code: Buffer | undefined;
  /** How much compiled code there was where the code was made that is kept; 0 to make it again. */
  private compiledBytes = 0;
  private readonly file: string;
  private readonly source: number;
  private readonly crc32: NonNullable<typeof crc32>;

  private constructor(file: string, source: number, checksum: NonNullable<typeof crc32>) {
    this.file = file;
    this.source = source;
    this.crc32 = checksum;
    try {
      const kept = readFileSync(file);
      this.code = this.contentOf(kept);
      const isFresh = Date.now() - statSync(file).mtimeMs <= freshMilliseconds;
      if (this.code && isFresh) this.compiledBytes = kept.readUInt32LE(12);
    } catch {
      // There is none yet, or it is not ours to read: V8 compiles the bundle.
    }
  }

  static of(bundle: string, bytes: Buffer): CodeCache | undefined {
    const folder = cacheFolder();
    if (folder === undefined || !crc32) return undefined;
    const source = crc32(bytes);
    const name = [path.basename(bundle, '.cjs'), process.version, process.arch, hex(source)];
    return new CodeCache(path.join(folder, `${name.join('-')}.code`), source, crc32);
  }

  /**
   * Functions that ran are in it, so it is made when the program has run for a while. What was kept
   * is in the process, too: each run that does something new adds to it.
   */
  keepLater(script: Script): void {
    if (script.cachedDataRejected !== false) this.compiledBytes = 0;
    let isOver = false;
    const keep = () => {
      if (isOver) return;
      // To ask takes a millisecond or two, to make the code some ten.
      const compiled = getHeapCodeStatistics().bytecode_and_metadata_size;
      if (compiled <= this.compiledBytes * growthWorthKeeping) return;
      this.compiledBytes = compiled;
      this.keep(script.createCachedData());
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

  /** V8 looks at the head of what it is given only; that the rest is whole we see ourselves. */
  private contentOf(kept: Buffer): Buffer | undefined {
    if (kept.length < headerBytes) return undefined;
    const code = kept.subarray(headerBytes);
    if (kept.readUInt32LE(0) !== this.crc32(kept.subarray(4))) return undefined;
    const isWhole = kept.readUInt32LE(4) === this.source && kept.readUInt32LE(8) === code.length;
    return isWhole ? code : undefined;
  }

  private keep(code: Buffer): void {
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(this.source, 4);
    header.writeUInt32LE(code.length, 8);
    header.writeUInt32LE(this.compiledBytes, 12);
    header.writeUInt32LE(this.crc32(code, this.crc32(header.subarray(4))), 0);
    const own = `${this.file}.${process.pid}`;
    try {
      mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
      writeFileSync(own, Buffer.concat([header, code]), { mode: 0o600 });
      // Who reads at the same time gets the old file or the new one, never a part.
      renameSync(own, this.file);
      removeOld(path.dirname(this.file));
    } catch {
      // A full disk, or no place to write: the next start is as slow as this one.
    }
  }
}

/** Node's timers end at once when they are to take longer. */
const longestTimer = 2 ** 31;

/** Of what is kept, and of what a process was writing when it ended. */
const ownName = /-[0-9a-f]{8}\.code(\.\d+)?$/;

function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    // Another program's folder may have the same name.
    if (!ownName.test(name)) continue;
    const file = path.join(folder, name);
    if (Date.now() - statSync(file).mtimeMs > keptMilliseconds) rmSync(file);
  }
}

/** Where caches of this user belong; nobody else may write there, since what is there is run. */
function cacheFolder(): string | undefined {
  const { env } = process;
  if (env.NODE_DISABLE_COMPILE_CACHE !== undefined) return undefined;
  const folder = env.NODE_COMPILE_CACHE ?? userCaches(env);
  return folder === undefined || folder === '' ? undefined : path.join(folder, 'trapline');
}

/**
 * A relative path would be whatever folder the user is in, which may be anybody's. Such an
 * XDG_CACHE_HOME is invalid and to be ignored (XDG Base Directory Specification, Basics).
 */
function userCaches(env: NodeJS.ProcessEnv): string | undefined {
  const below = (folder: string | undefined, ...names: string[]): string | undefined =>
    folder !== undefined && path.isAbsolute(folder) ? path.join(folder, ...names) : undefined;
  if (process.platform === 'win32') return below(env.LOCALAPPDATA);
  const ofSystem = process.platform === 'darwin' ? 'Library/Caches' : '.cache';
  return below(env.XDG_CACHE_HOME) ?? below(env.HOME, ofSystem);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
