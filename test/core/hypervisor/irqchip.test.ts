import assert from 'node:assert/strict';
import { success } from '../../../src/core/hypervisor/errno.ts';
import { IoBus } from '../../../src/core/hypervisor/ioBus.ts';
import {
  InterruptEvent,
  Interrupts,
  type IrqRoute,
  type Msi,
} from '../../../src/core/hypervisor/irqchip.ts';

const errno = (result: { ok: boolean; errno?: string }) => (result.ok ? 'ok' : result.errno);

function make(there = true) {
  const seen: string[] = [];
  const chip = {
    setPin: (pin: number, level: boolean) => {
      seen.push(`${pin}${level ? '↑' : '↓'}`);
      return success(undefined);
    },
    sendMsi: ({ address, data }: Msi) => {
      seen.push(`${data}→${address.toString(16)}`);
      return success(undefined);
    },
  };
  return { seen, interrupts: new Interrupts(() => (there ? chip : undefined)) };
}

const line = (gsi: number, pin: number, irqchip = 0): IrqRoute => ({
  ...{ gsi, type: 'irqchip', irqchip, pin },
});
const message = (gsi: number): IrqRoute => ({
  ...{ gsi, type: 'msi', msi: { address: 0x2800_0000, data: 7 } },
});

describe('interrupts of a VM', () => {
  it('without a controller: ENXIO for lines, EINVAL for messages and routes', () => {
    const { interrupts } = make(false);
    assert.equal(errno(interrupts.irqLine(1, true)), 'ENXIO');
    assert.equal(errno(interrupts.signalMsi({ address: 0, data: 1 })), 'EINVAL');
    assert.equal(errno(interrupts.setGsiRouting([])), 'EINVAL');
    const event = new InterruptEvent();
    assert.equal(errno(interrupts.assignIrqFd({ event, gsi: 1 })), 'ok');
    event.signal();
  });

  it('lines and messages go to the controller', () => {
    const { seen, interrupts } = make();
    interrupts.irqLine(3, true);
    interrupts.irqLine(3, false);
    interrupts.signalMsi({ address: 0x1000, data: 5 });
    assert.deepEqual(seen, ['3↑', '3↓', '5→1000']);
  });

  for (const [name, routes, expected] of [
    ['nothing', [], 'ok'],
    ['lines and a message', [line(1, 1), line(2, 1), message(3)], 'ok'],
    ['a pin that no controller has', [line(1, 1024)], 'EINVAL'],
    ['a second controller', [line(1, 1, 1)], 'EINVAL'],
    ['an interrupt beyond the table', [line(4096, 1)], 'EINVAL'],
    ['one interrupt on two pins of a controller', [line(1, 1), line(1, 2)], 'EINVAL'],
    ['one interrupt as a line and a message', [line(1, 1), message(1)], 'EINVAL'],
    ['too many', Array.from({ length: 4097 }, () => message(0)), 'EINVAL'],
  ] as const) {
    it(`routing: ${name} → ${expected}`, () => {
      assert.equal(errno(make().interrupts.setGsiRouting(routes)), expected);
    });
  }

  it('irqfd: up and down for a line, one message for a message, by the table of the moment', () => {
    const { seen, interrupts } = make();
    interrupts.routeLines(8);
    const event = new InterruptEvent();
    assert(interrupts.assignIrqFd({ event, gsi: 5 }).ok);
    event.signal();
    assert(interrupts.setGsiRouting([message(5)]).ok);
    event.signal();
    assert(interrupts.setGsiRouting([line(6, 1)]).ok);
    event.signal();
    assert.deepEqual(seen, ['5↑', '5↓', '7→28000000']);
  });

  it('a refused table leaves the old one', () => {
    const { seen, interrupts } = make();
    interrupts.setGsiRouting([line(5, 9)]);
    assert.equal(errno(interrupts.setGsiRouting([line(5, 9), message(5)])), 'EINVAL');
    const event = new InterruptEvent();
    interrupts.assignIrqFd({ event, gsi: 5 });
    event.signal();
    assert.deepEqual(seen, ['9↑', '9↓']);
  });

  it('irqfd: one event is one interrupt’s, until it is taken back', () => {
    const { seen, interrupts } = make();
    interrupts.routeLines(8);
    const event = new InterruptEvent();
    assert.equal(errno(interrupts.assignIrqFd({ event, gsi: 4096 })), 'EINVAL');
    assert.equal(errno(interrupts.assignIrqFd({ event, gsi: 1 })), 'ok');
    assert.equal(errno(interrupts.assignIrqFd({ event, gsi: 2 })), 'EBUSY');
    // As eventfd.c: nothing to deassign is no error.
    assert.equal(errno(interrupts.deassignIrqFd({ event, gsi: 2 })), 'ok');
    event.signal();
    assert.equal(errno(interrupts.deassignIrqFd({ event, gsi: 1 })), 'ok');
    event.signal();
    assert.equal(errno(interrupts.assignIrqFd({ event, gsi: 2 })), 'ok');
    event.signal();
    assert.deepEqual(seen, ['1↑', '1↓', '2↑', '2↓']);
  });
});

describe('bus of the hypervisor’s devices', () => {
  it('asks the devices whose range holds all of the access, until one takes it', () => {
    const bus = new IoBus();
    const device = (value: bigint, takes: boolean) => ({
      name: `device ${value}`,
      read: () => (takes ? value : undefined),
      write: () => takes,
    });
    const second = device(2n, true);
    bus.register(0x1000, 0x1000, device(1n, false));
    bus.register(0x1800, 0x1000, second);
    assert.equal(bus.read(0x1000, 4), undefined, 'declined');
    assert.equal(bus.read(0x1900, 4), 2n);
    assert.equal(bus.read(0x27fe, 4), undefined, 'half of it is beyond');
    assert.deepEqual([bus.write(0x1900, 4, 0n), bus.write(0x1000, 4, 0n)], [true, false]);
    assert.equal(bus.accesses, 2);
    assert.deepEqual([bus.nameAt(0x2000), bus.nameAt(0x900)], ['device 2', undefined]);
    bus.unregister(second);
    assert.equal(bus.read(0x1900, 4), undefined);
  });
});
