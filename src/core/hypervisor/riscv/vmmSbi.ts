/**
 * The VMM's side of the SBI consoles, as kvmtool's riscv/kvm-cpu.c: DBCN (SBI 3.0, "Debug Console
 * Extension") and the legacy console calls, on a console channel. Memory is given by physical
 * address, and the whole of it must be there: DBCN's error for that is INVALID_PARAM.
 */
import type { ConsoleChannel } from '../../base/console.ts';
import type { CallHandler } from '../callHandler.ts';
import type { CallExit } from '../exits.ts';
import type { Vm } from '../vm.ts';
import { sbiError, sbiExtension } from './sbiNames.ts';

const legacyPutchar = 1;
const legacyGetchar = 2;

/** Bytes moved by one call at most; a guest loops on short transfers, as DBCN tells it to. */
const longestTransfer = 1 << 20;

/** For the table of calls. */
export const sbiConsoleAnswers = {
  name: 'SBI console',
  extensions: [
    [legacyPutchar, legacyGetchar],
    [sbiExtension.dbcn, sbiExtension.dbcn],
  ],
} as const;

export class SbiConsole implements CallHandler {
  readonly name = sbiConsoleAnswers.name;
  readonly extensions = sbiConsoleAnswers.extensions;
  private readonly console: ConsoleChannel;
  private readonly xlen: 32 | 64;

  constructor(console: ConsoleChannel, xlen: 32 | 64 = 64) {
    this.console = console;
    this.xlen = xlen;
  }

  answers(extension: number): boolean {
    return this.extensions.some(([first, last]) => extension >= first && extension <= last);
  }

  handle(exit: CallExit, vm: Vm): void {
    if (!this.answers(exit.extension)) return;
    exit.answered = true;
    exit.ret = this.answer(exit, vm);
  }

  private answer(exit: CallExit, vm: Vm): [bigint, bigint] {
    const [first = 0n] = exit.args;
    switch (exit.extension) {
      case legacyPutchar:
        this.console.put(Number(first & 0xffn));
        return [0n, 0n];
      case legacyGetchar:
        return [BigInt(this.console.take()), 0n];
      default:
        return this.debugConsole(exit, vm);
    }
  }

  private debugConsole(exit: CallExit, vm: Vm): [bigint, bigint] {
    switch (exit.function) {
      case 0:
        return this.write(exit, vm);
      case 1:
        return this.read(exit, vm);
      case 2:
        this.console.put(Number((exit.args[0] ?? 0n) & 0xffn));
        return [sbiError.SUCCESS, 0n];
      default:
        return [sbiError.NOT_SUPPORTED, 0n];
    }
  }

  private write(exit: CallExit, vm: Vm): [bigint, bigint] {
    const buffer = this.bufferOf(exit, vm, 'read');
    const bytes = buffer && vm.readMemory(buffer.address, buffer.size);
    if (!bytes) return [sbiError.INVALID_PARAM, 0n];
    for (const byte of bytes) this.console.put(byte);
    return [sbiError.SUCCESS, BigInt(bytes.length)];
  }

  private read(exit: CallExit, vm: Vm): [bigint, bigint] {
    const buffer = this.bufferOf(exit, vm, 'write');
    if (!buffer) return [sbiError.INVALID_PARAM, 0n];
    const bytes = new Uint8Array(Math.min(buffer.size, this.console.available));
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.console.take();
    vm.writeMemory(buffer.address, bytes);
    return [sbiError.SUCCESS, BigInt(bytes.length)];
  }

  /** The caller's buffer, checked in full and then cut to what one call moves. */
  private bufferOf(
    exit: CallExit,
    vm: Vm,
    access: 'read' | 'write',
  ): { readonly address: number; readonly size: number } | undefined {
    const [count = 0n, low = 0n, high = 0n] = exit.args;
    if (count === 0n) return { address: 0, size: 0 };
    const start = low | (high << BigInt(this.xlen));
    const limit = 1n << BigInt(vm.gpaBits);
    if (count > limit || start + count > limit) return undefined;
    const address = Number(start);
    const size = Number(count);
    if (!vm.slots.pieces(address, size, access)) return undefined;
    return { address, size: Math.min(size, longestTransfer) };
  }
}
