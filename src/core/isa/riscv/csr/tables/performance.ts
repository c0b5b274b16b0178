/** Counters of M-mode, what they count and when (privileged manual, hardware performance monitor). */
import { event, selectableEvents } from '../counters.ts';
import { counterInhibit, modeFilter } from '../fields.ts';
import { effect, field, group, type CsrHart, type CsrOptions, type CsrSpec } from '../row.ts';
import { CSR } from '../numbers.ts';

const overflowing = modeFilter('Sscofpmf');
const filtering = modeFilter('Smcntrpmf');

/** The counter goes on from its value under the new rules. */
const configures = (slot: number): CsrOptions => ({
  // A counter may overflow sooner than was planned.
  affects: effect.timers,
  write: (h: CsrHart, value: bigint) => {
    h.state.setCsr(slot, value);
    const { counters } = h;
    const before = counters.counts(event.loadMiss);
    counters.configure();
    // What loads reach without the TLB they do not miss there.
    if (counters.counts(event.loadMiss) !== before) h.affect(effect.protection);
  },
});

const counter = (index: number, name: string): CsrOptions => ({
  upper: [0xb80 + index, `${name}h`],
  affects: effect.timers,
  read: ({ counters }) => counters.value(index),
  write: ({ counters }, value, retiring) => counters.setValue(index, value, retiring),
});

const filter = (number: number, name: string, what: string): CsrSpec => [
  number,
  name,
  `Modes in which ${what} stands still.`,
  {
    extension: 'Smcntrpmf',
    fields: filtering,
    upper: [number + 0x400, `${name}h`],
    ...configures(number),
  },
];

const eventFields = [
  field('EVENT', [31, 0], 'What is counted.', {
    values: {
      0: 'nothing',
      ...Object.fromEntries(selectableEvents.map(([c, , name]) => [c, name])),
    },
    legal: [0, ...selectableEvents.map(([code]) => code)],
    illegal: 0,
  }),
  ...overflowing,
  field('OF', 63, 'The counter overflowed; it interrupts only where this is 0.', {
    extension: 'Sscofpmf',
  }),
];

const indices = Array.from({ length: 29 }, (_, i) => i + 3);

export const performance = group('Performance', 'Privileged: hardware performance monitor', [
  [
    0x320,
    'mcountinhibit',
    'Counters that stand still.',
    { fields: counterInhibit, ...configures(CSR.mcountinhibit) },
  ],
  filter(CSR.mcyclecfg, 'mcyclecfg', 'cycle'),
  filter(CSR.minstretcfg, 'minstretcfg', 'instret'),
  [0xb00, 'mcycle', 'Cycles.', counter(0, 'mcycle')],
  [0xb02, 'minstret', 'Instructions retired.', counter(2, 'minstret')],
  ...indices.map((i): CsrSpec => {
    const name = `mhpmcounter${i}`;
    const options = { extension: 'Zihpm', ...counter(i, name) };
    return [0xb00 + i, name, `What mhpmevent${i} selects.`, options];
  }),
  ...indices.map((i): CsrSpec => {
    const number = CSR.mcountinhibit + i;
    return [
      number,
      `mhpmevent${i}`,
      `What mhpmcounter${i} counts.`,
      {
        extension: 'Zihpm',
        fields: eventFields,
        upper: [number + 0x400, `mhpmevent${i}h`, { extension: 'Sscofpmf' }],
        ...configures(number),
      },
    ];
  }),
  [
    0xda0,
    'scountovf',
    'OF of the event counters that may be read here.',
    { extension: 'Sscofpmf', read: (h) => BigInt((h.counters.overflowed() & readable(h)) >>> 0) },
  ],
]);

/** "Bit X is readable when mcounteren bit X and hcounteren bit X are both set" in VS-mode. */
function readable({ state }: CsrHart): number {
  if (state.privilege === 3) return -1;
  const machine = state.low(CSR.mcounteren);
  return state.virtualized ? machine & state.low(CSR.hcounteren) : machine;
}
