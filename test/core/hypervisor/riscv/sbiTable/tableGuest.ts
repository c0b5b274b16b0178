/**
 * A guest that makes SBI calls from a table in its memory: for each entry it loads all registers,
 * executes ECALL, and stores all registers again, so that hundreds of calls cost little and each
 * shows what became of every register. It runs in VS-mode, on RV64 and on RV32.
 */
import { ConsoleChannel } from '../../../../../src/core/base/console.ts';
import { VirtualClock } from '../../../../../src/core/base/virtualClock.ts';
import type { CallHandler } from '../../../../../src/core/hypervisor/callHandler.ts';
import type { CallRule } from '../../../../../src/core/hypervisor/callPolicy.ts';
import { RiscvHypervisor } from '../../../../../src/core/hypervisor/riscv/main.ts';
import { SbiConsole } from '../../../../../src/core/hypervisor/riscv/vmmSbi.ts';
import { parseIsaString } from '../../../../../src/core/isa/riscv/isaString.ts';
import { riscvIsa } from '../../../../../src/core/isa/riscv/riscv.ts';
import type { RiscvHart } from '../../../../../src/core/isa/riscv/riscvHart.ts';
import { createRiscvParts } from '../../../../../src/core/isa/riscv/riscvMachineParts.ts';
import { GuestMachine } from '../../../../../src/core/machine/guestMachine.ts';
import type { MachineStop } from '../../../../../src/core/machine/machine.ts';
import { MmioMap } from '../../../../../src/core/memory/mmioMap.ts';
import { testTranslation } from '../../../../engine.ts';
import { assemble } from '../realGuest.ts';

export type Width = 32 | 64;

/** Guest-physical memory: what DBCN's buffers and others' shared memory may be, and what not. */
export const place = {
  ram: 0x8000_0000n,
  /** Free for calls, up to `adjoining`. */
  scratch: 0x8080_0000n,
  /** Another slot, directly behind RAM. */
  adjoining: 0x8100_0000n,
  /** A page that nothing backs, between two that are backed. */
  hole: 0x8100_4000n,
  island: 0x8100_5000n,
  /** Behind the last byte of the island. */
  nowhere: 0x8100_7000n,
  readonly: 0x9000_0000n,
  above4G: 0x1_0000_0000n,
  endAbove4G: 0x1_0001_0000n,
} as const;

const slots = [
  { name: 'ram', address: place.ram, size: 0x100_0000 },
  { name: 'adjoining', address: place.adjoining, size: 0x4000 },
  { name: 'island', address: place.island, size: 0x2000 },
  { name: 'readonly', address: place.readonly, size: 0x2000, readonly: true },
  { name: 'above 4 GiB', address: place.above4G, size: 0x1_0000 },
];

/** Where a hart can be started, and where the guest goes on after a suspend that kept nothing. */
export const entry = {
  resume: place.ram + 4n,
  spin: place.ram + 8n,
  stop: place.ram + 12n,
} as const;

const current = 0x8000_8000;
const table = 0x8010_0000;
const entryWords = 40;
/** Words of an entry behind the registers: before the call, and after it. */
const word = {
  outcome: 0,
  where: 32,
  detail: 33,
  sie: 34,
  sip: 35,
  present: 36,
  satp: 37,
} as const;
const outcomeReturned = 1;
const outcomeTrapped = 0x100;
const outcomeResumed = 0x400;
export const longestTable = 20_000;

const programs = new Map<Width, Uint8Array>();

function program(xlen: Width): Uint8Array {
  const made = programs.get(xlen) ?? assemble(source(xlen), Number(place.ram), xlen);
  programs.set(xlen, made);
  return made;
}

function source(xlen: Width): string {
  const bytes = xlen / 8;
  const [load, store] = xlen === 64 ? ['ld', 'sd'] : ['lw', 'sw'];
  const at = (index: number) => index * bytes;
  const each = (work: (register: number) => string) =>
    Array.from({ length: 30 }, (_, i) => work(i + 1)).join('\n');
  const saveAll = `
    csrrw x31, sscratch, x31
    ${each((r) => `${store} x${r}, ${at(r)}(x31)`)}
    csrr x1, sscratch
    ${store} x1, ${at(31)}(x31)
    mv s0, x31`;
  return `
    .option norvc
      j main
      j resumed
    spin:
      j spin
      li a7, 0x48534d
      li a6, 1
      ecall
      j spin
    main:
      li s0, ${table}
    next:
      la t0, handler
      csrw stvec, t0
      li t0, ${current}
      ${store} s0, 0(t0)
      ${load} t0, ${at(word.present)}(s0)
      beqz t0, end
      ${load} t0, ${at(word.sie)}(s0)
      csrw sie, t0
      ${load} t0, ${at(word.satp)}(s0)
      csrw satp, t0
      sfence.vma
      csrw sscratch, s0
      mv x31, s0
      ${each((r) => `${load} x${r}, ${at(r)}(x31)`)}
      ${load} x31, ${at(31)}(x31)
    makeCall:
      ecall
      ${saveAll}
      li t0, ${outcomeReturned}
    done:
      ${store} t0, ${at(word.outcome)}(s0)
      csrr t0, sip
      ${store} t0, ${at(word.sip)}(s0)
      addi s0, s0, ${at(entryWords)}
      j next
    end:
      shutdown 0
      # Where that is denied.
      csrw sie, x0
      wfi
      j end
      .balign 4
    handler:
      ${saveAll}
      csrr t0, sepc
      la t1, makeCall
      sub t0, t0, t1
      ${store} t0, ${at(word.where)}(s0)
      csrr t0, stval
      ${store} t0, ${at(word.detail)}(s0)
      csrr t0, scause
      addi t0, t0, ${outcomeTrapped}
      j done
    resumed:
      li t0, ${current}
      ${load} s0, 0(t0)
      ${store} a0, ${at(10)}(s0)
      ${store} a1, ${at(11)}(s0)
      csrr t0, satp
      ${store} t0, ${at(word.where)}(s0)
      csrr t0, sstatus
      ${store} t0, ${at(word.detail)}(s0)
      li t0, ${outcomeResumed}
      j done
  `;
}

export interface TableCall {
  /** The whole registers; ids are their low 32 bits. */
  readonly eid: bigint;
  readonly fid: bigint;
  readonly args: readonly bigint[];
  /** Interrupts enabled while the call is made; `sstatus.SIE` is 0 throughout. */
  readonly sie?: bigint;
  /** Translation while the call is made; none by default. */
  readonly satp?: bigint;
}

export interface TableResult {
  readonly kind: 'notReached' | 'returned' | 'trapped' | 'resumed';
  /** Sign-extended. */
  readonly a0: bigint;
  readonly a1: bigint;
  /** Names of the registers, a0 and a1 among them, that are not what they were. */
  readonly changed: readonly string[];
  /** A trap's: its cause, whether sepc is the ECALL's address, and stval. */
  readonly cause: number;
  readonly atEcall: boolean;
  readonly tval: bigint;
  /** Of a hart that resumed. */
  readonly satp: bigint;
  readonly sstatus: bigint;
  readonly sip: bigint;
}

export interface TableGuestOptions {
  readonly harts?: number;
  readonly isa?: string;
  readonly kvmQuirks?: boolean;
  readonly calls?: readonly CallRule[];
  /** Asked before the SBI console. */
  readonly handlers?: readonly CallHandler[];
  /** Each call is a trap that ends the hart's run; else the hart asks while it runs. */
  readonly callsTrap?: boolean;
  /** Without, nobody answers the console's calls. */
  readonly withoutConsole?: boolean;
}

export class TableGuest {
  readonly machine: GuestMachine;
  readonly console = new ConsoleChannel('sbi');
  readonly xlen: Width;
  private text = '';
  private rows: readonly TableCall[] = [];

  constructor(xlen: Width, options: TableGuestOptions = {}) {
    this.xlen = xlen;
    const { harts = 1, isa = `rv${xlen}imac_sstc` } = options;
    const tables = { base: 0x4000_0000, size: 0x10_0000 };
    const backing = 0x1_0000_0000;
    const clock = new VirtualClock();
    const parts = createRiscvParts({
      harts,
      ram: [
        { name: 'tables', ...tables, writable: true },
        ...slots.map(({ name, size }, i) => ({
          ...{ name, size, writable: true },
          base: backing + i * 0x200_0000,
        })),
      ],
      mmio: new MmioMap(),
      clock,
      xlen,
      extensions: parseIsaString(isa).withHypervisor,
      translate: testTranslation,
    });
    const made = options.callsTrap ? parts.harts.map(withoutCalls) : parts.harts;
    const { console } = this;
    console.output.on((bytes) => (this.text += Buffer.from(bytes).toString('latin1')));
    const sbiConsole = options.withoutConsole ? [] : [new SbiConsole(console, xlen)];
    this.machine = new GuestMachine({
      isa: riscvIsa(xlen),
      board: 'test',
      memory: parts.memory,
      arch: new RiscvHypervisor({ harts: made, memory: parts.memory, tables, clock }),
      harts,
      clock,
      guestMemory: slots.map(({ name, address, size, readonly = false }, i) => ({
        ...{ name, size, readonly },
        address: Number(address),
        hostAddress: backing + i * 0x200_0000,
      })),
      devices: () => ({ mmio: new MmioMap(), timed: [], consoles: [] }),
      callConsoles: [console],
      callHandlers: [...(options.handlers ?? []), ...sbiConsole],
      calls: options.calls ?? [],
      kvmQuirks: options.kvmQuirks ?? false,
      images: [{ name: 'guest', address: Number(place.ram), bytes: program(xlen) }],
      entry: place.ram,
      bootArgument: 0n,
    });
  }

  get output(): string {
    this.console.flush();
    return this.text;
  }

  write(address: bigint, bytes: Uint8Array): void {
    // READONLY is about the guest's stores; an image may lie there.
    const pieces = this.machine.vm.slots.pieces(Number(address), bytes.length, 'read');
    if (!pieces) throw new Error(`0x${address.toString(16)} is no memory`);
    let done = 0;
    for (const piece of pieces) {
      this.machine.memory.load(piece.address, bytes.subarray(done, done + piece.size));
      done += piece.size;
    }
  }

  read(address: bigint, size: number): Uint8Array {
    const bytes = this.machine.vm.readMemory(Number(address), size);
    if (!bytes) throw new Error(`0x${address.toString(16)} is no memory`);
    return bytes;
  }

  /** Puts the calls where the guest finds them. */
  load(rows: readonly TableCall[]): void {
    if (rows.length > longestTable) throw new Error(`${rows.length} calls are too many`);
    this.rows = rows;
    rows.forEach((row, index) => {
      const words = Array.from({ length: entryWords }, (_, i) => this.before(row, index, i));
      this.write(this.entryOf(index), this.pack(words));
    });
    this.write(this.entryOf(rows.length), this.pack(Array.from({ length: entryWords }, () => 0n)));
  }

  run(budget = 50_000_000): MachineStop {
    return this.machine.run(budget);
  }

  /** What became of each call. */
  results(): readonly TableResult[] {
    return this.rows.map((row, index) => this.result(row, index));
  }

  private result(row: TableCall, index: number): TableResult {
    const words = this.unpack(this.read(this.entryOf(index), entryWords * (this.xlen / 8)));
    const after = (i: number) => words[i] ?? 0n;
    const outcome = Number(after(word.outcome));
    const trapped = outcome >= outcomeTrapped && outcome < outcomeResumed;
    const changed = words
      .slice(1, 32)
      .flatMap((value, i) => (value === this.before(row, index, i + 1) ? [] : [`x${i + 1}`]));
    return {
      kind:
        outcome === outcomeReturned
          ? 'returned'
          : outcome === outcomeResumed
            ? 'resumed'
            : trapped
              ? 'trapped'
              : 'notReached',
      a0: BigInt.asIntN(this.xlen, after(10)),
      a1: after(11),
      changed,
      cause: trapped ? outcome - outcomeTrapped : 0,
      atEcall: trapped && after(word.where) === 0n,
      tval: after(word.detail),
      satp: after(word.where),
      sstatus: after(word.detail),
      sip: after(word.sip),
    };
  }

  /** Registers that a call does not use hold what no other register of any entry does. */
  private before(row: TableCall, index: number, i: number): bigint {
    const mask = (value: bigint) => BigInt.asUintN(this.xlen, value);
    if (i === 17) return mask(row.eid);
    if (i === 16) return mask(row.fid);
    if (i >= 10 && i < 16) return mask(row.args[i - 10] ?? 0x5a5a_0000_0000n + BigInt(i));
    if (i > 0 && i < 32) return mask(BigInt(index * 64 + i) * 0x9e37_79b9_7f4a_7c15n);
    if (i === word.sie) return row.sie ?? 0n;
    if (i === word.satp) return row.satp ?? 0n;
    return i === word.present ? 1n : 0n;
  }

  private entryOf(index: number): bigint {
    return BigInt(table + index * entryWords * (this.xlen / 8));
  }

  private pack(words: readonly bigint[]): Uint8Array {
    const list = words.map((value) => BigInt.asUintN(this.xlen, value));
    if (this.xlen === 64) return new Uint8Array(BigUint64Array.from(list).buffer);
    return new Uint8Array(Uint32Array.from(list, Number).buffer);
  }

  private unpack(bytes: Uint8Array): readonly bigint[] {
    const { buffer } = bytes.slice();
    return this.xlen === 64
      ? [...new BigUint64Array(buffer)]
      : [...new Uint32Array(buffer)].map(BigInt);
  }
}

/** The same hart, which nobody can ask to hand over calls while it runs. */
function withoutCalls(hart: RiscvHart): RiscvHart {
  return new Proxy(hart, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, key, value) => key === 'onGuestCall' || Reflect.set(target, key, value, target),
  });
}
