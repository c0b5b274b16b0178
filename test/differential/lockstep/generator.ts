/**
 * A random program: pieces of M-mode code, each of which sets the machine up at random and goes down
 * to U-, S-, VU- or VS-mode, and code for those, which runs until the monitor has had enough traps.
 */
import { Random } from '../random.ts';
import { agreed, allAddresses, type Csrs } from './csrs.ts';
import { randomSlot, type ItemContext } from './items.ts';
import { trapsPerPiece } from './monitor.ts';
import { layout, part, role, slotBytes } from './layout.ts';
import type { Rows } from './rows.ts';
import type { Xlen } from './processors.ts';
import { nothing, SlotWriter, type Slot } from './slots.ts';
import { TableWriter, type Root, type Tables } from './tables.ts';

export interface LockstepProgram {
  readonly seed: number;
  readonly base: number;
  readonly xlen: Xlen;
  /** Everything but the code. */
  readonly bytes: Uint8Array;
  readonly slots: readonly Slot[];
}

/** What programs of one processor have in common. */
export interface Surroundings {
  readonly xlen: Xlen;
  readonly rows: Rows;
  readonly csrs: Csrs;
  readonly extensions: ReadonlySet<string>;
}

/** Of the slot in the supervisor's handler that goes to a guest. */
const guestEntry = 3 * slotBytes;

const SPP = 1n << 8n;
const SPV = 1n << 7n;
const TSR = 1n << 22n;
/** mstatus.MPP is S. */
const supervisorBefore = 1n << 11n;

const blocks = 12;
const trapsToMachine = 160;
const trapsToSupervisor = 40;

export function generate(seed: number, base: number, around: Surroundings): LockstepProgram {
  return new Generator(seed, base, around).program();
}

/** The program as it lies in memory. */
export function placed({ base, bytes, slots }: LockstepProgram): {
  base: number;
  bytes: Uint8Array;
} {
  const all = Uint8Array.from(bytes);
  const view = new DataView(all.buffer);
  for (const slot of slots) {
    let at = slot.address - base;
    for (const word of slot.words) {
      if (word.bytes === 4) view.setUint32(at, word.bits, true);
      else view.setUint16(at, word.bits, true);
      at += word.bytes;
    }
  }
  return { base, bytes: all };
}

class Generator {
  private readonly random: Random;
  private readonly seed: number;
  private readonly base: number;
  private readonly around: Surroundings;
  private readonly bytes = new Uint8Array(part.end);
  private readonly view = new DataView(this.bytes.buffer);
  private readonly guests: boolean;

  constructor(seed: number, base: number, around: Surroundings) {
    this.seed = seed;
    this.base = base;
    this.around = around;
    this.random = new Random(seed);
    this.guests = around.extensions.has('h');
  }

  program(): LockstepProgram {
    const { random, base, around } = this;
    for (let at = part.data; at < part.dataEnd; at += 8) {
      this.view.setBigUint64(at, random.operand(), true);
    }
    const tables = new TableWriter(random, around, base, this.bytes).write(this.guests);
    const lower = this.lowerCode();
    const machine = this.machineCode(tables, lower.slots);
    this.startState();
    return {
      seed: this.seed,
      base,
      xlen: around.xlen,
      bytes: this.bytes,
      slots: [...machine.slots, ...lower.slots],
    };
  }

  private writer(from: number, end: number): SlotWriter {
    const { base, random, around } = this;
    return new SlotWriter(random, around.rows, base + from, base + end);
  }

  private context(machine: boolean): ItemContext {
    const { csrs, extensions } = this.around;
    return { csrs, extensions, machine };
  }

  /** Code for all modes but M; the handler of traps to S-mode comes first. */
  private lowerCode(): SlotWriter {
    const w = this.writer(part.lowerCode, part.lowerCodeEnd);
    this.supervisorHandler(w);
    while (!w.full) randomSlot(w, this.context(false));
    return w;
  }

  /** In S- and VS-mode: skips what trapped, a limited number of times. */
  private supervisorHandler(w: SlotWriter): void {
    const [scause, sepc, sie] = [0x142, 0x141, 0x104];
    w.emit('addi', { rd: role.supervisorTraps, rs1: role.supervisorTraps, imm: -1 });
    w.emit('blt', { rs1: role.supervisorTraps, rs2: 0, imm: 4 * slotBytes - 4 });
    w.emit('csrrs', { rd: 31, rs1: 0, csr: scause });
    w.emit('blt', { rs1: 31, rs2: 0, imm: 2 * slotBytes - 12 });
    w.endSlot();
    w.emit('csrrs', { rd: 31, rs1: 0, csr: sepc });
    w.emit('ori', { rd: 31, rs1: 31, imm: slotBytes - 1 });
    w.emit('addi', { rd: 31, rs1: 31, imm: 1 });
    w.emit('csrrw', { rd: 0, rs1: 31, csr: sepc });
    w.emit('sret', {});
    w.endSlot();
    w.emit('addi', { rd: 30, rs1: 0, imm: 1 });
    w.emit('sll', { rd: 30, rs1: 30, rs2: 31 });
    w.emit('csrrc', { rd: 0, rs1: 30, csr: sie });
    w.emit('sret', {});
    w.endSlot();
    // From here to a guest.
    w.emit('sret', {});
    w.endSlot();
    // Enough of them: whatever M-mode takes by itself brings it back.
    for (const mnemonic of ['ecall', 'ebreak', 'mret']) {
      w.emit(mnemonic, {});
      w.endSlot();
    }
  }

  private machineCode(tables: Tables, lower: readonly Slot[]): SlotWriter {
    const { random } = this;
    const w = this.writer(part.machineCode, part.machineCodeEnd);
    const starts: number[] = [];
    while (starts.length < blocks && w.here + 48 * slotBytes < this.base + part.machineCodeEnd) {
      starts.push(w.here);
      for (let i = random.below(6); i > 0; i--) randomSlot(w, this.context(true));
      this.setUp(w, tables, lower);
    }
    this.startBlocks(starts);
    return w;
  }

  /** Chooses a mode and how it translates, delegates and is interrupted, and goes there. */
  private setUp(w: SlotWriter, tables: Tables, lower: readonly Slot[]): void {
    const { random, base } = this;
    const { extensions } = this.around;
    const guest = this.guests && random.chance(0.5);
    const user = random.chance(0.4);
    const translated = random.chance(0.8);
    const write = (name: keyof typeof csr, value: bigint): void => {
      w.constant(31, value);
      w.emit(name === 'mip' ? 'csrrs' : 'csrrw', { rd: 0, rs1: 31, csr: csr[name] });
      w.endSlot();
    };
    const set = (name: keyof typeof csr, value: bigint): void =>
      write(name, agreed(name, value, this.around.xlen));
    /** One of the program's own tables: by chance the value would lead to an empty one. */
    const translate = (
      name: 'satp' | 'vsatp' | 'hgatp',
      by: readonly Root[],
      chance: number,
    ): void => write(name, random.chance(chance) ? this.rootValue(name, random.pick(by)) : 0n);
    if (random.chance(0.85)) {
      set('pmpaddr0', allAddresses);
      set('pmpcfg0', 0x1fn);
    }
    const first = translated ? 1 : 0;
    if (guest) translate('satp', tables.satp, 0);
    if (guest) translate('vsatp', tables.vsatp, first);
    else translate('satp', tables.satp, first);
    if (this.guests && (guest || random.chance(0.3))) {
      translate('hgatp', tables.hgatp, 0.75);
      if (!guest) translate('vsatp', tables.vsatp, 0.75);
    }
    w.emit('sfence.vma', {});
    if (this.guests) {
      w.emit('hfence.gvma', {});
      w.emit('hfence.vvma', {});
    }
    w.endSlot();
    // Environment calls of HS- and VS-mode mostly stay M-mode's, and so do illegal instructions.
    // And page faults of fetches: the handler's own lead to it for ever.
    const keep = (random.chance(0.9) ? 0x604n : 0n) | (random.chance(0.9) ? 0x1000n : 0n);
    if (random.chance(0.7)) set('medeleg', random.chance(0.4) ? 0n : random.bits64() & ~keep);
    if (random.chance(0.7)) set('mideleg', random.bits64());
    if (this.guests && random.chance(0.6)) set('hedeleg', random.bits64() & random.bits64());
    if (this.guests && random.chance(0.6)) set('hideleg', random.bits64());
    // Not vectored: a vector behind the handler's count would come round for ever.
    const handler = BigInt(base + part.lowerCode);
    set('stvec', handler);
    if (this.guests) set('vstvec', handler);
    if (random.chance(0.5)) set('mie', random.bits64());
    if (random.chance(0.3)) set('mip', random.bits64());
    if (this.guests && random.chance(0.3)) set('hvip', random.bits64());
    if (random.chance(0.5)) set('mcounteren', random.bits64() | 2n);
    if (random.chance(0.3)) set('scounteren', random.bits64());
    if (this.guests && random.chance(0.3)) set('hcounteren', random.bits64());
    this.environments(set);
    if (random.chance(0.3)) set('senvcfg', random.bits64());
    if (this.guests) set('hstatus', this.hypervisorStatus() | (guest ? SPV : 0n));
    if (guest || random.chance(0.3)) {
      if (this.guests) set('vsstatus', this.someStatus() & 0xde162n);
    }
    if (extensions.has('smstateen') && random.chance(0.5)) {
      set('mstateen0', random.chance(0.5) ? -1n : random.bits64());
    }
    this.goDown(w, lower, { guest, user, translated });
  }

  private environments(set: (name: 'menvcfg' | 'henvcfg', value: bigint) => void): void {
    const { random, guests } = this;
    // QEMU has guests mask addresses as the host does.
    const masked = this.around.extensions.has('smnpm');
    const PMM = 3n << 32n;
    const masks = random.bits64() & PMM;
    const value = (): bigint => (masked ? (random.bits64() & ~PMM) | masks : random.bits64());
    if (masked || random.chance(0.5)) set('menvcfg', value());
    if (guests && (masked || random.chance(0.5))) set('henvcfg', value());
  }

  private goDown(
    w: SlotWriter,
    lower: readonly Slot[],
    { guest, user, translated }: { guest: boolean; user: boolean; translated: boolean },
  ): void {
    const { random, base } = this;
    const alias = translated && user ? layout.alias : 0;
    const wrong = random.chance(0.05) ? layout.alias : 0;
    const dataAlias = translated && random.chance(0.5) ? layout.alias : 0;
    w.constant(role.data, BigInt(base + part.data + dataAlias));
    w.endSlot();
    w.constant(role.far, this.farAddress());
    w.endSlot();
    w.emit('addi', { rd: role.supervisorTraps, rs1: 0, imm: trapsToSupervisor });
    w.endSlot();
    const entry = random.pick(lower.slice(7, -24)).address + (alias ^ wrong);
    // QEMU's MPV cannot be written: to a guest it goes by way of SRET in HS-mode.
    w.constant(31, BigInt(guest ? base + part.lowerCode + guestEntry : entry));
    w.emit('csrrw', { rd: 0, rs1: 31, csr: csr.mepc });
    w.endSlot();
    let status = this.someStatus();
    if (guest) {
      w.constant(31, BigInt(entry));
      w.emit('csrrw', { rd: 0, rs1: 31, csr: csr.sepc });
      w.endSlot();
      status = (status & ~(TSR | SPP)) | (user ? 0n : SPP);
    }
    w.constant(31, status | (user && !guest ? 0n : supervisorBefore));
    w.emit('csrrw', { rd: 0, rs1: 31, csr: csr.mstatus });
    w.endSlot();
    w.emit('mret', {});
    w.endSlot();
  }

  /** mstatus without MPP and MPV: SIE, SPIE, SPP, MPIE, FS, MPRV, SUM, MXR, TVM, TW and TSR. */
  private someStatus(): bigint {
    const { random } = this;
    const bit = (at: number, chance: number): bigint =>
      random.chance(chance) ? 1n << BigInt(at) : 0n;
    return (
      bit(1, 0.5) |
      bit(5, 0.5) |
      bit(7, 0.5) |
      bit(8, 0.5) |
      (BigInt(random.chance(0.1) ? 0 : random.between(1, 3)) << 13n) |
      bit(17, 0.1) |
      bit(18, 0.5) |
      bit(19, this.around.extensions.has('smnpm') ? 0.05 : 0.4) |
      bit(20, 0.1) |
      bit(21, 0.2) |
      bit(22, 0.1)
    );
  }

  /** SPV, SPVP, HU, VTVM, VTW, VTSR, HUPMM; VGEIN stays 0. */
  private hypervisorStatus(): bigint {
    const { random } = this;
    const bit = (at: number, chance: number): bigint =>
      random.chance(chance) ? 1n << BigInt(at) : 0n;
    const masks = this.around.extensions.has('ssnpm') ? BigInt(random.pick([0, 2, 3])) << 48n : 0n;
    return (
      bit(7, 0.4) | bit(8, 0.5) | bit(9, 0.5) | bit(20, 0.1) | bit(21, 0.2) | bit(22, 0.1) | masks
    );
  }

  /** With an ASID or VMID now and then. */
  private rootValue(name: 'satp' | 'vsatp' | 'hgatp', { mode, address }: Root): bigint {
    const { random } = this;
    const ppn = BigInt(Math.floor(address / 4096));
    const any = random.chance(0.5) ? 0n : random.bits64();
    if (this.around.xlen === 32) {
      const id = any & (name === 'hgatp' ? 0x7fn : 0x1ffn);
      return (BigInt(mode) << 31n) | (id << 22n) | ppn;
    }
    const id = any & (name === 'hgatp' ? 0x3fffn : 0xffffn);
    return (BigInt(mode) << 60n) | (id << 44n) | ppn;
  }

  /** By a superpage, where nothing is, or out of what addresses may be. */
  private farAddress(): bigint {
    const { random, base } = this;
    const offset = BigInt(base - layout.base + part.data);
    if (this.around.xlen === 32) {
      const span = BigInt((base + part.data) % 2 ** 22);
      return random.pick([(900n << 22n) | span, BigInt(layout.nothing) + offset]);
    }
    return random.pick([
      (5n << 30n) | offset,
      BigInt(Math.floor(base / 2 ** 30)) * 2n ** 30n + (300n << 21n) + (offset & 0x1fffffn),
      BigInt(layout.nothing) + offset,
      random.bits64() | (1n << 57n),
    ]);
  }

  private startBlocks(starts: readonly number[]): void {
    this.setWord(part.trapsLeft, BigInt(trapsToMachine));
    this.setWord(part.entry, BigInt(starts[0]!));
    // One after another, and again, as often as traps lead there.
    const rest = Array.from(
      { length: trapsToMachine / trapsPerPiece },
      (_, i) => starts[(i + 1) % starts.length]!,
    );
    const word = this.around.xlen / 8;
    this.setWord(part.nextBlock, BigInt(this.base + part.blocks));
    rest.forEach((address, i) => this.setWord(part.blocks + i * word, BigInt(address)));
  }

  private startState(): void {
    const { random } = this;
    for (let i = 0; i < 32; i++) {
      this.setWord(part.registers + i * 8, random.operand());
      this.view.setBigUint64(part.floats + i * 8, random.operand(), true);
    }
    this.setWord(part.registers + role.data * 8, BigInt(this.base + part.data));
    this.setWord(part.registers + role.far * 8, this.farAddress());
  }

  private setWord(at: number, value: bigint): void {
    if (this.around.xlen === 32) this.view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    else this.view.setBigUint64(at, BigInt.asUintN(64, value), true);
  }
}

const csr = {
  sepc: 0x141,
  stvec: 0x105,
  scounteren: 0x106,
  senvcfg: 0x10a,
  satp: 0x180,
  vsstatus: 0x200,
  vstvec: 0x205,
  vsatp: 0x280,
  mstatus: 0x300,
  medeleg: 0x302,
  mideleg: 0x303,
  mie: 0x304,
  mcounteren: 0x306,
  menvcfg: 0x30a,
  mstateen0: 0x30c,
  mepc: 0x341,
  mip: 0x344,
  pmpcfg0: 0x3a0,
  pmpaddr0: 0x3b0,
  hstatus: 0x600,
  hedeleg: 0x602,
  hideleg: 0x603,
  hcounteren: 0x606,
  henvcfg: 0x60a,
  hvip: 0x645,
  hgatp: 0x680,
} as const;

/** The program with nothing in the places of these instructions. */
export function without(program: LockstepProgram, removed: ReadonlySet<number>): LockstepProgram {
  const slots = program.slots.map((slot) => {
    let at = slot.address;
    const words = slot.words.map((word) => {
      const own = at;
      at += word.bytes;
      return removed.has(own) ? nothing(word) : word;
    });
    return { address: slot.address, words };
  });
  return { ...program, slots };
}
