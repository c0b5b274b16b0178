import assert from 'node:assert/strict';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConsoleChannel } from '../../../../src/core/base/console.ts';
import type { Finish } from '../../../../src/core/devices/testFinisher/testFinisher.ts';
import { cellsOf, type FdtNode, nodeAt, propertyOf } from '../../../../src/core/formats/fdt/fdt.ts';
import { propertyToSource } from '../../../../src/core/formats/fdt/fdtSource.ts';
import { readFdt } from '../../../../src/core/formats/fdt/readFdt.ts';
import { virtBoard, type VirtEnvironment } from '../../../../src/core/machine/boards/virt.ts';
import * as map from '../../../../src/core/machine/boards/virtMap.ts';
import type { BootInfo } from '../../../../src/core/machine/loadTypes.ts';
import { Clock, generator, Line, Qtest } from '../../devices/qtest.ts';

function setUp(options: Partial<VirtEnvironment> & { count?: number } = {}) {
  const clock = new Clock();
  const harts = Array.from({ length: options.count ?? 2 }, () => ({
    ...{ msip: new Line(), mtip: new Line(), meip: new Line(), seip: new Line() },
    guests: Array.from({ length: 8 }, () => new Line()),
    guestExternal(file: number) {
      return this.guests[file]!;
    },
  }));
  const console = new ConsoleChannel('uart0');
  const finished: Finish[] = [];
  const board = virtBoard({
    mode: 'machine',
    xlen: 64,
    harts,
    memory: 256 * 0x100000,
    time: clock,
    timebase: map.TIMEBASE,
    console,
    finish: (finish) => finished.push(finish),
    isa: 'rv64imac',
    mmuType: 'riscv,sv48',
    ...options,
  });
  return { board, clock, harts, console, finished };
}

/** A tree as lines `path property value`, phandles as they are, and one line for each node. */
function lines(node: FdtNode, at = ''): string[] {
  const name = at === '' && node.name === '' ? '/' : `${at}/${node.name}`.replace('//', '/');
  const own = node.properties.map((p) => `${name} ${p.name} = ${propertyToSource(p.value)}`).sort();
  return [name, ...own, ...node.children.flatMap((child) => lines(child, name))];
}

function dumpOf(program: string, args: readonly string[]): FdtNode {
  const folder = mkdtempSync(path.join(tmpdir(), 'virt-'));
  try {
    const file = path.join(folder, 'qemu.dtb');
    const all = ['-M', `virt,dumpdtb=${file}`, '-display', 'none', '-bios', 'none', ...args];
    const result = spawnSync(program, all);
    assert.equal(result.status, 0, result.stderr?.toString());
    return readFdt(new Uint8Array(readFileSync(file))).root;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What QEMU's tree has and ours has not, or has otherwise, and why. */
const ACCEPTED: readonly { readonly line: RegExp; readonly why: string }[] = [
  { line: /^\/pmu( |$)/, why: 'no event counters: the firmware must not offer them' },
  { line: /^\/fw-cfg@10100000( |$)/, why: 'fw_cfg is QEMU’s own way to pass files; ours is RAM' },
  { line: /^\/platform-bus@4000000( |$)/, why: 'no devices are plugged there by an option' },
  { line: /^\/soc\/pci@30000000( |$)/, why: 'no PCI host bridge' },
  { line: /^\/chosen rng-seed = /, why: 'random in QEMU, the same in each run here' },
];

/** What ours has and QEMU 7.2's has not: its newer versions have these two. */
const ADDED = /\/cpu@\w+ riscv,isa-(base|extensions) = /;

/** Both trees in order without the accepted differences must be the same text. */
function compare(ours: FdtNode, theirs: FdtNode): void {
  const keep = (node: FdtNode) =>
    lines(node)
      .filter((line) => !ACCEPTED.some((accepted) => accepted.line.test(line)))
      .filter((line) => node === theirs || !ADDED.test(line));
  assert.deepEqual(keep(ours), keep(theirs));
  for (const { line, why } of ACCEPTED) {
    assert.ok(
      lines(theirs).some((l) => line.test(l)),
      `QEMU has no ${String(line)}: ${why}`,
    );
  }
}

function treeLike(
  theirs: FdtNode,
  options: Partial<VirtEnvironment>,
  count: number,
  boot: BootInfo,
) {
  // What depends on the processor is taken from QEMU's; the board passes it through.
  const cpu = nodeAt(theirs, '/cpus/cpu@0')!;
  const text = (name: string) => new TextDecoder().decode(propertyOf(cpu, name)).slice(0, -1);
  const processor = { isa: text('riscv,isa'), mmuType: text('mmu-type') };
  return setUp({ ...options, ...processor, count }).board.deviceTree(boot).root;
}

describe('virt board', () => {
  for (const count of [1, 2, 5]) {
    it(`has QEMU’s device tree, ${count} harts`, () => {
      const theirs = dumpOf('qemu-system-riscv64', ['-smp', `${count}`, '-m', '512M']);
      compare(treeLike(theirs, { memory: 512 * 0x100000 }, count, {}), theirs);
    });
  }

  it('says what its harts have in the newer properties too', () => {
    const text = (isa: string, name: string): string[] => {
      const cpu = nodeAt(setUp({ isa, count: 1 }).board.deviceTree({}).root, '/cpus/cpu@0')!;
      return new TextDecoder().decode(propertyOf(cpu, name)).slice(0, -1).split('\0');
    };
    const extensions = ['i', 'm', 'a', 'zicsr', 'zba', 'sstc'];
    assert.deepEqual(text('rv64ima_zicsr_zba_sstc', 'riscv,isa-extensions'), extensions);
    assert.deepEqual(text('rv64ima_zicsr_zba_sstc', 'riscv,isa-base'), ['rv64i']);
    assert.deepEqual(text('rv32i', 'riscv,isa-base'), ['rv32i']);
    // The older one leaves out what has always been so, and parts of older letters.
    const { deviceTree } = parseIsaString('rv64gc_zba_svinval');
    assert.ok(text(deviceTree, 'riscv,isa-extensions').includes('zca'));
    assert.deepEqual(text(deviceTree, 'riscv,isa'), ['rv64imafdc_zicsr_zifencei_zba_svinval']);
  });

  it('says how large cache blocks are, where there are instructions for them', () => {
    const sizes = (isa: string): Record<string, number> => {
      const cpu = nodeAt(setUp({ isa, count: 1 }).board.deviceTree({}).root, '/cpus/cpu@0')!;
      const entries = ['cbom', 'cbop', 'cboz'].flatMap((kind): [string, number][] => {
        const value = propertyOf(cpu, `riscv,${kind}-block-size`);
        return value ? [[kind, new DataView(value.slice().buffer).getUint32(0)]] : [];
      });
      return Object.fromEntries(entries);
    };
    assert.deepEqual(sizes('rv64imac_zicsr'), {});
    assert.deepEqual(sizes('rv64imac_zicbom_zicboz_zicsr'), { cbom: 64, cboz: 64 });
    assert.deepEqual(sizes('rv64imac_zicbop_zicsr'), { cbop: 64 });
  });

  for (const [board, aia] of [
    ['aia=aplic', { controllers: 'aplic', guests: 0 }],
    ['aia=aplic-imsic', { controllers: 'aplic-imsic', guests: 0 }],
    ['aia=aplic-imsic,aia-guests=1', { controllers: 'aplic-imsic', guests: 1 }],
    ['aia=aplic-imsic,aia-guests=5', { controllers: 'aplic-imsic', guests: 5 }],
  ] as const) {
    for (const count of [1, 3]) {
      it(`has QEMU’s device tree with ${board}, ${count} harts`, () => {
        const args = ['-smp', `${count}`, '-m', '512M', '-M', board];
        const theirs = dumpOf('qemu-system-riscv64', args);
        compare(treeLike(theirs, { memory: 512 * 0x100000, aia }, count, {}), theirs);
      });
    }
  }

  it('has QEMU’s device tree, 32 bits', () => {
    const theirs = dumpOf('qemu-system-riscv32', ['-m', '1G']);
    compare(treeLike(theirs, { memory: 1024 * 0x100000, xlen: 32 }, 1, {}), theirs);
  });

  it('has QEMU’s device tree with a kernel’s arguments and initrd', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'virt-'));
    try {
      const file = path.join(folder, 'zeros');
      writeFileSync(file, new Uint8Array(5000));
      const args = [
        '-m',
        '256M',
        '-kernel',
        file,
        '-initrd',
        file,
        '-append',
        'console=ttyS0 x="y"',
      ];
      const theirs = dumpOf('qemu-system-riscv64', args);
      const boot = {
        bootargs: 'console=ttyS0 x="y"',
        // Half of 256 MiB behind the kernel, which without firmware is at the start of RAM.
        initrd: { start: 0x88000000, end: 0x88000000 + 5000 },
      };
      compare(treeLike(theirs, { memory: 256 * 0x100000 }, 1, boot), theirs);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has no CLINT and only S contexts as a guest’s board', () => {
    const { board, harts, console } = setUp({ mode: 'guest' });
    const { root } = board.deviceTree({});
    assert.equal(nodeAt(root, '/soc/clint@2000000'), undefined);
    assert.equal(board.mmio.find(map.CLINT.base, 4), undefined);
    const plic = nodeAt(root, '/soc/plic@c000000')!;
    const inputs = cellsOf(propertyOf(plic, 'interrupts-extended')!)!;
    assert.deepEqual([inputs[1], inputs[3], inputs.length], [9, 9, 4]);
    // Context 1 is hart 1 in S-mode.
    enableUart(board, 1);
    console.feed(Uint8Array.of(0x41));
    assert.deepEqual(levels(harts, 'seip'), [false, true]);
    assert.deepEqual(levels(harts, 'meip'), [false, false]);
  });

  it('has a supervisor’s APLIC and IMSICs alone as a guest’s board, and they are not its own', () => {
    const seen: string[] = [];
    const { board, console } = setUp({
      mode: 'guest',
      aia: { controllers: 'aplic-imsic', guests: 2 },
      irqLine: (irq) => ({ set: (level) => seen.push(`${irq}${level ? '↑' : '↓'}`) }),
    });
    const { root } = board.deviceTree({});
    assert.equal(nodeAt(root, '/soc/aplic@c000000'), undefined);
    assert.equal(nodeAt(root, '/soc/imsics@24000000'), undefined);
    assert.equal(nodeAt(root, '/soc/plic@c000000'), undefined);
    const imsics = nodeAt(root, '/soc/imsics@28000000')!;
    const inputs = cellsOf(propertyOf(imsics, 'interrupts-extended')!)!;
    assert.deepEqual([inputs[1], inputs[3], inputs.length], [9, 9, 4]);
    assert.equal(propertyOf(imsics, 'riscv,guest-index-bits'), undefined);
    assert.deepEqual(cellsOf(propertyOf(imsics, 'reg')!), [0, 0x2800_0000, 0, 0x2000]);
    const aplic = nodeAt(root, '/soc/aplic@d000000')!;
    assert.equal(propertyOf(aplic, 'riscv,children'), undefined);
    assert.deepEqual(
      cellsOf(propertyOf(aplic, 'msi-parent')!),
      cellsOf(propertyOf(imsics, 'phandle')!),
    );
    for (const base of [map.APLIC_S.base, map.IMSIC_S.base]) {
      assert.equal(board.mmio.find(base, 4), undefined);
    }
    board.mmio.write(map.UART0.base + 1, 1, 1n);
    console.feed(Uint8Array.of(0x41));
    assert.equal(seen.at(-1), `${map.UART0.irq}↑`);
  });

  it('leads the UART’s interrupt to the context that enables it', () => {
    const { board, harts, console } = setUp();
    enableUart(board, 2);
    console.feed(Uint8Array.of(0x41));
    assert.deepEqual(levels(harts, 'meip'), [false, true]);
    assert.deepEqual(levels(harts, 'seip'), [false, false]);
    assert.equal(board.mmio.read(map.UART0.base, 1), 0x41n);
    assert.equal(board.mmio.read(map.PLIC.base + 0x202004, 4), 10n);
    board.mmio.write(map.PLIC.base + 0x202004, 4, 10n);
    assert.deepEqual(levels(harts, 'meip'), [false, false]);
  });

  it('leads the UART’s interrupt through an APLIC’s domain of its level', () => {
    const { board, harts, console } = setUp({ aia: { controllers: 'aplic', guests: 0 } });
    const word = (address: number, value: number) => board.mmio.write(address, 4, BigInt(value));
    word(map.APLIC_M.base + 40, 0x400); // delegated
    word(map.APLIC_S.base + 40, 6); // Level1
    word(map.APLIC_S.base + 0x3028, (1 << 18) | 1); // hart 1, priority 1
    word(map.APLIC_S.base + 0x1edc, 10);
    word(map.APLIC_S.base, 0x100);
    word(map.APLIC_S.base + 0x4020, 1);
    board.mmio.write(map.UART0.base + 1, 1, 1n);
    console.feed(Uint8Array.of(0x41));
    assert.deepEqual(levels(harts, 'seip'), [false, true]);
    assert.deepEqual(levels(harts, 'meip'), [false, false]);
  });

  it('leads the UART’s interrupt through a message to a guest interrupt file', () => {
    const aia = { controllers: 'aplic-imsic', guests: 2 } as const;
    const { board, harts, console } = setUp({ aia });
    const word = (address: number, value: number) => board.mmio.write(address, 4, BigInt(value));
    const file = board.external[1]!.imsic!.guests[1]!;
    file.write(0x70, 64, 1n);
    file.write(0xc0, 64, 1n << 33n);
    // As firmware sets the addresses up: 2^12 bytes for a hart in M-mode, 2^14 in S-mode.
    word(map.APLIC_M.base + 0x1bc0, map.IMSIC_M.base >> 12);
    word(map.APLIC_M.base + 0x1bc4, 1 << 12);
    word(map.APLIC_M.base + 0x1bc8, map.IMSIC_S.base >> 12);
    word(map.APLIC_M.base + 0x1bcc, 2 << 20);
    word(map.APLIC_M.base + 40, 0x400);
    word(map.APLIC_S.base + 40, 6);
    word(map.APLIC_S.base + 0x3028, (1 << 18) | (2 << 12) | 33);
    word(map.APLIC_S.base + 0x1edc, 10);
    word(map.APLIC_S.base, 0x100);
    board.mmio.write(map.UART0.base + 1, 1, 1n);
    console.feed(Uint8Array.of(0x41));
    assert.deepEqual(levels(harts, 'seip'), [false, false]);
    assert.deepEqual(
      harts.map(({ guests }) => guests.map((line) => line.level).indexOf(true)),
      [-1, 2],
    );
    assert.equal(file.topei() >>> 16, 33);
  });

  it('answers nothing where QEMU’s machine answers nothing', () => {
    const { board } = setUp();
    for (const [base, size] of [
      [map.UART0.base, map.UART0.registers],
      [map.VIRTIO.base, map.VIRTIO.registers],
      [map.RTC.base, map.RTC.registers],
    ] as const) {
      assert.notEqual(board.mmio.read(base + size - 4, 4), undefined);
      assert.equal(board.mmio.read(base + size, 4), undefined);
    }
  });

  it('reports the test finisher and shows MTIME as the time', () => {
    const { board, finished, clock } = setUp();
    board.mmio.write(map.TEST.base, 4, 0x73333n);
    assert.deepEqual(finished, [{ kind: 'fail', code: 7 }]);
    clock.now = 7n;
    board.mmio.write(map.CLINT.base + 0xbff8, 8, 0x1_0000_0000n);
    clock.now = 9n;
    assert.equal(board.time.ticks(), 0x1_0000_0002n);
  });

  it('shows the chosen time, or the same one in every run', () => {
    const low = (board: ReturnType<typeof virtBoard>) => board.mmio.read(map.RTC.base, 8);
    assert.equal(low(setUp({ rtcEpoch: 0x12345_89abcdefn }).board), 0x12345_89abcdefn);
    assert.equal(low(setUp().board), BigInt(Date.UTC(2025, 0, 1)) * 1_000_000n);
  });

  it('starts with QEMU’s reset vector', async () => {
    for (const [program, xlen] of [
      ['qemu-system-riscv64', 64],
      ['qemu-system-riscv32', 32],
    ] as const) {
      const qemu = new Qtest(['-m', '256M'], program);
      try {
        const { board } = setUp({ xlen });
        const ours = board.resetVector(0x80000000n, 0x8fe00000, 0n);
        assert.deepEqual([...ours], await qemu.bytes(board.rom.base, ours.length), program);
      } finally {
        qemu.close();
      }
    }
  }).timeout(10000);

  const boards = [
    [undefined, ['plic']],
    [{ controllers: 'aplic', guests: 0 }, ['aplic']],
    [{ controllers: 'aplic-imsic', guests: 1 }, ['aplic', 'imsic-m', 'imsic-s']],
  ] as const;
  for (const [aia, controllers] of boards) {
    it(`saves, clones and restores every component to the same state: ${controllers}`, () =>
      restored(aia ? { aia } : {}, controllers));
  }

  function restored(options: Partial<VirtEnvironment>, controllers: readonly string[]): void {
    const { board, clock, console, harts } = setUp(options);
    const random = generator(20);
    console.feed(new TextEncoder().encode('typed ahead of a guest that has not looked yet'));
    const bases = board.mmio.regions.map(({ base, size }) => ({
      base,
      span: Math.min(size, 0x40),
    }));
    bases.push(
      // The PLIC's enables, or an APLIC's setipnum_le.
      { base: map.PLIC.base + 0x2000, span: 16 },
      { base: map.CLINT.base + 0x4000, span: 16 },
    );
    for (let i = 0; i < 3000; i++) {
      clock.now += BigInt(random(1000));
      const { base, span } = bases[random(bases.length)]!;
      const address = base + random(span);
      if (random(2) === 0) board.mmio.read(address & ~3, 4);
      else if (board.mmio.find(address & ~3, 4)) {
        board.mmio.write(address & ~3, 4, BigInt(random(2 ** 32)));
      }
      for (const timed of board.timed) timed.advance();
    }
    // Few numbers are identities of interrupts; these are.
    for (const { base } of [map.IMSIC_M, map.IMSIC_S]) board.mmio.write(base, 4, 33n);
    const fresh = setUp(options);
    fresh.clock.now = clock.now;
    const names = Object.keys(board.components);
    const others = ['clint', 'flash0', 'flash1', 'rtc', 'uart0'];
    assert.deepEqual(names.toSorted(), [...others, ...controllers].toSorted());
    for (const name of names) {
      const saved = board.components[name]!.save();
      assert.notDeepEqual(saved, fresh.board.components[name]!.save(), `${name} was not touched`);
      fresh.board.components[name]!.restore(structuredClone(saved));
      assert.deepEqual(fresh.board.components[name]!.save(), saved, name);
      board.components[name]!.restore(saved);
      assert.deepEqual(board.components[name]!.save(), saved, `${name} onto itself`);
    }
    // The lines follow from the state.
    for (const line of ['msip', 'mtip', 'meip', 'seip'] as const) {
      assert.deepEqual(levels(fresh.harts, line), levels(harts, line), line);
    }
  }

  it('refuses the state of a board with another number of harts', () => {
    const { board } = setUp({ count: 1 });
    const other = setUp({ count: 2 }).board;
    for (const name of ['clint', 'plic']) {
      const before = board.components[name]!.save();
      assert.throws(() => board.components[name]!.restore(other.components[name]!.save()));
      assert.deepEqual(board.components[name]!.save(), before);
    }
  });
});

type Name = 'msip' | 'mtip' | 'meip' | 'seip';
function levels(harts: readonly Record<Name, Line>[], name: Name): boolean[] {
  return harts.map((hart) => hart[name].level);
}

function enableUart(board: ReturnType<typeof virtBoard>, context: number): void {
  board.mmio.write(map.PLIC.base + 4 * map.UART0.irq, 4, 1n);
  board.mmio.write(map.PLIC.base + 0x2000 + 0x80 * context, 4, BigInt(1 << map.UART0.irq));
  board.mmio.write(map.UART0.base + 1, 1, 1n);
}
