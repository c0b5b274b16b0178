/** Files in the user's cache of what is costly to make: whole, of the very source, or not there. */
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
import * as zlib from 'node:zlib';

/** Of bytes. Node before 20.15 has none, and then nothing is kept. */
const crc32 = (zlib as { crc32?: (data: Uint8Array, start?: number) => number }).crc32;

/**
 * Before the content: a checksum of all that follows, the source's, the content's length, and its
 * extent.
 */
const headerBytes = 16;
/** What is older counts as of no extent, so that it is made again some day. */
const freshMilliseconds = 24 * 60 * 60 * 1000;
/** What was not made again for so long is of a program or a Node that nobody starts any more. */
const keptMilliseconds = 14 * freshMilliseconds;

export class KeptFile {
  readonly content: Buffer | undefined;
  /** How much of what there could be the content has, by a measure of its owner's; 0 without it. */
  readonly extent: number = 0;
  private readonly file: string;
  private readonly source: number;
  private readonly crc32: NonNullable<typeof crc32>;

  private constructor(file: string, source: number, checksum: NonNullable<typeof crc32>) {
    this.file = file;
    this.source = source;
    this.crc32 = checksum;
    try {
      const kept = readFileSync(file);
      this.content = this.contentOf(kept);
      const isFresh = Date.now() - statSync(file).mtimeMs <= freshMilliseconds;
      if (this.content && isFresh) this.extent = kept.readUInt32LE(12);
    } catch {
      // There is none yet, or it is not ours to read.
    }
  }

  /** What this Node made of a source; undefined where nothing can be kept. */
  static of(name: string, source: Uint8Array): KeptFile | undefined {
    const folder = cacheFolder();
    if (folder === undefined || !crc32) return undefined;
    const sum = crc32(source);
    const words = [name, process.version, process.arch, hex(sum)];
    return new KeptFile(path.join(folder, `${words.join('-')}.code`), sum, crc32);
  }

  write(content: Uint8Array, extent: number): void {
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(this.source, 4);
    header.writeUInt32LE(content.length, 8);
    header.writeUInt32LE(extent, 12);
    header.writeUInt32LE(this.crc32(content, this.crc32(header.subarray(4))), 0);
    const own = `${this.file}.${process.pid}`;
    try {
      mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
      writeFileSync(own, Buffer.concat([header, content]), { mode: 0o600 });
      // Who reads at the same time gets the old file or the new one, never a part.
      renameSync(own, this.file);
      removeOld(path.dirname(this.file));
    } catch {
      // A full disk, or no place to write: the next start is as slow as this one.
    }
  }

  /** V8 looks at the head of what it is given only; that the rest is whole we see ourselves. */
  private contentOf(kept: Buffer): Buffer | undefined {
    if (kept.length < headerBytes) return undefined;
    const content = kept.subarray(headerBytes);
    if (kept.readUInt32LE(0) !== this.crc32(kept.subarray(4))) return undefined;
    const isWhole = kept.readUInt32LE(4) === this.source && kept.readUInt32LE(8) === content.length;
    return isWhole ? content : undefined;
  }
}

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
