/**
 * Every floating-point row with every rounding mode on operands biased to the hard cases, on QEMU
 * and on our hart. TRAPLINE_FLOAT_VECTORS sets the number per row and mode, TRAPLINE_SEED the seed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { machineOnTestEngine } from '../../../../engine.ts';
import { qemuProgram } from '../../../../firmware/qemu.ts';
import { Random } from './operands.ts';
import { baseRows, complaintsOf, image, makeVectors, newerRows, type Vector } from './vectors.ts';

const count = Number(process.env['TRAPLINE_FLOAT_VECTORS'] ?? 200);
const seed = Number(process.env['TRAPLINE_SEED'] ?? Date.now() % 1e9);
const memory = 1 << 30;
/** Vectors in one image. */
const most = 500_000;

function onQemu(bytes: Uint8Array): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-float-'));
  try {
    const file = path.join(folder, 'vectors.bin');
    writeFileSync(file, bytes);
    const machine = ['-M', 'virt', '-cpu', 'rv64,Zfh=on', '-m', `${memory >> 20}M`, '-bios', file];
    const quiet = ['-display', 'none', '-monitor', 'none', '-serial', 'stdio'];
    const run = spawnSync(qemuProgram, [...machine, ...quiet], { timeout: 300_000 });
    assert.equal(run.status, 0, `${run.error ?? ''} ${run.stderr?.toString()}`);
    return run.stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function onOurs(bytes: Uint8Array): Buffer {
  const machine = machineOnTestEngine(
    {
      board: 'virt',
      mode: 'machine',
      isa: 'rv64gc_zfh_zfa',
      program: 'vectors.bin',
      harts: 1,
      memory,
      loadFiles: [],
      calls: [],
      engine: 'auto',
      time: 'virtual',
    },
    new Map([['vectors.bin', bytes]]),
  );
  const parts: Uint8Array[] = [];
  machine.consoles[0]!.output.on((sent) => parts.push(sent.slice()));
  for (;;) {
    const stop = machine.run(1_000_000);
    if (stop.kind === 'ended') return Buffer.concat(parts);
    assert.equal(stop.kind, 'budget');
  }
}

/** `run` on all vectors, a part at a time. */
function check(vectors: readonly Vector[], run: (bytes: Uint8Array) => Buffer): void {
  for (let first = 0; first < vectors.length; first += most) {
    const part = vectors.slice(first, first + most);
    assert.deepEqual(complaintsOf(run(image(part)), part), [], `seed ${seed}`);
  }
}

describe('core/isa/riscv/float/vectors', function () {
  this.timeout(0);

  it('gives what QEMU gives', () => {
    check(makeVectors(baseRows, count, new Random(seed)), onQemu);
  });

  it('is what the rows execute', () => {
    check(makeVectors([...baseRows, ...newerRows], count, new Random(seed)), onOurs);
  });

  it('notices a wrong result and wrong flags', () => {
    const vectors = makeVectors(baseRows.slice(0, 1), 4, new Random(seed));
    const [first, second, ...rest] = vectors;
    const broken = [
      { ...first!, result: first!.result ^ 1n },
      { ...second!, flags: second!.flags ^ 1 },
    ];
    const bytes = image([...broken, ...rest]);
    for (const run of [onOurs, onQemu]) {
      assert.equal(complaintsOf(run(bytes), vectors).length, 2);
    }
  });
});
