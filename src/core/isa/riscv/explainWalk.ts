/**
 * The virtual address translation process told step by step: which entry of which stage leads
 * where, and which bit of it refuses an access (privileged manual, virtual address translation
 * process; hypervisor, two-stage address translation). Changes nothing: what hardware would write
 * is said.
 */
import type { AddressWalk, WalkStep } from '../../debug/target.ts';
import type { PhysicalMemory } from '../../memory/physicalMemory.ts';
import type { AccessKind } from '../cpu.ts';
import { CSR } from './csr/numbers.ts';
import { status, type HartState } from './hartState.ts';
import type { Mmu, Stage } from './mmu.ts';
import {
  guestRootBits,
  isLeaf,
  isNapot,
  leafBits,
  memoryType,
  napotBits,
  pageNumber,
  pte,
  type Entry,
  type EntryRules,
} from './pageTable.ts';
import type { Pmp } from './pmp.ts';
import type { Privilege } from './riscvHart.ts';
import { faultCause } from './trapCause.ts';

const rootRegister = { S: 'satp', VS: 'vsatp', G: 'hgatp' } as const;
const stageName = { S: 'one stage', VS: 'VS-stage', G: 'G-stage' } as const;
const section = {
  S: 'Privileged: supervisor, Virtual Address Translation Process',
  VS: 'Privileged: hypervisor, Two-Stage Address Translation',
  G: 'Privileged: hypervisor, Guest Physical Address Translation',
  A: 'Privileged: supervisor, Virtual Address Translation Process, step 9 (Svade, Svadu)',
  PMP: 'Privileged: machine, Physical Memory Protection',
} as const;

export interface WalkParts {
  readonly state: HartState;
  readonly mmu: Mmu;
  readonly memory: PhysicalMemory;
  readonly pmp: Pmp;
}

interface Refusal {
  readonly cause: number;
  readonly text: string;
  readonly section: string;
  readonly guestAddress?: bigint | undefined;
}

export interface WalkRequest {
  readonly address: bigint;
  readonly access: AccessKind;
  readonly privilege: Privilege;
  readonly virtualized: boolean;
  /** The address is guest-physical: the G-stage alone. */
  readonly guestPhysical?: boolean;
}

export function explainWalk(parts: WalkParts, request: WalkRequest): AddressWalk {
  return new Explanation(parts, request).whole();
}

class Explanation {
  private readonly parts: WalkParts;
  private readonly request: WalkRequest;
  private readonly steps: WalkStep[] = [];
  private refusal: Refusal | undefined;

  constructor(parts: WalkParts, request: WalkRequest) {
    this.parts = parts;
    this.request = request;
  }

  whole(): AddressWalk {
    const result = this.translate();
    const { refusal, steps } = this;
    return {
      steps,
      ...(result === undefined ? {} : { result }),
      ...(refusal && { refusal }),
    };
  }

  private translate(): bigint | undefined {
    const { address, access, virtualized, guestPhysical } = this.request;
    const offset = address & 4095n;
    let page: number | undefined = Number(address >> 12n);
    if (!guestPhysical) page = this.firstStage(page, access);
    if (page !== undefined && (virtualized || guestPhysical)) page = this.walk('G', page, access);
    if (page === undefined) return undefined;
    const physical = BigInt(page) * 4096n + offset;
    return this.reachable(physical) ? physical : undefined;
  }

  private firstStage(page: number, access: AccessKind): number | undefined {
    const { virtualized, privilege } = this.request;
    if (virtualized) return this.walk('VS', page, access);
    return privilege === 3 ? page : this.walk('S', page, access);
  }

  private reachable(physical: bigint): boolean {
    const { access, privilege } = this.request;
    const { pmp, memory } = this.parts;
    const at = Number(physical);
    if (!pmp.allows(at, 1, access, privilege)) {
      const text = `physical memory protection does not let this mode ${verb(access)} ${hex(physical)}`;
      return (
        this.refuse({ cause: faultCause('access', access), text, section: section.PMP }) ?? false
      );
    }
    const region = memory.regionAt(at, 1);
    const device = memory.mmio.find(at, 1)?.device.name;
    const name = region?.name ?? device;
    this.steps.push({
      stage: 'memory',
      text:
        name === undefined ? `${hex(physical)}: nothing is there` : `${hex(physical)} is ${name}`,
    });
    return true;
  }

  /** The page, or undefined with `refusal` set. */
  private walk(
    stage: Stage,
    page: number,
    access: AccessKind,
    implicit?: bigint,
  ): number | undefined {
    const { mmu } = this.parts;
    const register = rootRegister[stage];
    const { scheme, page: root } = mmu.root(CSR[register]);
    if (!scheme) {
      // A stage that is off is not worth a line for each entry of the other.
      if (implicit === undefined) {
        this.steps.push({ stage: stageName[stage], text: `${register} is Bare: addresses stay` });
      }
      return page;
    }
    const { levels, indexBits, entryBytes } = scheme;
    const fault = (text: string, where: string = section[stage]) =>
      this.fault(stage, page, text, implicit, where);
    const pageBits = levels * indexBits + (stage === 'G' ? guestRootBits : 0);
    const schemeName = stage === 'G' ? `${scheme.name}x4` : scheme.name;
    if (!this.fits(stage, page, pageBits)) {
      const bits = pageBits + 12;
      const rule =
        stage === 'G'
          ? `bits ${bits} and up are not all 0`
          : `bits ${bits} and up do not all equal bit ${bits - 1}`;
      return fault(`the address has more bits than ${schemeName} translates: ${rule}`);
    }
    const rules = mmu.rules(stage);
    let table = root;
    for (let level = levels - 1; level >= 0; level--) {
      const span = 2 ** (level * indexBits);
      const isRoot = level === levels - 1;
      const entries = 2 ** (isRoot && stage === 'G' ? indexBits + guestRootBits : indexBits);
      const index = Math.floor(page / span) % entries;
      const at = this.entryAt(stage, table, index * entryBytes, entryBytes, 'load');
      if (at === undefined) return undefined;
      const entry = this.read(at, entryBytes);
      const target = pageNumber(entry, scheme);
      const shown = {
        stage: stageName[stage],
        level,
        entryAddress: BigInt(at),
        entry: (BigInt(entry.upper >>> 0) << 32n) | BigInt(entry.lower >>> 0),
        flags: flagsOf(entry),
      };
      const begin = `level ${level}, entry ${index} at ${hex(BigInt(at))}`;
      const note = (text: string) => this.steps.push({ ...shown, text: `${begin}: ${text}` });
      const malformed = problemOf(entry, level, target, rules);
      if (malformed !== undefined) {
        note(malformed);
        return fault(`level ${level}: ${malformed}`);
      }
      if (!isLeaf(entry)) {
        note(`leads to the table at ${hex(BigInt(target) * 4096n)}`);
        table = target;
        continue;
      }
      const bits = leafBits(entry, level, scheme);
      if (level > 0 && target % span !== 0) {
        const text = `a leaf of level ${level} whose page number is no multiple of 0x${span.toString(16)}: a misaligned superpage`;
        note(text);
        return fault(text);
      }
      const result = target - (target % 2 ** bits) + (page % 2 ** bits);
      note(`a leaf of ${sizeText(bits)}, to ${hex(BigInt(result) * 4096n)}`);
      const forbidden = this.forbidden(entry, stage, access, implicit !== undefined);
      if (forbidden !== undefined) return fault(forbidden);
      const missing = missingBits(entry, access);
      if (missing !== '') {
        if (!rules.updates) {
          return fault(`${missing} is 0 and hardware does not set it (ADUE = 0)`, section.A);
        }
        // The entry is stored to, which its own memory must allow.
        if (this.entryAt(stage, table, index * entryBytes, entryBytes, 'store') === undefined) {
          return undefined;
        }
        this.steps.push({ stage: stageName[stage], text: `hardware sets ${missing}` });
      }
      return result;
    }
    return fault('the entry of level 0 is no leaf: R (bit 1) and X (bit 3) are both 0');
  }

  private fits(stage: Stage, page: number, pageBits: number): boolean {
    if (stage === 'G') return page < 2 ** pageBits;
    if (this.parts.state.xlen === 32) return true;
    const above = Math.floor(page / 2 ** (pageBits - 1));
    return above === 0 || above === 2 ** (53 - pageBits) - 1;
  }

  /** Physical address of an entry, which for the VS-stage is guest-physical before. */
  private entryAt(
    stage: Stage,
    table: number,
    offset: number,
    size: number,
    access: 'load' | 'store',
  ): number | undefined {
    const { memory, pmp } = this.parts;
    let page: number | undefined = table;
    if (stage === 'VS') {
      const address = BigInt(table) * 4096n + BigInt(offset);
      page = this.walk('G', table, access, address);
      if (page === undefined) return undefined;
    }
    const at = page * 4096 + offset;
    const region = memory.regionAt(at, size);
    const refused = (text: string, where: string) =>
      this.refuse({ cause: faultCause('access', this.request.access), text, section: where });
    if (!region || (access === 'store' && !region.writable)) {
      return refused(
        `the page table's entry at ${hex(BigInt(at))} is not in memory`,
        section[stage],
      );
    }
    if (pmp.allows(at, size, access, 1)) return at;
    return refused(
      `physical memory protection keeps the walk from the entry at ${hex(BigInt(at))}`,
      section.PMP,
    );
  }

  /** Which bit keeps the access out; undefined when none does. */
  private forbidden(
    { lower }: Entry,
    stage: Stage,
    access: AccessKind,
    isImplicit: boolean,
  ): string | undefined {
    const { state } = this.parts;
    const machine = state.low(CSR.mstatus);
    const user = (lower & pte.U) !== 0;
    let mxr = (machine & status.MXR) !== 0;
    if (stage === 'G') {
      if (!user) return "U (bit 4) is 0, and to the G-stage every access is U-mode's";
      mxr &&= !isImplicit;
    } else {
      const own = stage === 'VS' ? state.low(CSR.vsstatus) : machine;
      const register = stage === 'VS' ? 'vsstatus' : 'sstatus';
      if (this.request.privilege === 0) {
        if (!user) return 'U (bit 4) is 0: the page is not for user mode';
      } else if (user && access === 'fetch') {
        return 'U (bit 4) is 1: supervisor mode never executes user pages';
      } else if (user && (own & status.SUM) === 0) {
        return `U (bit 4) is 1, and ${register}.SUM is 0: supervisor mode may not touch user pages`;
      }
      mxr ||= (own & status.MXR) !== 0;
    }
    const has = (bit: number) => (lower & bit) !== 0;
    if (access === 'fetch') return has(pte.X) ? undefined : 'X (bit 3) is 0: not executable';
    if (access === 'store') return has(pte.W) ? undefined : 'W (bit 2) is 0: not writable';
    if (has(pte.R) || (mxr && has(pte.X))) return undefined;
    const executable = has(pte.X) ? ', and MXR is 0, which would let executable pages be read' : '';
    return `R (bit 1) is 0: not readable${executable}`;
  }

  private read(at: number, size: 4 | 8): Entry {
    const { memory } = this.parts;
    const lower = memory.read32(at);
    return { lower, upper: size === 8 ? memory.read32(at + 4) : 0 };
  }

  private fault(
    stage: Stage,
    page: number,
    text: string,
    implicit: bigint | undefined,
    where: string,
  ): undefined {
    const { access, address } = this.request;
    if (stage !== 'G') {
      const cause = faultCause('page', access);
      return this.refuse({ cause, text: `${stageName[stage]}: ${text}`, section: where });
    }
    const guestAddress = implicit ?? BigInt(page) * 4096n + (address & 4095n);
    const what =
      implicit === undefined
        ? `guest-physical ${hex(guestAddress)}`
        : `the VS-stage's entry at guest-physical ${hex(implicit)}`;
    return this.refuse({
      cause: faultCause('guestPage', access),
      text: `G-stage, for ${what}: ${text}`,
      section: where,
      guestAddress,
    });
  }

  private refuse(refusal: Refusal): undefined {
    this.refusal = refusal;
    return undefined;
  }
}

/** What step 3 and its like say against an entry. */
function problemOf(
  entry: Entry,
  level: number,
  page: number,
  rules: EntryRules,
): string | undefined {
  const { lower, upper } = entry;
  if ((lower & pte.V) === 0) return 'V (bit 0) is 0: not valid';
  if ((lower & (pte.R | pte.W)) === pte.W) return 'W (bit 2) without R (bit 1) is reserved';
  if ((upper & 0x1fc0_0000) !== 0) return 'bits 60 to 54 are reserved and not all 0';
  const type = memoryType(entry);
  if (type !== 0 && !rules.pbmte) return 'PBMT (bits 62 and 61) is not 0, and PBMTE is 0';
  if (type === 3) return 'PBMT (bits 62 and 61) has the reserved value 3';
  if (!isLeaf(entry)) {
    if ((lower & (pte.A | pte.D | pte.U)) !== 0) {
      return 'D, A and U (bits 7, 6 and 4) are reserved in an entry that leads to a table';
    }
    if (type !== 0 || isNapot(entry)) return 'N and PBMT are reserved where no page is mapped';
    return undefined;
  }
  if (!isNapot(entry)) return undefined;
  if (!rules.svnapot) return 'N (bit 63) is 1, and there is no Svnapot';
  if (level > 0) return 'N (bit 63) is reserved above level 0';
  return page % 2 ** napotBits === 8 ? undefined : 'N (bit 63) with a reserved page number';
}

function missingBits({ lower }: Entry, access: AccessKind): string {
  const missing = [
    ...((lower & pte.A) === 0 ? ['A (bit 6)'] : []),
    ...(access === 'store' && (lower & pte.D) === 0 ? ['D (bit 7)'] : []),
  ];
  return missing.join(' and ');
}

/** `DAGUXWRV`, `-` for what is 0. */
function flagsOf({ lower }: Entry): string {
  const letters = [...'VRWXUGAD'].map((letter, bit) => ((lower >> bit) & 1 ? letter : '-'));
  return letters.reverse().join('');
}

function sizeText(pageBits: number): string {
  const kib = 4 * 2 ** pageBits;
  if (kib < 1024) return `${kib} KiB`;
  return kib < 2 ** 20 ? `${kib / 1024} MiB` : `${kib / 2 ** 20} GiB`;
}

function verb(access: AccessKind): string {
  return access === 'fetch' ? 'execute' : access;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
