/**
 * A snapshot as bytes: a magic word, the version, a checksum, then a header in JSON with everything
 * but memory, then the pages. Numbers are little-endian. What it holds is checked as far as it is
 * read here; whether it fits a machine, its components say when it is restored.
 */
import {
  fields,
  list,
  mustFit,
  optional,
  text,
  whole,
  within,
  type Shape,
} from '../base/persist.ts';
import { defined } from '../base/assert.ts';
import { UserError } from '../base/userError.ts';
import { filledRegion, pagesOf, snapshotPage } from '../memory/memorySnapshots.ts';
import type { MachineSnapshot } from './machineSnapshots.ts';

/** `TRAPSNAP`. */
const magic = [0x50415254, 0x50414e53] as const;
const fileVersion = 1;
/** Magic, version, checksum of what follows, bytes of the header. */
const prefixWords = 5;
const checksumAt = 3;

interface Header {
  readonly identity: MachineSnapshot['identity'];
  readonly instructions: number;
  readonly components: unknown;
  /** The pages follow the header, those of each region in this order. */
  readonly regions: readonly {
    readonly name: string;
    readonly base: number;
    readonly size: number;
    readonly pages: readonly number[];
  }[];
}

/** Of a complete snapshot, see `MachineSnapshots.complete`. */
export function encodeSnapshot(snapshot: MachineSnapshot): Uint8Array {
  const { identity, instructions, components, memory } = snapshot;
  const pages = memory.regions.map((region) => [...pagesOf(region)]);
  const regions = memory.regions.map(({ name, base, size }, i) => ({
    ...{ name, base, size },
    pages: pages[i]!.map(([number]) => number),
  }));
  const header: Header = { identity, instructions, components: plain(components), regions };
  // Spaces behind the header bring the pages to a multiple of their words.
  const json = JSON.stringify(header);
  const encoded = ascii(json.padEnd(json.length + 4));
  const headerWords = Math.floor(encoded.length / 4);
  const count = pages.reduce((sum, list) => sum + list.length, 0);
  const words = new Uint32Array(prefixWords + headerWords + (count * snapshotPage) / 4);
  const bytes = new Uint8Array(words.buffer);
  bytes.set(encoded.subarray(0, headerWords * 4), prefixWords * 4);
  let at = prefixWords + headerWords;
  for (const [, { content }] of pages.flat()) {
    words.set(defined(content, 'pages of a complete snapshot'), at);
    at += snapshotPage / 4;
  }
  words.set([...magic, fileVersion, 0, headerWords * 4]);
  words[checksumAt] = checksum(words);
  return bytes;
}

/** Throws `UserError`, with what is wrong, for what is no snapshot or is damaged. */
export function decodeSnapshot(bytes: Uint8Array, name: string): MachineSnapshot {
  const refuse = (why: string): never => {
    throw new UserError(`${name}: ${why}`, name);
  };
  // A copy, as words must begin at a multiple of four.
  const words = new Uint32Array(bytes.length >>> 2);
  new Uint8Array(words.buffer).set(bytes.subarray(0, words.byteLength));
  const [first, second, version, sum, headerBytes] = words;
  if (first !== magic[0] || second !== magic[1]) return refuse('this is no snapshot of Trapline');
  if (version !== fileVersion) {
    return refuse(`a snapshot of version ${version}; this Trapline reads ${fileVersion}`);
  }
  const isWhole = words.length * 4 === bytes.length && checksum(words) === sum;
  const start = prefixWords + headerBytes! / 4;
  if (!isWhole || start > words.length) return refuse('the snapshot is damaged or cut short');
  const header = headerOf(bytes.subarray(prefixWords * 4, start * 4), name);
  let at = start;
  const regions = header.regions.map(({ pages, ...region }) => {
    const content = pages.map((number) => {
      const page = words.slice(at, (at += snapshotPage / 4));
      return [number, page] as const;
    });
    return filledRegion(region, content);
  });
  if (at !== words.length) return refuse('the snapshot has other pages than it says');
  const { identity, instructions, components } = header;
  const held = (words.length - start) * 4;
  const memory = { regions, bytes: held, newBytes: held };
  return {
    ...{ identity, instructions, memory },
    components: revived(components) as MachineSnapshot['components'],
  };
}

/** More than any machine has, which lies in one WebAssembly memory. */
const mostMemory = 2 ** 33;

const isObject: Shape = fields({});
const shape = fields({
  ...{ identity: isObject, instructions: whole, components: isObject },
  regions: list(
    fields({ name: text, base: whole, size: within(0, mostMemory), pages: list(whole) }),
  ),
});

function headerOf(bytes: Uint8Array, name: string): Header {
  let header: Header;
  try {
    header = JSON.parse(fromAscii(bytes)) as Header;
  } catch {
    throw new UserError(`${name}: the snapshot's header cannot be read`, name);
  }
  mustFit(`${name}`, header, shape);
  const memory = header.regions.reduce((sum, { size }) => sum + size, 0);
  mustFit(name, memory, within(0, mostMemory));
  for (const { size, pages } of header.regions) {
    const page = within(0, Math.ceil(size / snapshotPage) - 1);
    mustFit(`${name}`, pages, list(page));
  }
  for (const each of Object.values(header.identity)) mustFit(name, each, text);
  for (const each of Object.values(header.components as object)) {
    mustFit(name, each, fields({ version: whole, state: optional(() => undefined) }));
  }
  return header;
}

const arrays = { Uint8Array, Int8Array, Uint32Array, Float64Array } as const;

/** What JSON has no word for is an object with one key that begins so. */
const mark = '$';

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return { $big: value.toString() };
  if (value === undefined) return { $undefined: 0 };
  if (value === Infinity) return { $infinity: 0 };
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    return { [mark + value.constructor.name]: [...(value as Uint8Array)] };
  }
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** States are not deep. */
const deepest = 64;

function revived(value: unknown, depth = 0): unknown {
  if (depth > deepest) throw new UserError('the snapshot has states within states without end');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => revived(each, depth + 1));
  const entries = Object.entries(value);
  const [name, content] = entries[0] ?? [];
  if (entries.length === 1 && name?.startsWith(mark)) return special(name.slice(1), content);
  return Object.fromEntries(entries.map(([each, of]) => [each, revived(of, depth + 1)]));
}

function special(kind: string, content: unknown): unknown {
  if (kind === 'undefined') return undefined;
  if (kind === 'infinity') return Infinity;
  if (kind === 'big' && /^-?\d{1,40}$/.test(String(content))) return BigInt(String(content));
  const made = Object.entries(arrays).find(([name]) => name === kind)?.[1];
  if (made && Array.isArray(content)) return made.from(content.map(Number));
  throw new UserError(`the snapshot has a value of a kind that there is not: ${kind}`);
}

/** FNV-1a over words, behind the place where it stands itself. */
function checksum(words: Uint32Array): number {
  let sum = 0x811c9dc5;
  for (let i = checksumAt + 1; i < words.length; i++) sum = Math.imul(sum ^ words[i]!, 0x01000193);
  return sum >>> 0;
}

/** Characters beyond ASCII as JSON's escapes. */
function ascii(json: string): Uint8Array {
  const escaped = json.replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return Uint8Array.from(escaped, (unit) => unit.charCodeAt(0));
}

function fromAscii(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  }
  return pieces.join('');
}
