/**
 * One interrupt domain of an APLIC: its control region, and the domains below it that sources are
 * delegated to. Registers are little-endian (domaincfg.BE is read-only zero), and the domain
 * delivers in the one way it is made with (domaincfg.DM is read-only), as on QEMU's board.
 *
 * RISC-V Advanced Interrupt Architecture 1.0, section 4.5.
 */
import { fields, flag, list, optional, whole } from '../../../base/persist.ts';
import { UserError } from '../../../base/userError.ts';
import type { AccessSize, MmioDevice } from '../../device.ts';
import { byteSwapped } from '../byteOrder.ts';
import type { DirectDelivery, IdcState } from './directDelivery.ts';
import type { MsiAddresses, MsiDelivery } from './msiDelivery.ts';
import * as r from './registers.ts';
import { Sources, sourcesOf, type SourcesState } from './sources.ts';

export interface DomainState {
  readonly IE: boolean;
  readonly sources: SourcesState;
  readonly delivery: { readonly idcs: readonly IdcState[] } | { readonly genmsi: number };
}

const group = fields({});
const idc = fields({ idelivery: whole, iforce: whole, ithreshold: whole });
const shape = fields({
  ...{ IE: flag, sources: group },
  delivery: fields({ idcs: optional(list(idc)), genmsi: optional(whole) }),
});

export interface DomainOptions {
  readonly name: string;
  readonly sources: number;
  /** Levels of the incoming wires, shared by all domains. */
  readonly wires: Uint32Array;
  readonly delivery: DirectDelivery | MsiDelivery;
  /** The registers of where messages go: in the root domain. */
  readonly addresses?: MsiAddresses;
  readonly root: boolean;
  readonly children: readonly AplicDomain[];
}

export class AplicDomain implements MmioDevice {
  readonly name: string;
  private readonly delivery: DirectDelivery | MsiDelivery;
  private readonly addresses: MsiAddresses | undefined;
  private readonly children: readonly AplicDomain[];
  private readonly sources: Sources;
  private IE = false;

  constructor(options: DomainOptions) {
    const { delivery, children } = options;
    this.name = options.name;
    this.delivery = delivery;
    this.addresses = options.addresses;
    this.children = children;
    this.sources = new Sources({
      count: options.sources,
      wires: options.wires,
      delivery: delivery.kind,
      legalTarget: (value) => delivery.legalTarget(value),
      children: children.length,
      root: options.root,
    });
  }

  /** Only aligned words can be read and written; accesses of other sizes are ignored. */
  read(offset: number, size: AccessSize): number {
    if (size !== 4 || offset % 4 !== 0) return 0;
    if (offset >= r.IDC) {
      if (this.delivery.kind !== 'direct') return 0;
      const value = this.delivery.read(offset, this.sources);
      this.deliver();
      return value;
    }
    if (offset === r.domaincfg) return this.domaincfg();
    if (offset <= r.sourcecfg + 4 * r.MAX_SOURCES) return this.sources.config(offset >> 2);
    if (offset > r.target) return this.sources.target((offset - r.target) >> 2);
    if (offset === r.genmsi) return this.delivery.kind === 'msi' ? this.delivery.read(offset) : 0;
    if (this.addresses?.has(offset)) return this.addresses.read(offset);
    const word = (offset & 0x7f) >> 2;
    switch (offset & ~0x7f) {
      case r.setip:
        return this.sources.pendingWord(word);
      case r.in_clrip:
        return this.sources.rectifiedWord(word);
      case r.setie:
        return this.sources.enableWord(word);
      default:
        return 0;
    }
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (size !== 4 || offset % 4 !== 0) return;
    if (offset >= r.IDC) {
      if (this.delivery.kind === 'direct') this.delivery.write(offset, value);
    } else if (offset === r.domaincfg) {
      this.IE = (value & r.domaincfgBits.IE) !== 0;
    } else if (offset <= r.sourcecfg + 4 * r.MAX_SOURCES) {
      this.configure(offset >> 2, value);
    } else if (offset > r.target) {
      this.sources.setTarget((offset - r.target) >> 2, value);
    } else if (offset === r.genmsi) {
      if (this.delivery.kind === 'msi') this.delivery.write(offset, value);
    } else if (this.addresses?.has(offset)) {
      this.addresses.write(offset, value);
    } else {
      this.writeBits(offset, value);
    }
    this.deliver();
  }

  /** Direct delivery: the priority number of what is signalled to a hart, 0 for nothing. */
  priority(hart: number): number {
    return this.delivery.kind === 'direct' ? this.delivery.priority(hart, this.sources) : 0;
  }

  /** The wire of a source has changed: the domain in which it is active takes notice. */
  wireChanged(i: number): void {
    const child = this.sources.delegatedTo(i);
    if (child !== undefined) return this.children[child]!.wireChanged(i);
    this.sources.wireChanged(i);
    this.deliver();
  }

  save(): DomainState {
    const { IE, sources, delivery } = this;
    return {
      IE,
      sources: sources.save(),
      delivery:
        delivery.kind === 'direct' ? { idcs: delivery.save() } : { genmsi: delivery.save() },
    };
  }

  fits(state: DomainState): boolean {
    if (shape(state) !== undefined) return false;
    const { delivery } = this;
    const deliveryFits =
      'idcs' in state.delivery
        ? delivery.kind === 'direct' && delivery.fits(state.delivery.idcs)
        : delivery.kind === 'msi' && delivery.fits(state.delivery.genmsi);
    return deliveryFits && this.sources.fits(state.sources);
  }

  /** Takes a state over that fits; the children's are restored by whoever restores this one's. */
  restore(state: DomainState): void {
    if (!this.fits(state)) throw new UserError(`saved state of ${this.name} is of another APLIC`);
    const { delivery } = this;
    this.IE = state.IE;
    this.sources.restore(state.sources);
    if (delivery.kind === 'direct' && 'idcs' in state.delivery) {
      delivery.restore(state.delivery.idcs);
    } else if (delivery.kind === 'msi' && 'genmsi' in state.delivery) {
      delivery.restore(state.delivery.genmsi);
    }
    this.children.forEach((child, index) =>
      child.sources.restorePresent((i) => this.sources.delegatedTo(i) === index),
    );
    this.deliver();
  }

  private domaincfg(): number {
    const { IE, DM, readOnly } = r.domaincfgBits;
    return (readOnly | (this.IE ? IE : 0) | (this.delivery.kind === 'msi' ? DM : 0)) >>> 0;
  }

  private configure(i: number, value: number): void {
    this.sources.configure(i, value);
    const delegated = this.sources.delegatedTo(i);
    for (const [index, child] of this.children.entries()) {
      child.sources.setPresent(i, index === delegated);
      child.deliver();
    }
  }

  private writeBits(offset: number, value: number): void {
    const { sources } = this;
    const named = value >>> 0;
    switch (offset) {
      case r.setipnum:
      case r.setipnum_le:
        return sources.setPending(named);
      case r.setipnum_be:
        return sources.setPending(byteSwapped(named));
      case r.clripnum:
        return sources.clearPending(named);
      case r.setienum:
        return sources.setEnabled(named, true);
      case r.clrienum:
        return sources.setEnabled(named, false);
    }
    const listed = sourcesOf((offset & 0x7f) >> 2, value);
    switch (offset & ~0x7f) {
      case r.setip:
        for (const i of listed) sources.setPending(i);
        return;
      case r.in_clrip:
        for (const i of listed) sources.clearPending(i);
        return;
      case r.setie:
        for (const i of listed) sources.setEnabled(i, true);
        return;
      case r.clrie:
        for (const i of listed) sources.setEnabled(i, false);
        return;
    }
  }

  private deliver(): void {
    this.delivery.deliver(this.sources, this.IE);
  }
}
