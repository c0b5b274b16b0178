/** CSRs of HS-mode, and those of the guest that it sees (privileged manual, hypervisor extension). */
import {
  causeFields,
  counterEnable,
  delegationFields,
  guestTranslationFields,
  interruptFields,
  pointerMasking,
  supervisorStatus,
  translationFields,
  vectorFields,
  withLocalInterrupts,
  width64,
} from '../fields.ts';
import { rootGate, stateenBit, stateenGate, timerGate } from '../gates.ts';
import {
  guestInterrupts,
  hie,
  hip,
  hypervisorInterrupts,
  supervisorInterrupts,
  supervisorWritable,
  vsie,
  vsip,
} from '../interrupts.ts';
import { CSR } from '../numbers.ts';
import { all64, effect, field, group, type CsrConfig } from '../row.ts';
import { vsstatus } from '../status.ts';
import { hedelegMask, returnAddress } from './common.ts';

/** RV32's upper halves of what the AIA widens. */
const advanced = { extension: 'Ssaia', gates: [stateenGate(stateenBit.AIA)] } as const;

/** Bit 0 of hgeie and hgeip is none of the GEILEN interrupts. */
const guestFileBits = ({ guestFiles }: CsrConfig): bigint => (1n << BigInt(guestFiles + 1)) - 2n;

const hypervisorLevel = group('Hypervisor', 'Privileged: hypervisor extension, HS CSRs', [
  [
    0x600,
    'hstatus',
    'Hypervisor status.',
    {
      affects: effect.interrupts,
      fields: [
        field('VSBE', 5, 'Big-endian in VS-mode.', { readOnly: true }),
        field('GVA', 6, 'stval holds a guest virtual address.'),
        field('SPV', 7, 'Virtualization mode before the trap; SRET restores it.'),
        field('SPVP', 8, 'Privilege of guest accesses by HLV, HLVX and HSV.', {
          values: { 0: 'VU', 1: 'VS' },
        }),
        field('HU', 9, 'HLV, HLVX and HSV may be used in U-mode.'),
        field('VGEIN', [17, 12], 'Guest external interrupt source.', {
          legal: ({ guestFiles }) => Array.from({ length: guestFiles + 1 }, (_, i) => i),
        }),
        field('VTVM', 20, 'satp and its fences trap in VS-mode.'),
        field('VTW', 21, 'WFI in VS-mode traps.'),
        field('VTSR', 22, 'SRET in VS-mode traps.'),
        field('VSXL', [33, 32], 'Register width in VS-mode.', width64),
        pointerMasking('HUPMM', 48, 'Ssnpm', 'of guest accesses from U-mode'),
      ],
    },
  ],
  [
    0x602,
    'hedeleg',
    'Exceptions delegated to VS-mode.',
    {
      fields: delegationFields(hedelegMask),
      upper: [0x612, 'hedelegh', { gates: [stateenGate(stateenBit.P1P13)] }],
    },
  ],
  [
    0x603,
    'hideleg',
    'Interrupts delegated to VS-mode.',
    {
      affects: effect.interrupts,
      fields: withLocalInterrupts([
        ...interruptFields('I', guestInterrupts, guestInterrupts),
        field('LCOFI', 13, 'Local counter overflow interrupt delegated.', {
          extension: 'Shlcofideleg',
        }),
      ]),
      upper: [0x613, 'hidelegh', advanced],
      // What is neither delegated to S-mode nor filtered for it is read-only zero (AIA, 5.3).
      visible: ({ has, state }) =>
        has('ssaia')
          ? BigInt(guestInterrupts) | state.csr(CSR.mideleg) | state.csr(CSR.mvien)
          : all64,
    },
  ],
  [
    0x604,
    'hie',
    'Interrupts for VS-mode enabled.',
    { fields: interruptFields('IE', hypervisorInterrupts, hypervisorInterrupts), ...hie },
  ],
  [
    0x605,
    'htimedelta',
    'Added to time in VS- and VU-mode.',
    { upper: [0x615, 'htimedeltah'], affects: effect.timers },
  ],
  [0x606, 'hcounteren', 'Counters that VS- and VU-mode may read.', { fields: counterEnable }],
  [
    0x607,
    'hgeie',
    'Guest external interrupts enabled.',
    { mask: guestFileBits, affects: effect.interrupts },
  ],
  [0x643, 'htval', 'Guest physical address of the trap, shifted right by 2.'],
  [
    0x644,
    'hip',
    'Interrupts for VS-mode pending.',
    { fields: interruptFields('IP', hypervisorInterrupts, 0x4), ...hip },
  ],
  [
    0x645,
    'hvip',
    'Virtual interrupts that the hypervisor raises.',
    {
      affects: effect.interrupts,
      fields: withLocalInterrupts([
        ...interruptFields('IP', guestInterrupts, guestInterrupts),
        field('LCOFIP', 13, 'Local counter overflow interrupt pending.', { extension: 'Ssaia' }),
      ]),
      upper: [0x655, 'hviph', advanced],
    },
  ],
  [0x64a, 'htinst', 'Transformed instruction of the trap.'],
  [
    0x680,
    'hgatp',
    'G-stage translation.',
    { fields: guestTranslationFields, gates: [rootGate], affects: effect.translation },
  ],
  [
    0xe12,
    'hgeip',
    'Guest external interrupts pending.',
    { read: (h) => h.guestInputs & guestFileBits(h) },
  ],
]);

const virtualSupervisor = group('Virtual supervisor', 'Privileged: hypervisor extension, VS CSRs', [
  [0x200, 'vsstatus', 'sstatus of the guest.', { fields: supervisorStatus, words: vsstatus }],
  [
    0x204,
    'vsie',
    'sie of the guest.',
    {
      fields: withLocalInterrupts(
        interruptFields('IE', supervisorInterrupts, supervisorInterrupts),
      ),
      upper: [0x214, 'vsieh', advanced],
      ...vsie,
    },
  ],
  [0x205, 'vstvec', 'stvec of the guest.', { fields: vectorFields }],
  [0x240, 'vsscratch', 'sscratch of the guest.'],
  [0x241, 'vsepc', 'sepc of the guest.', { mask: returnAddress }],
  [0x242, 'vscause', 'scause of the guest.', { fields: causeFields }],
  [0x243, 'vstval', 'stval of the guest.'],
  [
    0x244,
    'vsip',
    'sip of the guest.',
    {
      fields: withLocalInterrupts(interruptFields('IP', supervisorInterrupts, supervisorWritable)),
      upper: [0x254, 'vsiph', advanced],
      ...vsip,
    },
  ],
  [
    0x24d,
    'vstimecmp',
    'stimecmp of the guest.',
    {
      extension: 'Sstc',
      reset: all64,
      gates: [timerGate],
      upper: [0x25d, 'vstimecmph'],
      affects: effect.timers,
    },
  ],
  [
    0x280,
    'vsatp',
    'satp of the guest.',
    { fields: translationFields, affects: effect.translation },
  ],
]);

export const hypervisor = [...hypervisorLevel, ...virtualSupervisor];
