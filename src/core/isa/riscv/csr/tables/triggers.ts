/** Debug triggers (RISC-V debug specification, Sdtrig). */
import { triggerCount, triggerType } from '../../triggers.ts';
import { CSR } from '../numbers.ts';
import { effect, field, group, type CsrOptions } from '../row.ts';

const extension = 'Sdtrig';
const affects = effect.protection;
const H = { extension: 'H' };
const types = { 2: 'mcontrol', 6: 'mcontrol6', 15: 'disabled' };

const control: CsrOptions = {
  extension,
  affects,
  fields: [
    field('type', [63, 60], 'What kind of trigger it is.', { values: types, xlen: 64 }),
    field('type', [31, 28], 'What kind of trigger it is.', { values: types, xlen: 32 }),
    ...[59, 27].map((bit, i) =>
      field('dmode', bit, 'Only a debugger outside may change it.', {
        readOnly: true,
        xlen: i === 0 ? 64 : 32,
      }),
    ),
    field('hit1', 25, 'With hit0, when a trigger of type mcontrol6 has fired.'),
    field('vs', 24, 'Fires in VS-mode (mcontrol6).', H),
    field('vu', 23, 'Fires in VU-mode (mcontrol6).', H),
    field('hit0', 22, 'A trigger of type mcontrol6 has fired before an instruction.'),
    field('hit', 20, 'A trigger of type mcontrol has fired.'),
    field('action', [15, 12], 'Breakpoint exception.', { readOnly: true }),
    field('match', [10, 7], 'The address is equal to tdata2.', { readOnly: true }),
    field('m', 6, 'Fires in M-mode.'),
    field('s', 4, 'Fires in S-mode.'),
    field('u', 3, 'Fires in U-mode.'),
    field('execute', 2, 'Fires on an instruction’s address.'),
    field('store', 1, 'Fires on addresses of stores.'),
    field('load', 0, 'Fires on addresses of loads.'),
  ],
  read: (h) => h.triggers.tdata1,
  write: (h, value) => {
    h.triggers.tdata1 = value;
  },
};

const info = [triggerType.mcontrol, triggerType.mcontrol6, triggerType.disabled].reduce(
  (bits, type) => bits | (1 << type),
  0,
);

export const triggers = group('Debug triggers', 'Debug specification: Sdtrig', [
  [
    CSR.tselect,
    'tselect',
    'Which trigger the registers behind are about.',
    {
      extension,
      fields: [
        field('index', [7, 0], 'Number of the trigger.', {
          legal: Array.from({ length: triggerCount }, (_, i) => i),
        }),
      ],
    },
  ],
  [0x7a1, 'tdata1', 'Kind and conditions of a trigger.', control],
  [
    0x7a2,
    'tdata2',
    'Address that a trigger is about.',
    {
      extension,
      affects,
      read: (h) => h.triggers.tdata2,
      write: (h, value) => {
        h.triggers.tdata2 = value;
      },
    },
  ],
  [0x7a3, 'tdata3', 'Context of a trigger: none.', { extension, mask: 0n }],
  [
    0x7a4,
    'tinfo',
    'What kinds of triggers there are.',
    {
      extension,
      fields: [
        field('version', [31, 24], 'Of the specification: 1 is 1.0.', { readOnly: true, reset: 1 }),
        field('info', [15, 0], 'A bit for each type.', { readOnly: true, reset: info }),
      ],
    },
  ],
]);
