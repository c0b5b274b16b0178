/**
 * An advanced PLIC with a machine-level root domain and one supervisor-level domain below it. Which
 * wires lead to it and which harts its indexes mean, only the board knows.
 *
 * RISC-V Advanced Interrupt Architecture 1.0, chapter 4.
 */
import { UserError } from '../../../base/userError.ts';
import { fields, mustFit, numbers, type Persist } from '../../../base/persist.ts';
import type { InterruptLine } from '../../device.ts';
import { DirectDelivery } from './directDelivery.ts';
import { AplicDomain, type DomainState } from './domain.ts';
import { MsiAddresses, type MsiAddressState, MsiDelivery, type SendMsi } from './msiDelivery.ts';

export interface AplicState {
  /** Levels of the wires, 32 a word. */
  readonly wires: Uint32Array;
  readonly machine: DomainState;
  readonly supervisor: DomainState;
  readonly addresses: MsiAddressState;
}

/** Signals by hart index and level, or a way to send messages. */
export type AplicBackend =
  | {
      readonly machine: readonly InterruptLine[];
      readonly supervisor: readonly InterruptLine[];
    }
  | { readonly sendMsi: SendMsi };

export class Aplic implements Persist<AplicState> {
  readonly name = 'aplic';
  readonly machine: AplicDomain;
  readonly supervisor: AplicDomain;
  private readonly wires: Uint32Array;
  private readonly addresses = new MsiAddresses();

  /** Sources 1 … `sources`. */
  constructor(sources: number, backend: AplicBackend) {
    this.wires = new Uint32Array((sources >> 5) + 1);
    const { wires, addresses } = this;
    const delivery = (level: 'machine' | 'supervisor') =>
      'sendMsi' in backend
        ? new MsiDelivery(level, (hart, guest, identity) =>
            backend.sendMsi(addresses.address(level, hart, guest), identity),
          )
        : new DirectDelivery(backend[level]);
    const shared = { sources, wires };
    this.supervisor = new AplicDomain({
      ...{ ...shared, name: 'aplic-s', delivery: delivery('supervisor') },
      ...{ root: false, children: [] },
    });
    this.machine = new AplicDomain({
      ...{ ...shared, name: 'aplic-m', delivery: delivery('machine') },
      ...{ root: true, children: [this.supervisor] },
      ...('sendMsi' in backend ? { addresses } : {}),
    });
  }

  /** The wire of a source. */
  source(i: number): InterruptLine {
    return { set: (level) => this.setWire(i, level) };
  }

  save(): AplicState {
    return {
      wires: this.wires.slice(),
      machine: this.machine.save(),
      supervisor: this.supervisor.save(),
      addresses: this.addresses.save(),
    };
  }

  restore(state: AplicState): void {
    const group = fields({});
    const wires = numbers(Uint32Array, this.wires.length);
    const domains = { machine: group, supervisor: group, addresses: group };
    mustFit(this.name, state, fields({ wires, ...domains }));
    const fits =
      this.addresses.fits(state.addresses) &&
      this.machine.fits(state.machine) &&
      this.supervisor.fits(state.supervisor);
    if (!fits) throw new UserError(`saved state of ${this.name} is of another APLIC`);
    this.wires.set(state.wires);
    this.addresses.restore(state.addresses);
    this.supervisor.restore(state.supervisor);
    this.machine.restore(state.machine);
  }

  private setWire(i: number, level: boolean): void {
    const old = this.wires[i >> 5]!;
    const mask = 1 << (i & 31);
    if (((old & mask) !== 0) === level) return;
    this.wires[i >> 5] = level ? old | mask : old & ~mask;
    this.machine.wireChanged(i);
  }
}
