/**
 * What a hypervisor written in TypeScript may do with a RISC-V hart: everything HS-mode could do
 * with instructions. `Hart` implements it; the hypervisor is written against it.
 */
import type { Cpu } from '../cpu.ts';

/** 0 U, 1 S, 3 M; with V=1 these are VU and VS. */
export type Privilege = 0 | 1 | 3;

/** A trap as hardware reports it, before it is delivered anywhere. */
export interface TrapInfo {
  /** Exception code without the interrupt bit. */
  readonly cause: number;
  readonly tval: bigint;
  /** Guest physical address >> 2, for guest-page faults. */
  readonly tval2: bigint;
  /** Transformed instruction or pseudoinstruction, or 0. */
  readonly tinst: number;
  /** tval holds a guest virtual address. */
  readonly gva: boolean;
}

export type GuestRead = { readonly value: bigint } | { readonly trap: TrapInfo };

export interface RiscvHart extends Cpu {
  readonly xlen: 32 | 64;
  privilege: Privilege;
  virtualized: boolean;

  /** Unsigned value of x0 … x31. */
  getX(index: number): bigint;
  setX(index: number, value: bigint): void;
  /** The lower 32 bits of x0 … x31, unsigned. */
  getXWord(index: number): number;
  /** The upper ones, 0 where registers have 32. */
  getXHighWord(index: number): number;
  /** pc goes on behind an instruction of `length` bytes. */
  advancePc(length: number): void;

  /** CSR by number as M-mode would read it: no privilege check, derived bits included. */
  getCsr(number: number): bigint;
  /** A word of a CSR, for registers of which all is stored that is read. */
  getCsrWord(number: number, half: 'low' | 'high'): number;
  /** WARL as from M-mode, with side effects; no privilege check. Unknown numbers are a `Bug`. */
  setCsr(number: number, value: bigint): void;

  /** All 64 bits of a CSR that RV32 has in two halves; on RV64 as `getCsr` and `setCsr`. */
  getWideCsr(number: number): bigint;
  setWideCsr(number: number, value: bigint): void;

  /** Everything as after reset, M-mode, pc 0. */
  reset(): void;
  /**
   * True: a trap to HS-mode is not vectored to stvec; all of its CSR effects happen (scause, sepc,
   * stval, htval, htinst, hstatus, sstatus, V ← 0, privilege ← S) and `run` returns 'hypervisorTrap'.
   */
  hypervisorAttached: boolean;
  /**
   * Asked at an ECALL from VS-mode, where `run` would come back with a trap: the trap and the SRET
   * that ends it have had their effects, and the hart stands at the ECALL, in VS-mode. True: `run`
   * goes on from where the hart then is; false: it comes back with 'hypervisorTrap'.
   */
  onGuestCall: (() => boolean) | undefined;
  /** SRET in HS-mode: enters the guest again when hstatus.SPV is set. */
  sret(): void;

  /** HLV/HLVX: privilege hstatus.SPVP, vsatp and hgatp, vsstatus.SUM/MXR. `size` 1, 2, 4 or 8. */
  hypervisorLoad(address: bigint, size: number, executable: boolean): GuestRead;
  /** HSV; the trap it would take, or undefined. */
  hypervisorStore(address: bigint, size: number, value: bigint): TrapInfo | undefined;

  /** HFENCE.GVMA and HFENCE.VVMA for all addresses, and FENCE.I. */
  hfenceGvma(): void;
  hfenceVvma(): void;
  fenceI(): void;

  /**
   * Level of an interrupt input: 3 MSIP, 7 MTIP, 9 SEIP (the controller's part), 11 MEIP.
   * Wakes the hart at the next instruction boundary.
   */
  setInterruptInput(bit: number, level: boolean): void;

  /** Writes as a guest store with V=1 would be checked, without trapping. Used by SBI shared memory. */
  readonly supportsTwoStage: boolean;
}
