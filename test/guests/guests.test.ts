/**
 * Self-checking guests on our engine and on QEMU. A guest ends with the number of the first check
 * that failed, so a failure here says where to look: `li s11, <number>` in its disassembly.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { makeMachine } from '../firmware/machine.ts';
import type { EndEvent } from '../../src/core/debug/target.ts';
import type { LaunchConfig } from '../../src/core/machine/launchConfig.ts';
import type { Machine } from '../../src/core/machine/machine.ts';
import { elfFiles, groups } from './build.mjs';

const folder = 'test/guests';

/** Guests that QEMU 7.2 is known not to pass; each check there quotes the specification. */
const notOnQemu = ['specification'];
/** Supervisors, which need firmware or a hypervisor under them: they have tests of their own. */
const supervisors = ['rv32-supervisor'];
/** What is particular to a guest. */
interface Special {
  /** What the guest ends with, 0 by default. */
  readonly code?: number;
  /** QEMU's board, `virt` by default, and what makes ours alike. */
  readonly board: string;
  readonly launch?: Partial<LaunchConfig>;
}
const others: Readonly<Record<string, Special>> = {
  htif: { code: 1, board: 'spike' },
  aia: {
    board: 'virt,aia=aplic-imsic,aia-guests=1',
    launch: { aia: { controllers: 'aplic-imsic', guests: 1 } },
  },
};

function runToEnd(machine: Machine): EndEvent {
  for (let slice = 0; slice < 1000; slice++) {
    const stop = machine.run(10_000);
    if (stop.kind === 'ended') return stop.end;
    assert.equal(stop.kind, 'budget', JSON.stringify(stop));
  }
  throw new Error(`no end after ${machine.instructions} instructions`);
}

describe('self-checking guests', function () {
  this.timeout(60_000);
  const group = groups.find((g) => g.folder === folder);
  assert.ok(group);
  const names = elfFiles(group)
    .map((file) => file.replace(/\.elf$/, ''))
    .filter((name) => !supervisors.includes(name));
  assert.ok(names.length >= 7);

  for (const name of names) {
    const code = others[name]?.code ?? 0;

    for (const engine of ['interpreter', 'jit', 'lockstep'] as const) {
      it(`${name} ends with ${code} on our engine, ${engine}`, () => {
        const program = `${folder}/${name}.elf`;
        const config = { engine, memory: 32 << 20, ...others[name]?.launch };
        const end = runToEnd(makeMachine({ mode: 'machine', program, ...config }));
        assert.equal(end.code, code, `check ${end.code} failed (${end.text})`);
      });
    }

    if (notOnQemu.includes(name)) continue;
    it(`${name} ends with ${code} on QEMU`, () => {
      const board = others[name]?.board ?? 'virt';
      const args = ['-M', board, '-cpu', 'rv64,h=true', '-display', 'none', '-monitor', 'none'];
      const bios = ['-serial', 'none', '-bios', `${folder}/${name}.elf`];
      const run = spawnSync('qemu-system-riscv64', [...args, ...bios], { timeout: 20_000 });
      assert.equal(run.status, code, `check ${run.status} failed\n${run.stderr}`);
    });
  }

  it('signature holds the words of its sequence', () => {
    const machine = makeMachine({ mode: 'machine', program: `${folder}/signature.elf` });
    runToEnd(machine);
    const begin = symbolAddress(`${folder}/signature.elf`, 'begin_signature');
    const end = symbolAddress(`${folder}/signature.elf`, 'end_signature');
    assert.equal(end - begin, 64);
    let expected = 1;
    for (let at = begin; at < end; at += 4) {
      assert.equal(machine.memory.read32(at), expected, `word at 0x${at.toString(16)}`);
      expected = (Math.imul(expected, 1664525) + 1013904223) >>> 0;
    }
  });
});

/** Binutils' view of a symbol, so that the test does not lean on our own ELF reader. */
function symbolAddress(file: string, name: string): number {
  assert.ok(readFileSync(file).length > 0);
  const { stdout } = spawnSync('riscv64-unknown-elf-nm', [file], { encoding: 'utf8' });
  const line = stdout.split('\n').find((l) => l.endsWith(` ${name}`));
  assert.ok(line, `${file} has no symbol ${name}`);
  return parseInt(line, 16);
}
