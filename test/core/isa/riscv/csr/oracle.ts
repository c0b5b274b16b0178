/** Runs lists of CSR accesses on our machine, on the installed QEMU and on the newer one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { machineOnTestEngine } from '../../../../engine.ts';
import { inFolder } from '../../../../differential/assemble.ts';
import { newerQemu } from '../../../../tools/debian.mjs';
import { defined } from '../../../../../src/core/base/assert.ts';
import { hasHypervisor, xlenOf, type Processor } from './processors.ts';
import { imageOf, parseResults, type Step, type StepResult } from './program.ts';

export type Run = (steps: readonly Step[]) => StepResult[];

export function ours(processor: Processor): Run {
  const { isa } = processor;
  return (steps) => {
    const machine = machineOnTestEngine(
      {
        board: 'virt',
        mode: 'machine',
        isa,
        program: 'program.bin',
        harts: 1,
        memory: 128 << 20,
        loadFiles: [],
        calls: [],
        engine: 'auto',
        time: 'virtual',
      },
      new Map([['program.bin', imageFor(steps, processor)]]),
    );
    const parts: Uint8Array[] = [];
    machine.consoles[0]!.output.on((bytes) => parts.push(bytes.slice()));
    for (;;) {
      const stop = machine.run(1_000_000);
      if (stop.kind === 'ended') break;
      assert.equal(stop.kind, 'budget');
      assert.ok(machine.instructions < 60_000_000, 'the program does not end');
    }
    return parseResults(steps, Buffer.concat(parts));
  };
}

/** Which QEMU: 7.2, or 10. */
export function qemu(version: 'old' | 'new', processor: Processor): Run {
  const name = `qemu-system-riscv${xlenOf(processor)}`;
  const cpu = defined(processor[version], 'the name for QEMU');
  return (steps) =>
    inFolder((folder) => {
      const file = path.join(folder, 'program.bin');
      writeFileSync(file, imageFor(steps, processor));
      const [program, ...words] = version === 'old' ? [name] : newerQemu(name);
      const args = ['-M', 'virt', '-cpu', cpu, '-m', '128M', '-bios', file];
      // On a busy machine the end of what goes into a pipe has been missing.
      const results = path.join(folder, 'results');
      const quiet = ['-display', 'none', '-monitor', 'none', '-serial', `file:${results}`];
      const run = spawnSync(program!, [...words, ...args, ...quiet], {
        timeout: 120_000,
        maxBuffer: 1 << 27,
      });
      assert.equal(run.error, undefined, `${name}: ${run.error?.message}`);
      assert.equal(run.status, 0, `${run.signal} ${run.stderr.toString()}`);
      return parseResults(steps, readFileSync(results));
    });
}

const imageFor = (steps: readonly Step[], processor: Processor): Uint8Array =>
  imageOf(steps, xlenOf(processor), hasHypervisor(processor));
