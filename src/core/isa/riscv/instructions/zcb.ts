/** Zcb: further compressed instructions (unprivileged manual, chapter Zc). */
import { compressedExtensionRows } from './row.ts';

const section = 'Unprivileged: Zcb, further compressed instructions';

export const compressedByteRows = [
  ...compressedExtensionRows('Zcb', section, [
    [
      'c.lbu',
      "100000 rs1':3 uimm[0|1] rd':3 00",
      "rd', uimm(rs1')",
      "lbu rd=rd' rs1=rs1' imm=uimm",
    ],
    [
      'c.lhu',
      "100001 rs1':3 0 uimm[1] rd':3 00",
      "rd', uimm(rs1')",
      "lhu rd=rd' rs1=rs1' imm=uimm",
    ],
    ['c.lh', "100001 rs1':3 1 uimm[1] rd':3 00", "rd', uimm(rs1')", "lh rd=rd' rs1=rs1' imm=uimm"],
    [
      'c.sb',
      "100010 rs1':3 uimm[0|1] rs2':3 00",
      "rs2', uimm(rs1')",
      "sb rs1=rs1' rs2=rs2' imm=uimm",
    ],
    [
      'c.sh',
      "100011 rs1':3 0 uimm[1] rs2':3 00",
      "rs2', uimm(rs1')",
      "sh rs1=rs1' rs2=rs2' imm=uimm",
    ],
    ['c.zext.b', "100111 rd':3 1100001", "rd'", "andi rd=rd' rs1=rd' imm=255"],
    ['c.not', "100111 rd':3 1110101", "rd'", "xori rd=rd' rs1=rd' imm=-1"],
  ]),
  ...compressedExtensionRows(
    'Zcb',
    section,
    [
      ['c.sext.b', "100111 rd':3 1100101", "rd'", "sext.b rd=rd' rs1=rd'"],
      ['c.zext.h', "100111 rd':3 1101001", "rd'", "zext.h rd=rd' rs1=rd'"],
      ['c.sext.h', "100111 rd':3 1101101", "rd'", "sext.h rd=rd' rs1=rd'"],
    ],
    { needs: ['Zbb'] },
  ),
  ...compressedExtensionRows(
    'Zcb',
    section,
    [['c.zext.w', "100111 rd':3 1110001", "rd'", "add.uw rd=rd' rs1=rd' rs2=0"]],
    { needs: ['Zba'], xlen: 64 },
  ),
  ...compressedExtensionRows(
    'Zcb',
    section,
    [['c.mul', "100111 rd':3 10 rs2':3 01", "rd', rs2'", "mul rd=rd' rs1=rd' rs2=rs2'"]],
    { needs: ['M'] },
  ),
];
