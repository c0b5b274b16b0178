/** Kinds of slots that random programs are made of, each written as a whole. */
import { accessSize, nonzero, writable } from './rows.ts';
import { agreed, type Csrs } from './csrs.ts';
import { layout, role, slotBytes } from './layout.ts';
import type { SlotWriter } from './slots.ts';

/** What the code around knows: what exists, and in which mode the code is meant to run. */
export interface ItemContext {
  readonly csrs: Csrs;
  readonly extensions: ReadonlySet<string>;
  /** M-mode can lose the machine by what the others may try. */
  readonly machine: boolean;
}

type Item = (w: SlotWriter, context: ItemContext) => void;

const computations: Item = () => undefined;

/** An access near the data, through every kind of row. */
const memory: Item = (w, { machine }) => {
  const { random } = w;
  const row = random.pick(w.rows.memory);
  // QEMU sees no fault of a cache block where there is no memory, which only M-mode is sure of.
  if (row.mnemonic.startsWith('cbo') && !machine) return;
  const size = accessSize(row.mnemonic);
  const atomic = /^(amo|lr|sc)/.test(row.mnemonic);
  const narrow = /rs1'/.test(row.operands);
  const base = narrow
    ? random.between(8, 15)
    : /sp\)/.test(row.operands)
      ? 2
      : random.pick(nonzero);
  // QEMU reports the address of the block, the manual has that of rs1; and it sees no fault where
  // there is no memory.
  if (row.mnemonic.startsWith('cbo')) point(w, base, 64, role.data);
  else point(w, base, random.chance(atomic ? 0.9 : 0.6) ? size : 1);
  // Immediates of loads and stores are small multiples of their size.
  const given = {
    rs1: base,
    "rs1'": base,
    imm: random.between(-8, 7) * size,
    uimm: random.below(4) * size,
  };
  w.word(w.rows.word(random, row, given));
};

/** Lets a register point into the data, or rarely elsewhere. */
function point(
  w: SlotWriter,
  register: number,
  alignment: number,
  from: number = w.random.chance(0.9) ? role.data : role.far,
): void {
  const { random } = w;
  // Around the boundary between two pages now and then.
  const page = random.below(4);
  const offset = random.chance(0.2) ? random.between(-16, 16) : random.between(-2048, 2047);
  w.emit('lui', { rd: register, imm: page * 4096 });
  w.emit('add', { rd: register, rs1: register, rs2: from });
  w.emit('addi', { rd: register, rs1: register, imm: Math.floor(offset / alignment) * alignment });
  const masked = alignment < 64 && w.rows.extensions.has('smnpm') && random.chance(0.3);
  // Bits that are masked, or one too many, or none.
  if (masked) w.emit('bseti', { rd: register, rs1: register, shamt: random.between(47, 63) });
}

const reserved: Item = (w) => {
  const { random } = w;
  const width = random.chance(0.5) || w.rows.xlen === 32 ? 'w' : 'd';
  const base = random.pick(nonzero);
  point(w, base, random.chance(0.9) ? 8 : 1);
  const order = { aq: random.below(2), rl: random.below(2) };
  w.emit(`lr.${width}`, {
    rd: random.pick(writable.filter((r) => r !== base)),
    rs1: base,
    ...order,
  });
  w.emit(`sc.${width}`, { rd: random.pick(writable), rs1: base, rs2: random.below(32), ...order });
};

/** Over the rest of its slot, by what kind of jump there is, and back never. */
const jump: Item = (w) => {
  const { random } = w;
  const row = random.pick(w.rows.jumps);
  if (/offset/.test(row.operands) && row.mnemonic !== 'jalr') {
    w.word(w.rows.word(random, row, { imm: slotBytes }));
    return;
  }
  const base = random.pick(nonzero);
  w.emit('auipc', { rd: base, imm: 0 });
  w.emit('addi', { rd: base, rs1: base, imm: slotBytes + random.pick([0, 0, 1, 2]) });
  w.word(w.rows.word(random, row, { rs1: base, imm: 0 }));
};

const csr: Item = (w, { csrs, machine }) => {
  const { random } = w;
  const choice = csrs.pick(random, machine);
  const source = random.pick(nonzero);
  const mnemonic = random.pick(['csrrw', 'csrrs', 'csrrc', 'csrrwi', 'csrrsi', 'csrrci']);
  const rd = choice.mayRead && random.chance(0.8) ? random.pick(writable) : 0;
  const number = { rd, csr: choice.number };
  const reads = !choice.mayWrite || random.chance(0.25);
  if (reads) return w.emit(random.pick(['csrrs', 'csrrc']), { ...number, rs1: 0 });
  if (mnemonic.endsWith('i') && !/^mip$|envcfg|^pmpcfg/.test(choice.name)) {
    const zimm = /timecmp/.test(choice.name) ? 0 : random.below(32);
    w.emit(mnemonic, { ...number, zimm: Number(agreed(choice.name, BigInt(zimm), w.rows.xlen)) });
  } else {
    // What is at stake is changed by bits, for whole values mostly come to nothing.
    w.constant(source, choice.value(random));
    const careful =
      /^pmpcfg|timecmp|envcfg|atp$/.test(choice.name) || (machine && choice.name === 'mstatus');
    const bitwise = random.pick(['csrrs', 'csrrc']);
    const used = choice.name === 'mip' ? bitwise : careful ? 'csrrw' : mnemonic;
    w.emit(used.replace('i', ''), { ...number, rs1: source });
  }
};

const environment: Item = (w) => {
  const { random } = w;
  w.emit(random.pick(['ecall', 'ebreak', 'ecall']), {});
};

const illegal: Item = (w) => {
  const { random } = w;
  for (;;) {
    const word = random.bits32() & (random.chance(0.3) ? 0xffff : 0xffff_ffff);
    const bits = (word & 3) === 3 ? word >>> 0 : word & 0xffff;
    // 48 bits and more: lengths that nobody has defined yet. Vectors and CSRs QEMU has by itself.
    if ((bits & 0x1f) === 0x1f || (bits & 0x7f) === 0x57 || (bits & 0x7f) === 0x73) continue;
    if (w.rows.known(bits)) continue;
    return w.word(bits);
  }
};

const fence: Item = (w, { extensions }) => {
  const { random } = w;
  const registers = {
    rs1: random.chance(0.5) ? 0 : random.below(32),
    rs2: random.chance(0.5) ? 0 : random.below(32),
  };
  const names = ['fence', 'fence.i', 'sfence.vma'];
  if (extensions.has('h')) names.push('hfence.vvma', 'hfence.gvma');
  if (extensions.has('svinval')) names.push('sinval.vma', 'sinval.vma');
  // QEMU lets U-mode have these.
  if (extensions.has('svinval') && random.chance(0.2))
    names.push('sfence.w.inval', 'sfence.inval.ir');
  if (extensions.has('svinval') && extensions.has('h')) names.push('hinval.vvma', 'hinval.gvma');
  w.emit(random.pick(names), registers);
};

/**
 * Without HLVX: QEMU 10 calls its faults those of fetches, and delegates them as such. And without
 * all of them where pointers are masked, since it shifts their addresses to the right.
 */
const guestAccess: Item = (w, { extensions }) => {
  if (!extensions.has('h') || extensions.has('smnpm')) return;
  const { random } = w;
  const wide = w.rows.xlen === 64 ? ['hlv.wu', 'hlv.d', 'hsv.d'] : [];
  const names = 'hlv.b hlv.bu hlv.h hlv.hu hlv.w hsv.b hsv.h hsv.w'.split(' ');
  const mnemonic = random.pick([...names, ...wide]);
  const base = random.pick(nonzero);
  point(w, base, random.chance(0.7) ? 8 : 1);
  w.emit(mnemonic, { rd: random.pick(writable), rs1: base, rs2: random.below(32) });
};

/** Raises or lowers what may interrupt. */
const interrupts: Item = (w, { extensions, machine }) => {
  const { random } = w;
  const names = machine ? ['mip', 'mie'] : ['sip', 'sie'];
  if (extensions.has('h')) names.push('hvip', 'hie', 'hip', 'vsie', 'vsip');
  const numbers: Readonly<Record<string, number>> = {
    mip: 0x344,
    mie: 0x304,
    sip: 0x144,
    sie: 0x104,
    hvip: 0x645,
    hie: 0x604,
    hip: 0x644,
    vsie: 0x204,
    vsip: 0x244,
  };
  const source = random.pick(nonzero);
  const name = random.pick(names);
  const bits = Number(agreed(name, BigInt(random.below(2048)), w.rows.xlen));
  w.emit('addi', { rd: source, rs1: 0, imm: bits });
  const mnemonic = random.pick(['csrrs', 'csrrs', 'csrrc']);
  w.emit(mnemonic, { rd: 0, rs1: source, csr: numbers[name]! });
};

/** msip and mtimecmp of the ACLINT, which only M-mode's addresses reach. */
const aclint: Item = (w, { machine }) => {
  if (!machine) return;
  const { random } = w;
  const base = random.pick(nonzero);
  const kind = random.below(3);
  w.emit('lui', { rd: base, imm: kind === 0 ? 0x200_0000 : 0x200_4000 });
  const value = random.pick(nonzero.filter((r) => r !== base));
  w.emit('addi', { rd: value, rs1: 0, imm: random.pick([0, 1]) - (kind === 0 ? 0 : 1) });
  if (kind === 0) w.emit('sw', { rs1: base, rs2: value, imm: 0 });
  else {
    // Both halves: time is far from either end.
    w.emit('sw', { rs1: base, rs2: value, imm: 0 });
    w.emit('sw', { rs1: base, rs2: value, imm: 4 });
  }
};

/**
 * M-mode sees to it that something is pending that is enabled. Below it, a WFI that waits for ever is
 * taken out again (session.ts). WRS.NTO only in M-mode: with TW it never ends by itself on QEMU.
 */
const wait: Item = (w, { extensions, machine }) => {
  const { random } = w;
  const zawrs = extensions.has('zawrs');
  if (!machine) {
    if (zawrs && random.chance(0.3)) return w.emit('wrs.sto', {});
    const [sip, sie] = [0x144, 0x104];
    if (random.chance(0.5)) {
      w.emit('csrrsi', { rd: 0, zimm: 2, csr: sip });
      w.emit('csrrsi', { rd: 0, zimm: 2, csr: sie });
    }
    return w.emit('wfi', {});
  }
  const [mip, mie] = [0x344, 0x304];
  w.emit('csrrsi', { rd: 0, zimm: 2, csr: mip });
  w.emit('csrrsi', { rd: 0, zimm: 2, csr: mie });
  w.emit(random.pick(zawrs ? ['wfi', 'wrs.nto', 'wrs.sto'] : ['wfi']), {});
};

/** SRET to a slot not far ahead, to S- or U-mode, to the host or a guest. */
const supervisorReturn: Item = (w, { extensions }) => {
  const { random } = w;
  const [sstatus, sepc, hstatus] = [0x100, 0x141, 0x600];
  const change = (csr: number, bit: number): void => {
    w.emit('addi', { rd: 30, rs1: 0, imm: bit });
    w.emit(random.pick(['csrrs', 'csrrc']), { rd: 0, rs1: 30, csr });
  };
  change(sstatus, 0x100);
  if (extensions.has('h') && random.chance(0.3)) change(hstatus, 0x80);
  w.endSlot();
  w.emit('auipc', { rd: 31, imm: 0 });
  w.emit('addi', { rd: 31, rs1: 31, imm: (1 + random.below(4)) * slotBytes });
  if (random.chance(0.3)) {
    w.emit('lui', { rd: 30, imm: layout.alias });
    w.emit('add', { rd: 31, rs1: 31, rs2: 30 });
  }
  w.emit('csrrw', { rd: 0, rs1: 31, csr: sepc });
  w.emit('sret', {});
};

const weighted: readonly (readonly [number, Item])[] = [
  [30, computations],
  [20, memory],
  [4, reserved],
  [8, jump],
  [22, csr],
  [3, environment],
  [2, illegal],
  [3, fence],
  [6, guestAccess],
  [4, interrupts],
  [2, aclint],
  [1, wait],
  [3, supervisorReturn],
];
const total = weighted.reduce((sum, [weight]) => sum + weight, 0);

/** One slot of a random kind. */
export function randomSlot(w: SlotWriter, context: ItemContext): void {
  let at = w.random.below(total);
  for (const [weight, item] of weighted) {
    at -= weight;
    if (at >= 0) continue;
    // SRET from M-mode would leave the program's order to chance.
    if (context.machine && item === supervisorReturn) return randomSlot(w, context);
    item(w, context);
    w.endSlot();
    return;
  }
}
