/** One access under chosen settings: its outcome on our hart, and what the manual's steps say. */
import assert from 'node:assert/strict';
import { csrNumber } from '../../../../../src/core/isa/riscv/csr/names.ts';
import { encode } from '../../../../differential/encode.ts';
import type { Rig } from '../rig.ts';
import { transformed } from './figure.ts';
import { translate, type Access, type AccessType, type Machine } from './specification.ts';
import { plainCode, ram, ramBytes, type Slot, type World } from './world.ts';

export interface Instruction {
  readonly mnemonic: string;
  readonly type: AccessType;
  readonly size: number;
  readonly how: 'fetch' | 'ordinary' | 'virtual machine';
  readonly executable: boolean;
}

function instructions(
  how: Instruction['how'],
  type: AccessType,
  sizes: Readonly<Record<string, number>>,
  executable = false,
): Instruction[] {
  return Object.entries(sizes).map(([mnemonic, size]) => ({
    mnemonic,
    type,
    size,
    how,
    executable,
  }));
}

export const everyInstruction: readonly Instruction[] = [
  ...instructions('fetch', 'fetch', { addi: 4 }),
  ...instructions('ordinary', 'load', {
    lb: 1,
    lhu: 2,
    lw: 4,
    lwu: 4,
    ld: 8,
    'lr.w': 4,
    'lr.d': 8,
  }),
  ...instructions('ordinary', 'store', { sb: 1, sh: 2, sw: 4, sd: 8 }),
  ...instructions('ordinary', 'store', { 'amoadd.w': 4, 'amoswap.w': 4, 'amoor.d': 8 }),
  ...instructions('virtual machine', 'load', { 'hlv.b': 1, 'hlv.hu': 2, 'hlv.w': 4, 'hlv.d': 8 }),
  ...instructions('virtual machine', 'load', { 'hlvx.hu': 2, 'hlvx.wu': 4 }, true),
  ...instructions('virtual machine', 'store', { 'hsv.b': 1, 'hsv.h': 2, 'hsv.w': 4, 'hsv.d': 8 }),
];

const onlyOn64 = new Set(['lwu', 'ld', 'lr.d', 'sd', 'amoor.d', 'hlv.d', 'hsv.d']);
export const instructionsOf = (xlen: 32 | 64): readonly Instruction[] =>
  everyInstruction.filter(({ mnemonic }) => xlen === 64 || !onlyOn64.has(mnemonic));

export type Mode = 'U' | 'S' | 'VU' | 'VS';

export interface Case {
  readonly instruction: Instruction;
  readonly address: bigint;
  /** Effective privilege mode of the access. */
  readonly mode: Mode;
  /**
   * Who executes the instruction: the mode itself, or M-mode by MPRV, for ordinary ones; M-, S- or
   * U-mode for those of the virtual machine.
   */
  readonly by: 'itself' | 'M' | 'S' | 'U';
  readonly satp: bigint;
  readonly vsatp: bigint;
  readonly hgatp: bigint;
  /** SUM and MXR of mstatus and vsstatus. */
  readonly machineStatus: bigint;
  readonly guestStatus: bigint;
  /** ADUE and PBMTE. */
  readonly menvcfg: bigint;
  readonly henvcfg: bigint;
  /** Who gets the traps. */
  readonly target: 'M' | 'HS' | 'VS';
  /** PMP permissions of one page; everything else is open. */
  readonly guarded?: { readonly page: number; readonly permissions: number };
}

export interface Features {
  readonly svnapot: boolean;
  readonly svpbmt: boolean;
  readonly update: Machine['update'];
}

export const status = { SUM: 1n << 18n, MXR: 1n << 19n } as const;
export const environment = { ADUE: 1n << 61n, PBMTE: 1n << 62n } as const;
const MPRV = 1n << 17n;
const MPP = 11n;
const MPV = 1n << 39n;
const GVA = 38n;
const widths = (2n << 32n) | (2n << 34n);
const hstatusOf = { GVA: 6n, SPV: 7n, SPVP: 8n, HU: 1n << 9n } as const;

const causes = {
  'access fault': { fetch: 1, load: 5, store: 7 },
  'page fault': { fetch: 12, load: 13, store: 15 },
  'guest-page fault': { fetch: 20, load: 21, store: 23 },
} as const;

interface Expected {
  readonly cause: number;
  readonly tval: bigint;
  readonly tval2: bigint;
  readonly tinst: number;
  readonly gva: boolean;
}

export class Bench {
  private readonly r: Rig;
  private readonly world: World;
  private readonly features: Features;
  /** What the manual's walk wrote. */
  private written = new Map<number, bigint>();
  private readonly changed = new Map<Slot, bigint>();
  /** How many cases were explained beforehand. */
  explained = 0;

  constructor(r: Rig, world: World, features: Features) {
    this.r = r;
    this.world = world;
    this.features = features;
    this.set('mtvec', BigInt(plainCode + 0x800));
    this.set('stvec', BigInt(plainCode + 0x900));
    this.set('vstvec', BigInt(plainCode + 0xa00));
    this.guard(undefined);
  }

  /** Runs the case and compares everything that can be seen of it. True when it trapped. */
  check(c: Case): boolean {
    const { r } = this;
    const word = encode(c.instruction.mnemonic, { rd: 5, rs1: 10, rs2: 11, imm: 0 });
    const where = this.place(c, word);
    const expected = this.expect(c, word, where);
    const before = this.result(expected, c);
    this.prepare(c, where);
    this.compareExplanation(c, expected);
    const { retired } = r.hart.run(1);
    if (c.guarded) this.guard(undefined);
    const label = (): string => describe(c, this.world);
    if (expected === 'opaque') {
      // Other code was executed, which may have done anything.
      this.world.rebuild();
      this.changed.clear();
      return false;
    }
    if ('cause' in expected) {
      assert.equal(retired, 0, `a trap ${expected.cause} was due: ${label()}`);
      this.compareTrap(c, expected, label);
    } else {
      assert.equal(retired, 1, `no trap was due, but ${r.csr('mcause')}: ${label()}`);
      this.compareResult(c, before, expected.address, label);
    }
    this.compareTables(label);
    return 'cause' in expected;
  }

  /** What the debugger tells of the access beforehand is what the manual's steps come to. */
  private compareExplanation(c: Case, expected: Expected | { address: bigint } | 'opaque'): void {
    const { instruction, address } = c;
    const isPlain = c.by === 'itself' && instruction.how !== 'virtual machine';
    if (!isPlain || expected === 'opaque' || instruction.size > 4096 - Number(address & 4095n)) {
      return;
    }
    const isFetch = instruction.how === 'fetch';
    // Of others the expected trap may be that of fetching the instruction.
    if (!isFetch && 'cause' in expected && expected.tval !== address) return;
    const masked = BigInt.asUintN(this.r.hart.xlen, address);
    const query = { address: masked, access: instruction.type, space: 'virtual' } as const;
    const { result, refusal, steps } = this.r.hart.walk(query);
    const label = () => `${steps.map(({ text }) => text).join('; ')}: ${describe(c, this.world)}`;
    if (!('cause' in expected)) {
      assert.equal(result, expected.address, label());
    } else {
      // Beyond memory nothing refuses; the access finds nothing there.
      if (refusal === undefined) assert.ok(expected.cause < 8, label());
      else assert.equal(refusal.cause, expected.cause, label());
      const guest = (refusal?.guestAddress ?? 0n) >> 2n;
      assert.equal(guest, expected.tval2, label());
    }
    this.explained++;
  }

  private set(name: string, value: bigint): void {
    this.r.hart.state.setCsr(csrNumber(name), BigInt.asUintN(64, value));
  }

  private guard(guarded: Case['guarded']): void {
    const { r } = this;
    const page = guarded?.page ?? 0;
    r.setCsr('pmpcfg0', 0n);
    r.setCsr('pmpaddr0', BigInt(page / 4) | 0x1ffn);
    r.setCsr('pmpaddr1', (1n << (r.hart.xlen === 32 ? 32n : 54n)) - 1n);
    r.setCsr('pmpcfg0', 0x1f00n | (guarded ? 0x18n | BigInt(guarded.permissions) : 0n));
  }

  /** Puts the instruction where it is executed; its address. */
  private place(c: Case, word: number): bigint {
    const { how } = c.instruction;
    if (how === 'fetch') return c.address;
    if (c.by !== 'itself') {
      this.r.memory.write32(plainCode, word);
      return BigInt(plainCode);
    }
    const page = this.translates(c)
      ? this.world.codePages[c.mode.endsWith('S') ? 'S' : 'U']
      : BigInt(plainCode);
    this.world.putCode(0, word);
    this.r.memory.write32(plainCode, word);
    return page;
  }

  private translates(c: Case): boolean {
    return (c.mode.startsWith('V') ? c.vsatp : c.satp) !== 0n;
  }

  private machine(c: Case): Machine {
    const { r, features, written } = this;
    const inRam = (address: bigint, size: number): boolean =>
      address >= BigInt(ram) && address + BigInt(size) <= BigInt(ram + ramBytes);
    const permitted = (address: bigint, permission: number): boolean =>
      !c.guarded ||
      address / 4096n !== BigInt(c.guarded.page / 4096) ||
      (c.guarded.permissions & permission) === permission;
    return {
      xlen: r.hart.xlen,
      satp: c.satp,
      vsatp: c.vsatp,
      hgatp: c.hgatp,
      mstatus: c.machineStatus,
      vsstatus: c.guestStatus,
      menvcfg: c.menvcfg,
      henvcfg: c.henvcfg,
      ...features,
      read: (address, size) => {
        if (!inRam(address, size) || !permitted(address, 1)) return undefined;
        return written.get(Number(address)) ?? this.world.read(Number(address), size);
      },
      writable: (address, size) => inRam(address, size) && permitted(address, 2),
      write: (address, _size, value) => written.set(Number(address), value),
    };
  }

  /** The trap; where in memory the access was made; or nothing to say, when other code was met. */
  private expect(
    c: Case,
    word: number,
    where: bigint,
  ): Expected | { readonly address: bigint } | 'opaque' {
    this.written = new Map();
    const machine = this.machine(c);
    const { instruction } = c;
    if (c.by === 'itself' && instruction.how === 'ordinary') {
      const fetched = this.outcome(machine, c, where, 'fetch', false, 4);
      if ('cause' in fetched) return fetched;
      if (machine.read(fetched.address, 4) !== BigInt(word)) return 'opaque';
    }
    const { type, executable, size } = instruction;
    const found = this.outcome(machine, c, c.address, type, executable, size);
    if (
      type === 'fetch' &&
      'address' in found &&
      !isUnitOfData(this.world.read(Number(found.address), 4))
    ) {
      return 'opaque';
    }
    if ('cause' in found && found.tinst === 0 && type !== 'fetch') {
      return { ...found, tinst: transformed(word) };
    }
    return found;
  }

  private outcome(
    machine: Machine,
    c: Case,
    address: bigint,
    type: AccessType,
    executable: boolean,
    size: number,
  ): Expected | { readonly address: bigint } {
    const access: Access = { type, executeInsteadOfRead: executable, mode: c.mode };
    const found = translate(machine, address, access);
    const gva = c.mode.startsWith('V');
    const trap = (kind: keyof typeof causes, tval2 = 0n, tinst = 0): Expected => ({
      cause: causes[kind][type],
      tval: address,
      tval2,
      tinst,
      gva,
    });
    switch (found.kind) {
      case 'address': {
        const permission = executable ? 5 : { load: 1, store: 2, fetch: 4 }[type];
        return this.allowed(c, found.address, size, permission)
          ? { address: found.address }
          : trap('access fault');
      }
      case 'access fault':
      case 'page fault':
        return trap(found.kind);
      case 'guest-page fault': {
        const pseudo = { read: 0x2000, write: 0x2020 };
        const wide = machine.xlen === 64 ? 0x1000 : 0;
        const tinst = found.implicit ? pseudo[found.implicit] + wide : 0;
        return trap(found.kind, found.guestAddress >> 2n, tinst);
      }
    }
  }

  private allowed(c: Case, address: bigint, size: number, permission: number): boolean {
    if (address < BigInt(ram) || address + BigInt(size) > BigInt(ram + ramBytes)) return false;
    const inside = c.guarded && address / 4096n === BigInt(c.guarded.page / 4096);
    return !inside || (c.guarded.permissions & permission) === permission;
  }

  private prepare(c: Case, where: bigint): void {
    const { r } = this;
    const { hart } = r;
    const privilege = { U: 0, S: 1, VU: 0, VS: 1 } as const;
    const guest = c.mode.startsWith('V');
    const supervisor = BigInt(privilege[c.mode]);
    const modified =
      c.by === 'M' && c.instruction.how === 'ordinary'
        ? MPRV | (supervisor << MPP) | (guest ? MPV : 0n)
        : 0n;
    this.set('mstatus', widths | c.machineStatus | modified);
    this.set('vsstatus', (2n << 32n) | c.guestStatus);
    // SPVP as a trap from a guest may not leave it.
    this.set('hstatus', (2n << 32n) | hstatusOf.HU | this.spvp(c));
    this.set('satp', c.satp);
    this.set('vsatp', c.vsatp);
    this.set('hgatp', c.hgatp);
    this.set('menvcfg', c.menvcfg);
    this.set('henvcfg', c.henvcfg);
    this.set('medeleg', c.target === 'M' ? 0n : 0xb0b1ffn | (7n << 20n));
    this.set('hedeleg', c.target === 'VS' ? 0xb1ffn : 0n);
    for (const name of ['mcause', 'scause', 'vscause']) this.set(name, 0x777n);
    hart.regimes.flushAll();
    const by = c.by === 'itself' ? c.mode : c.by;
    hart.privilege = by === 'M' ? 3 : privilege[by];
    hart.virtualized = by.startsWith('V');
    hart.setX(10, c.address);
    hart.setX(11, 0x1122_3344_5566_7788n);
    hart.setX(5, 0x55n);
    hart.pc = where;
    if (c.guarded) this.guard(c.guarded);
  }

  private spvp(c: Case): bigint {
    if (c.instruction.how !== 'virtual machine') return c.mode === 'VU' ? 1n << hstatusOf.SPVP : 0n;
    return c.mode === 'VS' ? 1n << hstatusOf.SPVP : 0n;
  }

  private compareTrap(c: Case, expected: Expected, label: () => string): void {
    const { r } = this;
    const by = c.by === 'itself' ? c.mode : c.by;
    const delegable = expected.cause < 20;
    const target =
      c.target === 'M' || by === 'M'
        ? 'M'
        : c.target === 'VS' && delegable && by.startsWith('V')
          ? 'VS'
          : 'HS';
    const letter = { M: 'm', HS: 's', VS: 'vs' }[target];
    const actual: Record<string, bigint> = {
      cause: r.csr(`${letter}cause`),
      tval: r.csr(`${letter}tval`),
    };
    const wanted: Record<string, bigint> = { cause: BigInt(expected.cause), tval: expected.tval };
    const gva = expected.gva ? 1n : 0n;
    const bit = (value: bigint, at: bigint): bigint => (value >> at) & 1n;
    const supervisor = by.endsWith('S') ? 1n : 0n;
    const guest = by.startsWith('V') ? 1n : 0n;
    if (target === 'M') {
      const mstatus = r.hart.state.csr(csrNumber('mstatus'));
      Object.assign(actual, { tval2: r.csr('mtval2'), tinst: r.csr('mtinst') });
      Object.assign(actual, { gva: bit(mstatus, GVA), v: bit(mstatus, 39n) });
      Object.assign(actual, { previous: (mstatus >> MPP) & 3n });
      Object.assign(wanted, { tval2: expected.tval2, tinst: BigInt(expected.tinst) });
      Object.assign(wanted, { gva, v: guest, previous: by === 'M' ? 3n : supervisor });
    } else if (target === 'HS') {
      const hstatus = r.csr('hstatus');
      Object.assign(actual, { tval2: r.csr('htval'), tinst: r.csr('htinst') });
      Object.assign(actual, { gva: bit(hstatus, hstatusOf.GVA), v: bit(hstatus, hstatusOf.SPV) });
      Object.assign(actual, { previous: bit(r.csr('sstatus'), 8n) });
      Object.assign(actual, { spvp: bit(hstatus, hstatusOf.SPVP) });
      Object.assign(wanted, { tval2: expected.tval2, tinst: BigInt(expected.tinst) });
      Object.assign(wanted, { gva, v: guest, previous: supervisor });
      // "When V=1 and a trap is taken into HS-mode, bit SPVP is set to the nominal privilege mode."
      Object.assign(wanted, { spvp: guest ? supervisor : bit(this.spvp(c), hstatusOf.SPVP) });
    }
    if (target === 'VS') assert.equal(r.hart.virtualized, true, label());
    assert.deepEqual(actual, wanted, label());
  }

  /** What is at the place of the access before it is made. */
  private result(expected: Expected | { readonly address: bigint } | 'opaque', c: Case): bigint {
    if (expected === 'opaque' || 'cause' in expected) return 0n;
    let value = 0n;
    const bytes = this.r.memory.view8(Number(expected.address), c.instruction.size)!;
    bytes.forEach((byte, i) => (value |= BigInt(byte) << BigInt(8 * i)));
    return value;
  }

  private compareResult(c: Case, before: bigint, address: bigint, label: () => string): void {
    const { r } = this;
    const { instruction } = c;
    const bits = instruction.size * 8;
    if (instruction.type === 'fetch') {
      // Units of data are `addi x5, x0, page`.
      assert.equal(r.hart.getX(5), before >> 20n, label());
      return;
    }
    const { mnemonic } = instruction;
    const signed = !/u$|\.hu$/.test(mnemonic);
    const extended = signed ? BigInt.asIntN(bits, before) : before;
    if (instruction.type === 'load' || mnemonic.startsWith('amo')) {
      assert.equal(r.hart.getX(5), BigInt.asUintN(r.hart.xlen, extended), label());
    }
    if (instruction.type === 'store') {
      const source = BigInt.asUintN(bits, 0x1122_3344_5566_7788n);
      const operation: Readonly<Record<string, bigint>> = {
        'amoadd.w': BigInt.asUintN(bits, before + source),
        'amoor.d': before | source,
      };
      const after = this.result({ address }, c);
      assert.equal(after, operation[mnemonic] ?? source, label());
      const bytes = r.memory.view8(Number(address), instruction.size)!;
      bytes.forEach((_, i) => (bytes[i] = Number((before >> BigInt(8 * i)) & 0xffn)));
    }
  }

  /** Entries are as the manual's walk left them, and then as they were built. */
  private compareTables(label: () => string): void {
    const { world, changed, written } = this;
    const touched = world.slots.filter((slot) => changed.has(slot) || written.has(slot.address));
    for (const slot of touched) {
      const actual = world.read(slot.address, slot.bytes);
      const wanted = written.get(slot.address) ?? changed.get(slot)!;
      if (actual !== wanted) {
        assert.equal(hex(actual), hex(wanted), `entry of ${slot.what}: ${label()}`);
      }
    }
    for (const slot of touched) world.write(slot.address, slot.bytes, slot.value);
    changed.clear();
    assert.ok(world.intact, `some other entry was written: ${label()}`);
  }

  /** Puts something else into an entry, for the next case. */
  put(slot: Slot, value: bigint): void {
    this.changed.set(slot, value);
    this.world.write(slot.address, slot.bytes, value);
  }
}

/** `addi x5, x0, …`: other places hold tables. */
const isUnitOfData = (word: bigint): boolean => (word & 0xf_ffffn) === 0x293n;

const hex = (value: bigint): string => `0x${value.toString(16)}`;

function describe(c: Case, world: World): string {
  const { instruction, ...settings } = c;
  const shown = Object.entries(settings).map(
    ([name, value]) => `${name} ${typeof value === 'bigint' ? hex(value) : JSON.stringify(value)}`,
  );
  const entries = world.slots
    .map((slot) => ({ slot, value: world.read(slot.address, slot.bytes) }))
    .filter(({ slot, value }) => value !== slot.value)
    .map(({ slot, value }) => `${slot.stage} ${slot.what} level ${slot.level} = ${hex(value)}`);
  return [instruction.mnemonic, ...shown, ...entries].join('; ');
}
