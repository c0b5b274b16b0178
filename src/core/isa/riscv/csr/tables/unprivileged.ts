/** CSRs of U-mode: counters (Zicntr, Zihpm), floating point (F), entropy (Zkr). */
import { markFloatsDirty } from '../floatStatus.ts';
import { floatFlags, roundingField } from '../fields.ts';
import { counterGate, floatGate, seedGate } from '../gates.ts';
import { CSR } from '../numbers.ts';
import { countedWords } from '../numberWords.ts';
import { field, group, type CsrHart, type CsrOptions, type CsrSpec } from '../row.ts';

const counted = (counter: number, name: string): CsrOptions => ({
  extension: counter < 3 ? 'Zicntr' : 'Zihpm',
  gates: [counterGate(counter)],
  upper: [0xc80 + counter, `${name}h`],
  words: countedWords({
    number: ({ counters }) => counters.number(counter),
    value: ({ counters }) => counters.value(counter),
  }),
});

const time = countedWords({
  number: (h) => {
    h.lookAtTime();
    return h.state.virtualized ? h.guestTimeNumber() : h.time.tickNumber();
  },
  value: (h) => (h.state.virtualized ? h.guestTime() : h.time.ticks()),
});

const eventCounters = Array.from({ length: 29 }, (_, i): CsrSpec => {
  const name = `hpmcounter${i + 3}`;
  return [0xc03 + i, name, `What mhpmevent${i + 3} selects.`, counted(i + 3, name)];
});

const counters = group('Unprivileged', 'Unprivileged: Zicntr, Zihpm', [
  [0xc00, 'cycle', 'Cycles; Trapline counts one for each instruction.', counted(0, 'cycle')],
  [0xc01, 'time', 'Ticks of the timebase.', { ...counted(1, 'time'), words: time }],
  [0xc02, 'instret', 'Instructions retired.', counted(2, 'instret')],
  ...eventCounters,
]);

function writeFloatControl({ state }: CsrHart, frm: number, flags: number): void {
  state.setLow(CSR.frm, frm);
  state.setLow(CSR.fflags, flags);
  markFloatsDirty(state);
}

const F = { extension: 'F', gates: [floatGate] } as const;

const floatingPoint = group(
  'Floating point',
  'Unprivileged: F, floating-point control and status',
  [
    [
      0x001,
      'fflags',
      'Exceptions since software cleared them.',
      {
        ...F,
        fields: floatFlags,
        words: {
          low: ({ state }) => state.low(CSR.fflags),
          high: () => 0,
          write: (h, flags) => writeFloatControl(h, h.state.low(CSR.frm), flags),
        },
      },
    ],
    [
      0x002,
      'frm',
      'Rounding mode of instructions that name none.',
      {
        ...F,
        fields: [roundingField(0)],
        words: {
          low: ({ state }) => state.low(CSR.frm),
          high: () => 0,
          write: (h, frm) => writeFloatControl(h, frm, h.state.low(CSR.fflags)),
        },
      },
    ],
    [
      0x003,
      'fcsr',
      'frm and fflags.',
      {
        ...F,
        fields: [...floatFlags, roundingField(5)],
        words: {
          low: ({ state }) => (state.low(CSR.frm) << 5) | state.low(CSR.fflags),
          high: () => 0,
          write: (h, both) => writeFloatControl(h, both >> 5, both & 31),
        },
      },
    ],
  ],
);

const entropy = group('Entropy', 'Unprivileged: Zkr, entropy source', [
  [
    0x015,
    'seed',
    'Entropy; it must be read by an instruction that writes too. Repeatable here, so no secret.',
    {
      extension: 'Zkr',
      mustWrite: true,
      gates: [seedGate],
      fields: [
        field('OPST', [31, 30], 'Status of the source.', {
          values: { 0: 'BIST', 1: 'WAIT', 2: 'ES16', 3: 'DEAD' },
          readOnly: true,
        }),
        field('entropy', [15, 0], 'Random bits, when OPST is ES16.', { readOnly: true }),
      ],
      read: ({ state }) => entropySource(state.csr(CSR.seed)),
      // What was read is gone; what was written does not matter.
      write: ({ state }) => state.setCsr(CSR.seed, state.csr(CSR.seed) + 1n),
    },
  ],
]);

/**
 * What the seed CSR shows at a position of its sequence: ES16 and sixteen bits of SplitMix64. It
 * is the same in every run, as all that a machine does is.
 */
export function entropySource(position: bigint): bigint {
  const ES16 = 2n << 30n;
  let z = BigInt.asUintN(64, (position + 1n) * 0x9e37_79b9_7f4a_7c15n);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return ES16 | ((z ^ (z >> 31n)) & 0xffffn);
}

export const unprivileged = [...counters, ...floatingPoint, ...entropy];
