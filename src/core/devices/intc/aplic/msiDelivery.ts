/**
 * Delivery by messages: where they are sent, and the one that software asks for.
 *
 * RISC-V Advanced Interrupt Architecture 1.0, sections 4.5.3, 4.5.4 (MSI address configuration),
 * 4.5.15 (genmsi) and 4.9 (interrupt forwarding by MSIs).
 */
import * as r from './registers.ts';
import type { Sources } from './sources.ts';

/** Writes the data of a message, 32 bits in little-endian order, to a physical address. */
export type SendMsi = (address: number, data: number) => void;

/** Sends an interrupt identity to a hart's interrupt file, or to that of its guest. */
export type SendToFile = (hartIndex: number, guestIndex: number, identity: number) => void;

export interface MsiAddressState {
  readonly mmsiaddrcfg: number;
  readonly mmsiaddrcfgh: number;
  readonly smsiaddrcfg: number;
  readonly smsiaddrcfgh: number;
}

const L = 0x80000000;
const writable = {
  [r.mmsiaddrcfg]: 0xffffffff,
  [r.mmsiaddrcfgh]: 0x9f77ffff,
  [r.smsiaddrcfg]: 0xffffffff,
  [r.smsiaddrcfgh]: 0x00700fff,
} as const;
type AddressRegister = keyof typeof writable;
const names = {
  [r.mmsiaddrcfg]: 'mmsiaddrcfg',
  [r.mmsiaddrcfgh]: 'mmsiaddrcfgh',
  [r.smsiaddrcfg]: 'smsiaddrcfg',
  [r.smsiaddrcfgh]: 'smsiaddrcfgh',
} as const;

/** The root domain's registers, which every domain of the APLIC uses. */
export class MsiAddresses {
  private state: Record<(typeof names)[AddressRegister], number> = {
    mmsiaddrcfg: 0,
    mmsiaddrcfgh: 0,
    smsiaddrcfg: 0,
    smsiaddrcfgh: 0,
  };

  has(offset: number): offset is AddressRegister {
    return offset in names;
  }
  read(register: AddressRegister): number {
    return this.state[names[register]];
  }
  /** Nothing is written once mmsiaddrcfgh.L is set; the values stay visible. */
  write(register: AddressRegister, value: number): void {
    if (this.state.mmsiaddrcfgh & L) return;
    this.state[names[register]] = (value & writable[register]) >>> 0;
  }

  /** Section "Addresses and data for outgoing MSIs". Hart indexes are those of machine level. */
  address(level: 'machine' | 'supervisor', hartIndex: number, guest: number): number {
    const { mmsiaddrcfg, mmsiaddrcfgh, smsiaddrcfg, smsiaddrcfgh } = this.state;
    const [low, high] =
      level === 'machine' ? [mmsiaddrcfg, mmsiaddrcfgh] : [smsiaddrcfg, smsiaddrcfgh];
    const field = (from: number, shift: number, width: number) =>
      BigInt((from >>> shift) & ((1 << width) - 1));
    const HHXS = field(mmsiaddrcfgh, 24, 5);
    const HHXW = field(mmsiaddrcfgh, 16, 3);
    const LHXW = field(mmsiaddrcfgh, 12, 4);
    const LHXS = field(high, 20, 3);
    const basePpn = (field(high, 0, 12) << 32n) | BigInt(low);
    const index = BigInt(hartIndex);
    const g = (index >> LHXW) & ((1n << HHXW) - 1n);
    const h = index & ((1n << LHXW) - 1n);
    const page = basePpn | (g << (HHXS + 12n)) | (h << LHXS) | BigInt(guest);
    return Number(page << 12n);
  }

  save(): MsiAddressState {
    return { ...this.state };
  }
  fits(state: MsiAddressState): boolean {
    return Object.entries(names).every(([offset, name]) => {
      const value = state[name];
      if (!Number.isInteger(value)) return false;
      return value === (value & writable[Number(offset) as AddressRegister]) >>> 0;
    });
  }
  restore(state: MsiAddressState): void {
    for (const name of Object.values(names)) this.state[name] = state[name];
  }
}

export class MsiDelivery {
  readonly kind = 'msi';
  private readonly level: 'machine' | 'supervisor';
  private readonly sendToFile: SendToFile;
  /** genmsi as it reads: Busy is never seen, since a message has gone when its write is over. */
  private genmsi = 0;

  constructor(level: 'machine' | 'supervisor', sendToFile: SendToFile) {
    this.level = level;
    this.sendToFile = sendToFile;
  }

  /** Guests have interrupt files at supervisor level only. */
  legalTarget(value: number): number {
    const guest = this.level === 'supervisor' ? r.GUEST_INDEX_MASK : 0;
    return (value & (r.HART_INDEX_MASK | guest | r.EIID_MASK)) >>> 0;
  }

  read(offset: number): number {
    return offset === r.genmsi ? this.genmsi : 0;
  }

  /** An extempore MSI does not wait for domaincfg.IE, and never goes to a guest. */
  write(offset: number, value: number): void {
    if (offset !== r.genmsi) return;
    this.genmsi = (value & (r.HART_INDEX_MASK | r.EIID_MASK)) >>> 0;
    this.send(this.genmsi);
  }

  /** Sends what is pending and enabled; `enabled` is domaincfg.IE. */
  deliver(sources: Sources, enabled: boolean): void {
    if (!enabled) return;
    for (const i of [...sources.ready()]) {
      sources.clearPending(i);
      this.send(sources.target(i));
    }
  }

  save(): number {
    return this.genmsi;
  }
  fits(state: number): boolean {
    return state === (state & (r.HART_INDEX_MASK | r.EIID_MASK)) >>> 0;
  }
  restore(state: number): void {
    this.genmsi = state;
  }

  private send(target: number): void {
    const hart = target >>> r.HART_INDEX_SHIFT;
    const guest = (target & r.GUEST_INDEX_MASK) >>> r.GUEST_INDEX_SHIFT;
    this.sendToFile(hart, guest, target & r.EIID_MASK);
  }
}
