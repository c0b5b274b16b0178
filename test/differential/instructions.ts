/** Random straight-line programs of every row that a processor has, as M-mode executes them. */
import { rowExists } from '../../src/core/isa/riscv/instructions/row.ts';
import { parseIsaString } from '../../src/core/isa/riscv/isaString.ts';
import { matches, parsePattern, type Field } from '../../src/core/isa/riscv/pattern.ts';
import { Decoder } from '../../src/core/isa/riscv/decode.ts';
import { allRowsOf, encodePattern, type Values } from './encode.ts';
import { aroundFloats, floatFields, recordFloats } from './floats.ts';
import { defaultProcessor, type LogRecord } from './harness.ts';
import { Program, readable, writable } from './program.ts';
import type { Random } from './random.ts';

type Row = ReturnType<typeof allRowsOf>[number];

/** Rows that other programs exercise, or that would not come back. */
const elsewhere = /^(csr|h[ls]v|mret|sret|wfi)/;

/** Rows of a processor with these extensions that programs may consist of. */
export function rowsOf(isa: string): readonly Row[] {
  const { xlen, extensions } = parseIsaString(isa);
  const enabled = (name: string): boolean =>
    name === 'I' || name === 'S' || extensions.has(name.toLowerCase());
  return allRowsOf(xlen).filter((row) => rowExists(row, enabled) && !elsewhere.test(row.mnemonic));
}

const decoders = { 32: new Decoder(undefined, 32), 64: new Decoder(undefined, 64) } as const;

const sizes: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, d: 8 };

export function instructionProgram(
  random: Random,
  count: number,
  rows: readonly Row[] = rowsOf(defaultProcessor.isa),
  xlen: 32 | 64 = 64,
): Program {
  const p = new Program(random, xlen);
  for (let i = 0; i < count && !p.full; i++) {
    if (random.chance(0.1)) reload(p);
    step(p, random.chance(0.03) ? undefined : random.pick(rows));
  }
  return p;
}

/** The decoder's own idea of what is no instruction is put to the test. */
function step(p: Program, row: Row | undefined): void {
  if (!row) return illegal(p);
  const pattern = parsePattern(row.pattern);
  const names = [...pattern.fields.keys()];
  const floats = names.some((name) => name in floatFields);
  p.begin(row.mnemonic);
  if (floats) aroundFloats(p);
  if (row.flow === 'branch' || row.flow === 'jump' || row.flow === 'call') jump(p, row, names);
  else if (row.operands.includes('(')) memory(p, row, names);
  else p.word(randomWord(p, row, {}));
  const rd = lastDestination(p, row);
  p.record(rd);
  if (floats) recordFloats(p, floatDestination);
}

let destination = 0;
let floatDestination = 0;
function lastDestination(p: Program, row: Row): number {
  return /^rd/.test(row.operands) ? destination : p.random.pick(writable);
}

/** Operands at random, but for those given. */
function randomWord({ random, xlen }: Program, row: Row, given: Values): number {
  const pattern = parsePattern(row.pattern);
  for (;;) {
    const values: Record<string, number> = {};
    for (const [name, field] of pattern.fields)
      values[name] = given[name] ?? operand(random, field);
    const word = encodePattern(row.pattern, values);
    if (!matches(pattern, word) || decoders[xlen].decode(word)?.written !== row) continue;
    destination = values['rd'] ?? values["rd'"] ?? 0;
    // With x0 there QEMU 10 loses its zero: later instructions write another number instead of it.
    if (row.mnemonic.startsWith('amocas') && destination === 0) continue;
    // Registers in pairs: both are written.
    if (row.pattern.includes('rd[4:1]') && !isPair(destination)) continue;
    floatDestination = values['frd'] ?? values["frd'"] ?? 0;
    return word;
  }
}

const isPair = (first: number): boolean =>
  first % 2 === 0 && writable.includes(first) && writable.includes(first + 1);

function operand(random: Random, field: Field): number {
  const float = floatFields[field.name];
  if (float) return random.between(...float);
  switch (field.name) {
    case 'rd':
      return random.pick(writable);
    case "rd'":
    case "rs1'":
    case "rs2'":
      return random.between(8, 15);
    case 'rs1':
    case 'rs2':
      return random.pick(readable);
    default:
      return field.signed && random.chance(0.2)
        ? random.pick([0, -1, 2 ** (field.bits - 1) - 1, -(2 ** (field.bits - 1))])
        : random.bits32() | 0;
  }
}

function memory(p: Program, row: Row, names: readonly string[]): void {
  const { random } = p;
  const width = /(?:\.|^c\.f?|^f?)[ls]?([bhwd])u?(?:sp)?$/.exec(row.mnemonic)?.[1] ?? 'd';
  const size = sizes[width]!;
  const atomic = row.mnemonic.startsWith('amo') || /^(lr|sc)\./.test(row.mnemonic);
  const base = names.includes("rs1'")
    ? random.between(8, 15)
    : /sp\)/.test(row.operands)
      ? 2
      : random.pick(writable.filter((r) => r !== 0));
  const immediate = names.includes('imm')
    ? random.between(-2048, 2047)
    : names.includes('uimm')
      ? random.below(32) * size
      : 0;
  // Around the boundary between two pages now and then.
  let offset = random.chance(0.25) ? -immediate - random.below(9) : random.between(-2048, 2047);
  // QEMU 7.2 lets SC fail without looking at its address when there is no reservation, where the
  // manual asks for an exception: "If the address is not naturally aligned, an address-misaligned
  // exception or an access-fault exception will be generated" (A, load-reserved/store-conditional).
  const aligned = row.mnemonic.startsWith('sc.') || random.chance(atomic ? 0.9 : 0.6);
  if (aligned) offset -= (((offset + immediate) % size) + size) % size;
  offset = Math.max(-2048, Math.min(2047, offset));
  if (aligned) offset -= (((offset + immediate) % size) + size) % size;
  if (offset < -2048) offset += size;
  p.emit('lui', { rd: base, imm: 0x8000 });
  p.emit('add', { rd: base, rs1: base, rs2: 4 });
  p.emit('addi', { rd: base, rs1: base, imm: offset });
  if (row.mnemonic.startsWith('sc.')) {
    const other = random.chance(0.3) ? 4 : base;
    // Whether SC pairs with an LR of the other width is for the implementation to say.
    p.emit(`lr.${width}`, { rd: 29, rs1: other, aq: random.below(2), rl: random.below(2) });
  }
  p.word(randomWord(p, row, { rs1: base, "rs1'": base, imm: immediate, uimm: immediate }));
}

/** Jumps over one instruction, which tells whether it was executed. */
function jump(p: Program, row: Row, names: readonly string[]): void {
  const { random } = p;
  const wide = parsePattern(row.pattern).length === 4;
  const base = random.pick(writable.filter((r) => r !== 0));
  if (names.includes('imm') && row.mnemonic !== 'jalr') {
    p.word(randomWord(p, row, { imm: wide ? 8 : 6 }));
  } else {
    p.emit('auipc', { rd: base, imm: 0 });
    if (!wide) p.emit('addi', { rd: base, rs1: base, imm: 14 });
    p.word(randomWord(p, row, { rs1: base, imm: random.pick([12, 13]) }));
  }
  p.emit('addi', { rd: 28, rs1: 28, imm: 1 });
}

function illegal(p: Program): void {
  for (;;) {
    const word = p.random.bits32() & (p.random.chance(0.3) ? 0xffff : 0xffff_ffff);
    const bits = (word & 3) === 3 ? word >>> 0 : word & 0xffff;
    if (decoders[p.xlen].decode(bits)) continue;
    // 48 bits and more: lengths that nobody has defined yet.
    if ((bits & 0x1f) === 0x1f) continue;
    p.begin(`illegal 0x${bits.toString(16)}`);
    p.word(bits);
    p.record(0);
    return;
  }
}

function reload(p: Program): void {
  const rd = p.random.pick(writable.filter((r) => r !== 0));
  p.loadRegister(rd, 4, p.random.below(256) * 8);
}

/**
 * QEMU 7.2 calls a misaligned AMO a load, cause 4, and leaves mtinst 0. The manual has cause 6
 * "store/AMO address misaligned"; mtinst may always be 0. It leaves mtval 0 where EBREAK is: "If
 * mtval is written with a nonzero value when a breakpoint … occurs … it will contain the faulting
 * virtual address" (privileged, mtval), as newer ones have it.
 */
export function instructionDeviation(test: string, ours: LogRecord, theirs: LogRecord): boolean {
  if (!ours.trap || !theirs.trap) return false;
  const known: Readonly<Record<string, bigint>> | undefined = /^(amo|lr|sc)/.test(test)
    ? { mcause: 4n, mtinst: 0n }
    : /^(c\.)?ebreak/.test(test) && ours.trap['mtval'] === ours.trap['mepc']
      ? { mtval: 0n }
      : undefined;
  if (!known) return false;
  const expected: Readonly<Record<string, bigint>> = { ...ours.trap, ...known };
  return (['mcause', 'mepc', 'mtval', 'mtinst', 'mtval2', 'mstatus'] as const).every(
    (name) => expected[name] === theirs.trap![name],
  );
}

/** QEMU 10 has no transformed instruction for Zcb's; mtinst may always be 0. */
export function withoutTransformation(_: string, ours: LogRecord, theirs: LogRecord): boolean {
  if (!ours.trap || theirs.trap?.['mtinst'] !== 0n) return false;
  const expected: Readonly<Record<string, bigint>> = { ...ours.trap, mtinst: 0n };
  return Object.entries(theirs.trap).every(([name, value]) => expected[name] === value);
}
