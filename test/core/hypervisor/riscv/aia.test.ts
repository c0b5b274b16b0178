/** AIA on the real hart: CSRs that trap and are emulated, and guest interrupt files that do not. */
import assert from 'node:assert/strict';
import type { KvmDevice } from '../../../../src/core/hypervisor/device.ts';
import {
  aiaAddress,
  aiaConfig,
  aiaGroup,
  aiaImsicAttribute,
  aiaInit,
  aiaMode,
} from '../../../../src/core/hypervisor/riscv/aiaDevice.ts';
import { assemble, ram } from './realGuest.ts';
import { vmsOf, type OneVm, type VmsOptions } from './twoVms.ts';
import { walk } from './walk.ts';

const at = ram + 0x10_0000;
const imsic = 0x2800_0000;
const eidelivery = aiaImsicAttribute(0, 0x70);
const eip0 = aiaImsicAttribute(0, 0x80);
const eie0 = aiaImsicAttribute(0, 0xc0);

function withAia(one: OneVm, mode?: number): KvmDevice {
  const made = one.vm.createDevice(11);
  assert(made.ok);
  const device = made.value;
  const set = (group: number, attribute: number, value: number) =>
    assert(device.setAttr(group, attribute, BigInt(value)).ok, `${group} ${attribute}`);
  if (mode !== undefined) set(aiaGroup.config, aiaConfig.mode, mode);
  set(aiaGroup.config, aiaConfig.ids, 63);
  set(aiaGroup.addr, aiaAddress.imsic(0), imsic);
  set(aiaGroup.ctrl, aiaInit, 0);
  return device;
}

function guest(source: string, options: VmsOptions = {}): OneVm {
  const [one] = vmsOf([assemble(source)], { isa: 'rv64gc_ssaia_sstc', ...options });
  assert(one);
  return one;
}

/** Stores the 64-bit words that the guest has left. */
const words = (one: OneVm, count: number) =>
  Array.from({ length: count }, (_, i) => one.word(at + i * 8));

const imsicGuest = `
  li s0, ${at}
  li s1, ${imsic}
  li t0, 0x70
  csrw 0x150, t0           # siselect
  csrwi 0x151, 1           # sireg: eidelivery
  csrr t1, 0x151
  sd t1, 0(s0)
  li t0, 0xc0
  csrw 0x150, t0
  li t1, -1
  csrw 0x151, t1           # eie0
  csrrc t1, 0x151, t1      # all of them, cleared
  sd t1, 8(s0)
  li t1, (1 << 20) | (1 << 30)
  csrs 0x151, t1
  li t1, 30
  sw t1, 0(s1)             # seteipnum_le: to myself
  li t1, 20
  sw t1, 0(s1)
  csrr t1, 0x144           # sip
  sd t1, 16(s0)
  csrr t1, 0x15c           # stopei
  sd t1, 24(s0)
  csrrw t1, 0x15c, zero
  csrrwi t2, 0x15c, 31
  csrr t3, 0x15c
  sd t1, 32(s0)
  sd t2, 40(s0)
  sd t3, 48(s0)
  csrr t1, 0x144
  sd t1, 56(s0)
1:
  j 1b
`;

describe('AIA of a guest', () => {
  for (const [name, guestFiles] of [
    ['in the hypervisor’s own interrupt file', 0],
    ['in a guest interrupt file of the hart', 1],
  ] as const) {
    it(`an IMSIC ${name}`, () => {
      const one = guest(imsicGuest, { guestFiles });
      withAia(one);
      assert.equal(one.vcpu.run(10_000).exit.kind, 'intr');
      const eie = BigInt.asUintN(64, -2n);
      const seip = 1n << 9n;
      assert.deepEqual(words(one, 8), [
        ...[1n, eie, seip, 0x14_0014n, 0x14_0014n, 0x1e_001en, 0n, 0n],
      ]);
    });
  }

  it('priorities of major interrupts are hviprio’s, where they have a byte', () => {
    const one = guest(`
      li s0, ${at}
      li t0, 0x30
      csrw 0x150, t0         # siselect: iprio0, interrupts 0 to 7
      li t1, -1
      csrw 0x151, t1
      csrr t1, 0x151
      sd t1, 0(s0)
      li t1, 0x05 << 8
      csrw 0x151, t1
      li t0, 0x32            # interrupts 8 to 15
      csrw 0x150, t0
      li t1, -1
      csrw 0x151, t1
      csrr t1, 0x151
      sd t1, 8(s0)
    1:
      j 1b
    `);
    withAia(one);
    one.vcpu.run(10_000);
    const [first, second] = words(one, 2);
    // Those of hviprio1: 1 and 5 here; others of this width read as zero (AIA 6.3.3).
    assert.equal(first && first & 0x0000_ff00_0000_ff00n, 0x0000_ff00_0000_ff00n);
    assert.equal(second && second & 0xff00n, 0n, 'the external interrupt has none');
    assert.equal((one.vcpu.hart.getCsr(0x646) >> 8n) & 0xffn, 5n);
  });

  it('what nobody here has: half registers are illegal, other numbers are the VMM’s', () => {
    const one = guest(`
      la t0, 1f
      csrw stvec, t0
      li s0, ${at}
      li t0, 0x31
      csrw 0x150, t0
      csrr t1, 0x151
      csrr t2, scause
      sd t2, 0(s0)
      li t0, 0x71
      csrw 0x150, t0
      csrr t1, 0x151
      sd t1, 8(s0)
    2:
      j 2b
    .align 2
    1:
      csrr t3, sepc
      addi t3, t3, 4
      csrw sepc, t3
      sret
    `);
    withAia(one);
    const { exit } = one.vcpu.run(10_000);
    assert(exit.kind === 'csr');
    assert.deepEqual([exit.register, exit.writeMask], [0x151, 0n]);
    exit.ret = 0x77n;
    one.vcpu.run(10_000);
    assert.deepEqual(words(one, 2), [2n, 0x77n]);
  });

  it('without the device the VMM is asked for an IMSIC, as KVM_EXIT_RISCV_CSR', () => {
    const one = guest(`
      csrrwi t1, 0x15c, 3
    1:
      j 1b
    `);
    const { exit } = one.vcpu.run(10_000);
    assert(exit.kind === 'csr');
    assert.deepEqual([exit.register, exit.newValue], [0x15c, 3n]);
  });

  it('user mode of the guest gets an illegal instruction', () => {
    const one = guest(`
      la t0, 1f
      csrw stvec, t0
      la t0, 2f
      csrw sepc, t0
      li t0, 0x100
      csrc sstatus, t0
      sret
    .align 2
    2:
      csrr t1, 0x15c
    .align 2
    1:
      li s0, ${at}
      csrr t2, scause
      sd t2, 0(s0)
    3:
      j 3b
    `);
    withAia(one);
    one.vcpu.run(10_000);
    assert.deepEqual(words(one, 1), [2n]);
  });
});

describe('guest interrupt files', () => {
  const waits = `
    li t0, 1 << 9
    csrw sie, t0
    li s0, ${at}
  1:
    wfi
    csrrw t1, 0x15c, zero
    beqz t1, 1b
    sd t1, 0(s0)
    j 1b
  `;
  const isa = 'rv64gc_ssaia_sstc';

  it('mode AUTO is the default where the hart has some; HWACCEL may be asked for', () => {
    const device = withAia(guest(waits, { guestFiles: 1 }), aiaMode.hwaccel);
    assert.deepEqual(device.getAttr(aiaGroup.config, aiaConfig.mode), { ok: true, value: 1n });
    const other = guest(waits, { guestFiles: 1 }).vm.createDevice(11);
    assert(other.ok);
    const { value } = other;
    assert.deepEqual(value.getAttr(aiaGroup.config, aiaConfig.mode), { ok: true, value: 2n });
    assert.deepEqual(value.getAttr(aiaGroup.config, aiaConfig.ids), { ok: true, value: 255n });
  });

  it('what came before the first run moves into the file, and the page is mapped', () => {
    const one = guest(waits, { guestFiles: 1 });
    const device = withAia(one);
    const set = (attribute: number, value: bigint) =>
      assert(device.setAttr(aiaGroup.imsic, attribute, value).ok);
    const get = (attribute: number) => {
      const read = device.getAttr(aiaGroup.imsic, attribute);
      assert(read.ok);
      return read.value;
    };
    set(eidelivery, 1n);
    set(eie0, 1n << 33n);
    assert(one.vm.interrupts.signalMsi({ address: imsic, data: 33 }).ok);
    assert.equal(walk(one.memory, one.vcpu.hart.getCsr(0x680), BigInt(imsic)), undefined);
    assert.equal(one.vcpu.run(10_000).exit.kind, 'halted');
    assert.equal(one.word(at), 0x21_0021n);
    const mapped = walk(one.memory, one.vcpu.hart.getCsr(0x680), BigInt(imsic));
    assert.equal(mapped?.address, 0x2800_1000, 'the page of the first guest file');
    assert.equal((one.vcpu.hart.getCsr(0x600) >> 12n) & 63n, 1n, 'VGEIN');
    // Attributes and messages reach the file now.
    assert.equal(get(eie0), 1n << 33n);
    set(eie0, (1n << 34n) | (1n << 33n));
    assert(one.vm.interrupts.signalMsi({ address: imsic, data: 34 }).ok);
    assert.equal(get(eip0), 1n << 34n);
    assert.equal(one.vcpu.runnable, true);
    assert.equal(one.vcpu.run(10_000).exit.kind, 'halted');
    assert.deepEqual([one.word(at), get(eip0)], [0x22_0022n, 0n]);
  });

  it('HWACCEL without a free file: KVM_EXIT_FAIL_ENTRY with NO_VSFILE; reset gives one back', () => {
    const [first, second] = vmsOf([assemble(waits), assemble(waits)], { isa, guestFiles: 1 });
    assert(first && second);
    withAia(first, aiaMode.hwaccel);
    withAia(second, aiaMode.hwaccel);
    assert.equal(first.vcpu.run(1000).exit.kind, 'halted');
    const { exit } = second.vcpu.run(1000);
    assert(exit.kind === 'failEntry');
    assert.deepEqual([exit.reason, exit.cpu], [1, 0]);
    first.vcpu.setBoot(BigInt(ram), 0n);
    assert.equal(second.vcpu.run(1000).exit.kind, 'halted');
    assert.equal(first.vcpu.run(1000).exit.kind, 'failEntry');
  });

  it('AUTO without a free file goes on with the hypervisor’s own', () => {
    const [first, second] = vmsOf([assemble(waits), assemble(waits)], { isa, guestFiles: 1 });
    assert(first && second);
    const devices = [first, second].map((one) => withAia(one));
    [first, second].forEach((one, i) => {
      const device = devices[i]!;
      assert(device.setAttr(aiaGroup.imsic, eidelivery, 1n).ok);
      assert(device.setAttr(aiaGroup.imsic, eie0, 0xffn << 1n).ok);
      assert.equal(one.vcpu.run(1000).exit.kind, 'halted');
    });
    const vgein = (one: OneVm) => (one.vcpu.hart.getCsr(0x600) >> 12n) & 63n;
    assert.deepEqual([vgein(first), vgein(second)], [1n, 0n]);
    // Each message finds its guest, whichever has the hart.
    second.vm.interrupts.signalMsi({ address: imsic, data: 3 });
    first.vm.interrupts.signalMsi({ address: imsic, data: 4 });
    assert.equal(first.vcpu.run(1000).exit.kind, 'halted');
    assert.equal(second.vcpu.run(1000).exit.kind, 'halted');
    assert.deepEqual([first.word(at), second.word(at)], [0x4_0004n, 0x3_0003n]);
  });

  it('registers of 32 bits, on RV32: each word of eip and eie by itself', () => {
    for (const guestFiles of [0, 1]) {
      const [one] = vmsOf([new Uint8Array(4)], { isa: 'rv32gc_ssaia', guestFiles });
      assert(one);
      const device = withAia(one);
      const set = (attribute: number, value: bigint) =>
        assert(device.setAttr(aiaGroup.imsic, attribute, value).ok);
      const get = (attribute: number) => {
        const read = device.getAttr(aiaGroup.imsic, attribute);
        return read.ok ? read.value : read.errno;
      };
      set(eie0, 0xffff_ffffn);
      set(eie0 + 1, 0x8000_0001n);
      one.vm.interrupts.signalMsi({ address: imsic, data: 63 });
      const seen = () => [eie0, eie0 + 1, eip0, eip0 + 1, eip0 + 2].map(get);
      const expected = [0xffff_fffen, 0x8000_0001n, 0n, 0x8000_0000n, 'EINVAL'];
      assert.deepEqual(seen(), expected);
      // With a file of the hart's the state moves there.
      one.vcpu.run(1);
      assert.deepEqual(seen(), expected);
      assert.equal(one.vcpu.aia.imsic?.vsFileNumber, guestFiles);
    }
  });
});
