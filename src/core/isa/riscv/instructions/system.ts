/**
 * Zicsr, Zifencei and the privileged instructions, H extension included. All are carried out in
 * TypeScript: they change what the hart may do or where it is.
 */
import { control, extensionRows, host, only, type RowSpec } from './row.ts';

const csr = (mnemonic: string, funct3: string, summary: string): RowSpec => [
  mnemonic,
  `csr[11:0] rs1:5 ${funct3} rd:5 1110011`,
  'rd, csr, rs1',
  summary,
  control,
];
const csrImmediate = (mnemonic: string, funct3: string, summary: string): RowSpec => [
  mnemonic,
  `csr[11:0] zimm:5 ${funct3} rd:5 1110011`,
  'rd, csr, zimm',
  summary,
  control,
];

/** Fence-like: two source registers and nothing else. */
const fence = (mnemonic: string, funct7: string, summary: string): RowSpec => [
  mnemonic,
  `${funct7} rs2:5 rs1:5 000 00000 1110011`,
  'rs1, rs2',
  summary,
  host,
];
const plain = (
  mnemonic: string,
  bits: string,
  summary: string,
  flow: RowSpec[5] = 'next',
): RowSpec => [mnemonic, `${bits} 00000 000 00000 1110011`, '', summary, host, flow];

const guestLoad = (mnemonic: string, funct7: string, rs2: string, what: string): RowSpec => [
  mnemonic,
  `${funct7} ${rs2} rs1:5 100 rd:5 1110011`,
  'rd, (rs1)',
  `Load ${what} as the guest would.`,
  host,
];
const guestStore = (mnemonic: string, funct7: string, what: string): RowSpec => [
  mnemonic,
  `${funct7} rs2:5 rs1:5 100 00000 1110011`,
  'rs2, (rs1)',
  `Store ${what} as the guest would.`,
  host,
];

export const systemRows = [
  ...extensionRows('Zicsr', 'Unprivileged: Zicsr, CSR instructions', [
    csr('csrrw', '001', 'Read and write a CSR.'),
    csr('csrrs', '010', 'Read a CSR and set bits.'),
    csr('csrrc', '011', 'Read a CSR and clear bits.'),
    csrImmediate('csrrwi', '101', 'Read and write a CSR, immediate.'),
    csrImmediate('csrrsi', '110', 'Read a CSR and set bits, immediate.'),
    csrImmediate('csrrci', '111', 'Read a CSR and clear bits, immediate.'),
  ]),
  ...extensionRows('Zifencei', 'Unprivileged: Zifencei', [
    [
      'fence.i',
      'imm[11:0] rs1:5 001 rd:5 0001111',
      '',
      'Order stores before later instruction fetches.',
      // Stores to code are seen at once, so there is nothing to order.
      () => {},
    ],
  ]),
  ...extensionRows('S', 'Privileged: machine and supervisor instructions', [
    plain('mret', '001100000010', 'Return from a trap taken to M-mode.', 'trapReturn'),
    plain('sret', '000100000010', 'Return from a trap taken to S-mode.', 'trapReturn'),
    plain('wfi', '000100000101', 'Wait for an interrupt.'),
    fence('sfence.vma', '0001001', 'Order page-table stores before translations that use them.'),
  ]),
  ...extensionRows('H', 'Privileged: hypervisor instructions', [
    fence('hfence.vvma', '0010001', 'Order VS-stage page-table stores before their use.'),
    fence('hfence.gvma', '0110001', 'Order G-stage page-table stores before their use.'),
    guestLoad('hlv.b', '0110000', '00000', 'byte, sign-extended,'),
    guestLoad('hlv.bu', '0110000', '00001', 'byte, zero-extended,'),
    guestLoad('hlv.h', '0110010', '00000', 'halfword, sign-extended,'),
    guestLoad('hlv.hu', '0110010', '00001', 'halfword, zero-extended,'),
    guestLoad('hlvx.hu', '0110010', '00011', 'executable halfword'),
    guestLoad('hlv.w', '0110100', '00000', 'word, sign-extended,'),
    only(64, guestLoad('hlv.wu', '0110100', '00001', 'word, zero-extended,')),
    guestLoad('hlvx.wu', '0110100', '00011', 'executable word'),
    only(64, guestLoad('hlv.d', '0110110', '00000', 'doubleword')),
    guestStore('hsv.b', '0110001', 'byte'),
    guestStore('hsv.h', '0110011', 'halfword'),
    guestStore('hsv.w', '0110101', 'word'),
    only(64, guestStore('hsv.d', '0110111', 'doubleword')),
  ]),
  ...extensionRows('Svinval', 'Privileged: Svinval, fine-grained invalidation', [
    fence('sinval.vma', '0001011', 'Invalidate what SFENCE.VMA would, between the two below.'),
    plain('sfence.w.inval', '000110000000', 'Order stores before later invalidations.'),
    plain('sfence.inval.ir', '000110000001', 'Order invalidations before later translations.'),
  ]),
  ...extensionRows(
    'Svinval',
    'Privileged: Svinval, fine-grained invalidation',
    [
      fence('hinval.vvma', '0010011', 'Invalidate what HFENCE.VVMA would.'),
      fence('hinval.gvma', '0110011', 'Invalidate what HFENCE.GVMA would.'),
    ],
    { needs: ['H'] },
  ),
];
