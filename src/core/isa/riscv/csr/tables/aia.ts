/**
 * CSRs of the Advanced Interrupt Architecture (RISC-V AIA 1.0, chapter 2: Smaia and Ssaia). Those
 * that it only widens are in the tables of their levels.
 */
import { stateenBit, stateenGate } from '../gates.ts';
import {
  ireg,
  miregGate,
  siregGates,
  stopeiGates,
  topei,
  vsiregGates,
  vstopeiGates,
} from '../indirect.ts';
import { hvien, mvien, mvip } from '../filtering.ts';
import { CSR } from '../numbers.ts';
import { effect, field, group, type CsrConfig, type CsrField, type CsrOptions } from '../row.ts';
import { topGuest, topMachine, topSupervisor } from '../topInterrupt.ts';

const M = { extension: 'Smaia' } as const;
const S = { extension: 'Ssaia' } as const;
const aia = { gates: [stateenGate(stateenBit.AIA)] } as const;
const select: CsrOptions = {
  fields: [field('select', [8, 0], 'Number of the register that is accessed.')],
};
const topFields = [
  field('IID', [27, 16], 'Major identity of the interrupt.'),
  field('IPRIO', [7, 0], 'Its priority; 0 is highest.'),
];
const topeiFields = [
  field('identity', [26, 16], 'Interrupt identity.'),
  field('priority', [10, 0], 'Its priority, which is the identity.'),
];
const hasImsic = (config: CsrConfig): boolean => config.hasImsic;

/** Byte by byte, the interrupts whose priority numbers hviprio1 and hviprio2 have. */
const guestPriorities = (interrupts: readonly (number | undefined)[]): readonly CsrField[] =>
  interrupts.flatMap((code, byte) =>
    code === undefined
      ? []
      : [field(`iprio${code}`, [8 * byte + 7, 8 * byte], `Priority number of interrupt ${code}.`)],
  );

const machineLevel = group('Machine', 'AIA: machine-level CSRs', [
  [CSR.miselect, 'miselect', 'Selects the register behind mireg.', { ...M, ...select }],
  [
    CSR.mireg,
    'mireg',
    'The register that miselect selects.',
    { ...M, gates: [miregGate], ...ireg('machine') },
  ],
  [
    CSR.mtopei,
    'mtopei',
    'Top external interrupt of M-mode; a write claims it.',
    { ...M, when: hasImsic, fields: topeiFields, ...topei('machine') },
  ],
  [
    CSR.mtopi,
    'mtopi',
    'Top interrupt of M-mode.',
    { ...M, fields: topFields, read: (h) => BigInt(topMachine(h)) },
  ],
  [
    CSR.mvien,
    'mvien',
    'Interrupts of S-mode that M-mode filters or raises itself.',
    { ...M, when: ({ has }) => has('s'), upper: [0x318, 'mvienh'], ...mvien },
  ],
  [
    CSR.mvip,
    'mvip',
    'Interrupts that M-mode raises for S-mode.',
    { ...M, when: ({ has }) => has('s'), upper: [0x319, 'mviph'], ...mvip },
  ],
]);

const supervisorLevel = group('Supervisor', 'AIA: supervisor-level CSRs', [
  [
    CSR.siselect,
    'siselect',
    'Selects the register behind sireg.',
    { ...S, ...select, guest: CSR.vsiselect, gates: [stateenGate(stateenBit.CSRIND)] },
  ],
  [
    CSR.sireg,
    'sireg',
    'The register that siselect selects.',
    { ...S, guest: CSR.vsireg, gates: siregGates, ...ireg('supervisor') },
  ],
  [
    CSR.stopei,
    'stopei',
    'Top external interrupt of S-mode; a write claims it.',
    { ...S, fields: topeiFields, guest: CSR.vstopei, gates: stopeiGates, ...topei('supervisor') },
  ],
  [
    CSR.stopi,
    'stopi',
    'Top interrupt of S-mode.',
    { ...S, ...aia, guest: CSR.vstopi, fields: topFields, read: (h) => BigInt(topSupervisor(h)) },
  ],
]);

const hypervisorLevel = group('Hypervisor', 'AIA: hypervisor and VS CSRs', [
  [
    CSR.hvien,
    'hvien',
    'Interrupts of VS-mode that the hypervisor filters or raises itself.',
    { ...S, ...aia, upper: [0x618, 'hvienh', aia], ...hvien },
  ],
  [
    CSR.hvictl,
    'hvictl',
    'The interrupt that the hypervisor gives to VS-mode by itself.',
    {
      ...S,
      ...aia,
      affects: effect.interrupts,
      fields: [
        field('VTI', 30, 'IID is the interrupt; accesses to sip and sie trap in VS-mode.'),
        field('IID', [27, 16], 'Major identity; 9 with VTI for none.'),
        field('DPR', 9, 'Its default priority is below that of external interrupts.'),
        field('IPRIOM', 8, 'vstopi shows priority numbers.'),
        field('IPRIO', [7, 0], 'Its priority number.'),
      ],
    },
  ],
  [
    CSR.hviprio1,
    'hviprio1',
    'Priorities of VS-mode’s interrupts, first part.',
    {
      ...S,
      ...aia,
      upper: [0x656, 'hviprio1h', aia],
      affects: effect.interrupts,
      fields: guestPriorities([undefined, 1, undefined, 5, undefined, 13, 14, 15]),
    },
  ],
  [
    CSR.hviprio2,
    'hviprio2',
    'Priorities of VS-mode’s interrupts, second part.',
    {
      ...S,
      ...aia,
      upper: [0x657, 'hviprio2h', aia],
      affects: effect.interrupts,
      fields: guestPriorities([16, 17, 18, 19, 20, 21, 22, 23]),
    },
  ],
  [
    CSR.vsiselect,
    'vsiselect',
    'siselect of the guest.',
    { ...S, ...select, gates: [stateenGate(stateenBit.CSRIND)] },
  ],
  [CSR.vsireg, 'vsireg', 'sireg of the guest.', { ...S, gates: vsiregGates, ...ireg('guest') }],
  [
    CSR.vstopei,
    'vstopei',
    'stopei of the guest.',
    { ...S, fields: topeiFields, gates: vstopeiGates, ...topei('guest') },
  ],
  [
    CSR.vstopi,
    'vstopi',
    'stopi of the guest.',
    { ...S, ...aia, fields: topFields, read: (h) => BigInt(topGuest(h)) },
  ],
]);

export const advancedInterrupts = [...machineLevel, ...supervisorLevel, ...hypervisorLevel];
