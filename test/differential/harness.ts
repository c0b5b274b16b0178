/**
 * Runs one program on our machine and on QEMU and compares what both send to the console: the log,
 * then data and page tables as the program left them.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineChoice, LaunchConfig } from '../../src/core/machine/launchConfig.ts';
import { createMachine } from '../../src/core/registry.ts';
import { qemuCpu, qemuProgram } from '../firmware/qemu.ts';
import { newerQemu } from '../tools/debian.mjs';
import { assemble, inFolder } from './assemble.ts';
import { layout } from './layout.ts';
import type { Program } from './program.ts';
import { eagerTranslation } from '../engine.ts';

type Xlen = 32 | 64;
/** What a record of a trap begins with, which is no number of a test. */
const marks = { 32: 0x5452_4150n, 64: 0x7472_6170_5452_4150n } as const;
const trapWords = 8;

/**
 * The handler writes a record of eight words for each trap: a mark, mcause, mepc, mtval, mtinst,
 * mtval2, mstatus, and the number of the test. Traps that M-mode's own instructions cause skip the
 * instruction; others, and faults of fetches, go on at x27 in M-mode.
 */
function source(xlen: Xlen): string {
  const [store, word] = xlen === 64 ? ['sd', 8] : ['sw', 4];
  return `
  .globl _start
_start: j start
  .balign 8
handler:
  li x31, 0x${marks[xlen].toString(16)}
  ${store} x31, ${0 * word}(gp)
  csrr x31, mcause
  ${store} x31, ${1 * word}(gp)
  csrr x31, mepc
  ${store} x31, ${2 * word}(gp)
  csrr x31, mtval
  ${store} x31, ${3 * word}(gp)
  csrr x31, mtinst
  ${store} x31, ${4 * word}(gp)
  csrr x31, mtval2
  ${store} x31, ${5 * word}(gp)
  csrr x31, mstatus
  ${store} x31, ${6 * word}(gp)
  ${store} x30, ${7 * word}(gp)
  addi gp, gp, ${trapWords * word}
  # Bits 12:11 are MPP: only M-mode goes on behind its instruction.
  srli x29, x31, 11
  andi x29, x29, 3
  xori x29, x29, 3
  bnez x29, elsewhere
  csrr x31, mcause
  addi x29, x31, -1
  beqz x29, elsewhere
  csrr x31, mepc
  lhu x29, 0(x31)
  andi x29, x29, 3
  addi x29, x29, -3
  addi x31, x31, 2
  bnez x29, 1f
  addi x31, x31, 2
1: csrw mepc, x31
  j back
elsewhere:
  csrw mepc, x27
back:
  li x31, 0x1800
  csrs mstatus, x31
  # Loads and stores are M-mode's again.
  li x31, 0x20000
  csrc mstatus, x31
  ${xlen === 64 ? 'li x31, 0x8000000000' : 'li x31, 0x80'}
  csrc ${xlen === 64 ? 'mstatus' : 'mstatush'}, x31
  mret
start:
  csrw mie, zero
  la x31, handler
  csrw mtvec, x31
  li gp, ${layout.log}
  li tp, ${layout.data}
  li x30, 0
  li x31, ${layout.body}
  jr x31
  .org 0x800
finish:
  csrw mie, zero
  csrw satp, zero
  li s0, ${layout.log}
  ${store} gp, -${word}(s0)
  addi s0, s0, -${word}
  mv s1, gp
  call send
  li s0, ${layout.data}
  li s1, ${layout.data + layout.dataBytes}
  call send
  li s0, ${layout.tables}
  li s1, ${layout.tables + layout.tableBytes}
  beqz tp, 1f
  call send
1: li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1: j 1b
send:
  li t0, 0x10000000
1: lbu t1, 5(t0)
  andi t1, t1, 0x20
  beqz t1, 1b
  lbu t1, 0(s0)
  sb t1, 0(t0)
  addi s0, s0, 1
  bltu s0, s1, 1b
  ret
`;
}

const trapNames = ['', 'mcause', 'mepc', 'mtval', 'mtinst', 'mtval2', 'mstatus', 'test'] as const;
const harnesses = new Map<Xlen, Uint8Array>();

export function harness(xlen: Xlen = 64): Uint8Array {
  let bytes = harnesses.get(xlen);
  if (!bytes) harnesses.set(xlen, (bytes = assemble(source(xlen), layout.base, xlen)));
  return bytes;
}

export interface LogRecord {
  /** Number of the test. */
  readonly test: number;
  readonly trap?: Readonly<Record<string, bigint>>;
  readonly value?: bigint;
}

export interface Outcome {
  readonly log: readonly LogRecord[];
  readonly memory: Uint8Array;
}

/** A processor under both its names. */
export interface Processor {
  readonly isa: string;
  readonly xlen?: Xlen;
  /** As QEMU's `-cpu` takes it. */
  readonly qemu: string;
  /** It takes the QEMU of a later Debian. */
  readonly newer?: boolean;
  /** QEMU's board, `virt` by default, and what makes ours alike. */
  readonly board?: string;
  readonly launch?: Partial<LaunchConfig>;
}

/** The base that other processors add to. */
export const defaultProcessor: Processor = {
  isa: 'rv64imach_zicsr_zifencei_sstc',
  qemu: [qemuCpu, ...'f d zba zbb zbc zbs'.split(' ').map((name) => `${name}=off`)].join(),
};

export function runOnQemu(image: Uint8Array, processor = defaultProcessor): Outcome {
  const { qemu, xlen = 64, newer = false, board = 'virt' } = processor;
  return inFolder((folder) => {
    const file = path.join(folder, 'program.bin');
    writeFileSync(file, image);
    const args = ['-M', board, '-cpu', qemu, '-m', '128M', '-bios', file];
    const quiet = ['-display', 'none', '-monitor', 'none', '-serial', 'stdio'];
    const name = xlen === 64 ? qemuProgram : 'qemu-system-riscv32';
    const [program, ...words] = newer ? newerQemu(name) : [name];
    const run = spawnSync(program!, [...words, ...args, ...quiet], {
      timeout: 60_000,
      maxBuffer: 1 << 26,
    });
    assert.equal(run.error, undefined, `${program}: ${run.error?.message}`);
    assert.equal(run.status, 0, `${run.signal} ${run.stderr.toString()}`);
    return parse(run.stdout, xlen);
  });
}

/** `budgets` cuts the run into slices; it must make no difference. */
export function runOnOurs(
  image: Uint8Array,
  budgets: () => number = () => 100_000,
  { isa, launch, xlen = 64 }: Processor = defaultProcessor,
  engine: EngineChoice = 'interpreter',
): Outcome {
  const machine = createMachine(
    {
      board: 'virt',
      mode: 'machine',
      isa,
      program: 'program.bin',
      harts: 1,
      memory: 128 << 20,
      loadFiles: [],
      calls: [],
      engine,
      time: 'virtual',
      ...launch,
    },
    new Map([['program.bin', image]]),
    eagerTranslation,
  );
  const parts: Uint8Array[] = [];
  machine.consoles[0]!.output.on((bytes) => parts.push(bytes.slice()));
  for (;;) {
    const stop = machine.run(budgets());
    if (stop.kind === 'ended') break;
    assert.equal(stop.kind, 'budget');
    assert.ok(machine.instructions < 100_000_000, 'the program does not end');
  }
  return parse(Buffer.concat(parts), xlen);
}

function parse(bytes: Buffer, xlen: Xlen): Outcome {
  const size = xlen / 8;
  const read = (at: number): bigint =>
    size === 8 ? bytes.readBigUInt64LE(at) : BigInt(bytes.readUInt32LE(at));
  const end = size + Number(read(0)) - layout.log;
  const log: LogRecord[] = [];
  for (let at = size; at < end;) {
    const word = (i: number): bigint => read(at + i * size);
    if (word(0) === marks[xlen]) {
      const trap = Object.fromEntries(trapNames.map((name, i) => [name, word(i)]).slice(1, 7));
      log.push({ test: Number(word(7)), trap: trap as Record<string, bigint> });
      at += trapWords * size;
    } else {
      log.push({ test: Number(word(0)), value: word(1) });
      at += 2 * size;
    }
  }
  return { log, memory: bytes.subarray(end) };
}

/** Whether a difference is one that is known of QEMU 7.2. */
export type Deviation = (test: string, ours: LogRecord, theirs: LogRecord) => boolean;

/** Says where our log leaves QEMU's; known deviations apart. */
export function compare(
  program: Program,
  ours: Outcome,
  theirs: Outcome,
  deviates: Deviation,
): string[] {
  const differences: string[] = [];
  const length = Math.max(ours.log.length, theirs.log.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [ours.log[i], theirs.log[i]];
    if (a && b && show(a) === show(b)) continue;
    const test = program.tests[(a ?? b)!.test] ?? '?';
    if (a && b && deviates(test, a, b)) continue;
    differences.push(`${test}\n  ours ${a ? show(a) : 'ended'}\n  QEMU ${b ? show(b) : 'ended'}`);
    if (a?.test !== b?.test || !a?.trap !== !b?.trap) break;
  }
  for (let at = 0; at < theirs.memory.length; at++) {
    if (ours.memory[at] === theirs.memory[at]) continue;
    const address =
      layout.data +
      at +
      (at >= layout.dataBytes ? layout.tables - layout.data - layout.dataBytes : 0);
    const hex = (n: number | undefined): string => (n ?? -1).toString(16);
    differences.push(
      `memory 0x${hex(address)}: ${hex(ours.memory[at])}, QEMU ${hex(theirs.memory[at])}`,
    );
    if (differences.length > 20) break;
  }
  return differences;
}

function show({ test, trap, value }: LogRecord): string {
  if (!trap) return `${test}: 0x${value!.toString(16)}`;
  const parts = Object.entries(trap).map(([name, v]) => `${name}=${v.toString(16)}`);
  return `${test}: trap ${parts.join(' ')}`;
}
