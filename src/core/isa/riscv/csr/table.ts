/**
 * Every CSR that exists, stated once: name, number, fields, writable bits, reset value. Access
 * checks, views, hovers and tests are made from these rows (privileged manual, CSR listing).
 */
import {
  cacheBlockFields,
  causeFields,
  counterEnable,
  delegationFields,
  floatFlags,
  guestTranslationFields,
  interruptFields,
  machineStatus,
  roundingField,
  supervisorStatus,
  translationFields,
  vectorFields,
} from './fields.ts';
import { all64, field, group, type CsrRow } from './row.ts';

const H = { extension: 'H' };
const F = { extension: 'F' };
const xl64 = 2n;
/** Exceptions that may be delegated by M-mode: all but environment calls from M-mode. */
export const medelegMask = 0xf0b7ffn;
/** Those that HS-mode may delegate on: not environment calls from S-modes nor guest-page faults. */
export const hedelegMask = 0x00b1ffn;
const guestInterrupts = 0x444;
const everyInterrupt = 0xeee;
const supervisorInterrupts = 0x222;

const unprivileged = group('Unprivileged', 'Unprivileged: Zicntr, Zihpm', [
  [0xc00, 'cycle', 'Cycles; Trapline counts one for each instruction.'],
  [0xc01, 'time', 'Ticks of the timebase.'],
  [0xc02, 'instret', 'Instructions retired.'],
]);

const entropy = group('Entropy', 'Unprivileged: Zkr, entropy source', [
  [
    0x015,
    'seed',
    'Entropy; it must be read by an instruction that writes too. Repeatable here, so no secret.',
    {
      extension: 'Zkr',
      fields: [
        field('OPST', [31, 30], 'Status of the source.', {
          values: { 0: 'BIST', 1: 'WAIT', 2: 'ES16', 3: 'DEAD' },
          readOnly: true,
        }),
        field('entropy', [15, 0], 'Random bits, when OPST is ES16.', { readOnly: true }),
      ],
    },
  ],
]);

const floatingPoint = group(
  'Floating point',
  'Unprivileged: F, floating-point control and status',
  [
    [0x001, 'fflags', 'Exceptions since software cleared them.', { ...F, fields: floatFlags }],
    [
      0x002,
      'frm',
      'Rounding mode of instructions that name none.',
      { ...F, fields: [roundingField(0)] },
    ],
    [0x003, 'fcsr', 'frm and fflags.', { ...F, fields: [...floatFlags, roundingField(5)] }],
  ],
);

const supervisor = group('Supervisor', 'Privileged: supervisor CSRs', [
  [0x100, 'sstatus', 'Supervisor status.', { fields: supervisorStatus }],
  [
    0x104,
    'sie',
    'Supervisor interrupt enable.',
    { fields: interruptFields('IE', supervisorInterrupts, supervisorInterrupts) },
  ],
  [0x105, 'stvec', 'Supervisor trap vector.', { fields: vectorFields }],
  [0x106, 'scounteren', 'Counters that U-mode may read.', { fields: counterEnable }],
  [
    0x10a,
    'senvcfg',
    'Environment of U-mode.',
    {
      fields: [
        field('FIOM', 0, 'Fences of device accesses order memory too.'),
        ...cacheBlockFields,
      ],
    },
  ],
  [0x140, 'sscratch', 'For the use of the supervisor trap handler.'],
  [0x141, 'sepc', 'pc at the trap.', { mask: all64 - 1n }],
  [0x142, 'scause', 'Cause of the trap.', { fields: causeFields }],
  [0x143, 'stval', 'Address or instruction of the trap.'],
  [
    0x144,
    'sip',
    'Supervisor interrupts pending.',
    { fields: interruptFields('IP', supervisorInterrupts, 0x2) },
  ],
  [0x14d, 'stimecmp', 'Supervisor timer compare.', { extension: 'Sstc', reset: all64 }],
  [0x180, 'satp', 'Address translation and protection.', { fields: translationFields }],
]);

const hypervisor = group('Hypervisor', 'Privileged: hypervisor extension, HS CSRs', [
  [
    0x600,
    'hstatus',
    'Hypervisor status.',
    {
      ...H,
      reset: xl64 << 32n,
      fields: [
        field('VSBE', 5, 'Big-endian in VS-mode.', { readOnly: true }),
        field('GVA', 6, 'stval holds a guest virtual address.'),
        field('SPV', 7, 'Virtualization mode before the trap; SRET restores it.'),
        field('SPVP', 8, 'Privilege of guest accesses by HLV, HLVX and HSV.', {
          values: { 0: 'VU', 1: 'VS' },
        }),
        field('HU', 9, 'HLV, HLVX and HSV may be used in U-mode.'),
        field('VGEIN', [17, 12], 'Guest external interrupt source.', { readOnly: true }),
        field('VTVM', 20, 'satp and its fences trap in VS-mode.'),
        field('VTW', 21, 'WFI in VS-mode traps.'),
        field('VTSR', 22, 'SRET in VS-mode traps.'),
        field('VSXL', [33, 32], 'Register width in VS-mode.', {
          values: { 1: '32', 2: '64' },
          readOnly: true,
        }),
      ],
    },
  ],
  [
    0x602,
    'hedeleg',
    'Exceptions delegated to VS-mode.',
    { ...H, fields: delegationFields(hedelegMask) },
  ],
  [
    0x603,
    'hideleg',
    'Interrupts delegated to VS-mode.',
    { ...H, fields: interruptFields('I', guestInterrupts, guestInterrupts) },
  ],
  [
    0x604,
    'hie',
    'Interrupts for VS-mode enabled.',
    { ...H, fields: interruptFields('IE', guestInterrupts, guestInterrupts) },
  ],
  [0x605, 'htimedelta', 'Added to time in VS- and VU-mode.', H],
  [0x606, 'hcounteren', 'Counters that VS- and VU-mode may read.', { ...H, fields: counterEnable }],
  [0x607, 'hgeie', 'Guest external interrupts enabled.', { ...H, mask: 0n }],
  [
    0x60a,
    'henvcfg',
    'Environment of VS- and VU-mode.',
    {
      ...H,
      fields: [
        field('FIOM', 0, 'Fences of device accesses order memory too.'),
        ...cacheBlockFields,
        field('STCE', 63, 'vstimecmp is in use.'),
      ],
    },
  ],
  [0x643, 'htval', 'Guest physical address of the trap, shifted right by 2.', H],
  [
    0x644,
    'hip',
    'Interrupts for VS-mode pending.',
    { ...H, fields: interruptFields('IP', guestInterrupts, 0x4) },
  ],
  [
    0x645,
    'hvip',
    'Virtual interrupts that the hypervisor raises.',
    { ...H, fields: interruptFields('IP', guestInterrupts, guestInterrupts) },
  ],
  [0x64a, 'htinst', 'Transformed instruction of the trap.', H],
  [0x680, 'hgatp', 'G-stage translation.', { ...H, fields: guestTranslationFields }],
  [0xe12, 'hgeip', 'Guest external interrupts pending.', H],
]);

const virtualSupervisor = group('Virtual supervisor', 'Privileged: hypervisor extension, VS CSRs', [
  [
    0x200,
    'vsstatus',
    'sstatus of the guest.',
    { ...H, fields: supervisorStatus, reset: xl64 << 32n },
  ],
  [
    0x204,
    'vsie',
    'sie of the guest.',
    { ...H, fields: interruptFields('IE', supervisorInterrupts, supervisorInterrupts) },
  ],
  [0x205, 'vstvec', 'stvec of the guest.', { ...H, fields: vectorFields }],
  [0x240, 'vsscratch', 'sscratch of the guest.', H],
  [0x241, 'vsepc', 'sepc of the guest.', { ...H, mask: all64 - 1n }],
  [0x242, 'vscause', 'scause of the guest.', { ...H, fields: causeFields }],
  [0x243, 'vstval', 'stval of the guest.', H],
  [
    0x244,
    'vsip',
    'sip of the guest.',
    { ...H, fields: interruptFields('IP', supervisorInterrupts, 0x2) },
  ],
  [0x24d, 'vstimecmp', 'stimecmp of the guest.', { extension: 'Sstc', reset: all64 }],
  [0x280, 'vsatp', 'satp of the guest.', { ...H, fields: translationFields }],
]);

const machine = group('Machine', 'Privileged: machine CSRs', [
  [0xf11, 'mvendorid', 'JEDEC manufacturer; 0 for none.'],
  [0xf12, 'marchid', 'Architecture of the hart; 0 for none.'],
  [0xf13, 'mimpid', 'Version of the implementation.'],
  [0xf14, 'mhartid', 'Number of the hart.'],
  [0xf15, 'mconfigptr', 'Address of a configuration structure; 0 for none.'],
  [
    0x300,
    'mstatus',
    'Machine status.',
    { fields: machineStatus, reset: (xl64 << 32n) | (xl64 << 34n) },
  ],
  [
    0x301,
    'misa',
    'Register width and extensions.',
    {
      mask: 0n,
      fields: [
        field('MXL', [63, 62], 'Register width.', {
          values: { 1: '32', 2: '64' },
          readOnly: true,
        }),
        ...[...'ABCDFHIMSUV'].map((letter) =>
          field(letter, letter.charCodeAt(0) - 65, `Extension ${letter}.`, { readOnly: true }),
        ),
      ],
    },
  ],
  [0x302, 'medeleg', 'Exceptions delegated to S-mode.', { fields: delegationFields(medelegMask) }],
  [
    0x303,
    'mideleg',
    'Interrupts delegated to S-mode.',
    {
      fields: interruptFields('I', supervisorInterrupts | guestInterrupts, supervisorInterrupts),
      reset: BigInt(guestInterrupts),
    },
  ],
  [
    0x304,
    'mie',
    'Machine interrupt enable.',
    { fields: interruptFields('IE', everyInterrupt, everyInterrupt) },
  ],
  [0x305, 'mtvec', 'Machine trap vector.', { fields: vectorFields }],
  [0x306, 'mcounteren', 'Counters that lower modes may read.', { fields: counterEnable }],
  [
    0x30a,
    'menvcfg',
    'Environment of lower modes.',
    {
      fields: [
        field('FIOM', 0, 'Fences of device accesses order memory too.'),
        ...cacheBlockFields,
        field('STCE', 63, 'stimecmp is in use.'),
      ],
    },
  ],
  [
    0x320,
    'mcountinhibit',
    'Counters that stand still.',
    { fields: [field('CY', 0, 'cycle stands still.'), field('IR', 2, 'instret stands still.')] },
  ],
  [0x340, 'mscratch', 'For the use of the machine trap handler.'],
  [0x341, 'mepc', 'pc at the trap.', { mask: all64 - 1n }],
  [0x342, 'mcause', 'Cause of the trap.', { fields: causeFields }],
  [0x343, 'mtval', 'Address or instruction of the trap.'],
  [
    0x344,
    'mip',
    'Interrupts pending.',
    { fields: interruptFields('IP', everyInterrupt, supervisorInterrupts | 0x4) },
  ],
  [0x34a, 'mtinst', 'Transformed instruction of the trap.', H],
  [0x34b, 'mtval2', 'Guest physical address of the trap, shifted right by 2.', H],
  [
    0x747,
    'mseccfg',
    'Machine security configuration.',
    {
      extension: 'Zkr',
      fields: [
        field('USEED', 8, 'seed may be used in U-mode.', { extension: 'Zkr' }),
        field('SSEED', 9, 'seed may be used in S-mode.', { extension: 'Zkr' }),
      ],
    },
  ],
  [0xb00, 'mcycle', 'Cycles.'],
  [0xb02, 'minstret', 'Instructions retired.'],
]);

const protectionConfig = [0, 8].map((first): readonly [number, string, string, object] => [
  0x3a0 + first / 4,
  `pmpcfg${first / 4}`,
  `Physical memory protection, entries ${first} to ${first + 7}.`,
  {
    fields: Array.from({ length: 8 }, (_, i) =>
      field(`pmp${first + i}cfg`, [i * 8 + 7, i * 8], 'L, A, X, W, R of the entry.'),
    ),
  },
]);

const memoryProtection = group('Memory protection', 'Privileged: physical memory protection', [
  ...protectionConfig,
  ...Array.from({ length: 16 }, (_, i): readonly [number, string, string, object] => [
    0x3b0 + i,
    `pmpaddr${i}`,
    `Address of protection entry ${i}, shifted right by 2.`,
    { fields: [field('address', [53, 0], 'Bits 55:2 of the address.')] },
  ]),
]);

/** Event counters: they exist and are always zero. */
const performance = group('Performance', 'Privileged: hardware performance monitor', [
  ...Array.from({ length: 29 }, (_, i): readonly [number, string, string] => [
    0xc03 + i,
    `hpmcounter${i + 3}`,
    'Event counter; always 0.',
  ]),
  ...Array.from({ length: 29 }, (_, i): readonly [number, string, string, object] => [
    0xb03 + i,
    `mhpmcounter${i + 3}`,
    'Event counter; always 0.',
    { mask: 0n },
  ]),
  ...Array.from({ length: 29 }, (_, i): readonly [number, string, string, object] => [
    0x323 + i,
    `mhpmevent${i + 3}`,
    'Event selector; always 0.',
    { mask: 0n },
  ]),
]);

export const csrRows: readonly CsrRow[] = [
  ...machine,
  ...hypervisor,
  ...supervisor,
  ...virtualSupervisor,
  ...unprivileged,
  ...floatingPoint,
  ...entropy,
  ...memoryProtection,
  ...performance,
];
