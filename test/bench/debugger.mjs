// What a debugger costs, as speed beside that of a plain run: breakpoints elsewhere, one with a
// condition, exits traced to a file, a watchpoint on a page that is not used.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { bundled, buildGuest } from './inProcess.mjs';
import { root } from './process.mjs';

const targets = {
  '50 breakpoints elsewhere': 0.95,
  'conditional breakpoint': 0.95,
  'exits traced to a file': 0.8,
  'watchpoint on a cold page': 0.95,
};
/**
 * Rounds of the loop in `work`, of some 11 instructions, before the guest comes by the breakpoint
 * whose condition does not hold, and between its exits.
 */
const work = { machine: 50_000, guest: 20_000 };

export async function measureDebugger({ engines, nodes }) {
  const folder = path.join(root, 'out/bench-debugger');
  mkdirSync(folder, { recursive: true });
  const source = 'debugger/debugger.S';
  buildGuest(source, path.join(folder, 'machine.elf'), 0x80000000, [`-DWORK=${work.machine}`]);
  buildGuest(source, path.join(folder, 'guest.elf'), 0x80200000, [
    `-DWORK=${work.guest}`,
    '-DGUEST',
  ]);
  const bundle = await bundled('debugger/debugger.ts', folder);
  console.log(`${'with'.padEnd(28)}${'engine'.padEnd(14)}   speed   target`);
  for (const node of nodes) {
    for (const engine of engines) {
      const output = execFileSync(node, [bundle, folder, engine], { encoding: 'utf8' });
      for (const line of output.trim().split('\n')) print(engine, JSON.parse(line));
    }
  }
}

function print(engine, { name, ratio }) {
  const missed = ratio < targets[name] ? ' missed' : '';
  const figures = `${(ratio * 100).toFixed(1).padStart(7)}%${String(targets[name] * 100).padStart(7)}%`;
  console.log(name.padEnd(28) + engine.padEnd(14) + figures + missed);
}
