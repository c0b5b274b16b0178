/** C: compressed instructions, Zca (unprivileged manual, chapter C). Each is what it expands to. */
import { compressedExtensionRows } from './row.ts';

/**
 * Constraints in patterns keep only what is reserved: HINTs execute as their expansion, which then
 * writes x0 or changes nothing.
 */
export const compressedBaseRows = compressedExtensionRows(
  'C',
  'Unprivileged: C, compressed instructions',
  [
    [
      'c.addi4spn',
      "000 nzuimm[5:4|9:6|2|3] rd':3 00",
      "rd', sp, nzuimm",
      "addi rd=rd' rs1=2 imm=nzuimm",
    ],
    [
      'c.lw',
      "010 uimm[5:3] rs1':3 uimm[2|6] rd':3 00",
      "rd', uimm(rs1')",
      "lw rd=rd' rs1=rs1' imm=uimm",
    ],
    [
      'c.ld',
      "011 uimm[5:3] rs1':3 uimm[7:6] rd':3 00",
      "rd', uimm(rs1')",
      "ld rd=rd' rs1=rs1' imm=uimm",
    ],
    [
      'c.sw',
      "110 uimm[5:3] rs1':3 uimm[2|6] rs2':3 00",
      "rs2', uimm(rs1')",
      "sw rs1=rs1' rs2=rs2' imm=uimm",
    ],
    [
      'c.sd',
      "111 uimm[5:3] rs1':3 uimm[7:6] rs2':3 00",
      "rs2', uimm(rs1')",
      "sd rs1=rs1' rs2=rs2' imm=uimm",
    ],
    ['c.nop', '000 imm[5] 00000 imm[4:0] 01', '', 'addi rd=0 rs1=0 imm=imm'],
    ['c.addi', '000 imm[5] rd:5 imm[4:0] 01', 'rd, imm', 'addi rd=rd rs1=rd imm=imm'],
    ['c.addiw', '001 imm[5] rd:5!=0 imm[4:0] 01', 'rd, imm', 'addiw rd=rd rs1=rd imm=imm'],
    ['c.li', '010 imm[5] rd:5 imm[4:0] 01', 'rd, imm', 'addi rd=rd rs1=0 imm=imm'],
    [
      'c.addi16sp',
      '011 nzimm[9] 00010 nzimm[4|6|8:7|5] 01',
      'sp, nzimm',
      'addi rd=2 rs1=2 imm=nzimm',
    ],
    ['c.lui', '011 nzimm[17] rd:5 nzimm[16:12] 01', 'rd, nzimm20', 'lui rd=rd imm=nzimm'],
    [
      'c.srli',
      "100 shamt[5] 00 rd':3 shamt[4:0] 01",
      "rd', shamt",
      "srli rd=rd' rs1=rd' imm=shamt",
    ],
    [
      'c.srai',
      "100 shamt[5] 01 rd':3 shamt[4:0] 01",
      "rd', shamt",
      "srai rd=rd' rs1=rd' imm=shamt",
    ],
    ['c.andi', "100 imm[5] 10 rd':3 imm[4:0] 01", "rd', imm", "andi rd=rd' rs1=rd' imm=imm"],
    ['c.sub', "100011 rd':3 00 rs2':3 01", "rd', rs2'", "sub rd=rd' rs1=rd' rs2=rs2'"],
    ['c.xor', "100011 rd':3 01 rs2':3 01", "rd', rs2'", "xor rd=rd' rs1=rd' rs2=rs2'"],
    ['c.or', "100011 rd':3 10 rs2':3 01", "rd', rs2'", "or rd=rd' rs1=rd' rs2=rs2'"],
    ['c.and', "100011 rd':3 11 rs2':3 01", "rd', rs2'", "and rd=rd' rs1=rd' rs2=rs2'"],
    ['c.subw', "100111 rd':3 00 rs2':3 01", "rd', rs2'", "subw rd=rd' rs1=rd' rs2=rs2'"],
    ['c.addw', "100111 rd':3 01 rs2':3 01", "rd', rs2'", "addw rd=rd' rs1=rd' rs2=rs2'"],
    ['c.j', '101 imm[11|4|9:8|10|6|7|3:1|5] 01', 'offset', 'jal rd=0 imm=imm', 'jump'],
    [
      'c.beqz',
      "110 imm[8|4:3] rs1':3 imm[7:6|2:1|5] 01",
      "rs1', offset",
      "beq rs1=rs1' rs2=0 imm=imm",
      'branch',
    ],
    [
      'c.bnez',
      "111 imm[8|4:3] rs1':3 imm[7:6|2:1|5] 01",
      "rs1', offset",
      "bne rs1=rs1' rs2=0 imm=imm",
      'branch',
    ],
    ['c.slli', '000 shamt[5] rd:5 shamt[4:0] 10', 'rd, shamt', 'slli rd=rd rs1=rd imm=shamt'],
    ['c.lwsp', '010 uimm[5] rd:5!=0 uimm[4:2|7:6] 10', 'rd, uimm(sp)', 'lw rd=rd rs1=2 imm=uimm'],
    ['c.ldsp', '011 uimm[5] rd:5!=0 uimm[4:3|8:6] 10', 'rd, uimm(sp)', 'ld rd=rd rs1=2 imm=uimm'],
    ['c.jr', '100 0 rs1:5!=0 00000 10', 'rs1', 'jalr rd=0 rs1=rs1 imm=0', 'jump'],
    ['c.mv', '100 0 rd:5 rs2:5!=0 10', 'rd, rs2', 'add rd=rd rs1=0 rs2=rs2'],
    ['c.ebreak', '100 1 00000 00000 10', '', 'ebreak', 'trap'],
    ['c.jalr', '100 1 rs1:5!=0 00000 10', 'rs1', 'jalr rd=1 rs1=rs1 imm=0', 'call'],
    ['c.add', '100 1 rd:5 rs2:5!=0 10', 'rd, rs2', 'add rd=rd rs1=rd rs2=rs2'],
    ['c.swsp', '110 uimm[5:2|7:6] rs2:5 10', 'rs2, uimm(sp)', 'sw rs1=2 rs2=rs2 imm=uimm'],
    ['c.sdsp', '111 uimm[5:3|8:6] rs2:5 10', 'rs2, uimm(sp)', 'sd rs1=2 rs2=rs2 imm=uimm'],
  ],
);
