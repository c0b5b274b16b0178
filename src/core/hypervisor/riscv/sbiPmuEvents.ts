/**
 * Names and numbers of PMU events (SBI 3.0, "Performance Monitoring Unit Extension", tables "PMU
 * Hardware Events" and "PMU Firmware Events"). An event index is a type in bits 19:16 and a code
 * below. Not here: which of them can be counted.
 */
import { hex } from './csrs.ts';

export const eventType = { hardware: 0, cache: 1, raw: 2, rawV2: 3, firmware: 15 } as const;

/** The code is the place in the list. */
const hardwareNames = [
  'NO_EVENT',
  'CPU_CYCLES',
  'INSTRUCTIONS',
  'CACHE_REFERENCES',
  'CACHE_MISSES',
  'BRANCH_INSTRUCTIONS',
  'BRANCH_MISSES',
  'BUS_CYCLES',
  'STALLED_CYCLES_FRONTEND',
  'STALLED_CYCLES_BACKEND',
  'REF_CPU_CYCLES',
] as const;

export const hardwareEvent = { CPU_CYCLES: 1, INSTRUCTIONS: 2 } as const;

const standardFirmware = [
  'MISALIGNED_LOAD',
  'MISALIGNED_STORE',
  'ACCESS_LOAD',
  'ACCESS_STORE',
  'ILLEGAL_INSN',
  'SET_TIMER',
  'IPI_SENT',
  'IPI_RECEIVED',
  'FENCE_I_SENT',
  'FENCE_I_RECEIVED',
  'SFENCE_VMA_SENT',
  'SFENCE_VMA_RECEIVED',
  'SFENCE_VMA_ASID_SENT',
  'SFENCE_VMA_ASID_RECEIVED',
  'HFENCE_GVMA_SENT',
  'HFENCE_GVMA_RECEIVED',
  'HFENCE_GVMA_VMID_SENT',
  'HFENCE_GVMA_VMID_RECEIVED',
  'HFENCE_VVMA_SENT',
  'HFENCE_VVMA_RECEIVED',
  'HFENCE_VVMA_ASID_SENT',
  'HFENCE_VVMA_ASID_RECEIVED',
] as const;

/**
 * Of the codes that the specification leaves to implementations, 256 and up: what this hypervisor
 * does for a guest beyond the standard events.
 */
const ownFirmware = [
  'SBI_CALL',
  'SBI_FORWARDED',
  'GUEST_PAGE_FAULT',
  'MMIO_LOAD',
  'MMIO_STORE',
  'WFI',
] as const;
const firstOwn = 256;

export type FirmwareEvent = (typeof standardFirmware)[number] | (typeof ownFirmware)[number];

const firmwareByCode: ReadonlyMap<number, FirmwareEvent> = new Map<number, FirmwareEvent>([
  ...standardFirmware.map((name, code): [number, FirmwareEvent] => [code, name]),
  ...ownFirmware.map((name, i): [number, FirmwareEvent] => [firstOwn + i, name]),
]);

/** The firmware event of an event index, undefined for another type or a reserved code. */
export function firmwareEvent(index: number): FirmwareEvent | undefined {
  return typeOf(index) === eventType.firmware ? firmwareByCode.get(index & 0xffff) : undefined;
}

/** `HW_CPU_CYCLES`, `FW_SET_TIMER`, `CACHE_L1D_READ_MISS`; the number where there is no name. */
export function eventName(index: bigint): string {
  if (index >> 20n !== 0n) return hex(index);
  const number = Number(index);
  const code = number & 0xffff;
  switch (typeOf(number)) {
    case eventType.hardware:
      return hardwareNames[code] === undefined ? hex(index) : `HW_${hardwareNames[code]}`;
    case eventType.cache:
      return cacheName(code) ?? hex(index);
    case eventType.raw:
      return 'RAW';
    case eventType.rawV2:
      return 'RAW_V2';
    case eventType.firmware: {
      const name = code === 0xffff ? 'PLATFORM' : firmwareByCode.get(code);
      return name === undefined ? hex(index) : `FW_${name}`;
    }
    default:
      return hex(index);
  }
}

/** Cache in bits 15:3, operation in 2:1, access or miss in 0. */
function cacheName(code: number): string | undefined {
  const cache = ['L1D', 'L1I', 'LL', 'DTLB', 'ITLB', 'BPU', 'NODE'][code >> 3];
  const operation = ['READ', 'WRITE', 'PREFETCH'][(code >> 1) & 3];
  if (cache === undefined || operation === undefined) return undefined;
  return `CACHE_${cache}_${operation}_${(code & 1) === 0 ? 'ACCESS' : 'MISS'}`;
}

function typeOf(index: number): number {
  return index >> 16;
}
