/**
 * Interrupts of a VM whose controller is inside the hypervisor: lines, messages, the routing table
 * and irqfd (Linux virt/kvm/irqchip.c and eventfd.c; Documentation/virt/kvm/api.rst, KVM_IRQ_LINE,
 * KVM_SET_GSI_ROUTING, KVM_SIGNAL_MSI, KVM_IRQFD).
 */
import { maxIrqRoutes } from './capabilities.ts';
import { failure, success, type Result } from './errno.ts';
import type { EventFd } from './ioeventfd.ts';

/** What an architecture's controller does. */
export interface IrqChip {
  /** Level of an input pin. */
  setPin(pin: number, level: boolean): Result<void>;
  sendMsi(msi: Msi): Result<void>;
}

export interface Msi {
  /** Guest-physical. */
  readonly address: number;
  readonly data: number;
}

/** KVM_IRQ_ROUTING_IRQCHIP and KVM_IRQ_ROUTING_MSI. */
export type IrqRoute = { readonly gsi: number } & (
  | { readonly type: 'irqchip'; readonly irqchip: number; readonly pin: number }
  | { readonly type: 'msi'; readonly msi: Msi }
);

/** KVM_IRQCHIP_NUM_PINS and KVM_NR_IRQCHIPS of RISC-V. */
const maxPins = 1024;
const irqchips = 1;

/** An event that raises an interrupt when it is signalled; an ioeventfd's can be the same. */
export class InterruptEvent implements EventFd {
  /** Set while it is assigned. */
  onSignal: (() => void) | undefined;

  signal(): void {
    this.onSignal?.();
  }
}

export interface IrqFd {
  readonly event: InterruptEvent;
  /** Global system interrupt: what it means says the routing table, at the time of the signal. */
  readonly gsi: number;
}

export class Interrupts {
  private readonly irqchip: () => IrqChip | undefined;
  private routes: readonly IrqRoute[] = [];
  private irqFds: readonly IrqFd[] = [];

  constructor(irqchip: () => IrqChip | undefined) {
    this.irqchip = irqchip;
  }

  /** KVM_IRQ_LINE. ENXIO without a controller. */
  irqLine(irq: number, level: boolean): Result<void> {
    return this.irqchip()?.setPin(irq, level) ?? failure('ENXIO');
  }

  /** KVM_SIGNAL_MSI. */
  signalMsi(msi: Msi): Result<void> {
    return this.irqchip()?.sendMsi(msi) ?? failure('EINVAL');
  }

  /** KVM_SET_GSI_ROUTING replaces the whole table. */
  setGsiRouting(routes: readonly IrqRoute[]): Result<void> {
    if (!this.irqchip() || routes.length > maxIrqRoutes) return failure('EINVAL');
    const legal = routes.every(
      (route, i) => isLegal(route) && !routes.slice(0, i).some((other) => clash(other, route)),
    );
    if (!legal) return failure('EINVAL');
    this.routes = [...routes];
    return success(undefined);
  }

  /** A controller that has just been set up: line n is interrupt n. */
  routeLines(lines: number): void {
    this.routes = Array.from({ length: lines }, (_, n) => ({
      ...{ gsi: n, type: 'irqchip', irqchip: 0, pin: n },
    }));
  }

  /** KVM_IRQFD. */
  assignIrqFd(irqFd: IrqFd): Result<void> {
    const { event, gsi } = irqFd;
    if (!Number.isInteger(gsi) || gsi < 0 || gsi >= maxIrqRoutes) return failure('EINVAL');
    if (event.onSignal) return failure('EBUSY');
    this.irqFds = [...this.irqFds, irqFd];
    event.onSignal = () => this.pulse(gsi);
    return success(undefined);
  }

  /** KVM_IRQFD with KVM_IRQFD_FLAG_DEASSIGN; as there, it is no error that there was none. */
  deassignIrqFd({ event, gsi }: IrqFd): Result<void> {
    const found = this.irqFds.find((other) => other.event === event && other.gsi === gsi);
    if (!found) return success(undefined);
    this.irqFds = this.irqFds.filter((other) => other !== found);
    event.onSignal = undefined;
    return success(undefined);
  }

  /** irqfd_inject: up and down again, or one message. Errors have nobody to be told to. */
  private pulse(gsi: number): void {
    const chip = this.irqchip();
    if (!chip) return;
    for (const route of this.routes.filter((r) => r.gsi === gsi)) {
      if (route.type === 'msi') {
        chip.sendMsi(route.msi);
        continue;
      }
      chip.setPin(route.pin, true);
      chip.setPin(route.pin, false);
    }
  }
}

function isLegal(route: IrqRoute): boolean {
  if (!Number.isInteger(route.gsi) || route.gsi < 0 || route.gsi >= maxIrqRoutes) return false;
  return route.type === 'msi' || (route.pin < maxPins && route.irqchip < irqchips);
}

/** "Do not allow GSI to be mapped to the same irqchip more than once", and messages to others. */
function clash(a: IrqRoute, b: IrqRoute): boolean {
  if (a.gsi !== b.gsi) return false;
  return a.type === 'msi' || b.type === 'msi' || a.irqchip === b.irqchip;
}
