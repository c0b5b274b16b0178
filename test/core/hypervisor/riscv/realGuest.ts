/** Guests in assembly on the real hart, under the hypervisor, with a device of the test's own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConsoleChannel } from '../../../../src/core/base/console.ts';
import { VirtualClock } from '../../../../src/core/base/virtualClock.ts';
import type { MmioDevice } from '../../../../src/core/devices/device.ts';
import { RiscvHypervisor } from '../../../../src/core/hypervisor/riscv/main.ts';
import { SeedSource } from '../../../../src/core/hypervisor/riscv/vmmCsr.ts';
import { SbiConsole } from '../../../../src/core/hypervisor/riscv/vmmSbi.ts';
import { parseIsaString } from '../../../../src/core/isa/riscv/isaString.ts';
import { riscvIsa } from '../../../../src/core/isa/riscv/riscv.ts';
import type { RiscvHart } from '../../../../src/core/isa/riscv/riscvHart.ts';
import { createRiscvParts } from '../../../../src/core/isa/riscv/riscvMachineParts.ts';
import { GuestMachine } from '../../../../src/core/machine/guestMachine.ts';
import type { MachineStop } from '../../../../src/core/machine/machine.ts';
import { MmioMap } from '../../../../src/core/memory/mmioMap.ts';
import { testTranslation } from '../../../engine.ts';

export const ram = 0x8000_0000;
export const ramSize = 16 << 20;
export const deviceBase = 0x5000_0000;
const tables = { base: 0x4000_0000, size: 0x10_0000 };
const backing = 0x1_0000_0000;

/** A flat image, by default for the start of RAM. `call` makes an SBI call: extension, function. */
export function assemble(source: string, address = ram, xlen: 32 | 64 = 64): Uint8Array {
  const dir = mkdtempSync(path.join(tmpdir(), 'guest-'));
  const file = (name: string) => path.join(dir, name);
  const prelude = `
    .macro call extension, function
      li a7, \\extension
      li a6, \\function
      ecall
    .endm
    .macro shutdown reason
      li a0, 0
      li a1, \\reason
      call 0x53525354, 0
    .endm
    .globl _start
    _start:
  `;
  try {
    writeFileSync(file('a.S'), prelude + source);
    const target = `-march=rv${xlen}imac_zicsr_zifencei -mabi=${xlen === 64 ? 'lp64' : 'ilp32'}`;
    const gcc = `${target} -nostdlib -static -Wl,--build-id=none`;
    const options = [...gcc.split(' '), `-Wl,-Ttext=0x${address.toString(16)}`];
    execFileSync('riscv64-unknown-elf-gcc', [...options, '-o', file('a.elf'), file('a.S')]);
    execFileSync('riscv64-unknown-elf-objcopy', ['-O', 'binary', file('a.elf'), file('a.bin')]);
    return new Uint8Array(readFileSync(file('a.bin')));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export interface RealGuest {
  readonly machine: GuestMachine;
  readonly console: ConsoleChannel;
  readonly output: () => string;
  readonly log: readonly string[];
  /** 64-bit words of guest memory. */
  word(address: number): bigint;
}

/** A page of registers that behave as memory does. */
export function memoryDevice(): MmioDevice {
  const bytes = new DataView(new ArrayBuffer(4096));
  return {
    name: 'memory-like',
    read: (offset, size) =>
      size === 1
        ? bytes.getUint8(offset)
        : size === 2
          ? bytes.getUint16(offset, true)
          : bytes.getUint32(offset, true),
    write: (offset, size, value) =>
      size === 1
        ? bytes.setUint8(offset, value)
        : size === 2
          ? bytes.setUint16(offset, value, true)
          : bytes.setUint32(offset, value, true),
  };
}

export interface RealGuestOptions {
  readonly harts?: number;
  /** Default: all that is implemented. */
  readonly isa?: string;
  /** A hart that never says what the instruction was, as hardware may. */
  readonly withoutHtinst?: boolean;
  readonly kvmQuirks?: boolean;
}

export function realGuest(image: Uint8Array, options: RealGuestOptions = {}): RealGuest {
  const { harts = 1, isa = '' } = options;
  const { xlen, withHypervisor } = parseIsaString(isa);
  const clock = new VirtualClock();
  const parts = createRiscvParts({
    harts,
    ram: [
      { name: 'tables', ...tables, writable: true },
      { name: 'backing', base: backing, size: ramSize, writable: true },
    ],
    mmio: new MmioMap(),
    clock,
    xlen,
    extensions: withHypervisor,
    translate: testTranslation,
  });
  const console = new ConsoleChannel('sbi');
  const mmio = new MmioMap();
  mmio.add(deviceBase, 4096, memoryDevice());
  const machine = new GuestMachine({
    isa: riscvIsa(xlen),
    board: 'test',
    memory: parts.memory,
    arch: new RiscvHypervisor({
      harts: options.withoutHtinst ? parts.harts.map(withoutHtinst) : parts.harts,
      memory: parts.memory,
      tables,
      clock,
      extensions: withHypervisor,
    }),
    harts,
    clock,
    guestMemory: [{ name: 'ram', address: ram, size: ramSize, hostAddress: backing }],
    devices: () => ({ mmio, timed: [], consoles: [] }),
    callConsoles: [console],
    callHandlers: [new SbiConsole(console, xlen)],
    registerHandlers: [new SeedSource()],
    calls: [],
    kvmQuirks: options.kvmQuirks ?? false,
    images: [{ name: 'guest', address: ram, bytes: image }],
    entry: BigInt(ram),
    bootArgument: 0n,
  });
  let text = '';
  console.output.on((bytes) => (text += String.fromCharCode(...bytes)));
  const log: string[] = [];
  machine.log.on((line) => log.push(line));
  return {
    machine,
    console,
    output: () => text,
    log,
    word: (address) => parts.memory.read64(backing + (address - ram)),
  };
}

function withoutHtinst(hart: RiscvHart): RiscvHart {
  const htinst = 0x64a;
  return new Proxy(hart, {
    get: (target, key) => {
      if (key === 'getCsr') return (n: number) => (n === htinst ? 0n : target.getCsr(n));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

/** Runs to the end, which must be a shutdown with this code. */
export function runToEnd(g: RealGuest, code = 0, budget = 10_000_000): MachineStop {
  const stop = g.machine.run(budget);
  assert(stop.kind === 'ended', `${JSON.stringify(stop)}\n${g.output()}`);
  assert.equal(stop.end.code, code, stop.end.text);
  return stop;
}
