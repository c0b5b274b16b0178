// What leaves fast code, as rates: round trips of calls, faults of the second stage, accesses to
// devices and control registers, traps, interrupts. Runs in one process, warm.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { buildGuest, bundled } from './inProcess.mjs';
import { BenchError, root } from './process.mjs';

/** Rounds per second that are asked for, on the machine of the reference figures. */
const targets = {
  guest_sbi_handled: 2_000_000,
  guest_sbi_forwarded: 300_000,
  guest_sbi_handler: 100_000,
  guest_faults: 200_000,
};
const loops = [
  ...['nothing', 'straddle', 'csr_scratch', 'csr_status', 'csr_pending', 'csr_time'],
  ...['csr_instret', 'mmio_load', 'mmio_store', 'mmio_time', 'trap', 'timer', 'wait'],
  ...[
    'guest_sbi_handled',
    'guest_sbi_forwarded',
    'guest_sbi_handler',
    'guest_mmio_load',
    'guest_csr_status',
  ],
  ...['guest_csr_time', 'guest_timer', 'guest_wait', 'guest_faults'],
];

export async function measureExits({ engines, nodes, filters }) {
  const wanted = loops.filter((loop) => filters.every((part) => loop.includes(part)));
  if (wanted.length === 0) throw new BenchError(`no loop matches ${filters.join(' ')}`);
  const folder = path.join(root, 'out/bench-exits');
  mkdirSync(folder, { recursive: true });
  for (const loop of wanted) {
    const base = loop.startsWith('guest') ? 0x80200000 : 0x80000000;
    buildGuest('exits/exits.S', path.join(folder, `${loop}.elf`), base, [`-DLOOP=${loop}`]);
  }
  const bundle = await bundled('exits/exits.ts', folder);
  console.log(`${'loop'.padEnd(22)}${'engine'.padEnd(14)}   rounds/s  ns each    MIPS   target`);
  for (const loop of wanted) {
    for (const node of nodes) {
      for (const engine of engines) {
        const output = execFileSync(node, [bundle, folder, engine, loop], {
          encoding: 'utf8',
          cwd: root,
        });
        print(engine, JSON.parse(output));
      }
    }
  }
}

function print(engine, { loop, rate, mips }) {
  const target = targets[loop];
  const figures = [
    Math.round(rate).toLocaleString('en').padStart(11),
    (1e9 / rate).toFixed(0).padStart(9),
    mips.toFixed(1).padStart(8),
    target ? `${target.toLocaleString('en')}${rate >= target ? '' : ' missed'}`.padStart(10) : '',
  ];
  console.log(loop.padEnd(22) + engine.padEnd(14) + figures.join(''));
}
