/** Random programs in two machines, interpreted and translated: both must be alike after each slice. */
import assert from 'node:assert/strict';
import type { TranslatorOptions } from '../../../src/core/engine/translator/translator.ts';
import type { Machine } from '../../../src/core/machine/machine.ts';
import type { MachineSnapshot } from '../../../src/core/machine/machineSnapshots.ts';
import { createMachine } from '../../../src/core/registry.ts';
import { assemble } from '../../differential/assemble.ts';
import type { Random } from '../../differential/random.ts';
import { ramBase } from '../isa/riscv/rig.ts';
import { PageTables } from './pageTables.ts';
import { given, layout, pageCount, RandomCode, windowAddress } from './randomCode.ts';

interface RandomRun {
  readonly xlen: 32 | 64;
  readonly harts: number;
  readonly slices: number;
  /** The longest slice. */
  readonly longest: number;
  readonly translation: TranslatorOptions;
}

const controlRegisters = ['mstatus', 'mip', 'mepc', 'mcause', 'mtval', 'sscratch', 'fcsr', 'fa0'];
/** Some pages of many have no translation. */
const holes = 8;

/** Runs one random program; gives the translated machine. */
export function runRandomly(random: Random, run: RandomRun): Machine {
  const { xlen, harts } = run;
  const source = new RandomCode(random, xlen, harts).program();
  const program = assemble(source, ramBase, xlen);
  const machines = (['interpreter', 'jit'] as const).map((engine) =>
    createMachine(
      {
        ...{ board: 'virt', mode: 'machine', isa: `rv${xlen}gc`, program: 'a.bin', harts },
        ...{ memory: layout.ramEnd, loadFiles: [], calls: [], engine, time: 'virtual' },
      },
      new Map([['a.bin', program]]),
      run.translation,
    ),
  );
  const [model, other] = machines as [Machine, Machine];
  const modes = Array.from({ length: harts }, () => random.below(xlen === 64 ? 4 : 2));
  for (const machine of machines) modes.forEach((mode, hart) => begin(machine, hart, mode));
  let saved: readonly MachineSnapshot[] | undefined;
  for (let n = 0; n < run.slices; n++) {
    const hart = random.below(harts);
    if (random.below(15) === 0) {
      const { pc } = model.harts[hart]!;
      const near = [pc, pc + 2n * BigInt(random.below(30))];
      const addresses = random.below(2) === 0 ? [] : near;
      for (const machine of machines) machine.harts[hart]!.setBreakpoints(addresses);
    }
    if (random.below(25) === 0) {
      const before = random.below(2) === 0 ? saved : undefined;
      if (before) machines.forEach((machine, i) => machine.snapshots!.restore(before[i]!));
      else saved = machines.map((machine) => machine.snapshots!.take());
    }
    const budget = 1 + random.below(random.pick([3, 60, run.longest]));
    const only = random.below(2) === 0 ? undefined : hart;
    const stop = model.run(budget, only);
    assert.deepEqual(other.run(budget, only), stop);
    compare(model, other, program.length & -4, source);
    if (stop.kind === 'breakpoint') {
      for (const machine of machines) machine.harts[stop.hart]!.skipBreakpointOnce();
    }
  }
  return other;
}

/** `mode` 0: M-mode, 1: S-mode, more: S-mode with pages. */
function begin(machine: Machine, index: number, mode: number): void {
  const hart = machine.harts[index]!;
  const pages = ramBase + layout.pages;
  hart.pc = BigInt(ramBase);
  hart.writeRegister(given.mode, mode === 0 ? 0x1880n : 0x880n);
  hart.writeRegister(given.interrupts, 0x88n);
  hart.writeRegister(given.pages, BigInt(pages));
  hart.writeRegister('s9', BigInt(ramBase + layout.ramEnd - 24));
  hart.writeRegister(given.satp, 0n);
  if (mode < 2) return;
  const tables = new PageTables(machine, index);
  for (const gigabyte of [0, 2]) tables.identity(gigabyte);
  tables.map(windowAddress, ramBase + layout.window);
  const seen = windowAddress + 0x10_0000;
  for (let i = 0; i < pageCount; i++) {
    if (i % holes !== 5) tables.map(seen + i * 4096, pages + ((i * 37) % pageCount) * 4096);
  }
  hart.writeRegister(given.pages, BigInt(seen));
  hart.writeRegister(given.satp, tables.register(index));
  hart.writeRegister(given.entry, BigInt(tables.entryOf(windowAddress)));
}

function compare(model: Machine, other: Machine, bytes: number, source: string): void {
  const names = [...model.isa.registers.map(({ name }) => name), ...controlRegisters];
  const state = (machine: Machine): unknown => ({
    ...{ instructions: machine.instructions, steps: machine.steps },
    harts: machine.harts.map((hart) => ({
      ...{ pc: hart.pc, mode: hart.modeName, instructions: hart.instructions },
      registers: Object.fromEntries(names.map((name) => [name, hart.readRegister(name)])),
    })),
  });
  assert.deepEqual(state(other), state(model), source);
  for (const [from, size] of [
    [0, bytes],
    [layout.pages, pageCount * 4096],
    [layout.ramEnd - 64, 64],
  ] as const) {
    const [expected, found] = [model, other].map(({ memory }) =>
      Buffer.from(memory.view8(ramBase + from, size)!),
    );
    assert.equal(Buffer.compare(found!, expected!), 0, `memory from ${from} on\n${source}`);
  }
}
