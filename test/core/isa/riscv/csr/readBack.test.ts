/**
 * Every CSR that exists, written with ones, zeros, each single bit and random values from every
 * mode that may, and read back: the same as QEMU reads, but where a write of an illegal value may
 * end in any legal one, and where QEMU is known not to follow the manual.
 */
import assert from 'node:assert/strict';
import { CSR } from '../../../../../src/core/isa/riscv/csr/numbers.ts';
import { csrTable } from '../../../../../src/core/isa/riscv/csr/table.ts';
import { Random } from '../../../../differential/random.ts';
import { ours, qemu } from './oracle.ts';
import { hasHypervisor, processors, xlenOf, type Processor } from './processors.ts';
import {
  endedWell,
  readBackStep,
  readStep,
  writeStep,
  type ModeName,
  type Step,
} from './program.ts';
import { differs, type ReadBack } from './readBackDeviations.ts';

const everything = (1n << 64n) - 1n;
const random = new Random(11);

/** Modes from which a register of this level may be reached. */
const modesByLevel: readonly (readonly ModeName[])[] = [
  ['M', 'U', 'VU'],
  ['M', 'HS', 'VS'],
  ['M', 'HS'],
  ['M'],
];

/** Counters and the like, whose values say nothing, or that a test of its own is about. */
const leftOut = new Set<number>([CSR.seed, CSR.time, CSR.cycle, CSR.instret, 0xc80, 0xc81, 0xc82]);

function valuesFor(csr: number, mode: ModeName, xlen: 32 | 64): readonly bigint[] {
  const bits = Array.from({ length: xlen }, (_, bit) => 1n << BigInt(bit));
  const values = [everything, 0n, ...bits, ...[0, 1, 2, 3].map(() => random.bits64())];
  const kept = keepsRunning(csr, mode, xlen);
  return values.map((value) => BigInt.asUintN(xlen, value & kept));
}

/** Bits that may be set without an end to what runs. */
function keepsRunning(csr: number, mode: ModeName, xlen: 32 | 64): bigint {
  // Locked entries bind M-mode until reset, and so do MML and MMWP.
  if (csr >= CSR.pmpcfg0 && csr < CSR.pmpaddr0) return 0x7f7f_7f7f_7f7f_7f7fn;
  if (csr === CSR.mseccfg) return ~3n;
  // The instruction behind the write is fetched through the new table: only modes that no
  // processor has.
  if (csr === CSR.satp && mode !== 'M') return xlen === 64 ? 7n << 60n : 0n;
  return everything;
}

const setUp = (csr: number, value: bigint): Step => writeStep('M', csr, value);
const FS = 0x2000n;
const halves = (csr: number, xlen: 32 | 64): readonly number[] =>
  xlen === 64 ? [csr] : [csr, csr + 0x10];

/** Counters stand still, and what M- and HS-mode may leave to others is as `level` says. */
const preparation = (xlen: 32 | 64, open: boolean): readonly Step[] => [
  setUp(CSR.mcountinhibit, everything),
  setUp(CSR.mstatus, FS),
  setUp(CSR.vsstatus, FS),
  ...[CSR.stimecmp, CSR.vstimecmp].flatMap((csr) =>
    halves(csr, xlen).map((half) => setUp(half, everything)),
  ),
  ...[CSR.mcounteren, CSR.hcounteren, CSR.scounteren].map((csr) => setUp(csr, everything)),
  // Without these nothing but M-mode would reach the registers at all.
  ...[0, 1, 2, 3].flatMap((i) => [
    ...halves(CSR.mstateen0 + i, xlen).map((csr) => setUp(csr, everything)),
    ...halves(CSR.hstateen0 + i, xlen).map((csr) => setUp(csr, open ? everything : 1n << 63n)),
  ]),
  ...[CSR.menvcfg, CSR.henvcfg].flatMap((csr) =>
    halves(csr, xlen).map((half) => setUp(half, open ? everything : 0n)),
  ),
  ...[CSR.mideleg, CSR.hideleg, CSR.mie].map((csr) =>
    setUp(csr, csr !== CSR.mie && open ? everything : 0n),
  ),
];

function differences(processor: Processor, open: boolean): string[] {
  const xlen = xlenOf(processor);
  const before = preparation(xlen, open);
  const tests: ReadBack[] = csrTable(xlen)
    .filter(({ number }) => !leftOut.has(number))
    .flatMap((row) => {
      const modes = modesByLevel[(row.number >>> 8) & 3]!;
      const there = modes.filter((m) => hasHypervisor(processor) || !m.startsWith('V'));
      return there.flatMap((mode) =>
        (row.writable ? valuesFor(row.number, mode, xlen) : [0n]).map((value) => ({
          row,
          mode,
          value,
        })),
      );
    });
  const steps = [
    ...before,
    ...tests.map(({ row, mode, value }) =>
      row.writable ? readBackStep(mode, row.number, value) : readStep(mode, row.number, true),
    ),
  ];
  const mine = ours(processor)(steps).slice(before.length);
  return (['old', 'new'] as const).flatMap((version) => {
    if (processor[version] === undefined) return [];
    const theirs = qemu(version, processor)(steps).slice(before.length);
    return tests.flatMap((test, i) => {
      const [a, b] = [mine[i]!, theirs[i]!];
      // Legality is compared elsewhere.
      if (a.cause !== endedWell[test.mode] || b.cause !== endedWell[test.mode]) return [];
      if (!differs({ ...test, version, isa: processor.isa, ours: a.value!, theirs: b.value! })) {
        return [];
      }
      const hex = (value: bigint | undefined): string => `0x${value!.toString(16)}`;
      return [
        `${test.row.name} in ${test.mode} after ${hex(test.value)}: ${hex(a.value)}, QEMU ${version} ${hex(b.value)}`,
      ];
    });
  });
}

describe('what is read back from every CSR', () => {
  for (const processor of processors) {
    for (const open of [true, false]) {
      it(`is what QEMU reads, ${processor.isa}, ${open ? 'open' : 'closed'}`, () => {
        assert.deepEqual(differences(processor, open).slice(0, 30), []);
      }).timeout(120_000);
    }
  }
});
