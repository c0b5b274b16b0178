/** CSRs of S-mode, and of HS-mode under the same numbers (privileged manual, supervisor level). */
import {
  causeFields,
  counterEnable,
  interruptFields,
  supervisorStatus,
  translationFields,
  vectorFields,
  withLocalInterrupts,
} from '../fields.ts';
import {
  rootGate,
  stateenBit,
  stateenGate,
  timerGate,
  virtualInterruptGate,
  virtualTimerGate,
} from '../gates.ts';
import { sie, sip, supervisorInterrupts, supervisorWritable } from '../interrupts.ts';
import { CSR } from '../numbers.ts';
import { all64, bitsOf, effect, group } from '../row.ts';
import { sstatus } from '../status.ts';
import { returnAddress } from './common.ts';

const view = supervisorStatus.reduce((bits, f) => bits | bitsOf(f), 0n);

/** RV32's upper halves of what the AIA widens. */
const advanced = {
  extension: 'Ssaia',
  gates: [stateenGate(stateenBit.AIA), virtualInterruptGate],
} as const;

export const supervisor = group('Supervisor', 'Privileged: supervisor CSRs', [
  [
    0x100,
    'sstatus',
    'Supervisor status.',
    { fields: supervisorStatus, guest: CSR.vsstatus, words: sstatus(view) },
  ],
  [
    0x104,
    'sie',
    'Supervisor interrupt enable.',
    {
      fields: withLocalInterrupts(
        interruptFields('IE', supervisorInterrupts, supervisorInterrupts),
      ),
      guest: CSR.vsie,
      gates: [virtualInterruptGate],
      upper: [0x114, 'sieh', advanced],
      ...sie,
    },
  ],
  [0x105, 'stvec', 'Supervisor trap vector.', { fields: vectorFields, guest: CSR.vstvec }],
  [0x106, 'scounteren', 'Counters that U-mode may read.', { fields: counterEnable }],
  [0x140, 'sscratch', 'For the use of the supervisor trap handler.', { guest: CSR.vsscratch }],
  [0x141, 'sepc', 'pc at the trap.', { mask: returnAddress, guest: CSR.vsepc }],
  [0x142, 'scause', 'Cause of the trap.', { fields: causeFields, guest: CSR.vscause }],
  [0x143, 'stval', 'Address or instruction of the trap.', { guest: CSR.vstval }],
  [
    0x144,
    'sip',
    'Supervisor interrupts pending.',
    {
      fields: withLocalInterrupts(interruptFields('IP', supervisorInterrupts, supervisorWritable)),
      guest: CSR.vsip,
      gates: [virtualInterruptGate],
      upper: [0x154, 'siph', advanced],
      ...sip,
    },
  ],
  [
    0x14d,
    'stimecmp',
    'Supervisor timer compare.',
    {
      extension: 'Sstc',
      reset: all64,
      gates: [timerGate, virtualTimerGate],
      guest: CSR.vstimecmp,
      upper: [0x15d, 'stimecmph'],
      affects: effect.timers,
    },
  ],
  [
    0x180,
    'satp',
    'Address translation and protection.',
    {
      fields: translationFields,
      gates: [rootGate],
      guest: CSR.vsatp,
      affects: effect.translation,
    },
  ],
]);
