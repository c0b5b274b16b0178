/**
 * Every CSR number, in every mode, read and written, on processors with and without extensions and
 * with everything open, everything closed and gates at random: whether the access is legal, and
 * which trap it takes otherwise, as QEMU has it or as the specification says against QEMU.
 */
import assert from 'node:assert/strict';
import { CSR } from '../../../../../src/core/isa/riscv/csr/numbers.ts';
import { Random } from '../../../../differential/random.ts';
import { ours, qemu } from './oracle.ts';
import { processors, xlenOf, type Processor } from './processors.ts';
import { modes, readStep, touchStep, writeStep, type ModeName, type Step } from './program.ts';

interface Access {
  readonly mode: ModeName;
  readonly csr: number;
  readonly write: boolean;
}

interface Difference extends Access {
  readonly version: 'old' | 'new';
  readonly ours: number;
  readonly theirs: number;
}

const [illegal, virtual] = [2, 22];
const level = (csr: number): number => (csr >>> 8) & 3;
const isCounter = (csr: number): boolean => (csr & ~0x9f) === CSR.cycle;
const readOnly = (csr: number): boolean => csr >>> 10 === 3;

type Known = (d: Difference) => boolean;

/** What QEMU does otherwise than the manual, with the manual's sentence. */
const deviations: readonly (readonly [sentence: string, Known])[] = [
  [
    'in VU-mode, attempts to access an implemented non-high-half supervisor CSR when the same access (read/write) would be allowed in HS-mode (7.2: illegal)',
    (d) =>
      d.version === 'old' && d.mode === 'VU' && level(d.csr) === 1 && isPair(d, virtual, illegal),
  ],
  [
    'in VU-mode, attempts to access a non-high-half counter CSR when the corresponding bit in either hcounteren or scounteren is 0 and the same bit in mcounteren is 1',
    (d) => d.mode === 'VU' && isCounter(d.csr) && isPair(d, virtual, illegal),
  ],
  [
    'An instruction is HS-qualified if it would be valid to execute in HS-mode: what mstateen0 closes is not',
    (d) => d.version === 'new' && isPair(d, illegal, virtual),
  ],
  [
    'HS-qualified, assuming fields TSR and TVM of CSR mstatus are both zero: TVM does not concern VS-mode',
    (d) => d.mode === 'VS' && d.csr === CSR.satp && d.theirs === illegal,
  ],
  [
    'If csrrs specifies a register holding a zero value other than x0, the instruction will still attempt to write the unmodified value back to the CSR',
    (d) => d.version === 'old' && readOnly(d.csr) && d.write && d.ours === illegal,
  ],
  [
    'VS/VU, SSEED 1: A read-write seed access raises a virtual-instruction exception',
    (d) => d.csr === CSR.seed && d.write && isPair(d, virtual, illegal),
  ],
  [
    'When TVM=1, attempts to read or write the satp or hgatp CSR in HS-mode raise an illegal-instruction exception',
    (d) => d.mode === 'HS' && d.csr === CSR.hgatp && d.ours === illegal,
  ],
  [
    'hedelegh and medelegh are of version 1.13 of the manual; QEMU 7.2 knows 1.12',
    (d) => d.version === 'old' && (d.csr === 0x612 || d.csr === 0x312) && d.theirs === illegal,
  ],
  [
    'mseccfgh aliases bits 63:32 of mseccfg when XLEN is 32; QEMU has none',
    (d) => d.csr === 0x757 && d.theirs === illegal,
  ],
  [
    'When XLEN>32, an attempt to access a high-half CSR always raises an illegal-instruction exception; QEMU 10 has those of the state enables, 7.2 those of event selectors',
    (d) =>
      d.ours === illegal &&
      (d.version === 'new'
        ? (d.csr >= 0x31c && d.csr <= 0x31f) || (d.csr >= 0x61c && d.csr <= 0x61f)
        : d.csr >= 0x723 && d.csr <= 0x73f),
  ],
  [
    'Sstc and H: "a similar facility to the Hypervisor extension for VS-mode": without H there is no vstimecmp',
    (d) => d.version === 'old' && d.csr === CSR.vstimecmp && d.ours === illegal,
  ],
];

const isPair = (d: Difference, mine: number, theirs: number): boolean =>
  d.ours === mine && d.theirs === theirs;

/** Registers that open and close others, and of RV32 their upper halves. */
const gates = (xlen: 32 | 64): readonly number[] => [
  ...[CSR.mcounteren, CSR.hcounteren, CSR.scounteren, CSR.mseccfg],
  ...[CSR.menvcfg, CSR.henvcfg].flatMap((csr) => halves(csr, xlen)),
  ...[0, 1, 2, 3].flatMap((i) => [
    ...[CSR.mstateen0, CSR.hstateen0].flatMap((csr) => halves(csr + i, xlen)),
    CSR.sstateen0 + i,
  ]),
];
const halves = (csr: number, xlen: 32 | 64): readonly number[] =>
  xlen === 64 ? [csr] : [csr, csr + 0x10];
const FS = 0x2000n;
const TVM = 1n << 20n;
const seeds = 0x300n;

const everything = (1n << 64n) - 1n;
const setUp = (csr: number, value: bigint): Step => writeStep('M', csr, value);

const scenarios: Readonly<Record<string, (xlen: 32 | 64) => readonly Step[]>> = {
  open: (xlen) => [
    ...gates(xlen).map((csr) => setUp(csr, csr === CSR.mseccfg ? seeds : everything)),
    setUp(CSR.mstatus, FS),
    setUp(CSR.vsstatus, FS),
  ],
  closed: () => [setUp(CSR.mstatus, TVM), setUp(CSR.hstatus, TVM)],
  'as chance has it': (xlen) => randomGates(new Random(3), xlen),
};

function randomGates(random: Random, xlen: 32 | 64): readonly Step[] {
  const status = (): bigint => random.bits64() & (FS | TVM);
  return [
    // Gates below are read-only zero where those above are closed: so these are open more often.
    ...gates(xlen).map((csr) =>
      setUp(csr, csr === CSR.mseccfg ? random.bits64() & seeds : random.bits64() | random.bits64()),
    ),
    setUp(CSR.mstatus, status()),
    setUp(CSR.vsstatus, status()),
    setUp(CSR.hstatus, random.bits64() & TVM),
  ];
}

const accesses: readonly Access[] = modes.flatMap((mode) =>
  Array.from({ length: 4096 }, (_, csr) => [
    { mode, csr, write: false },
    { mode, csr, write: true },
  ]).flat(),
);

const stepOf = ({ mode, csr, write }: Access): Step =>
  write ? touchStep(mode, csr) : readStep(mode, csr);

function differences(processor: Processor, before: readonly Step[]): string[] {
  const steps = [...before, ...accesses.map(stepOf)];
  const mine = ours(processor)(steps);
  return (['old', 'new'] as const).flatMap((version) => {
    if (processor[version] === undefined) return [];
    const theirs = qemu(version, processor)(steps);
    return accesses.flatMap((access, i) => {
      const [a, b] = [mine[before.length + i]!.cause, theirs[before.length + i]!.cause];
      if (a === b) return [];
      const difference = { ...access, version, ours: a, theirs: b };
      if (deviations.some(([, known]) => known(difference))) return [];
      const { mode, csr, write } = access;
      return [
        `0x${csr.toString(16)} ${write ? 'written' : 'read'} in ${mode}: ${a}, QEMU ${version} ${b}`,
      ];
    });
  });
}

describe('access to every CSR', () => {
  for (const processor of processors) {
    describe(processor.isa, () => {
      for (const [name, before] of Object.entries(scenarios)) {
        it(`is as QEMU's, ${name}`, () => {
          assert.deepEqual(differences(processor, before(xlenOf(processor))).slice(0, 30), []);
        }).timeout(120_000);
      }
    });
  }
});
