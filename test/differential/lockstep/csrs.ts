/** Which CSRs random programs touch, with what, and what each program finds in them. */
import { csrName } from '../../../src/core/isa/riscv/csr/names.ts';
import { CSR } from '../../../src/core/isa/riscv/csr/numbers.ts';
import { csrTable, statedRows } from '../../../src/core/isa/riscv/csr/table.ts';
import type { Random } from '../random.ts';
import { avoided } from './avoided.ts';
import { layout } from './layout.ts';
import type { CsrValue } from './monitor.ts';
import type { Xlen } from './processors.ts';

const number = new Map(statedRows.map((row) => [row.name, row.number]));

/**
 * Never written at random: the vector that the monitor lives by; what lets counters run, since two
 * machines do not run alike fast; and locks that only a reset opens.
 */
const unwritten = new Set(['mtvec', 'mcountinhibit', 'mseccfg', 'mseccfgh']);
/**
 * Read into x0 alone: they show time, or are known to differ (deviations.ts); sip and sie because
 * QEMU's VS-mode finds its own masked by mideleg.
 */
const unread = new Set([
  'sie',
  'sip',
  'vsstatus',
  'hvip',
  'mideleg',
  'time',
  'timeh',
  'seed',
  'mtinst',
  'htinst',
  'mvendorid',
  'marchid',
  'mimpid',
]);
/** The same without guests, whose bits QEMU has there all the same. */
const unreadWithoutGuests = new Set(['medeleg', 'mip', 'mie']);
/** Compared with time: values that have passed, or that never come. */
const timers = /^v?stimecmph?$/;
const protection = /^pmpcfg/;

/** For pmpaddr0, a region of all there is. */
export const allAddresses = (1n << 54n) - 1n;

export interface CsrChoice {
  readonly number: number;
  readonly name: string;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  value(random: Random): bigint;
}

/** Numbers of hardware performance counters and of counters' shadows: not every QEMU has them. */
const isEvent = (n: number): boolean =>
  (n >= 0xb03 && n < 0xb20) ||
  (n >= 0xb83 && n < 0xba0) ||
  (n >= 0x323 && n < 0x340) ||
  (n >= 0x723 && n < 0x740) ||
  (n >= 0xc03 && n < 0xc20) ||
  (n >= 0xc83 && n < 0xca0);

export class Csrs {
  private readonly xlen: Xlen;
  private readonly choices: readonly CsrChoice[];
  /** Of those, what is not M-mode's. */
  private readonly lower: readonly CsrChoice[];

  /** Of those that exist in our machine. */
  constructor(xlen: Xlen, exists: (number: number) => boolean) {
    this.xlen = xlen;
    const guests = exists(CSR.hstatus);
    this.choices = csrTable(xlen)
      .filter((row) => exists(row.number) && !isEvent(row.number))
      .map((row) => choice(row.number, row.name, xlen))
      .map((own) => (guests || !unreadWithoutGuests.has(own.name) ? own : unreadable(own)));
    this.lower = this.choices.filter(({ number }) => ((number >>> 8) & 3) !== 3);
  }

  /** One that exists, or rarely any number; below M-mode seldom one of M-mode's. */
  pick(random: Random, machine: boolean): CsrChoice {
    const own = machine || random.chance(0.2) ? this.choices : this.lower;
    if (random.chance(0.97)) return random.pick(own);
    for (;;) {
      const any = random.below(4096);
      if (!isEvent(any) && csrName(any) === undefined && !isOthers(any))
        return choice(any, `0x${any.toString(16)}`, this.xlen);
    }
  }

  /** What the monitor writes before each program, in this order. */
  resets(): readonly CsrValue[] {
    const first = ['mie', 'mip', 'mcountinhibit', 'menvcfg'];
    const all = [
      ...first,
      ...this.choices.map(({ name }) => name).filter((n) => !first.includes(n)),
    ];
    return all.flatMap((name): CsrValue[] => {
      const own = number.get(name);
      // Read-only ones, and views of others.
      if (own === undefined || own >>> 10 === 3 || skipped.has(name)) return [];
      if (!this.choices.some((c) => c.name === name)) return [];
      return [[own, BigInt.asIntN(this.xlen, resetValue(name, this.xlen))]];
    });
  }
}

const skipped = new Set('sstatus sie sip vsie vsip hip hie fflags frm fcsr seed misa'.split(' '));

function resetValue(name: string, xlen: Xlen): bigint {
  // FS is Initial, so that floating point runs.
  if (name === 'mstatus') return 0x2000n;
  if (name === 'vsstatus') return 0x2000n;
  if (name === 'mtvec') return 0x8000_2000n;
  if (name === 'mcountinhibit') return 5n;
  if (name === 'pmpaddr0') return allAddresses;
  if (name === 'pmpcfg0') return 0x1fn;
  if (timers.test(name)) return -1n;
  return agreed(name, 0n, xlen);
}

/** CSRs that QEMU may have and that are not in our table: triggers, AIA. */
function isOthers(n: number): boolean {
  return [0x7a, 0x15, 0x25, 0x35, 0x60, 0x61, 0x64, 0x65, 0xdb, 0xeb, 0xfb, 0x30, 0x31].includes(
    n >> 4,
  );
}

const unreadable = (own: CsrChoice): CsrChoice => ({ ...own, mayRead: false });

function choice(n: number, name: string, xlen: Xlen): CsrChoice {
  return {
    number: n,
    name,
    mayRead: !unread.has(name),
    mayWrite: !unwritten.has(name),
    value: (random) => valueFor(random, name, xlen),
  };
}

/** A value that both machines take alike. */
export function agreed(name: string, value: bigint, xlen: Xlen): bigint {
  // The lock bit stays until a reset.
  if (protection.test(name)) return legalProtection(value, xlen);
  if (name.endsWith('atp')) return legalRoot(name, value, xlen);
  const mask = avoided.filter(({ csrs }) => csrs.test(name)).reduce((m, a) => m & a.mask, -1n);
  return /envcfgh?$/.test(name) ? legalEnvironment(name, value & mask) : value & mask;
}

/** Where MODE and the bits above VMID are in a root pointer, and how many bits PPN has. */
const rootFields = {
  32: { mode: [31n, 1n], modes: [1n], aboveVmid: 3n << 29n, ppnBits: 22n },
  64: { mode: [60n, 15n], modes: [8n, 9n, 10n], aboveVmid: 3n << 58n, ppnBits: 44n },
} as const;

/**
 * A mode that there is; in Bare mode everything else is 0, since "attempting to select MODE=Bare with
 * a nonzero pattern in the remaining fields has an unspecified effect". hgatp's root is aligned to 16 KiB.
 */
function legalRoot(name: string, value: bigint, xlen: Xlen): bigint {
  const { mode, modes, aboveVmid, ppnBits } = rootFields[xlen];
  const chosen = (BigInt.asUintN(xlen, value) >> mode[0]) & mode[1];
  if (!modes.some((m) => m === chosen)) return 0n;
  // A table in the last MiB, all zero: QEMU sees page faults where a table is not in memory, which
  // are access faults.
  const page = emptyPages + (value & 0xfcn);
  // QEMU keeps the bits above VMID, which are zero.
  const given = name === 'hgatp' ? value & ~aboveVmid : value;
  return (BigInt.asUintN(xlen, given) & ~((1n << ppnBits) - 1n)) | page;
}

const emptyPages = BigInt((layout.base + layout.memoryBytes) / 4096 - 256);

const PMM = 3n << 32n;
const PMM_RESERVED = 1n << 32n;

/** CBIE = 2 and PMM = 1 are reserved; STCE stays on. */
function legalEnvironment(name: string, value: bigint): bigint {
  if (name.endsWith('h')) return value | (1n << 31n);
  const masking = (value & PMM) === PMM_RESERVED ? value & ~PMM : value;
  const legal = (value & 0x30n) === 0x20n ? masking & ~0x20n : masking;
  return name === 'senvcfg' ? legal : legal | (1n << 63n);
}

/**
 * R, W, X and A of a register's entries; W without R is reserved. One entry is on: QEMU has MRET fail
 * itself where no entry is, which is the fetch behind it that fails.
 */
function legalProtection(value: bigint, xlen: Xlen): bigint {
  const fields = BigInt.asUintN(xlen, value) & 0x1f1f_1f1f_1f1f_1f1fn;
  const writable = 0x0202_0202_0202_0202n;
  const legal = fields & ~(writable & ~(fields << 1n));
  const [matching, lastIsOn] = [0x1818_1818_1818_1818n, 0x10n << BigInt(xlen - 8)];
  return (legal & matching) === 0n ? legal | lastIsOn : legal;
}

function valueFor(random: Random, name: string, xlen: Xlen): bigint {
  const value = random.operand();
  if (timers.test(name)) return random.chance(0.5) ? 0n : value | neverBits(name, xlen);
  // A sum with a time of at most a minute says the same for both machines: by halves too.
  if (name === 'htimedelta') return random.bits64() & (xlen === 32 ? 0x3fff_ffffn : -1n);
  return agreed(name, value, xlen);
}

/** What keeps a timer, or the half of one, from a time that may come while programs run. */
function neverBits(name: string, xlen: Xlen): bigint {
  if (xlen === 64) return 1n << 62n;
  return name.endsWith('h') ? 1n << 30n : 1n << 31n;
}
