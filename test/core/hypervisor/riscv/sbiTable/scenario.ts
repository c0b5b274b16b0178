/** What a table of SBI calls is written in: rows that say what a call must come to, on one machine. */
import assert from 'node:assert/strict';
import type { MachineStop } from '../../../../../src/core/machine/machine.ts';
import { errorCode, errorTables, legacy, type ErrorName } from './errorTables.ts';
import {
  TableGuest,
  type TableCall,
  type TableGuestOptions,
  type TableResult,
  type Width,
} from './tableGuest.ts';

export interface Row {
  /** `HSM hart_start`, or `legacy send_ipi`. */
  readonly fn: string;
  readonly what: string;
  readonly args?: readonly bigint[];
  /** The error in a0; a legacy call's own result. */
  readonly gives: ErrorName | bigint;
  readonly value?: bigint;
  readonly sie?: bigint;
  readonly satp?: bigint;
  /** What else must hold of the registers afterwards. */
  readonly check?: (result: TableResult) => void;
  /** Instead of returning. */
  readonly ends?: 'resumed' | 'trapped' | 'doesNotReturn';
  /** The upper half of a7. */
  readonly eidPlus?: bigint;
  /** Ids that the function's name does not say. */
  readonly eid?: bigint;
  readonly fid?: bigint;
}

export interface Scenario {
  readonly name: string;
  readonly options?: TableGuestOptions;
  /** What is typed at the console before the guest runs. */
  readonly input?: string;
  readonly prepare?: (g: TableGuest) => void;
  readonly rows: (xlen: Width) => readonly Row[];
  readonly after?: (g: TableGuest, stop: MachineStop, results: readonly TableResult[]) => void;
  /** Widths for which there is nothing to see. */
  readonly only?: Width;
}

/** A physical address as the two parameters for it. */
export function phys(xlen: Width, address: bigint): readonly [bigint, bigint] {
  return [BigInt.asUintN(xlen, address), address >> BigInt(xlen)];
}

/** A 64-bit parameter: one register, or two on RV32. */
export function wide(xlen: Width, value: bigint): readonly bigint[] {
  return xlen === 64 ? [value] : [BigInt.asUintN(32, value), value >> 32n];
}

export function ones(xlen: Width): bigint {
  return (1n << BigInt(xlen)) - 1n;
}

/** The same with the upper half of the register set, where it has one: a 32-bit parameter. */
export function dirty(xlen: Width, value: bigint): bigint {
  return xlen === 64 ? value | (0xdead_beefn << 32n) : value;
}

export function runScenario(xlen: Width, scenario: Scenario): void {
  const g = new TableGuest(xlen, scenario.options);
  if (scenario.input !== undefined) g.console.feed(Buffer.from(scenario.input, 'latin1'));
  scenario.prepare?.(g);
  const rows = scenario.rows(xlen);
  g.load(rows.map(callOf));
  const stop = g.run();
  const results = g.results();
  rows.forEach((row, i) => {
    const result = results[i];
    assert(result);
    check(row, result);
  });
  if (scenario.after) scenario.after(g, stop, results);
  else assert(stop.kind === 'ended' && stop.end.code === 0, JSON.stringify(stop));
}

function callOf({ fn, args = [], sie, satp, eidPlus = 0n, eid, fid }: Row): TableCall {
  const ids = idsOf(fn);
  return {
    eid: (eid ?? BigInt(ids.eid)) | (eidPlus << 32n),
    fid: fid ?? BigInt(ids.fid),
    args,
    ...(sie === undefined ? {} : { sie }),
    ...(satp === undefined ? {} : { satp }),
  };
}

export function idsOf(fn: string): { readonly eid: number; readonly fid: number } {
  const [extension, name = ''] = fn.split(' ');
  // Legacy calls ignore the function id.
  if (extension === 'legacy') return { eid: legacy[name as keyof typeof legacy], fid: 0x1234 };
  const found = errorTables.find((f) => f.extension === extension && f.name === name);
  assert(found, `no function '${fn}'`);
  return found;
}

function check(row: Row, result: TableResult): void {
  const where = `${row.fn}, ${row.what}`;
  switch (row.ends) {
    case undefined:
      assert.equal(result.kind, 'returned', where);
      checkReturn(row, result, where);
      break;
    case 'trapped':
      assert.equal(result.kind, 'trapped', where);
      assert(result.atEcall, `${where}: sepc is not the ecall's`);
      assert.deepEqual(result.changed, [], `${where}: registers`);
      break;
    case 'resumed':
      // "HSM Hart Resume Register State", "SUSP System Resume Register State".
      assert.equal(result.kind, 'resumed', where);
      assert.deepEqual([result.a0, result.a1], [0n, row.args?.[2] ?? -1n], `${where}: a0, a1`);
      assert.deepEqual([result.satp, result.sstatus & 2n], [0n, 0n], `${where}: satp, SIE`);
      break;
    case 'doesNotReturn':
      assert.equal(result.kind, 'notReached', where);
      break;
  }
  row.check?.(result);
}

function checkReturn(row: Row, result: TableResult, where: string): void {
  const isLegacy = row.fn.startsWith('legacy');
  const error = typeof row.gives === 'bigint' ? row.gives : errorCode[row.gives];
  assert.equal(nameOf(isLegacy, result.a0), nameOf(isLegacy, error), where);
  if (row.value !== undefined) assert.equal(result.a1, row.value, `${where}: a1`);
  // "All registers except a0 & a1 must be preserved"; of legacy calls "all registers except a0".
  const free = isLegacy ? ['x10'] : ['x10', 'x11'];
  const changed = result.changed.filter((name) => !free.includes(name));
  assert.deepEqual(changed, [], `${where}: registers`);
}

function nameOf(isLegacy: boolean, code: bigint): string {
  const found = Object.entries(errorCode).find(([, value]) => value === code);
  return isLegacy || !found ? String(code) : found[0];
}
