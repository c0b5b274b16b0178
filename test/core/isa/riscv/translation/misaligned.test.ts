/**
 * Accesses across a page boundary, under both stages: each half is translated by itself, the first
 * fault is reported with the address of its half ("the faulting virtual address … may be a
 * page-boundary address that is higher than the instruction's original virtual address"; hypervisor,
 * guest-page faults), a store that faults leaves nothing, and pages need not be neighbours.
 */
import assert from 'node:assert/strict';
import { encode } from '../../../../differential/encode.ts';
import { Random } from '../../../../differential/random.ts';
import { rig, type Rig } from '../rig.ts';
import { transformed } from './figure.ts';

const ram = 0x8000_0000;
const ramBytes = 4 << 20;
const code = ram;
const guestRoot = ram + 0x10_0000;
const firstRoot = ram + 0x20_0000;
/** The boundary between two virtual pages. */
const boundary = 0x4000_5000;
const guestPages = [0x5000_3000, 0x5000_9000] as const;
const pages = [ram + 0x30_4000, ram + 0x30_1000] as const;

const MPRV = 1n << 17n;
const MPV = 1n << 39n;
const MPP_S = 1n << 11n;
const all = 0xcfn;
const user = 0x10n;

/** What each half may be like: the faults of loads and stores, or none. */
const kinds = [
  'open',
  'no VS page',
  'VS read only',
  'no G page',
  'G read only',
  'nothing there',
  'PMP',
] as const;
type Kind = (typeof kinds)[number];

const faults: Readonly<Record<Kind, readonly [load: number, store: number]>> = {
  open: [0, 0],
  'no VS page': [13, 15],
  'VS read only': [0, 15],
  'no G page': [21, 23],
  'G read only': [0, 23],
  'nothing there': [5, 7],
  PMP: [5, 7],
};

class Tables {
  private readonly r: Rig;
  private next = ram + 0x11_0000;

  constructor(r: Rig) {
    this.r = r;
  }

  map(root: number, input: number, target: number, flags: bigint): void {
    const { memory } = this.r;
    let table = root;
    for (let level = 2; level > 0; level--) {
      const at = table + (Math.floor(input / 4096 / 512 ** level) % 512) * 8;
      if (memory.read64(at) === 0n) {
        memory.write64(at, (BigInt(this.next / 4096) << 10n) | 1n);
        this.next += 4096;
      }
      table = Number(memory.read64(at) >> 10n) * 4096;
    }
    const at = table + (Math.floor(input / 4096) % 512) * 8;
    memory.write64(at, (BigInt(target / 4096) << 10n) | flags);
  }
}

function machine(halves: readonly [Kind, Kind]): Rig {
  const r = rig('', { isa: 'rv64imafdch', ramBytes });
  const tables = new Tables(r);
  r.setCsr('pmpaddr0', BigInt(pages[halves[0] === 'PMP' ? 0 : 1]! / 4) | 0x1ffn);
  r.setCsr('pmpaddr1', (1n << 54n) - 1n);
  r.setCsr('pmpcfg0', halves.includes('PMP') ? 0x1f18n : 0x1f00n);
  halves.forEach((kind, i) => {
    const guestPage = kind === 'nothing there' ? 0x5010_0000 : guestPages[i]!;
    const first = kind === 'no VS page' ? 0n : kind === 'VS read only' ? all & ~4n : all;
    const second = kind === 'no G page' ? 0n : kind === 'G read only' ? all & ~4n : all;
    tables.map(firstRoot, boundary - 4096 + i * 4096, guestPage, first);
    tables.map(guestRoot, guestPages[i]!, pages[i]!, second | user);
  });
  tables.map(guestRoot, 0x5010_0000, 0x7000_0000, all | user);
  for (let at = ram + 0x11_0000; at < ram + 0x12_0000; at += 4096) {
    tables.map(guestRoot, at, at, all | user);
  }
  tables.map(guestRoot, firstRoot, firstRoot, all | user);
  r.setCsr('vsatp', (8n << 60n) | BigInt(firstRoot / 4096));
  r.setCsr('hgatp', (8n << 60n) | BigInt(guestRoot / 4096));
  r.setCsr('mtvec', BigInt(ram + 0x1000));
  r.setCsr('mstatus', (3n << 13n) | MPRV | MPP_S | MPV);
  return r;
}

const sizes = {
  lh: 2,
  lhu: 2,
  lw: 4,
  lwu: 4,
  ld: 8,
  flw: 4,
  fld: 8,
  sh: 2,
  sw: 4,
  sd: 8,
  fsw: 4,
  fsd: 8,
  'hlv.h': 2,
  'hlv.w': 4,
  'hlv.d': 8,
  'hlvx.wu': 4,
  'hsv.h': 2,
  'hsv.w': 4,
  'hsv.d': 8,
} as const;

const isStore = (mnemonic: string): boolean => /^(f?s|hsv)/.test(mnemonic);

describe('core/isa/riscv/translation/misaligned', () => {
  for (const first of kinds) {
    it(`${first} before the boundary, each of them behind`, () => {
      const random = new Random(1);
      for (const second of kinds) {
        if (first === 'PMP' && second === 'PMP') continue;
        const r = machine([first, second]);
        r.setCsr('hstatus', 1n << 8n);
        for (const [mnemonic, size] of Object.entries(sizes)) {
          for (let before = 1; before < size; before++)
            check(r, random, [first, second], mnemonic, size, before);
        }
      }
    });
  }

  it('a fetch across it reports the second half by its own address', () => {
    for (const [second, cause] of [
      ['no VS page', 12n],
      ['no G page', 20n],
      ['nothing there', 1n],
      ['PMP', 1n],
    ] as const) {
      const r = machine(['open', second]);
      r.memory.load(pages[0]! + 4094, new Uint8Array([0x13, 0x00]));
      r.setCsr('mstatus', 0n);
      r.hart.privilege = 1;
      r.hart.virtualized = true;
      r.hart.pc = BigInt(boundary - 2);
      assert.equal(r.hart.run(1).retired, 0);
      assert.equal(r.csr('mcause'), cause, second);
      assert.equal(r.csr('mtval'), BigInt(boundary), second);
      assert.equal(r.csr('mepc'), BigInt(boundary - 2), second);
      assert.equal(r.csr('mtval2'), cause === 20n ? BigInt(guestPages[1]!) >> 2n : 0n, second);
      assert.equal(r.csr('mtinst'), 0n);
    }
  });
});

function check(
  r: Rig,
  random: Random,
  halves: readonly [Kind, Kind],
  mnemonic: string,
  size: number,
  before: number,
): void {
  const { hart, memory } = r;
  const store = isStore(mnemonic);
  const word = encode(mnemonic, { rd: 5, frd: 5, rs1: 10, rs2: 11, frs2: 11, imm: 0 });
  const parts = [
    memory.view8(pages[0]! + 4096 - before, before)!,
    memory.view8(pages[1]!, size - before)!,
  ];
  for (const part of parts) part.forEach((_, i) => (part[i] = random.below(256)));
  const present = bytesOf(parts);
  const value = random.bits64();
  memory.write32(code, word);
  hart.privilege = 3;
  hart.virtualized = false;
  hart.setX(10, BigInt(boundary - before));
  hart.setX(11, value);
  hart.state.setF(11, value);
  hart.pc = BigInt(code);
  r.setCsr('mcause', 0n);
  r.setCsr('mstatus', (3n << 13n) | MPRV | MPP_S | MPV);
  const executed = hart.run(1).retired === 1;
  const label = `${mnemonic}, ${before} of ${size} before, ${halves.join(' and ')}`;
  const found = halves.map((kind) => faults[kind][store ? 1 : 0]);
  const which = found.findIndex((cause) => cause !== 0);
  assert.equal(executed, which < 0, label);
  if (which >= 0) {
    const cause = found[which]!;
    const offset = which === 0 ? 0 : before;
    assert.equal(r.csr('mcause'), BigInt(cause), label);
    assert.equal(r.csr('mtval'), BigInt(boundary - before + offset), label);
    const start = which === 0 ? guestPages[0]! + 4096 - before : guestPages[1]!;
    assert.equal(r.csr('mtval2'), cause > 20 ? BigInt(start) >> 2n : 0n, label);
    assert.equal(r.csr('mtinst'), BigInt(transformed(word, offset)), label);
    assert.deepEqual(bytesOf(parts), present, `${label}: nothing is stored`);
    return;
  }
  if (store) {
    const wanted = Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
    assert.deepEqual(bytesOf(parts), wanted, label);
    return;
  }
  const loaded = /^f/.test(mnemonic) ? hart.state.getF(5) : hart.getX(5);
  let wanted = 0n;
  present.forEach((byte, i) => (wanted |= BigInt(byte) << BigInt(8 * i)));
  assert.equal(BigInt.asUintN(size * 8, loaded), wanted, label);
}

const bytesOf = (parts: readonly Uint8Array[]): number[] => parts.flatMap((part) => [...part]);
