import assert from 'node:assert/strict';
import { InterruptEvent } from '../../../../src/core/hypervisor/irqchip.ts';
import {
  aiaAddress,
  aiaConfig,
  aiaGroup,
  aiaImsicAttribute,
  aiaInit,
  aiaMode,
} from '../../../../src/core/hypervisor/riscv/aiaDevice.ts';
import type { RiscvVcpu } from '../../../../src/core/hypervisor/riscv/vcpu.ts';
import type { Vcpu } from '../../../../src/core/hypervisor/vcpu.ts';
import { make, ones, value } from './oneRegRig.ts';

const aplic = 0x0d00_0000;
const imsic = 0x2800_0000;
const { config, addr, ctrl } = aiaGroup;
const hvip = 0x645;

const vmOf = (vcpu: Vcpu) => (vcpu as RiscvVcpu).vm;

/** Two vCPUs without guest interrupt files; the device is created and not set up. */
function created(harts = 2) {
  const made = make({ harts, extensions: ['ssaia'] });
  const vm = vmOf(made.vcpu);
  const device = vm.createDevice(11);
  assert(device.ok);
  const d = device.value;
  const set = (group: number, attribute: number, v: number | bigint) =>
    value(d.setAttr(group, attribute, BigInt(v))) ?? 'ok';
  const get = (group: number, attribute: number) => value(d.getAttr(group, attribute));
  const has = (group: number, attribute: number) => value(d.hasAttr(group, attribute)) ?? 'ok';
  return { ...made, vm, set, get, has };
}

/** Sources 1 … 40, identities 1 … 127, set up as kvmtool does. */
function initialized(harts = 2) {
  const made = created(harts);
  const { set } = made;
  assert.equal(set(config, aiaConfig.ids, 127), 'ok');
  assert.equal(set(config, aiaConfig.sources, 40), 'ok');
  assert.equal(set(config, aiaConfig.hartBits, Math.ceil(Math.log2(harts))), 'ok');
  assert.equal(set(addr, aiaAddress.aplic, aplic), 'ok');
  for (let i = 0; i < harts; i++) {
    assert.equal(set(addr, aiaAddress.imsic(i), imsic + i * 0x1000), 'ok');
  }
  assert.equal(set(ctrl, aiaInit, 0), 'ok');
  return made;
}

const eidelivery = 0x70;
const eithreshold = 0x72;
const eip0 = 0x80;
const eie0 = 0xc0;

describe('KVM_DEV_TYPE_RISCV_AIA', () => {
  it('is created once, before a vCPU runs, on processors that have Ssaia', () => {
    const { vm, vcpu } = created();
    assert.equal(value(vm.createDevice(11)), 'EEXIST');
    assert.equal(value(vm.createDevice(12)), 'ENODEV');
    vcpu.run(1);
    const late = make({ extensions: ['ssaia'] });
    late.vcpu.run(1);
    assert.equal(value(vmOf(late.vcpu).createDevice(11)), 'EBUSY');
    assert.equal(value(vmOf(make().vcpu).createDevice(11)), 'ENODEV');
  });

  it('has the kernel’s numbers and defaults', () => {
    const { get, has } = created();
    assert.deepEqual(aiaGroup, { config: 0, addr: 1, ctrl: 2, aplic: 3, imsic: 4 });
    // Mode EMUL, all identities, no sources, no bits, the smallest shift.
    const values = [0, 1, 2, 3, 4, 5, 6].map((attribute) => get(config, attribute));
    assert.deepEqual(values, [0n, 2047n, 0n, 0n, 24n, 0n, 0n]);
    assert.deepEqual([get(addr, 0), get(addr, 1), get(addr, 2)], [ones, ones, ones]);
    assert.deepEqual([get(config, 7), get(addr, 3), get(5, 0)], ['ENXIO', 'ENXIO', 'ENXIO']);
    assert.deepEqual(
      [has(config, 6), has(config, 7), has(addr, 2), has(addr, 3), has(ctrl, 0), has(ctrl, 1)],
      ['ok', 'ENXIO', 'ok', 'ENXIO', 'ok', 'ENXIO'],
    );
    assert.deepEqual([has(3, 0), has(4, eidelivery), has(9, 0)], ['ENODEV', 'ENODEV', 'ENXIO']);
  });

  for (const [name, attribute, good, bad] of [
    // Without guest interrupt files nothing can be accelerated.
    ['mode', aiaConfig.mode, [aiaMode.emul], [aiaMode.hwaccel, aiaMode.auto, 3]],
    ['identities', aiaConfig.ids, [63, 127, 2047], [0, 62, 64, 126, 2048, 4095]],
    ['sources', aiaConfig.sources, [0, 96, 1023], [1024, 2048]],
    ['group bits', aiaConfig.groupBits, [0, 7], [8]],
    ['group shift', aiaConfig.groupShift, [24, 55], [23, 56]],
    ['hart bits', aiaConfig.hartBits, [0, 15], [16]],
    ['guest bits', aiaConfig.guestBits, [0, 7], [8]],
  ] as const) {
    it(`CONFIG ${name}: range`, () => {
      const { set, get } = created();
      for (const number of good) {
        assert.deepEqual(
          [set(config, attribute, number), get(config, attribute)],
          [...['ok', BigInt(number)]],
        );
      }
      const last = get(config, attribute);
      for (const number of bad) assert.equal(set(config, attribute, number), 'EINVAL', `${number}`);
      assert.equal(get(config, attribute), last);
    });
  }

  it('addresses are those of pages', () => {
    const { set, get } = created();
    for (const attribute of [0, 1, 2]) {
      assert.equal(set(addr, attribute, 0x1_0000_1004n), 'EINVAL');
      assert.equal(set(addr, attribute, 0x1_0000_1000n), 'ok');
      assert.equal(get(addr, attribute), 0x1_0000_1000n);
    }
    assert.equal(set(addr, 3, 0), 'ENXIO');
  });

  it('INIT asks for all addresses, matching ones, and as many identities as sources', () => {
    const { set } = created();
    const init = () => set(ctrl, aiaInit, 0);
    assert.equal(init(), 'EINVAL', 'no IMSIC has an address');
    set(addr, aiaAddress.imsic(0), imsic);
    assert.equal(init(), 'EINVAL', 'the second one has none');
    set(addr, aiaAddress.imsic(1), imsic + 0x1000);
    assert.equal(init(), 'EINVAL', 'without hart bits the pages have different bases');
    set(config, aiaConfig.hartBits, 1);
    set(config, aiaConfig.sources, 96);
    assert.equal(init(), 'EINVAL', 'sources, and no APLIC');
    set(addr, aiaAddress.aplic, aplic);
    set(config, aiaConfig.ids, 63);
    assert.equal(init(), 'EINVAL', 'fewer identities than sources');
    set(config, aiaConfig.ids, 127);
    assert.equal(init(), 'ok');
    assert.equal(init(), 'EBUSY');
    assert.equal(set(ctrl, 1, 0), 'ENXIO');
  });

  it('once it is initialized nothing of it can be changed: EBUSY', () => {
    const { set, get } = initialized();
    for (let attribute = 0; attribute <= 6; attribute++) {
      assert.equal(set(config, attribute, 0), 'EBUSY');
    }
    for (const attribute of [0, 1, 2]) assert.equal(set(addr, attribute, 0), 'EBUSY');
    assert.deepEqual([get(config, 1), get(addr, 2)], [127n, BigInt(imsic + 0x1000)]);
  });

  it('before that there is nobody for lines, messages and registers', () => {
    const { vm, set, get } = created();
    assert.equal(value(vm.interrupts.irqLine(1, true)), 'EBUSY');
    assert.equal(value(vm.interrupts.signalMsi({ address: imsic, data: 1 })), 'EBUSY');
    assert.deepEqual([get(3, 0), set(3, 0, 0), get(4, eip0)], ['ENODEV', 'ENODEV', 'ENODEV']);
  });

  it('without sources there is no APLIC', () => {
    const { set, get, vm } = created(1);
    set(addr, aiaAddress.imsic(0), imsic);
    assert.equal(set(ctrl, aiaInit, 0), 'ok');
    assert.equal(get(3, 0), 'ENODEV');
    assert.equal(value(vm.interrupts.irqLine(1, true)), 'ENODEV');
  });
});

describe('AIA: APLIC and IMSIC by attributes', () => {
  it('APLIC: registers by offset', () => {
    const { set, get, has } = initialized();
    assert.equal(get(3, 0), 0x8000_0004n, 'domaincfg: DM, IE off');
    assert.equal(set(3, 0, 0xffff_ffffn), 'ok');
    assert.equal(get(3, 0), 0x8000_0104n);
    assert.equal(set(3, 4 * 40, 4), 'ok');
    assert.equal(get(3, 4 * 40), 4n, 'sourcecfg[40]');
    assert.equal(set(3, 0x3000 + 4 * 40, 0x40005), 'ok');
    assert.equal(get(3, 0x3000 + 4 * 40), 0x40005n, 'target[40]');
    assert.equal(set(3, 0x1edc, 40), 'ok');
    assert.equal(get(3, 0x1e04), 1n << 8n, 'setie');
    // Beyond the sources, not a word, the addresses of messages, and beyond the end.
    for (const offset of [4 * 41, 0x3000 + 4 * 41, 0x1c08, 0x1bc0, 0x4000]) {
      assert.deepEqual(
        [get(3, offset), set(3, offset, 0), has(3, offset)],
        [...['ENODEV', 'ENODEV', 'ENODEV']],
      );
    }
    assert.deepEqual([get(3, 2), set(3, 6, 0)], ['EOPNOTSUPP', 'EOPNOTSUPP']);
    assert.equal(has(3, 0x3000), 'ok', 'genmsi');
  });

  it('IMSIC: registers by vCPU and number', () => {
    const { set, get, has } = initialized();
    const at = (vcpu: number, select: number) => aiaImsicAttribute(vcpu, select);
    assert.equal(at(1, eip0), 0x1080);
    assert.equal(set(4, at(1, eidelivery), ones), 'ok');
    assert.equal(set(4, at(1, eithreshold), ones), 'ok');
    assert.equal(set(4, at(1, eie0), ones), 'ok');
    assert.equal(set(4, at(1, eie0 + 2), 6), 'ok');
    assert.deepEqual(
      [eidelivery, eithreshold, eie0, eie0 + 2].map((select) => get(4, at(1, select))),
      [1n, 0x7ffn, ones - 1n, 6n],
      'WARL, and no identity 0',
    );
    assert.equal(get(4, at(0, eie0)), 0n, 'the other one’s');
    // No such vCPU; no register of an IMSIC; half a word; beyond the identities.
    assert.equal(get(4, at(2, eip0)), 'ENODEV');
    for (const select of [0x30, 0x71, 0x73, 0x7f, 0]) assert.equal(get(4, at(0, select)), 'ENOENT');
    for (const select of [eip0 + 1, eie0 + 3, eip0 + 4, eie0 + 4]) {
      assert.deepEqual([get(4, at(0, select)), set(4, at(0, select), 0)], ['EINVAL', 'EINVAL']);
    }
    assert.deepEqual([has(4, at(0, eip0)), has(4, at(0, 0x71))], ['ok', 'ENOENT']);
  });
});

describe('AIA: interrupts', () => {
  /** Hart 1 takes everything. */
  function ready() {
    const made = initialized();
    const { set } = made;
    set(4, aiaImsicAttribute(1, eidelivery), 1);
    set(4, aiaImsicAttribute(1, eie0), ones);
    const pending = () => made.get(4, aiaImsicAttribute(1, eip0));
    const signalled = () => made.harts.map((hart) => (hart.getCsr(hvip) >> 10n) & 1n);
    return { ...made, pending, signalled };
  }

  it('messages: to the page of a vCPU, as either word, and nowhere else', () => {
    const { vm, pending, signalled } = ready();
    const send = (address: number, data: number) =>
      value(vm.interrupts.signalMsi({ address, data }));
    assert.equal(send(imsic + 0x1000, 5), undefined);
    assert.equal(send(imsic + 0x1004, 0x0600_0000), undefined, 'big-endian');
    assert.deepEqual([pending(), signalled()], [0x60n, [0n, 1n]]);
    assert.equal(send(imsic + 0x1000, 0), 'ENODEV', 'identity 0');
    assert.equal(send(imsic + 0x1008, 5), 'ENODEV', 'no register');
    assert.equal(send(imsic + 0x1000, 128), 'EINVAL', 'too high');
    assert.equal(send(imsic + 0x2000, 5), undefined, 'lost');
    assert.equal(pending(), 0x60n);
  });

  it('a line becomes the message that the source’s target says', () => {
    const { vm, set, pending } = ready();
    set(3, 0, 0x100);
    set(3, 4 * 3, 4);
    set(3, 0x3000 + 4 * 3, 0x40007);
    set(3, 0x1edc, 3);
    assert.equal(value(vm.interrupts.irqLine(3, true)), undefined);
    assert.equal(pending(), 1n << 7n);
    for (const source of [0, 41])
      assert.equal(value(vm.interrupts.irqLine(source, true)), 'ENODEV');
  });

  it('irqfd: an event of the VMM, by its line or as a message', () => {
    const { vm, set, pending } = ready();
    set(3, 0, 0x100);
    set(3, 4 * 3, 4);
    set(3, 0x3000 + 4 * 3, 0x40007);
    set(3, 0x1edc, 3);
    const event = new InterruptEvent();
    assert(vm.interrupts.assignIrqFd({ event, gsi: 3 }).ok);
    event.signal();
    assert.equal(pending(), 1n << 7n, 'interrupt 3 is line 3 unless told otherwise');
    const msi = { address: imsic + 0x1000, data: 9 };
    assert(vm.interrupts.setGsiRouting([{ gsi: 3, type: 'msi', msi }]).ok);
    event.signal();
    assert.equal(pending(), (1n << 7n) | (1n << 9n));
  });

  it('a store of the guest is an interrupt, without the VMM: one event for both', () => {
    const { vm, vcpu, hart, set, pending } = ready();
    const event = new InterruptEvent();
    assert(vm.ioEventFds.assign({ address: 0x1000_0000, length: 4, event }).ok);
    const msi = { address: imsic + 0x1000, data: 11 };
    assert(vm.interrupts.setGsiRouting([{ gsi: 40, type: 'msi', msi }]).ok);
    assert(vm.interrupts.assignIrqFd({ event, gsi: 40 }).ok);
    // sw a0, 0(a0), transformed.
    hart.script.push((h) => h.trap(23, { gpa: 0x1000_0000n, tinst: 0x00a0_2023 }));
    assert.equal(vcpu.run(1).exit.kind, 'intr');
    assert.equal(pending(), 1n << 11n);
    assert.equal(set(3, 0, 0), 'ok');
  });

  it('a vCPU that is reset has an empty interrupt file', () => {
    const { vm, vcpus, get, signalled } = ready();
    vm.interrupts.signalMsi({ address: imsic + 0x1000, data: 5 });
    vcpus[1]?.setBoot(0n, 0n);
    const registers = [eidelivery, eip0, eie0].map((s) => get(4, aiaImsicAttribute(1, s)));
    assert.deepEqual(
      [registers, signalled()],
      [
        [0n, 0n, 0n],
        [0n, 0n],
      ],
    );
  });
});
