/** CSRs of M-mode (privileged manual, machine level). */
import {
  causeFields,
  counterEnable,
  delegationFields,
  interruptFields,
  machineStatus,
  vectorFields,
} from '../fields.ts';
import {
  everyInterrupt,
  hypervisorInterrupts,
  machineWritable,
  mip,
  supervisorInterrupts,
} from '../interrupts.ts';
import { effect, field, group, type CsrField } from '../row.ts';
import { mstatus } from '../status.ts';
import { medelegMask, returnAddress } from './common.ts';

const H = { extension: 'H' } as const;
const S = { extension: 'S' } as const;
const readOnly = true;

/**
 * misa is read-only here, as the manual permits: what a machine has is chosen before it starts, so
 * that decoding and addresses of instructions (IALIGN) stay what they are.
 */
const misaFields: readonly CsrField[] = [
  field('MXL', [63, 62], 'Register width.', {
    values: { 1: '32', 2: '64' },
    readOnly,
    reset: 2,
    xlen: 64,
  }),
  field('MXL', [31, 30], 'Register width.', {
    values: { 1: '32', 2: '64' },
    readOnly,
    reset: 1,
    xlen: 32,
  }),
  ...[...'ABCDFHIMSUV'].map((letter) =>
    field(letter, letter.charCodeAt(0) - 65, `Extension ${letter}.`, {
      readOnly,
      extension: letter,
      reset: 1,
    }),
  ),
];

export const machine = group('Machine', 'Privileged: machine CSRs', [
  [0xf11, 'mvendorid', 'JEDEC manufacturer; 0 for none.'],
  [0xf12, 'marchid', 'Architecture of the hart; 0 for none.'],
  [0xf13, 'mimpid', 'Version of the implementation.'],
  [0xf14, 'mhartid', 'Number of the hart.'],
  [0xf15, 'mconfigptr', 'Address of a configuration structure; 0 for none.'],
  [
    0x300,
    'mstatus',
    'Machine status.',
    { fields: machineStatus, upper: [0x310, 'mstatush'], words: mstatus },
  ],
  [0x301, 'misa', 'Register width and extensions; read-only here.', { fields: misaFields }],
  [
    0x302,
    'medeleg',
    'Exceptions delegated to S-mode.',
    { ...S, fields: delegationFields(medelegMask), upper: [0x312, 'medelegh'] },
  ],
  [
    0x303,
    'mideleg',
    'Interrupts delegated to S-mode.',
    {
      ...S,
      affects: effect.interrupts,
      fields: interruptFields(
        'I',
        supervisorInterrupts | hypervisorInterrupts,
        supervisorInterrupts,
        hypervisorInterrupts,
      ),
      upper: [0x313, 'midelegh', { extension: 'Smaia' }],
    },
  ],
  [
    0x304,
    'mie',
    'Machine interrupt enable.',
    {
      affects: effect.interrupts,
      fields: interruptFields('IE', everyInterrupt, everyInterrupt),
      upper: [0x314, 'mieh', { extension: 'Smaia' }],
    },
  ],
  [0x305, 'mtvec', 'Machine trap vector.', { fields: vectorFields }],
  [
    0x306,
    'mcounteren',
    'Counters that lower modes may read.',
    { extension: 'U', fields: counterEnable },
  ],
  [0x340, 'mscratch', 'For the use of the machine trap handler.'],
  [0x341, 'mepc', 'pc at the trap.', { mask: returnAddress }],
  [0x342, 'mcause', 'Cause of the trap.', { fields: causeFields }],
  [0x343, 'mtval', 'Address or instruction of the trap.'],
  [
    0x344,
    'mip',
    'Interrupts pending.',
    {
      fields: interruptFields('IP', everyInterrupt, machineWritable),
      upper: [0x354, 'miph', { extension: 'Smaia' }],
      ...mip,
    },
  ],
  [0x34a, 'mtinst', 'Transformed instruction of the trap.', H],
  [0x34b, 'mtval2', 'Guest physical address of the trap, shifted right by 2.', H],
]);
