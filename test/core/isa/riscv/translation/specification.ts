/**
 * Address translation as the manual numbers it, slowly and with nothing shared with `src`:
 * privileged manual, "Virtual Address Translation Process" (steps 1 to 10), Svnapot, Svpbmt, Svade
 * and Svadu; hypervisor, "Two-Stage Address Translation" and "Guest-Page Faults".
 */

export type AccessType = 'fetch' | 'load' | 'store';

/** What the walk looks at. Registers are as the hart holds them, `mstatus` is that of M-mode. */
export interface Machine {
  readonly xlen: 32 | 64;
  readonly satp: bigint;
  readonly vsatp: bigint;
  readonly hgatp: bigint;
  readonly mstatus: bigint;
  readonly vsstatus: bigint;
  readonly menvcfg: bigint;
  readonly henvcfg: bigint;
  readonly svnapot: boolean;
  readonly svpbmt: boolean;
  /** Whether A and D are set by hardware: always, never, or as ADUE says. */
  readonly update: 'always' | 'never' | 'ADUE';
  /** PTESIZE bytes, or undefined where PMA or PMP refuse S-mode to read there. */
  read(address: bigint, size: number): bigint | undefined;
  /** Whether PMA and PMP let S-mode write there. */
  writable(address: bigint, size: number): boolean;
  write(address: bigint, size: number, value: bigint): void;
}

export interface Access {
  readonly type: AccessType;
  readonly executeInsteadOfRead: boolean;
  /** Effective privilege mode. */
  readonly mode: 'U' | 'S' | 'M' | 'VU' | 'VS';
}

export type Outcome =
  | { readonly kind: 'address'; readonly address: bigint }
  | { readonly kind: 'access fault' }
  | { readonly kind: 'page fault' }
  | {
      readonly kind: 'guest-page fault';
      readonly guestAddress: bigint;
      /** An implicit access for VS-stage translation: which. */
      readonly implicit?: 'read' | 'write';
    };

interface System {
  readonly LEVELS: number;
  readonly PTESIZE: number;
  readonly vpnBits: number;
}

interface Pte {
  readonly v: bigint;
  readonly r: bigint;
  readonly w: bigint;
  readonly x: bigint;
  readonly u: bigint;
  readonly a: bigint;
  readonly d: bigint;
  readonly ppn: bigint;
  /** Bits 60:54, 62:61 and 63; of Sv32 there are none. */
  readonly reserved: bigint;
  readonly pbmt: bigint;
  readonly n: bigint;
}

const PAGESIZE = 4096n;
const bit = (value: bigint, position: number): bigint => (value >> BigInt(position)) & 1n;
const field = (value: bigint, high: number, low: number): bigint =>
  (value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);

function systemOf(xlen: 32 | 64, register: bigint): System | undefined {
  if (xlen === 32) {
    return bit(register, 31) === 1n ? { LEVELS: 2, PTESIZE: 4, vpnBits: 10 } : undefined;
  }
  switch (field(register, 63, 60)) {
    case 0n:
      return undefined;
    case 8n:
      return { LEVELS: 3, PTESIZE: 8, vpnBits: 9 };
    case 9n:
      return { LEVELS: 4, PTESIZE: 8, vpnBits: 9 };
    case 10n:
      return { LEVELS: 5, PTESIZE: 8, vpnBits: 9 };
    default:
      throw new Error('reserved MODE');
  }
}

const rootOf = (xlen: 32 | 64, register: bigint): bigint =>
  xlen === 32 ? field(register, 21, 0) : field(register, 43, 0);

function decode(value: bigint, { PTESIZE }: System): Pte {
  const wide = PTESIZE === 8;
  return {
    v: bit(value, 0),
    r: bit(value, 1),
    w: bit(value, 2),
    x: bit(value, 3),
    u: bit(value, 4),
    a: bit(value, 6),
    d: bit(value, 7),
    ppn: wide ? field(value, 53, 10) : field(value, 31, 10),
    reserved: wide ? field(value, 60, 54) : 0n,
    pbmt: wide ? field(value, 62, 61) : 0n,
    n: wide ? bit(value, 63) : 0n,
  };
}

const MXR = 19;
const SUM = 18;
const ADUE = 61;
const PBMTE = 62;

export function translate(machine: Machine, va: bigint, access: Access): Outcome {
  if (access.mode === 'M') return { kind: 'address', address: va };
  if (access.mode === 'U' || access.mode === 'S') return singleStage(machine, va, access);
  return twoStage(machine, va, access);
}

function singleStage(machine: Machine, va: bigint, access: Access): Outcome {
  const system = systemOf(machine.xlen, machine.satp);
  if (!system) return { kind: 'address', address: va };
  return firstStage(machine, va, access, {
    system,
    root: rootOf(machine.xlen, machine.satp),
    status: machine.mstatus,
    pbmte: bit(machine.menvcfg, PBMTE) === 1n,
    adue: bit(machine.menvcfg, ADUE) === 1n,
    reach: (address) => ({ kind: 'address', address }),
  });
}

/** "Henvcfg.PBMTE is read-only zero if menvcfg.PBMTE is zero", and ADUE likewise. */
function twoStage(machine: Machine, va: bigint, access: Access): Outcome {
  const system = systemOf(machine.xlen, machine.vsatp);
  const environment = machine.menvcfg & machine.henvcfg;
  const first: Outcome = !system
    ? { kind: 'address', address: va }
    : firstStage(machine, va, access, {
        system,
        root: rootOf(machine.xlen, machine.vsatp),
        status: machine.vsstatus,
        pbmte: bit(environment, PBMTE) === 1n,
        adue: bit(environment, ADUE) === 1n,
        reach: (address, how) => {
          const type = how === 'read' ? 'load' : 'store';
          const found = guestStage(machine, address, type, false, true);
          return found.kind === 'guest-page fault' ? { ...found, implicit: how } : found;
        },
      });
  if (first.kind !== 'address') return first;
  return guestStage(machine, first.address, access.type, access.executeInsteadOfRead, false);
}

interface FirstStage {
  readonly system: System;
  readonly root: bigint;
  /** mstatus or vsstatus. */
  readonly status: bigint;
  readonly pbmte: boolean;
  readonly adue: boolean;
  /** Where a table entry lies in physical memory. */
  readonly reach: (address: bigint, how: 'read' | 'write') => Outcome;
}

function firstStage(machine: Machine, va: bigint, access: Access, stage: FirstStage): Outcome {
  const { system } = stage;
  const { LEVELS, PTESIZE, vpnBits } = system;
  if (machine.xlen === 64) {
    // "Must have bits 63–39 all equal to bit 38, or else a page-fault exception will occur."
    const width = 12 + LEVELS * vpnBits;
    if (BigInt.asUintN(64, BigInt.asIntN(width, va)) !== va) return { kind: 'page fault' };
  }
  const vpn = (i: number): bigint => field(va, 12 + (i + 1) * vpnBits - 1, 12 + i * vpnBits);
  // 1.
  let a = stage.root * PAGESIZE;
  let i = LEVELS - 1;
  for (;;) {
    // 2.
    const at = a + vpn(i) * BigInt(PTESIZE);
    const where = stage.reach(at, 'read');
    if (where.kind !== 'address') return where;
    const value = machine.read(where.address, PTESIZE);
    if (value === undefined) return { kind: 'access fault' };
    const pte = decode(value, system);
    // 3.
    if (pte.v === 0n || (pte.r === 0n && pte.w === 1n)) return { kind: 'page fault' };
    if (isReserved(machine, pte, i, stage.pbmte)) return { kind: 'page fault' };
    // 4.
    if (pte.r === 0n && pte.x === 0n) {
      i -= 1;
      if (i < 0) return { kind: 'page fault' };
      a = pte.ppn * PAGESIZE;
      continue;
    }
    // 5.
    const below = (1n << BigInt(i * vpnBits)) - 1n;
    if (i > 0 && (pte.ppn & below) !== 0n) return { kind: 'page fault' };
    // 6.
    const user = access.mode === 'U' || access.mode === 'VU';
    if (user && pte.u === 0n) return { kind: 'page fault' };
    if (!user && pte.u === 1n && (access.type === 'fetch' || bit(stage.status, SUM) === 0n)) {
      return { kind: 'page fault' };
    }
    // 8. sstatus.MXR overrides both stages, vsstatus.MXR the VS-stage.
    const mxr = bit(stage.status, MXR) === 1n || bit(machine.mstatus, MXR) === 1n;
    if (!isAllowed(pte, access.type, access.executeInsteadOfRead, mxr)) {
      return { kind: 'page fault' };
    }
    // 9.
    if (pte.a === 0n || (access.type === 'store' && pte.d === 0n)) {
      const updates = machine.update === 'always' || (machine.update === 'ADUE' && stage.adue);
      if (!updates) return { kind: 'page fault' };
      const store = stage.reach(at, 'write');
      if (store.kind !== 'address') return store;
      if (!machine.writable(store.address, PTESIZE)) return { kind: 'access fault' };
      const now = machine.read(store.address, PTESIZE);
      if (now !== value) continue;
      machine.write(store.address, PTESIZE, value | 0x40n | (access.type === 'store' ? 0x80n : 0n));
    }
    // 10.
    return { kind: 'address', address: physical(pte, va, i, system) };
  }
}

/** "The same algorithm …, except that" U-mode is the privilege and the faults are guest-page faults. */
function guestStage(
  machine: Machine,
  gpa: bigint,
  type: AccessType,
  executeInsteadOfRead: boolean,
  implicit: boolean,
): Outcome {
  const system = systemOf(machine.xlen, machine.hgatp);
  if (!system) return { kind: 'address', address: gpa };
  const { LEVELS, PTESIZE, vpnBits } = system;
  const fault: Outcome = { kind: 'guest-page fault', guestAddress: gpa };
  // "Address bits 63:41 must all be zeros, or else a guest-page-fault exception occurs."
  if (gpa >> BigInt(12 + LEVELS * vpnBits + 2) !== 0n) return fault;
  const vpn = (i: number): bigint => {
    const widened = i === LEVELS - 1 ? 2 : 0;
    return field(gpa, 12 + (i + 1) * vpnBits - 1 + widened, 12 + i * vpnBits);
  };
  let a = rootOf(machine.xlen, machine.hgatp) * PAGESIZE;
  let i = LEVELS - 1;
  for (;;) {
    const at = a + vpn(i) * BigInt(PTESIZE);
    const value = machine.read(at, PTESIZE);
    if (value === undefined) return { kind: 'access fault' };
    const pte = decode(value, system);
    if (pte.v === 0n || (pte.r === 0n && pte.w === 1n)) return fault;
    if (isReserved(machine, pte, i, bit(machine.menvcfg, PBMTE) === 1n)) return fault;
    if (pte.r === 0n && pte.x === 0n) {
      i -= 1;
      if (i < 0) return fault;
      a = pte.ppn * PAGESIZE;
      continue;
    }
    if (i > 0 && (pte.ppn & ((1n << BigInt(i * vpnBits)) - 1n)) !== 0n) return fault;
    if (pte.u === 0n) return fault;
    const mxr = !implicit && bit(machine.mstatus, MXR) === 1n;
    if (!isAllowed(pte, type, executeInsteadOfRead, mxr)) return fault;
    if (pte.a === 0n || (type === 'store' && pte.d === 0n)) {
      const adue = bit(machine.menvcfg, ADUE) === 1n;
      const updates = machine.update === 'always' || (machine.update === 'ADUE' && adue);
      if (!updates) return fault;
      if (!machine.writable(at, PTESIZE)) return { kind: 'access fault' };
      machine.write(at, PTESIZE, value | 0x40n | (type === 'store' ? 0x80n : 0n));
    }
    return { kind: 'address', address: physical(pte, gpa, i, system) };
  }
}

/** "Any bits or encodings that are reserved for future standard use." */
function isReserved(machine: Machine, pte: Pte, i: number, pbmte: boolean): boolean {
  const pointer = pte.r === 0n && pte.x === 0n;
  if (pte.reserved !== 0n) return true;
  if (pte.pbmt !== 0n && (!machine.svpbmt || !pbmte)) return true;
  if (pte.pbmt === 3n || (pointer && pte.pbmt !== 0n)) return true;
  if (pte.n === 1n) {
    // 64 KiB contiguous region is the one encoding that is not reserved.
    if (!machine.svnapot || pointer || i !== 0 || (pte.ppn & 15n) !== 8n) return true;
  }
  return pointer && (pte.d === 1n || pte.a === 1n || pte.u === 1n);
}

function isAllowed(
  pte: Pte,
  type: AccessType,
  executeInsteadOfRead: boolean,
  mxr: boolean,
): boolean {
  if (type === 'fetch') return pte.x === 1n;
  if (type === 'store') return pte.w === 1n;
  if (executeInsteadOfRead) return pte.x === 1n;
  return pte.r === 1n || (mxr && pte.x === 1n);
}

function physical(pte: Pte, va: bigint, i: number, { vpnBits }: System): bigint {
  const virtualPage = va / PAGESIZE;
  // A NAPOT entry is read as if its lowest four bits were those of the virtual page.
  const replaced = BigInt(pte.n === 1n ? 4 : i * vpnBits);
  const mask = (1n << replaced) - 1n;
  return ((pte.ppn & ~mask) | (virtualPage & mask)) * PAGESIZE + (va % PAGESIZE);
}
