/**
 * mtinst after a fault of every instruction that accesses memory, against the manual's figures; the
 * expansions of compressed instructions are the manual's too (C, Zcb), by quadrant and funct3.
 */
import assert from 'node:assert/strict';
import { rowsOf } from '../../../../src/core/isa/riscv/instructions/all.ts';
import { parsePattern } from '../../../../src/core/isa/riscv/pattern.ts';
import { encode, encodePattern } from '../../../differential/encode.ts';
import { Random } from '../../../differential/random.ts';
import { ramBase, rig, type Rig } from './rig.ts';
import { transformed, transformedCompressed } from './translation/figure.ts';

const isa = {
  64: 'rv64imafdch_zfh_zacas_zabha_zicbom_zicboz_zcb_zawrs',
  32: 'rv32imafdch_zfh_zacas_zabha_zicbom_zicboz_zcb_zawrs',
} as const;
/** Nothing is there, and it is aligned for every size. */
const nowhere = 0x4000_0000n;
const FS = 3n << 13n;

type Width = 32 | 64;

const LOAD = 0x03;
const LOADFP = 0x07;
const STORE = 0x23;
const STOREFP = 0x27;

const load = (opcode: number, funct3: number, rd: number): number =>
  opcode | (rd << 7) | (funct3 << 12);
const store = (opcode: number, funct3: number, rs2: number): number =>
  (opcode | (funct3 << 12) | (rs2 << 20)) >>> 0;

/** What a compressed load or store expands to, its immediate and rs1 apart. */
function expansion(word: number, xlen: Width): number | undefined {
  const quadrant = word & 3;
  const funct3 = (word >>> 13) & 7;
  const short = 8 + ((word >>> 2) & 7);
  const rd = (word >>> 7) & 31;
  const rs2 = (word >>> 2) & 31;
  const third = xlen === 64 ? ([LOAD, STORE, 3] as const) : ([LOADFP, STOREFP, 2] as const);
  if (quadrant === 0) {
    switch (funct3) {
      case 1:
        return load(LOADFP, 3, short);
      case 2:
        return load(LOAD, 2, short);
      case 3:
        return load(third[0], third[2], short);
      case 4:
        return expansionOfBytes(word, short);
      case 5:
        return store(STOREFP, 3, short);
      case 6:
        return store(STORE, 2, short);
      case 7:
        return store(third[1], third[2], short);
    }
  }
  if (quadrant === 2) {
    switch (funct3) {
      case 1:
        return load(LOADFP, 3, rd);
      case 2:
        return load(LOAD, 2, rd);
      case 3:
        return load(third[0], third[2], rd);
      case 5:
        return store(STOREFP, 3, rs2);
      case 6:
        return store(STORE, 2, rs2);
      case 7:
        return store(third[1], third[2], rs2);
    }
  }
  return undefined;
}

/** Zcb: bits 12:10, and bit 6 of halfword loads. */
function expansionOfBytes(word: number, register: number): number {
  switch ((word >>> 10) & 7) {
    case 0:
      return load(LOAD, 4, register);
    case 1:
      return load(LOAD, word & 0x40 ? 1 : 5, register);
    case 2:
      return store(STORE, 0, register);
    default:
      return store(STORE, 1, register);
  }
}

function isMemoryAccess(word: number): boolean {
  const funct3 = (word >>> 12) & 7;
  switch (word & 0x7f) {
    case LOAD:
    case LOADFP:
    case STORE:
    case STOREFP:
    case 0x2f:
      return true;
    case 0x73:
      // Others are may-be-operations.
      return funct3 === 4 && word >>> 28 === 6;
    case 0x0f:
      return funct3 === 2;
    default:
      return false;
  }
}

function wantedOf(word: number, xlen: Width): number | undefined {
  if ((word & 3) === 3) return isMemoryAccess(word) ? transformed(word) : undefined;
  const expanded = expansion(word, xlen);
  return expanded === undefined ? undefined : transformedCompressed(expanded);
}

/** Executes a word in M-mode whose every address leads to nothing; mtinst. */
function faultOf(r: Rig, word: number): bigint {
  const { hart } = r;
  r.memory.write32(ramBase, word);
  hart.privilege = 3;
  for (let i = 1; i < 32; i++) hart.setX(i, nowhere);
  hart.pc = BigInt(ramBase);
  r.setCsr('mstatus', FS);
  r.setCsr('mcause', 0n);
  assert.equal(hart.run(1).retired, 0, word.toString(16));
  assert.ok([5n, 7n].includes(r.csr('mcause')), `${word.toString(16)}: mcause ${r.csr('mcause')}`);
  return r.csr('mtinst');
}

describe('core/isa/riscv/transform', () => {
  for (const xlen of [64, 32] as const) {
    it(`mtinst of every load, store, AMO and cache-block instruction of RV${xlen}`, () => {
      const r = rig('', { isa: isa[xlen] });
      r.setCsr('mtvec', BigInt(ramBase + 0x1000));
      const random = new Random(xlen);
      const { instructions, compressed } = rowsOf(xlen);
      const seen = new Set<string>();
      for (const row of [...instructions, ...compressed]) {
        for (let i = 0; i < 8; i++) {
          const fields = [...parsePattern(row.pattern).fields.keys()];
          // Pairs begin with an even register; compressed loads of x0 do not exist.
          const register = (): number => 2 + random.below(15) * 2;
          const values = Object.fromEntries(
            fields.map((name) => [name, /imm/.test(name) ? random.below(2) * 16 : register()]),
          );
          const word = encodePattern(row.pattern, values);
          const wanted = wantedOf(word, xlen);
          if (wanted === undefined) continue;
          seen.add(row.mnemonic);
          assert.equal(faultOf(r, word), BigInt(wanted), `${row.mnemonic} ${word.toString(16)}`);
        }
      }
      const some = 'lb fld fsh lr.w amocas.w amoadd.b hlv.hu hlvx.wu hsv.b cbo.zero c.lwsp c.sb';
      for (const mnemonic of some.split(' ')) assert.ok(seen.has(mnemonic), mnemonic);
      assert.ok(seen.size > (xlen === 64 ? 90 : 70), `${seen.size}`);
    });
  }

  it('is 0 on processors that say nothing, but for pseudoinstructions', () => {
    const r = rig('', { isa: isa[64], trapInstruction: 'zero' });
    r.setCsr('mtvec', BigInt(ramBase + 0x1000));
    assert.equal(faultOf(r, encode('ld', { rd: 5, rs1: 6 })), 0n);
    r.setCsr('pmpaddr0', (1n << 54n) - 1n);
    r.setCsr('pmpcfg0', 0x1fn);
    // No G-stage entry leads to the VS-stage's root.
    r.setCsr('hgatp', (8n << 60n) | BigInt((ramBase + 0x4000) / 4096));
    r.setCsr('vsatp', (8n << 60n) | 0x1234n);
    r.memory.write32(ramBase, encode('hlv.w', { rd: 5, rs1: 6 }));
    r.hart.privilege = 3;
    r.hart.pc = BigInt(ramBase);
    assert.equal(r.hart.run(1).retired, 0);
    assert.equal(r.csr('mcause'), 21n);
    assert.equal(r.csr('mtinst'), 0x3000n);
    assert.equal(r.csr('mtval2'), (0x1234_000n + ((nowhere >> 30n) & 511n) * 8n) >> 2n);
  });

  it('is 0 where no transformation is defined', () => {
    const r = rig('', { isa: isa[64] });
    r.setCsr('mtvec', BigInt(ramBase + 0x1000));
    for (const word of [encode('ecall'), encode('ebreak'), 0, encode('csrrw', { csr: 0x5c0 })]) {
      r.setCsr('mtinst', 0x55n);
      r.memory.write32(ramBase, word);
      r.hart.privilege = 3;
      r.hart.pc = BigInt(ramBase);
      assert.equal(r.hart.run(1).retired, 0);
      assert.equal(r.csr('mtinst'), 0n);
    }
    // A fetch.
    r.setCsr('mtinst', 0x55n);
    r.hart.pc = nowhere;
    r.hart.run(1);
    assert.equal(r.csr('mcause'), 1n);
    assert.equal(r.csr('mtinst'), 0n);
  });
});
