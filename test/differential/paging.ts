/**
 * Accesses and fetches through page tables of random bits, of one stage and of two: by MPRV, by
 * HLV and HSV, and by running code in U, S, VU and VS-mode.
 */
import { csrNumber } from '../../src/core/isa/riscv/csr/names.ts';
import { encode } from './encode.ts';
import type { LogRecord } from './harness.ts';
import { layout } from './layout.ts';
import { Program, reserved } from './program.ts';
import type { Random } from './random.ts';

const pte = { V: 1, R: 2, W: 4, X: 8, U: 16, G: 32, A: 64, D: 128 } as const;
const status = {
  MPIE: 1n << 7n,
  SPP: 8n,
  MPP: 11n,
  MPRV: 1n << 17n,
  SUM: 1n << 18n,
  MXR: 1n << 19n,
};
const MPV = 1n << 39n;
const hstatus = { SPV: 1n << 7n };
/** Indices that addresses are made of, by level; superpages then lead into the data, or nowhere. */
const indices: readonly (readonly number[])[] = [
  [0x40, 0x41, 0x42, 0x43],
  [0, 1, 2],
  [0, 2, 3],
  [0, 1],
  [0, 1],
];
/** Where each page of the data has pairs of an access and an ECALL. */
const codeOffset = 0xf80;
const outside = 0x9000_0000;

/** What programs make use of: with more, they need a QEMU that has Svadu, Svnapot and Svpbmt. */
type Features = 'plain' | 'all';

class Tables {
  private readonly p: Program;
  private readonly features: Features;
  private readonly view: DataView;
  private next = 0;

  constructor(p: Program, features: Features) {
    this.p = p;
    this.features = features;
    this.view = new DataView(p.tables.buffer);
  }

  /** Bits that no entry has, or not there: NAPOT entries are made by themselves. */
  private get reserved(): readonly number[] {
    return this.features === 'all' ? [54, 58, 61, 62] : [54, 58, 61, 62, 63];
  }

  page(count = 1): number {
    this.next = Math.ceil(this.next / (count * 4096)) * count * 4096;
    const at = layout.tables + this.next;
    this.next += count * 4096;
    return at;
  }

  get full(): boolean {
    return this.next > layout.tableBytes - 8 * 4096;
  }

  set(table: number, index: number, address: number, bits: number): void {
    const value = (BigInt(Math.floor(address / 4096)) << 10n) | BigInt(bits);
    this.view.setBigUint64(table - layout.tables + index * 8, value, true);
  }

  setHigh(table: number, index: number, bit: number): void {
    const at = table - layout.tables + index * 8;
    this.view.setBigUint64(at, this.view.getBigUint64(at, true) | (1n << BigInt(bit)), true);
  }

  /** A first-stage table of random entries at the indices that addresses use. */
  random(level: number, levels: number): number {
    const { random } = this.p;
    const table = this.page();
    const used = level === levels - 1 ? [...indices[level]!, 511] : indices[level]!;
    for (const index of used) {
      if (level > 0 && !this.full && random.chance(0.8)) {
        const bits = random.chance(0.05)
          ? random.pick([pte.U, pte.A, pte.D, pte.W])
          : pte.G * random.below(2);
        this.set(
          table,
          index,
          this.random(level - 1, levels),
          bits | (random.chance(0.97) ? 1 : 0),
        );
      } else {
        const target = leafTarget(random, level);
        const napot = this.features === 'all' && level === 0 && random.chance(0.15);
        // QEMU sets A and D before it looks at the encoding, where the manual has a page fault.
        const bits = leafBits(random) | (napot ? pte.A | pte.D : 0);
        this.set(table, index, napot ? napotTarget(random, target) : target, bits);
        if (napot) this.setHigh(table, index, 63);
        else if (this.features === 'all' && random.chance(0.2)) {
          this.setHigh(table, index, random.pick([61, 62]));
        }
      }
      // Svpbmt and Svnapot are not there, so their bits are reserved as 60:54 are.
      if (random.chance(0.03)) this.setHigh(table, index, random.pick(this.reserved));
    }
    return table;
  }

  /** A G-stage that maps data and tables onto themselves, mostly. */
  guest(levels: number): number {
    const { random } = this.p;
    const root = this.page(4);
    let table = root;
    for (let level = levels - 1; level > 2; level--) {
      const below = this.page();
      this.set(table, 0, below, pte.V);
      table = below;
    }
    const second = this.page();
    const third = this.page();
    this.set(table, 2, second, pte.V);
    this.set(second, 0, third, pte.V);
    const good = pte.V | pte.R | pte.W | pte.X | pte.U | pte.A | pte.D;
    this.set(second, 1, layout.base, good);
    this.set(
      second,
      2,
      layout.base + (random.chance(0.5) ? 0x1000 : 0),
      good & ~random.pick([2, 4, 8, 16, 64, 128]),
    );
    for (let page = 0; page < 512; page++) {
      const isTable = page >= 0x60;
      const damaged = random.chance(isTable ? 0.12 : 0.4);
      // Every QEMU updates VS-stage tables without asking whether the G-stage lets it store there.
      const lost = isTable
        ? random.pick([pte.V, pte.R, pte.X, pte.U, pte.A])
        : // Not executable alone: QEMU 7.2 does not let MXR override the G-stage.
          random.pick([1, 2, 4, 8, 16, 64, 128, 128 + 64, this.features === 'all' ? 2 + 4 : 8]);
      const bits = damaged ? good & ~lost : good;
      this.set(third, page, layout.base + page * 4096, bits);
      if (random.chance(0.01)) this.setHigh(third, page, random.pick(this.reserved));
      if (this.features === 'all' && random.chance(0.1)) {
        if (random.chance(0.5)) this.setHigh(third, page, random.pick([61, 62]));
        else {
          const target = napotTarget(random, layout.base + page * 4096);
          this.set(third, page, target, bits | pte.A | pte.D);
          this.setHigh(third, page, 63);
        }
      }
    }
    return root;
  }
}

function leafTarget(random: Random, level: number): number {
  if (level === 0) return random.chance(0.04) ? outside : layout.data + random.below(16) * 4096;
  const span = 2 ** (12 + 9 * level);
  const aligned = Math.floor(layout.data / span) * span;
  return random.chance(0.1) ? aligned + 2 ** (12 + random.below(9 * level)) : aligned;
}

/** Mostly the encoding of 64 KiB. */
function napotTarget(random: Random, target: number): number {
  return target - (target % 0x1_0000) + (random.chance(0.8) ? 8 : random.below(16)) * 4096;
}

function leafBits(random: Random): number {
  const bit = (mask: number, chance: number): number => (random.chance(chance) ? mask : 0);
  return (
    bit(pte.V, 0.97) |
    bit(pte.R, 0.8) |
    bit(pte.W, 0.6) |
    bit(pte.X, 0.6) |
    bit(pte.U, 0.5) |
    bit(pte.G, 0.2) |
    bit(pte.A, 0.6) |
    bit(pte.D, 0.5)
  );
}

function address(random: Random, levels: number, offset: number): bigint {
  let value = BigInt(offset);
  for (let level = 0; level < levels; level++) {
    const top = level === levels - 1;
    const index = top && random.chance(0.2) ? 511 : random.pick(indices[level]!);
    value |= BigInt(index) << BigInt(12 + 9 * level);
  }
  if (random.chance(0.03)) return value ^ (1n << BigInt(12 + 9 * levels + random.below(8)));
  return BigInt.asIntN(12 + 9 * levels, value);
}

function setCsr(p: Program, name: string, value: bigint): void {
  p.loadConstant(5, value);
  p.emit('csrrw', { rd: 0, rs1: 5, csr: csrNumber(name) });
}

/** Clears MPRV and MPV without a load, which would be made as they say. */
function clearModes(p: Program): void {
  p.emit('lui', { rd: 5, imm: 0x400000 });
  p.emit('addi', { rd: 5, rs1: 5, imm: 1 });
  p.emit('slli', { rd: 5, rs1: 5, shamt: 17 });
  p.emit('csrrc', { rd: 0, rs1: 5, csr: csrNumber('mstatus') });
}

/** ADUE and PBMTE of both. */
function setEnvironment(p: Program, features: Features, how?: 'alike'): void {
  if (features === 'plain') return;
  const some = (): bigint => BigInt(p.random.below(4)) << 61n;
  const machine = some();
  setCsr(p, 'menvcfg', machine);
  setCsr(p, 'henvcfg', how === 'alike' ? machine : some());
}

function begin(random: Random): Program {
  const p = new Program(random);
  const view = new DataView(p.data.buffer);
  for (let page = 0; page < 16; page++) {
    for (const [i, mnemonic] of accesses.entries()) {
      const at = page * 4096 + codeOffset + i * 8;
      view.setUint32(at, encode(mnemonic, { rd: 9, rs1: 8, rs2: 10, imm: 0 }), true);
      view.setUint32(at + 4, encode('ecall'), true);
    }
  }
  setCsr(p, 'pmpaddr0', (1n << 54n) - 1n);
  setCsr(p, 'pmpcfg0', 0x1fn);
  return p;
}

const modes = [3, 4, 5] as const;
const rootOf = (levels: number, root: number): bigint =>
  (BigInt(levels + 5) << 60n) | BigInt(root / 4096);

export function oneStageProgram(
  random: Random,
  count: number,
  features: Features = 'plain',
): Program {
  const p = begin(random);
  const tables = new Tables(p, features);
  const roots = modes
    .filter((_, i) => i === 0 || random.chance(0.5))
    .map((levels) => ({ levels, root: tables.random(levels - 1, levels) }));
  for (let i = 0; i < count && !p.full; i++) {
    const { levels, root } = random.pick(roots);
    setCsr(p, 'satp', rootOf(levels, root));
    setEnvironment(p, features);
    p.emit('sfence.vma');
    if (random.chance(0.25))
      execute(p, address(random, levels, 0), 0n, address(random, levels, accessOffset(random)));
    else access(p, address(random, levels, accessOffset(random)));
  }
  return p;
}

export function twoStageProgram(
  random: Random,
  count: number,
  features: Features = 'plain',
): Program {
  const p = begin(random);
  const tables = new Tables(p, features);
  const guest = modes.map((levels) => ({ levels, root: tables.guest(levels) }));
  const first = [
    { levels: 3, root: tables.random(2, 3) },
    { levels: 4, root: tables.random(3, 4) },
  ];
  for (let i = 0; i < count && !p.full; i++) {
    const g = random.pick(guest);
    // QEMU 7.2 asks satp, not vsatp, whether a fault of HLV is one of a page.
    setCsr(p, 'satp', rootOf(3, layout.tables));
    setCsr(p, 'hgatp', rootOf(g.levels, g.root));
    const bare = random.chance(0.15);
    const { levels, root } = random.pick(first);
    setCsr(p, 'vsatp', bare ? 0n : rootOf(levels, root));
    setCsr(p, 'vsstatus', random.chance(0.5) ? status.SUM : 0n);
    setEnvironment(p, features);
    p.emit('hfence.gvma');
    p.emit('hfence.vvma');
    const at = (offset: number): bigint =>
      bare
        ? BigInt(layout.data + random.below(16) * 4096 + offset)
        : address(random, levels, offset);
    if (random.chance(0.6)) execute(p, at(0), MPV, at(accessOffset(random)), features);
    else {
      // QEMU 10 lets menvcfg alone govern HLV and HSV, where henvcfg is about all of the VS-stage.
      setEnvironment(p, features, 'alike');
      guestAccess(p, at(accessOffset(random)), features);
    }
  }
  return p;
}

/** Never where the code is, so that stores leave it alone. */
const accessOffset = (random: Random): number =>
  random.below(codeOffset / 8 - 1) * 8 + (random.chance(0.2) ? random.below(8) : 0);

/**
 * Without AMOs: QEMU 7.2 makes their load first, so it reports a load and leaves D alone, where the
 * manual has "AMOs … raise store/AMO exceptions".
 */
const accesses = ['lb', 'lhu', 'lw', 'ld', 'sb', 'sh', 'sw', 'sd', 'lr.d'] as const;

/** One access with MPRV. */
function access(p: Program, at: bigint): void {
  const { random } = p;
  const mnemonic = random.pick(accesses);
  const supervisor = random.below(2);
  const flags =
    (BigInt(supervisor) << status.MPP) |
    (random.chance(0.5) ? status.SUM : 0n) |
    (random.chance(0.3) ? status.MXR : 0n);
  const aligned = mnemonic.startsWith('lr') ? at & ~7n : at;
  p.begin(
    `${mnemonic} 0x${BigInt.asUintN(64, aligned).toString(16)} in ${supervisor ? 'S' : 'U'}-mode, mstatus 0x${flags.toString(16)}`,
  );
  p.loadConstant(8, aligned);
  setCsr(p, 'mstatus', flags | status.MPRV);
  p.emit(mnemonic, { rd: 9, rs1: 8, rs2: 10, imm: 0 });
  clearModes(p);
  p.record(9);
}

/** Without HLVX: QEMU 7.2 asks for the permission to read, the manual for that to execute. */
const guestAccesses = [
  'hlv.b',
  'hlv.hu',
  'hlv.w',
  'hlv.d',
  'hsv.b',
  'hsv.h',
  'hsv.w',
  'hsv.d',
] as const;

function guestAccess(p: Program, at: bigint, features: Features): void {
  const { random } = p;
  const all = features === 'all';
  const mnemonic = random.pick(all ? [...guestAccesses, ...executableAccesses] : guestAccesses);
  const supervisor = random.below(2);
  const mxr = random.chance(0.3) ? status.MXR : 0n;
  p.begin(
    `${mnemonic} 0x${BigInt.asUintN(64, at).toString(16)} in V${supervisor ? 'S' : 'U'}-mode, mstatus 0x${mxr.toString(16)}`,
  );
  setCsr(p, 'hstatus', BigInt(supervisor) << 8n);
  // QEMU 7.2 takes vsstatus.SUM to be set here.
  // QEMU 10 lets nobody in VS-mode use HLVX on a user page, where SUM does, as for other loads.
  const guestStatus = mnemonic.startsWith('hlvx') || (all && random.chance(0.5)) ? 0n : status.SUM;
  setCsr(p, 'vsstatus', guestStatus | (all && random.chance(0.3) ? status.MXR : 0n));
  setCsr(p, 'mstatus', mxr | (3n << status.MPP));
  p.loadConstant(8, at);
  p.emit(mnemonic, { rd: 9, rs1: 8, rs2: 10 });
  p.record(9);
}

const executableAccesses = ['hlvx.hu', 'hlvx.wu'] as const;

/** Fetches and executes one access of `data` and an ECALL, or the ECALL alone. */
function execute(
  p: Program,
  page: bigint,
  guest: bigint,
  data: bigint,
  features: Features = 'plain',
): void {
  const { random } = p;
  const supervisor = random.below(2);
  const which = random.below(accesses.length + 1);
  const mnemonic = accesses[which];
  const at = page + BigInt(mnemonic ? codeOffset + which * 8 : codeOffset + 4);
  const target = mnemonic?.startsWith('lr') ? data & ~7n : data;
  const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16);
  const mode = `${guest ? 'V' : ''}${supervisor ? 'S' : 'U'}-mode`;
  p.begin(`${mnemonic ?? 'ecall'} 0x${hex(target)} by code at 0x${hex(at)} in ${mode}`);
  // QEMU 10 has no MPV that can be written: to a guest it goes by SRET.
  const bySret = guest !== 0n && features === 'all';
  setCsr(p, bySret ? 'sepc' : 'mepc', at);
  if (bySret) setCsr(p, 'hstatus', hstatus.SPV);
  setCsr(
    p,
    'mstatus',
    (BigInt(supervisor) << (bySret ? status.SPP : status.MPP)) |
      (bySret ? 0n : guest) |
      (random.chance(0.5) ? status.SUM : 0n) |
      // QEMU 7.2 knows only one MXR at a time, where the manual combines sstatus and vsstatus.
      ((!guest || features === 'all') && random.chance(0.3) ? status.MXR : 0n),
  );
  p.loadConstant(8, target);
  // Behind MRET or SRET.
  p.emit('auipc', { rd: reserved.resume, imm: 0 });
  p.emit('addi', { rd: reserved.resume, rs1: reserved.resume, imm: 12 });
  p.emit(bySret ? 'sret' : 'mret');
  p.record(9);
}

/**
 * What QEMU 7.2 does otherwise. It leaves mtinst 0, as it may ("zero … is always allowed"). For an
 * access with V=0 it leaves mstatus.GVA 0, but "for any trap that writes a guest virtual address to
 * mtval, GVA is set to 1". A G-stage fault of a VS-stage table it calls a load, but "the exception is
 * reported for the original access type".
 */
export function pagingDeviation(_test: string, ours: LogRecord, theirs: LogRecord): boolean {
  const [a, b] = [ours.trap, theirs.trap];
  if (!a || !b) return false;
  const GVA = 1n << 38n;
  const implicit = a['mtinst'] === 0x3000n || a['mtinst'] === 0x3020n;
  const causes = [a['mcause']!];
  if (implicit) causes.push(21n);
  return (
    causes.includes(b['mcause']!) &&
    (b['mtinst'] === 0n || b['mtinst'] === a['mtinst']) &&
    (b['mstatus'] === a['mstatus'] || b['mstatus'] === (a['mstatus']! & ~GVA)) &&
    a['mepc'] === b['mepc'] &&
    a['mtval2'] === b['mtval2'] &&
    sameAddress(a, b)
  );
}

/**
 * QEMU 10 never clears GVA either, though "otherwise GVA is set to 0"; and it calls faults of HLVX
 * those of a fetch, where "they still raise the same exceptions as other load instructions".
 */
export function newerPagingDeviation(test: string, ours: LogRecord, theirs: LogRecord): boolean {
  const GVA = 1n << 38n;
  const { trap } = theirs;
  if (!trap || !ours.trap) return false;
  const mstatus = (trap['mstatus']! & ~GVA) | (ours.trap['mstatus']! & GVA);
  const own = ours.trap['mcause']!;
  const code = trap['mcause']!;
  const renamed = test.startsWith('hlvx') && (fetchFaults.get(code) ?? []).includes(own);
  const mcause = renamed ? own : code;
  return pagingDeviation(test, ours, { ...theirs, trap: { ...trap, mstatus, mcause } });
}

/** What is meant, page faults and guest-page faults alike, by the fault of a fetch. */
const fetchFaults = new Map([
  [1n, [5n]],
  [12n, [13n, 21n]],
]);

/** For a misaligned access to nothing, QEMU says which aligned word of it there is not. */
function sameAddress(
  a: Readonly<Record<string, bigint>>,
  b: Readonly<Record<string, bigint>>,
): boolean {
  const distance = a['mtval']! - b['mtval']!;
  const accessFault = a['mcause'] === 5n || a['mcause'] === 7n;
  return distance === 0n || (accessFault && distance > 0n && distance < 8n);
}
