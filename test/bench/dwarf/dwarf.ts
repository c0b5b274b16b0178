/**
 * Times of ProgramSymbols on one large file, in a process that has just started, as JSON: what is
 * looked up first, the same again, another one of its kind, and the index of names with its longest
 * step. `kind` says what comes first: `name` or `line`.
 */
import { loadProgramSymbols } from '../../../src/core/debug/symbols/programSymbols.ts';
import { openFile } from '../../../src/host/node/openFile.ts';

const [file = '', kind = '', first = '', second = ''] = process.argv.slice(2);

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

function look(place: string): number {
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
const memory = { lookups, all: process.resourceUsage().maxRSS / 1024 };
const node = process.versions.node;
const { problems } = symbols;
console.log(JSON.stringify({ node, cold, again, another, index, memory, problems }));
