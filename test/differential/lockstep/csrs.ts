/** Which CSRs random programs touch, with what, and what each program finds in them. */
import { csrName } from '../../../src/core/isa/riscv/csr/names.ts';
import { csrTable } from '../../../src/core/isa/riscv/csr/table.ts';
import type { Random } from '../random.ts';
import { avoided } from './deviations.ts';
import { layout } from './layout.ts';
import type { CsrValue } from './monitor.ts';

const csrRows = csrTable(64);

const number = new Map(csrRows.map((row) => [row.name, row.number]));

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
  private readonly choices: readonly CsrChoice[];

  /** Of those that exist in our machine. */
  constructor(exists: (number: number) => boolean) {
    this.choices = csrRows
      .filter((row) => exists(row.number) && !isEvent(row.number))
      .map((row) => choice(row.number, row.name));
  }

  /** One that exists, or rarely any number. */
  pick(random: Random): CsrChoice {
    if (random.chance(0.97)) return random.pick(this.choices);
    for (;;) {
      const any = random.below(4096);
      if (!isEvent(any) && csrName(any) === undefined && !isOthers(any))
        return choice(any, `0x${any.toString(16)}`);
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
      return [[own, resetValue(name)]];
    });
  }
}

const skipped = new Set('sstatus sie sip vsie vsip hip hie fflags frm fcsr seed misa'.split(' '));

function resetValue(name: string): bigint {
  // FS is Initial, so that floating point runs.
  if (name === 'mstatus') return 0x2000n;
  if (name === 'vsstatus') return 0x2000n;
  if (name === 'mtvec') return 0x8000_2000n;
  if (name === 'mcountinhibit') return 5n;
  if (name === 'pmpaddr0') return allAddresses;
  if (name === 'pmpcfg0') return 0x1fn;
  if (timers.test(name)) return -1n;
  return agreed(name, 0n);
}

/** CSRs that QEMU may have and that are not in our table: triggers, AIA. */
function isOthers(n: number): boolean {
  return [0x7a, 0x15, 0x25, 0x35, 0x60, 0x61, 0x64, 0x65, 0xdb, 0xeb, 0xfb, 0x30, 0x31].includes(
    n >> 4,
  );
}

function choice(n: number, name: string): CsrChoice {
  return {
    number: n,
    name,
    mayRead: !unread.has(name),
    mayWrite: !unwritten.has(name),
    value: (random) => valueFor(random, name),
  };
}

/** A value that both machines take alike. */
export function agreed(name: string, value: bigint): bigint {
  // The lock bit stays until a reset.
  if (protection.test(name)) return legalProtection(value);
  if (name.endsWith('atp')) return legalRoot(name, value);
  const mask = avoided.filter(({ csrs }) => csrs.test(name)).reduce((m, a) => m & a.mask, -1n);
  return /envcfgh?$/.test(name) ? legalEnvironment(name, value & mask) : value & mask;
}

/**
 * A mode that there is; in Bare mode everything else is 0, since "attempting to select MODE=Bare with
 * a nonzero pattern in the remaining fields has an unspecified effect". hgatp's root is aligned to 16 KiB.
 */
function legalRoot(name: string, value: bigint): bigint {
  const mode = (BigInt.asUintN(64, value) >> 60n) & 15n;
  if (mode < 8n || mode > 10n) return 0n;
  // A table in the last MiB, all zero: QEMU sees page faults where a table is not in memory, which
  // are access faults.
  const page = emptyPages + (value & 0xfcn);
  // QEMU keeps the bits above VMID, which are zero.
  const given = name === 'hgatp' ? value & ~(3n << 58n) : value;
  return (BigInt.asUintN(64, given) & ~ppn) | page;
}

const ppn = (1n << 44n) - 1n;
const emptyPages = BigInt((layout.base + layout.memoryBytes) / 4096 - 256);

/** CBIE = 2 is reserved; STCE stays on. */
function legalEnvironment(name: string, value: bigint): bigint {
  if (name.endsWith('h')) return value | (1n << 31n);
  const legal = (value & 0x30n) === 0x20n ? value & ~0x20n : value;
  return name === 'senvcfg' ? legal : legal | (1n << 63n);
}

/**
 * R, W, X and A of eight entries; W without R is reserved. One entry is on: QEMU has MRET fail itself
 * where no entry is, which is the fetch behind it that fails.
 */
function legalProtection(value: bigint): bigint {
  const fields = value & 0x1f1f_1f1f_1f1f_1f1fn;
  const writable = 0x0202_0202_0202_0202n;
  const legal = fields & ~(writable & ~(fields << 1n));
  const [matching, lastIsOn] = [0x1818_1818_1818_1818n, 0x10n << 56n];
  return (legal & matching) === 0n ? legal | lastIsOn : legal;
}

function valueFor(random: Random, name: string): bigint {
  const value = random.operand();
  if (timers.test(name)) return random.chance(0.5) ? 0n : value | (1n << 62n);
  if (name === 'htimedelta') return random.bits64();
  return agreed(name, value);
}
