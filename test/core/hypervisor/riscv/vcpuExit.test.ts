import assert from 'node:assert/strict';
import type { VcpuExit } from '../../../../src/core/hypervisor/exits.ts';
import type { GuestRead } from '../../../../src/core/isa/riscv/riscvHart.ts';
import { backing, ramBase, rig, type Rig } from './rig.ts';

const uart = 0x1000_0000n;
const ones = 2n ** 64n - 1n;

function mmio(exit: VcpuExit) {
  assert(
    exit.kind === 'mmio',
    JSON.stringify(exit, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
  );
  return exit;
}

/** Instruction memory for HLVX: halfwords from `at` on. */
function code(r: Rig, at: bigint, ...halves: number[]): void {
  r.hart.onLoad = (address, size, executable): GuestRead => {
    assert.deepEqual([size, executable], [2, true]);
    const half = halves[Number(address - at) / 2];
    if (half !== undefined) return { value: BigInt(half) };
    return { trap: { cause: 13, tval: address, tval2: 0n, tinst: 0, gva: true } };
  };
}

/** lbu a5, 0(x0), as htinst has it for `lbu a5, 5(a4)`. */
const tinstLbu = 0x00004783;

describe('MMIO', () => {
  it('a load from htinst: exit, value, sign, next instruction', () => {
    const cases = [
      // [htinst, size, data, expected a5, length]
      [0x00004783, 1, 0xf0n, 0xf0n, 4n], // lbu
      [0x00000783, 1, 0xf0n, ones - 0xfn, 4n], // lb
      [0x00001783, 2, 0x8001n, ones - 0x7ffen, 4n], // lh
      [0x00005783, 2, 0x8001n, 0x8001n, 4n], // lhu
      [0x00002783, 4, 0x80000000n, ones - 0x7fffffffn, 4n], // lw
      [0x00006783, 4, 0x80000000n, 0x80000000n, 4n], // lwu
      [0x00003783, 8, ones - 1n, ones - 1n, 4n], // ld
      [0x00002781, 4, 0x80000000n, ones - 0x7fffffffn, 2n], // c.lw, expanded
    ] as const;
    for (const [tinst, size, data, expected, length] of cases) {
      const r = rig();
      const { pc } = r.hart;
      r.hart.script.push((h) => h.trap(21, { tval: uart, gpa: uart, tinst }));
      const exit = mmio(r.vcpu.run(10).exit);
      assert.deepEqual([exit.address, exit.size, exit.write], [Number(uart), size, false]);
      assert.deepEqual([r.hart.pc, r.hart.getX(15)], [pc, 0n], 'completed by the next run');
      exit.data = data;
      assert.deepEqual(r.vcpu.run(0), { exit: { kind: 'intr' }, consumed: 1 });
      assert.deepEqual([r.hart.pc, r.hart.getX(15)], [pc + length, expected]);
    }
  });

  it('a store carries the bytes that it writes', () => {
    const r = rig();
    r.hart.setX(15, 0x1122334455667788n);
    // sh a5, 0(x0), transformed; the low bits of the address come from stval.
    r.hart.script.push((h) => h.trap(23, { tval: uart + 2n, gpa: uart, tinst: 0x00f01023 }));
    const exit = mmio(r.vcpu.run(10).exit);
    assert.deepEqual(
      [exit.address, exit.size, exit.write, exit.data],
      [Number(uart) + 2, 2, true, 0x7788n],
    );
    r.vcpu.run(0);
    assert.equal(r.exits.at(-1)?.text(), 'store of 2 at 0x10000002: 0x7788');
  });

  it('loads to x0 change nothing', () => {
    const r = rig();
    r.hart.script.push((h) => h.trap(21, { tval: uart, gpa: uart, tinst: 0x00004003 }));
    mmio(r.vcpu.run(10).exit).data = 7n;
    r.vcpu.run(0);
    assert.equal(r.hart.getX(0), 0n);
  });

  it('without htinst the instruction is read: 16 bits, and 16 more when there are', () => {
    const r = rig();
    const { pc } = r.hart;
    code(r, pc, 0x4783, 0x0057); // lbu a5, 5(a4)
    r.hart.script.push((h) => h.trap(21, { tval: uart + 5n, gpa: uart + 4n }));
    const exit = mmio(r.vcpu.run(10).exit);
    assert.deepEqual([exit.address, exit.size], [Number(uart) + 5, 1]);
    exit.data = 0x60n;
    r.vcpu.run(0);
    assert.deepEqual([r.hart.getX(15), r.hart.pc], [0x60n, pc + 4n]);
  });

  it('a compressed instruction at the end of the last page needs no second half', () => {
    const r = rig();
    const { pc } = r.hart;
    code(r, pc, 0xc31c); // c.sw a5, 0(a4)
    r.hart.setX(15, 0xabn);
    r.hart.script.push((h) => h.trap(23, { tval: uart, gpa: uart }));
    const exit = mmio(r.vcpu.run(10).exit);
    assert.deepEqual([exit.size, exit.write, exit.data], [4, true, 0xabn]);
    r.vcpu.run(0);
    assert.equal(r.hart.pc, pc + 2n);
  });

  it('a fault in reading the instruction is the guest’s fetch fault', () => {
    const r = rig();
    const { pc } = r.hart;
    r.hart.setCsr(0x205, 0x8000_0101n);
    code(r, pc, 0x4783); // the second half is missing
    r.hart.script.push((h) => h.trap(21, { tval: uart, gpa: uart }));
    assert.deepEqual(r.vcpu.run(1), { exit: { kind: 'intr' }, consumed: 1 });
    assert.deepEqual(
      [r.hart.getCsr(0x242), r.hart.getCsr(0x243), r.hart.getCsr(0x241), r.hart.pc],
      [12n, pc + 2n, pc, 0x8000_0100n],
    );
  });

  it('a store to a READONLY slot is the VMM’s, a load from it is memory', () => {
    const r = rig();
    const rom = r.vm.setUserMemoryRegion({
      slot: 1,
      flags: 2,
      guestPhysAddr: 0x2000_0000,
      memorySize: 0x1000,
      userspaceAddr: backing,
      name: 'rom',
    });
    assert(rom.ok);
    const gpa = 0x2000_0010n;
    r.hart.script.push((h) => h.trap(21, { tval: gpa, gpa }));
    assert.equal(r.vcpu.run(1).exit.kind, 'intr');
    r.hart.script.push((h) => h.trap(23, { tval: gpa, gpa, tinst: 0x00f02023 }));
    assert.equal(mmio(r.vcpu.run(1).exit).address, Number(gpa));
  });

  it('what cannot be emulated ends with a text that says where', () => {
    const refused = (tinst: number, tval: bigint, cause: number) => {
      const r = rig();
      r.hart.script.push((h) => h.trap(cause, { tval, gpa: tval & ~3n, tinst }));
      const { exit } = r.vcpu.run(1);
      assert(exit.kind === 'internalError');
      return exit.text;
    };
    // amoswap.w, transformed; lw at an odd address; a fetch.
    assert.match(refused(0x08f027af, uart, 23), /only integer loads and stores/);
    assert.match(refused(0x00002783, uart + 1n, 21), /must be aligned/);
    assert.match(
      refused(0, 0n, 20),
      /^hart 0 cannot go on: instruction guest-page fault \(scause 20\) at pc 0x80000000, virtual address 0x0, guest-physical address 0x0: /,
    );
  });
});

describe('page tables of the guest', () => {
  it('are mapped by the address of the entry, whatever the access was', () => {
    const r = rig();
    r.hart.script.push((h) => h.trap(20, { tval: 0x7777n, gpa: 0x8080_0008n, tinst: 0x3000 }));
    assert.equal(r.vcpu.run(1).exit.kind, 'intr');
    assert.match(r.exits[0]?.text() ?? '', /^page-table access at 0x80800008: 2 MiB page/);
  });

  for (const [cause, expected] of [
    [20, 1n],
    [21, 5n],
    [23, 7n],
  ] as const) {
    it(`outside memory are an access fault of the original kind (${cause})`, () => {
      const r = rig();
      r.hart.script.push((h) => h.trap(cause, { tval: 0x7777n, gpa: 0x4000n, tinst: 0x3000 }));
      assert.equal(r.vcpu.run(1).exit.kind, 'intr');
      assert.deepEqual([r.hart.getCsr(0x242), r.hart.getCsr(0x243)], [expected, 0x7777n]);
    });
  }
});

describe('virtual instructions', () => {
  it('seed is left to the VMM, as KVM_EXIT_RISCV_CSR', () => {
    const cases = [
      // [instruction, new value, mask]
      [0x015797f3n, 0x1234n, ones], // csrrw a5, seed, a5
      [0x0150a7f3n, ones, 0x55n], // csrrs a5, seed, ra
      [0x0150b7f3n, 0n, 0x55n], // csrrc a5, seed, ra
      [0x015fd7f3n, 31n, ones], // csrrwi a5, seed, 31
      [0x015fe7f3n, ones, 31n], // csrrsi a5, seed, 31
    ] as const;
    for (const [bits, newValue, writeMask] of cases) {
      const r = rig();
      const { pc } = r.hart;
      r.hart.setX(15, 0x1234n);
      r.hart.setX(1, 0x55n);
      r.hart.script.push((h) => h.trap(22, { tval: bits }));
      const { exit } = r.vcpu.run(10);
      assert.deepEqual(exit, { kind: 'csr', register: 0x015, newValue, writeMask, ret: 0n });
      assert(exit.kind === 'csr');
      assert.equal(r.hart.pc, pc, 'completed by the next run');
      exit.ret = 0x8000_abcdn;
      r.vcpu.run(0);
      assert.deepEqual([r.hart.pc, r.hart.getX(15)], [pc + 4n, 0x8000_abcdn]);
    }
  });

  const wfi = 0x10500073n;

  it('WFI waits until an interrupt that the guest has enabled', () => {
    const r = rig({ sstc: true });
    r.hart.setCsr(0x204, 1n << 5n);
    r.hart.setCsr(0x24d, 100n);
    const { pc } = r.hart;
    r.hart.script.push((h) => h.trap(22, { tval: wfi }));
    assert.deepEqual(r.vcpu.run(50), { exit: { kind: 'halted' }, consumed: 1 });
    assert.equal(r.hart.pc, pc + 4n);
    assert(r.vcpu.waiting);
    r.vcpu.setInterrupt(true);
    assert(r.vcpu.waiting, 'an external interrupt is not enabled');
    r.clock.skipTo(100n);
    assert(!r.vcpu.waiting && r.vcpu.runnable);
    assert.deepEqual(r.vcpu.run(50), { exit: { kind: 'intr' }, consumed: 50 });
  });

  it('WFI with an interrupt pending does not wait', () => {
    const r = rig();
    r.hart.setCsr(0x204, 1n << 9n);
    r.vcpu.setInterrupt(true);
    r.hart.script.push((h) => h.trap(22, { tval: wfi }));
    assert.deepEqual(r.vcpu.run(50), { exit: { kind: 'intr' }, consumed: 50 });
    r.vcpu.setInterrupt(false);
    assert.equal(r.hart.getCsr(0x645), 0n);
  });

  it('reads the instruction where stval does not have it', () => {
    const r = rig();
    code(r, r.hart.pc, 0x0073, 0x1050);
    r.hart.script.push((h) => h.trap(22));
    assert.equal(r.vcpu.run(50).exit.kind, 'halted');
  });

  it('cycle and instret are given, other CSRs are illegal', () => {
    const r = rig();
    r.hart.setCsr(0xb02, 4711n);
    r.hart.script.push((h) => h.trap(22, { tval: 0xc02027f3n })); // rdinstret a5
    r.vcpu.run(1);
    assert.equal(r.hart.getX(15), 4711n);
    r.hart.script.push((h) => h.trap(22, { tval: 0x600027f3n })); // csrr a5, hstatus
    const { pc } = r.hart;
    assert.deepEqual(r.vcpu.run(1), { exit: { kind: 'intr' }, consumed: 1 });
    assert.deepEqual(
      [r.hart.getCsr(0x242), r.hart.getCsr(0x243), r.hart.getCsr(0x241)],
      [2n, 0x600027f3n, pc],
    );
  });

  it('user mode gets an illegal instruction for WFI and for a counter it may not read', () => {
    for (const bits of [wfi, 0xc00027f3n]) {
      const r = rig();
      r.hart.setCsr(0x106, 0n);
      r.hart.privilege = 0;
      r.hart.script.push((h) => h.trap(22, { tval: bits }));
      r.vcpu.run(1);
      assert.equal(r.hart.getCsr(0x242), 2n);
      assert.equal(r.hart.getCsr(0x200) & 0x100n, 0n, 'SPP is U');
      assert.equal(r.hart.privilege, 1);
    }
  });
});

describe('vCPU', () => {
  it('has KVM’s reset values and the boot arguments', () => {
    const { hart } = rig({ sstc: true });
    assert.deepEqual(
      [hart.pc, hart.getX(10), hart.getX(11), hart.virtualized, hart.privilege],
      [BigInt(ramBase), 0n, 0x1234n, true, 1],
    );
    assert.equal(hart.getCsr(0x602), 0xb10dn, 'hedeleg: 0, 2, 3, 8, 12, 13, 15');
    assert.equal(hart.getCsr(0x603), 0x444n, 'hideleg');
    assert.equal(hart.getCsr(0x606), 2n, 'hcounteren: TM');
    assert.equal(hart.getCsr(0x106), 7n, 'scounteren');
    const hstatus = hart.getCsr(0x600);
    assert.equal(hstatus & (1n << 21n), 1n << 21n, 'VTW');
    assert.equal(hstatus & (1n << 8n), 1n << 8n, 'SPVP');
    assert.equal(hart.getCsr(0x24d), ones, 'no timer');
    assert.equal((hart.getCsr(0x680) >> 44n) & 0x3fffn, 1n, 'VMID 1');
  });

  it('passes access and misaligned faults to the guest', () => {
    for (const cause of [1, 4, 5, 6, 7]) {
      const r = rig();
      r.hart.script.push((h) => h.trap(cause, { tval: 0x99n }));
      r.vcpu.run(1);
      assert.deepEqual([r.hart.getCsr(0x242), r.hart.getCsr(0x243)], [BigInt(cause), 0x99n]);
    }
  });

  it('breakpoints of the debugger come out', () => {
    const r = rig();
    r.hart.script.push((h) => h.retire(3, 'breakpoint'));
    assert.deepEqual(r.vcpu.run(10), { exit: { kind: 'debug' }, consumed: 3 });
  });

  it('ids are unique and limited by the harts', () => {
    const { vm } = rig();
    const again = vm.createVcpu(0);
    const more = vm.createVcpu(1);
    assert.deepEqual(
      [again, more],
      [
        { ok: false, errno: 'EEXIST' },
        { ok: false, errno: 'EINVAL' },
      ],
    );
  });

  it('one step over an emulated instruction is one step', () => {
    const r = rig();
    const { pc } = r.hart;
    r.hart.script.push((h) => h.trap(21, { tval: uart, gpa: uart, tinst: tinstLbu }));
    const first = r.vcpu.run(1);
    assert.deepEqual([first.exit.kind, first.consumed], ['mmio', 0]);
    assert.deepEqual(r.vcpu.run(1), { exit: { kind: 'intr' }, consumed: 1 });
    assert.equal(r.hart.pc, pc + 4n);
    assert.equal(r.hart.instructions, 0, 'nothing ran beyond it');
    assert.equal(r.clock.instructions, 1);
  });
});
