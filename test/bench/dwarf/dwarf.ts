/**
 * Times of ProgramSymbols on one large file, in a process that has just started, as JSON: what is
 * looked up first, the same again, another one of its kind, the index of names with its longest step,
 * and with it a third one. `kind` says what: functions by `name`, places by `line`, types of a `cast`
 * in `do_sys_openat2`.
 */
import { loadProgramSymbols } from '../../../src/core/debug/symbols/programSymbols.ts';
import type { FrameContext } from '../../../src/core/debug/symbols/symbols.ts';
import { openFile } from '../../../src/host/node/openFile.ts';

const [file = '', kind = '', first = '', second = '', third = ''] = process.argv.slice(2);

/** Milliseconds, and how many places were found. */
function timed(look: () => number): { milliseconds: number; places: number } {
  const start = performance.now();
  const places = look();
  return { milliseconds: performance.now() - start, places };
}

const start = performance.now();
const bytes = openFile(file);
if (!bytes) throw new Error(`cannot read ${file}`);
const symbols = loadProgramSymbols([{ name: file, bytes, open: openFile }]);

const at = 'do_sys_openat2';
const context: FrameContext = {
  pc: kind === 'cast' ? (symbols.functionsNamed(at)[0]?.low ?? 0n) : 0n,
  cfa: undefined,
  readRegister: () => Promise.resolve(undefined),
  readMemory: () => Promise.resolve(new Uint8Array(0)),
};

function look(place: string): number {
  if (kind === 'cast') {
    return symbols.types(context).find({ kind: 'type', name: place, pointers: 0, count: undefined })
      ? 1
      : 0;
  }
  if (kind === 'name') return symbols.functionsNamed(place).length;
  const [source = '', line] = place.split(':');
  return symbols.locationsOfLine(source, Number(line))?.addresses.length ?? 0;
}

const { places } = timed(() => look(first));
const cold = { milliseconds: performance.now() - start, places };
const again = timed(() => look(first));
const another = timed(() => look(second));
const lookups = process.resourceUsage().maxRSS / 1024;

let longest = 0;
const began = performance.now();
let last = began;
for (const _ of symbols.prepare()) {
  const now = performance.now();
  longest = Math.max(longest, now - last);
  last = now;
}
const index = { milliseconds: performance.now() - began, longest };
const indexed = timed(() => look(third));
const memory = { lookups, all: process.resourceUsage().maxRSS / 1024 };
const node = process.versions.node;
const { problems } = symbols;
console.log(JSON.stringify({ node, cold, again, another, index, indexed, memory, problems }));
