/** State enables: what of an extension's state the modes below may touch (Smstateen, Ssstateen). */
import { stateenBit, stateenGate } from '../gates.ts';
import { CSR } from '../numbers.ts';
import {
  all64,
  field,
  type CsrConfig,
  group,
  type CsrField,
  type CsrHart,
  type CsrSpec,
  type FieldOptions,
} from '../row.ts';

const numbers = [0, 1, 2, 3] as const;

/** "Bits in any stateen CSR that are defined to control state that a hart doesn't implement are
 * read-only zeros": so C is, for there is no custom state. */
const user: readonly CsrField[] = [
  field('C', 0, 'Custom state, of which there is none.', { readOnly: true }),
  field('FCSR', 1, 'fcsr where there is no F.', { extension: 'Zfinx' }),
  field('JVT', 2, 'jvt.', { extension: 'Zcmt' }),
];

type Named = readonly [name: keyof typeof stateenBit, what: string, options: FieldOptions];

const hasImsic = (config: CsrConfig): boolean => config.hasImsic;

const forGuests: readonly Named[] = [
  ['CONTEXT', 'scontext and hcontext.', { extension: 'Sdtrig' }],
  ['IMSIC', 'The interrupt file: stopei.', { extension: 'Ssaia', when: hasImsic }],
  ['AIA', 'State of Ssaia that the bits beside this do not control.', { extension: 'Ssaia' }],
  ['CSRIND', 'siselect and sireg.', { extension: 'Sscsrind', alsoIn: ['Ssaia'] }],
  ['ENVCFG', 'henvcfg and senvcfg.', {}],
];
const forSupervisors: readonly Named[] = [
  ['P1P13', 'hedelegh.', { extension: 'H', xlen: 32 }],
  ...forGuests,
];

const fieldsOf = (named: readonly Named[]): readonly CsrField[] =>
  named.map(([name, what, options]) => field(name, stateenBit[name], what, options));

const enables = (below: string): CsrField =>
  field('SE', stateenBit.SE, `The state-enable registers ${below}.`);

/** Of register `index`, the bits that the levels above leave to a level. */
const leftBy =
  (index: number, guestsToo: boolean) =>
  ({ state, has }: CsrHart): bigint => {
    const machine = has('smstateen') ? state.csr(CSR.mstateen0 + index) : all64;
    if (!guestsToo || !state.virtualized) return machine;
    return machine & state.csr(CSR.hstateen0 + index);
  };

export const stateEnables = [
  ...group('Machine', 'Privileged: Smstateen', numbers.map(machineEnable)),
  ...group('Hypervisor', 'Privileged: Ssstateen', numbers.map(hypervisorEnable)),
  ...group('Supervisor', 'Privileged: Ssstateen', numbers.map(supervisorEnable)),
];

function machineEnable(index: number): CsrSpec {
  return [
    CSR.mstateen0 + index,
    `mstateen${index}`,
    'State that modes below may touch.',
    {
      extension: 'Smstateen',
      upper: [CSR.mstateen0 + 0x10 + index, `mstateen${index}h`],
      fields: [...(index === 0 ? [...user, ...fieldsOf(forSupervisors)] : []), enables('below')],
    },
  ];
}

function hypervisorEnable(index: number): CsrSpec {
  return [
    CSR.hstateen0 + index,
    `hstateen${index}`,
    'State that a guest may touch.',
    {
      extension: 'Ssstateen',
      gates: [stateenGate(stateenBit.SE, index)],
      upper: [CSR.hstateen0 + 0x10 + index, `hstateen${index}h`],
      fields: [...(index === 0 ? [...user, ...fieldsOf(forGuests)] : []), enables('of the guest')],
      visible: leftBy(index, false),
    },
  ];
}

function supervisorEnable(index: number): CsrSpec {
  return [
    CSR.sstateen0 + index,
    `sstateen${index}`,
    'State that U-mode may touch.',
    {
      extension: 'Ssstateen',
      gates: [stateenGate(stateenBit.SE, index)],
      ...(index === 0 ? { fields: user } : { mask: 0n }),
      visible: leftBy(index, true),
    },
  ];
}
