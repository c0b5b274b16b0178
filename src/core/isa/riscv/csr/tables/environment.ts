/**
 * What a mode lets those below it do: menvcfg, henvcfg, senvcfg, and M-mode's own mseccfg
 * (privileged manual, environment configuration; Smepmp; Zkr).
 */
import { cacheBlockFields, pointerMasking } from '../fields.ts';
import { stateenBit, stateenGate } from '../gates.ts';
import { CSR } from '../numbers.ts';
import { all64, effect, field, group, type CsrField, type CsrHart, type CsrSpec } from '../row.ts';

const common: readonly CsrField[] = [
  field('FIOM', 0, 'Fences of device accesses order memory too.'),
  ...cacheBlockFields,
];

const upperFields: readonly CsrField[] = [
  field('DTE', 59, 'Double traps are detected below.', { extension: 'Ssdbltrp' }),
  field('ADUE', 61, 'Translation sets A and D bits.', { extension: 'Svadu' }),
  field('PBMTE', 62, 'Page tables give memory types.', { extension: 'Svpbmt' }),
  field('STCE', 63, 'The timer compare register below is in use.', { extension: 'Sstc' }),
];

/** Where there is no Svade to begin with, A and D are set from reset on. */
const update = [false, true].map((svade) =>
  field('ADUE', 61, 'Translation sets A and D bits.', {
    extension: 'Svadu',
    when: ({ has }) => has('svade') === svade,
    reset: svade ? 0 : 1,
  }),
);

/** ADUE, PBMTE, STCE and DTE of henvcfg: "read-only zero if menvcfg's is zero". */
const fromMachine = 0xe800_0000_0000_0000n;
/** PMM says how addresses are taken. After changes of ADUE and PBMTE software fences. */
const affects = effect.timers | effect.translation;

const environment = group('Environment', 'Privileged: environment configuration', [
  [
    0x30a,
    'menvcfg',
    'Environment of lower modes.',
    {
      extension: 'U',
      affects,
      upper: [0x31a, 'menvcfgh'],
      fields: [
        ...common,
        pointerMasking('PMM', 32, 'Smnpm', 'in the next lower mode'),
        ...upperFields.filter(({ name }) => name !== 'ADUE'),
        ...update,
      ],
    },
  ],
  [
    0x60a,
    'henvcfg',
    'Environment of VS- and VU-mode.',
    {
      affects,
      gates: [stateenGate(stateenBit.ENVCFG)],
      upper: [0x61a, 'henvcfgh'],
      fields: [...common, pointerMasking('PMM', 32, 'Ssnpm', 'in VS-mode'), ...upperFields],
      visible: ({ state }) => state.csr(CSR.menvcfg) | (all64 ^ fromMachine),
    },
  ],
  [
    0x10a,
    'senvcfg',
    'Environment of U-mode.',
    {
      affects,
      gates: [stateenGate(stateenBit.ENVCFG)],
      fields: [...common, pointerMasking('PMM', 32, 'Ssnpm', 'in U-mode')],
    },
  ],
]);

const [MML, MMWP, RLB] = [1n, 2n, 4n];

/** MML and MMWP stay set. RLB stays 0 where it is 0 while an entry is locked. */
function writeSecurity(h: CsrHart, value: bigint): void {
  const old = h.state.csr(CSR.mseccfg);
  const sticky = old & (MML | MMWP);
  const bypass = !(old & RLB) && h.pmp.anyLocked ? value & ~RLB : value;
  h.state.setCsr(CSR.mseccfg, bypass | sticky);
  h.pmp.update();
}

const security: CsrSpec = [
  0x747,
  'mseccfg',
  'Machine security configuration.',
  {
    extension: 'Smepmp',
    alsoIn: ['Zkr', 'Smmpm'],
    affects: effect.protection,
    upper: [0x757, 'mseccfgh'],
    fields: [
      field('MML', 0, 'Locked entries are for M-mode only, others for the modes below.', {
        extension: 'Smepmp',
      }),
      field('MMWP', 1, 'M-mode may access only what an entry allows.', { extension: 'Smepmp' }),
      field('RLB', 2, 'Locked entries may be changed.', { extension: 'Smepmp' }),
      field('USEED', 8, 'seed may be used in U-mode.', {
        extension: 'Zkr',
        when: ({ has }) => has('u'),
      }),
      field('SSEED', 9, 'seed may be used in S-mode.', {
        extension: 'Zkr',
        when: ({ has }) => has('s'),
      }),
      pointerMasking('PMM', 32, 'Smmpm', 'in M-mode'),
    ],
    write: writeSecurity,
  },
];

export const environments = [
  ...environment,
  ...group('Machine', 'Privileged: mseccfg', [security]),
];
