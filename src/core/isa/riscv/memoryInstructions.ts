/**
 * Memory instructions beyond loads, stores and plain atomics: cache blocks (unprivileged manual,
 * CMO), the compare-and-swap of register pairs (Zacas), waiting on a reservation (Zawrs). There are
 * no caches to manage, so that clean, flush and invalidate change nothing; what they may fault on
 * and who may execute them is as the manual says.
 */
import type { CsrRefusal } from './csr/refusal.ts';
import { CSR } from './csr/numbers.ts';
import { hstatusBits, status } from './hartState.ts';
import { lower, upper } from './memoryPath.ts';
import {
  next,
  raise,
  refused,
  type Execute,
  type Operands,
  type Outcome,
  type SystemHart,
} from './system.ts';
import { cause } from './trapCause.ts';

/** Bytes of a cache block, of all operations. */
export const cacheBlockBytes = 64;
/** Fields of menvcfg, henvcfg and senvcfg. */
const envcfg = { CBIE: 3 << 4, CBCFE: 1 << 6, CBZE: 1 << 7 } as const;
/** Timer ticks that a wait lasts at most; WRS.NTO may end for any reason too. */
const shortWait = 16n;
const longWait = 10_000n;

export const memoryInstructions: Readonly<Record<string, Execute>> = {
  'cbo.inval': (h, o) => manageBlock(h, h.state.getX(o.rs1), envcfg.CBIE),
  'cbo.clean': (h, o) => manageBlock(h, h.state.getX(o.rs1), envcfg.CBCFE),
  'cbo.flush': (h, o) => manageBlock(h, h.state.getX(o.rs1), envcfg.CBCFE),
  'cbo.zero': (h, o) => {
    const refusal = blockRefusal(h, envcfg.CBZE);
    if (refusal) return refused(refusal, h);
    const address = h.state.getX(o.rs1);
    const { dataMode } = h.regimes;
    const at = h.path.block(lower(address), upper(address), cacheBlockBytes, dataMode);
    if (at < 0) return raise(h.path.takeFault());
    new Uint8Array(h.state.view.buffer, at, cacheBlockBytes).fill(0);
    return next;
  },

  'amocas.d': (h, o) => swapPairs(h, o, 8),
  'amocas.q': (h, o) => swapPairs(h, o, 16),

  'wrs.nto': (h) => {
    const { state } = h;
    if (waitIsOver(h)) return next;
    if (state.privilege !== 3 && state.low(CSR.mstatus) & status.TW) return refused('illegal', h);
    if (state.virtualized && state.low(CSR.hstatus) & hstatusBits.VTW) return refused('virtual', h);
    return wait(h, longWait);
  },
  'wrs.sto': (h) => (waitIsOver(h) ? next : wait(h, shortWait)),
};

/** Compare-and-swap of two registers' width. */
function swapPairs({ state, path, regimes }: SystemHart, o: Operands, size: 8 | 16): Outcome {
  const address = state.getX(o.rs1);
  const [low, high] = [lower(address), upper(address)];
  if (low & (size - 1)) {
    return raise(path.trapAt(cause.storeMisaligned, low, high, regimes.dataMode));
  }
  const at = path.atomic(low, high, size, regimes.dataMode);
  if (at < 0) return raise(path.takeFault());
  // A pair that begins with x0 reads as zero and is not written.
  const half = (register: number, i: number): bigint =>
    register === 0 ? 0n : state.getX(register + i);
  const { view } = state;
  const read = (i: number): bigint =>
    size === 8 ? BigInt(view.getUint32(at + i * 4, true)) : view.getBigUint64(at + i * 8, true);
  const write = (i: number, value: bigint): void =>
    size === 8
      ? view.setUint32(at + i * 4, Number(value), true)
      : view.setBigUint64(at + i * 8, value, true);
  const old = [0, 1].map(read);
  if (old.every((value, i) => value === half(o.rd, i))) {
    for (const i of [0, 1]) write(i, half(o.rs2, i));
  }
  if (o.rd !== 0) old.forEach((value, i) => state.setX(o.rd + i, value));
  return next;
}

function manageBlock(h: SystemHart, address: bigint, field: number): Outcome {
  const refusal = blockRefusal(h, field);
  if (refusal) return refused(refusal, h);
  const { dataMode } = h.regimes;
  const permitted = h.path.reachable(lower(address), upper(address), cacheBlockBytes, dataMode);
  return permitted ? next : raise(h.path.takeFault());
}

/** CSR controls for CMO instructions. */
function blockRefusal({ state }: SystemHart, field: number): CsrRefusal | undefined {
  const { privilege, virtualized } = state;
  if (privilege === 3) return undefined;
  const disabled = (register: number): boolean => (state.low(register) & field) === 0;
  if (disabled(CSR.menvcfg)) return 'illegal';
  if (virtualized && disabled(CSR.henvcfg)) return 'virtual';
  if (privilege === 0 && disabled(CSR.senvcfg)) return virtualized ? 'virtual' : 'illegal';
  return undefined;
}

function waitIsOver({ state, csrs }: SystemHart): boolean {
  return !state.reserved || csrs.awaited();
}

/** A guest does not stall: its hypervisor knows waits for interrupts alone. */
function wait({ state }: SystemHart, ticks: bigint): Outcome {
  return state.virtualized ? next : { kind: 'wait', ticks };
}
