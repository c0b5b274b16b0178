/** A hart as debuggers look at it: registers by name, addresses, page tables. Changes no state unasked. */
import type { AddressWalk, WalkQuery } from '../../debug/target.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { AccessKind, AddressSpace, DebugStage } from '../cpu.ts';
import type { MappingList } from '../mappingList.ts';
import { addressSpaceOf } from './addressSpace.ts';
import type { CsrFile } from './csr/csrFile.ts';
import { markFloatsDirty } from './csr/floatStatus.ts';
import { csrByName } from './csr/names.ts';
import { CSR } from './csr/numbers.ts';
import type { HartState } from './hartState.ts';
import { explainWalk, type WalkParts } from './explainWalk.ts';
import { firstStageTable, guestStageTable } from './mappings.ts';
import type { Mmu } from './mmu.ts';
import type { Pmp } from './pmp.ts';
import type { Privilege } from './riscvHart.ts';
import {
  firstFloatIndex,
  pcIndex,
  privilegeName,
  registersOf,
  virtualizationName,
} from './registers.ts';

const registerIndex = new Map(
  registersOf(64).flatMap((r, i) => [r.name, ...r.aliases].map((name) => [name, i] as const)),
);

export function modeNameOf(privilege: Privilege, virtualized: boolean): string {
  if (privilege === 3) return 'M-mode';
  if (virtualized) return privilege === 1 ? 'VS-mode' : 'VU-mode';
  return privilege === 1 ? 'HS-mode' : 'U-mode';
}

export class HartInspector {
  private readonly state: HartState;
  private readonly csrs: CsrFile;
  private readonly mmu: Mmu;
  private readonly memory: PhysicalMemory;
  private readonly pmp: Pmp;

  constructor(state: HartState, csrs: CsrFile, mmu: Mmu, memory: PhysicalMemory, pmp: Pmp) {
    this.state = state;
    this.csrs = csrs;
    this.mmu = mmu;
    this.memory = memory;
    this.pmp = pmp;
  }

  get modeName(): string {
    return modeNameOf(this.state.privilege, this.state.virtualized);
  }

  get addressSpace(): AddressSpace | undefined {
    return addressSpaceOf(this.state);
  }

  readRegister(name: string): bigint | undefined {
    const index = registerIndex.get(name);
    if (index === pcIndex) return this.state.pc;
    if (index !== undefined && index < pcIndex) return this.state.getX(index);
    if (index !== undefined) {
      return this.hasFloats ? this.state.getF(index - firstFloatIndex) : undefined;
    }
    if (name === privilegeName) return BigInt(this.state.privilege);
    if (name === virtualizationName) return this.state.virtualized ? 1n : 0n;
    const row = csrByName(name);
    return row && this.csrs.exists(row.number) ? this.csrs.read(row.number) : undefined;
  }

  writeRegister(name: string, value: bigint): bigint | undefined {
    const index = registerIndex.get(name);
    if (index === pcIndex) this.state.pc = value & ~1n;
    else if (index !== undefined && index < pcIndex) this.state.setX(index, value);
    else if (index !== undefined) {
      if (!this.hasFloats) return undefined;
      this.state.setF(index - firstFloatIndex, value);
      markFloatsDirty(this.state);
    } else {
      const row = csrByName(name);
      if (!row || !this.csrs.exists(row.number)) return undefined;
      this.csrs.write(row.number, BigInt.asUintN(64, value));
    }
    return this.readRegister(name);
  }

  debugTranslate(address: bigint, stage: DebugStage, access: AccessKind): number | undefined {
    const low = lower(address);
    if (stage === 'guest') {
      const page = Number(address >> 12n);
      const mode = { privilege: 1, virtualized: true, debug: true } as const;
      const found = this.mmu.translateGuestPage(page, low & 4095, access, mode);
      return found < 0 ? undefined : found;
    }
    const { privilege, virtualized, xlen } = this.state;
    // A virtual address has as many bits as a register.
    if (address >> BigInt(xlen) !== 0n) return undefined;
    const mode = { privilege, virtualized, debug: true };
    const found =
      stage === 'first'
        ? this.mmu.translateFirstStage(low, upper(address), access, mode)
        : this.mmu.translate(low, upper(address), access, mode);
    return found < 0 ? undefined : found;
  }

  mappings(stage: 'guest' | 'virtual', maxRows: number): MappingList {
    const { state, mmu, memory } = this;
    if (stage === 'guest') return guestStageTable(state, mmu, memory, maxRows);
    return firstStageTable(state, mmu, memory, state.virtualized, maxRows);
  }

  /** As the hart's mode would access it. */
  walk({ address, access, space }: WalkQuery): AddressWalk {
    const { privilege, virtualized } = this.state;
    const guestPhysical = space === 'guestPhysical';
    const request = { address, access, privilege, virtualized, guestPhysical };
    return explainWalk(this.walkParts, request);
  }

  get walkParts(): WalkParts {
    const { state, mmu, memory, pmp } = this;
    return { state, mmu, memory, pmp };
  }

  private get hasFloats(): boolean {
    return this.csrs.exists(CSR.fcsr);
  }
}

const lower = (address: bigint): number => Number(address & 0xffff_ffffn);
const upper = (address: bigint): number => Number((address >> 32n) & 0xffff_ffffn);
