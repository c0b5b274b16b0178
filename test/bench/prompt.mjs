// The first second: how long from the start of the process to hello-dbcn's first line and to U-Boot's
// prompt, with both of our engines and QEMU in turns.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { debianPackage } from '../tools/debian.mjs';
import { BenchError, median, root, versionOf } from './process.mjs';

const cli = path.join(root, 'dist/cli.cjs');
const qemu = 'qemu-system-riscv64';

export async function measurePrompt({ runs, nodes, engines, qemu: wanted }) {
  if (!existsSync(cli)) throw new BenchError('dist/cli.cjs is missing: npm run build');
  const sides = engines.length > 1 ? engines : ['auto', 'interpreter'];
  const hello = path.join(root, 'media/samples/hello-dbcn/hello-dbcn.elf');
  const uboot = path.join(debianPackage('trixie', 'u-boot-qemu'), 'usr/lib/u-boot');
  const sbi = path.join(debianPackage('trixie', 'opensbi'), 'usr/lib/riscv64-linux-gnu/opensbi');
  const machineMode = path.join(uboot, 'qemu-riscv64/u-boot.bin');
  const supervisorMode = path.join(uboot, 'qemu-riscv64_smode/u-boot.bin');
  const dynamic = path.join(sbi, 'generic/fw_dynamic.bin');
  const guests = [
    { name: 'hello-dbcn', shows: /\n/, ours: [hello] },
    {
      name: 'U-Boot',
      shows: /^=> /m,
      ours: ['--mode', 'machine', machineMode],
      theirs: ['-bios', machineMode],
    },
    {
      name: 'U-Boot on OpenSBI',
      shows: /^=> /m,
      ours: ['--mode', 'machine', '--firmware', dynamic, supervisorMode],
      theirs: ['-bios', dynamic, '-kernel', supervisorMode],
    },
    {
      name: 'U-Boot as a guest',
      shows: /^=> /m,
      ours: [supervisorMode],
      // QEMU has no hypervisor of its own: firmware beneath is what comes nearest.
      theirs: ['-bios', dynamic, '-kernel', supervisorMode],
    },
  ];
  console.log(`medians of ${runs} runs; ${versionOf(qemu) ?? 'no QEMU'}`);
  const heads = ['wall s', 'CPU s', 'wall/QEMU', 'CPU/QEMU'];
  console.log(' '.repeat(36) + heads.map((head) => head.padStart(9)).join(''));
  for (const { name, shows, ours, theirs } of guests) {
    const commands = nodes.flatMap((node) =>
      sides.map((engine) => ({
        side: `${engine}/${versionOf(node).replace(/^v(\d+).*/, '$1')}`,
        command: [node, cli, 'run', '--engine', engine, ...ours],
      })),
    );
    if (theirs && wanted) {
      const machine = ['-M', 'virt', '-m', '256M', '-nographic', '-net', 'none'];
      commands.unshift({ side: 'qemu', command: [qemu, ...machine, ...theirs] });
    }
    const samples = new Map(commands.map(({ side }) => [side, []]));
    for (let i = 0; i < runs; i++) {
      for (const { side, command } of commands) {
        samples.get(side).push(await timeUntil(shows, name, command));
      }
    }
    const of = (side, key) => median((samples.get(side) ?? []).map((sample) => sample[key]));
    for (const side of samples.keys()) {
      const ratios = samples.has('qemu')
        ? ['wall', 'cpu'].map((key) => of(side, key) / of('qemu', key))
        : [];
      const figures = [of(side, 'wall'), of(side, 'cpu'), ...ratios];
      console.log(name.padEnd(20) + side.padEnd(16) + figures.map(shown).join(''));
    }
  }
}

const shown = (value) => value.toFixed(2).padStart(9);

/** Processor time of a process with all its threads, as Linux tells it in hundredths of a second. */
function processorTime(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Until the output has what is waited for; a key stops U-Boot's countdown. */
function timeUntil(shows, name, [program, ...args]) {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    let typed = false;
    let seen;
    child.stdout.on('data', (bytes) => {
      output += bytes.toString('latin1');
      if (!typed && output.includes('Hit any key')) {
        typed = true;
        child.stdin.write(' ');
      }
      if (seen || !shows.test(output)) return;
      seen = { wall: (performance.now() - begin) / 1000, cpu: processorTime(child.pid) };
      child.kill('SIGKILL');
    });
    child.stdin.on('error', () => {});
    child.on('exit', (code) => {
      if (seen) resolve(seen);
      else reject(new BenchError(`${name}: ended with ${code}\n${output}`));
    });
  });
}
