/**
 * Legacy hart masks through the guest's own page tables: "hart_mask is a virtual address", and "the
 * page and access faults taken … are redirected back to the supervisor with sepc pointing to the
 * faulting ECALL".
 */
import assert from 'node:assert/strict';
import { place, type Width } from './tableGuest.ts';
import type { Row, Scenario } from './scenario.ts';

const root = 0x8000_9000n;
/** PTE: V, R, W, X, U, A, D. */
const [rwx, rwxu, xOnly] = [0xcfn, 0xdfn, 0xc9n];
const loadAccess = 5;
const loadPage = 13;

/** Virtual addresses of the page at `scratch` in a mapping of each kind, and of the hole. */
const virtual = {
  // Sv39 with pages of 1 GiB: RAM where it is, and from 4 GiB on.
  64: {
    satp: (8n << 60n) | (root >> 12n),
    entries: [
      [2n, place.ram, rwx],
      [4n, place.ram, rwx],
      [5n, place.ram, rwxu],
      [7n, place.ram, xOnly],
    ],
    plain: (4n << 30n) + 0x80_0000n,
    user: (5n << 30n) + 0x80_0000n,
    unmapped: (6n << 30n) + 0x80_0000n,
    executable: (7n << 30n) + 0x80_0000n,
    hole: (4n << 30n) + (place.hole - place.ram),
  },
  // Sv32 with pages of 4 MiB: the guest's program and table where they are, the rest at 1 GiB.
  32: {
    satp: (1n << 31n) | (root >> 12n),
    entries: [
      [0x200n, place.ram, rwx],
      [0x201n, place.ram + 0x40_0000n, rwx],
      [0x100n, place.scratch, rwx],
      [0x101n, place.scratch, rwxu],
      [0x103n, place.scratch, xOnly],
      [0x104n, place.adjoining, rwx],
    ],
    plain: 0x4000_0000n,
    user: 0x4040_0000n,
    unmapped: 0x4080_0000n,
    executable: 0x40c0_0000n,
    hole: 0x4100_0000n + (place.hole - place.adjoining),
  },
} as const;

const names = ['send_ipi', 'remote_fence_i', 'remote_sfence_vma', 'remote_sfence_vma_asid'];

export const virtualMaskScenarios: readonly Scenario[] = [
  {
    name: 'legacy calls with virtual hart masks',
    options: { harts: 2 },
    prepare: (g) => {
      const bytes = g.xlen / 8;
      for (const [index, target, flags] of virtual[g.xlen].entries) {
        const entry = new DataView(new ArrayBuffer(bytes));
        const pte = ((target >> 12n) << 10n) | flags;
        if (bytes === 8) entry.setBigUint64(0, pte, true);
        else entry.setUint32(0, Number(pte), true);
        g.write(root + index * BigInt(bytes), new Uint8Array(entry.buffer));
      }
      g.write(place.scratch, new Uint8Array([1]));
    },
    rows: (x) => names.flatMap((name) => rows(x, name)),
  },
];

function rows(x: Width, name: string): readonly Row[] {
  const { satp, plain, user, unmapped, executable, hole } = virtual[x];
  const fn = `legacy ${name}`;
  const faults = (what: string, address: bigint, cause: number): Row => ({
    ...{ fn, what, args: [address], satp, gives: 0n, ends: 'trapped' },
    check: (r) => assert.deepEqual([r.cause, r.tval], [cause, address]),
  });
  return [
    {
      ...{ fn, what: 'a mapped mask', args: [plain, 0n, 0n, 0n], satp, gives: 0n },
      check: (r) => {
        if (name === 'send_ipi') assert.equal(r.sip & 2n, 2n);
      },
    },
    faults('a mask that is not mapped', unmapped, loadPage),
    faults('a mask in a user’s page', user, loadPage),
    faults('a mask that is execute-only', executable, loadPage),
    faults('a mapped mask where no memory is', hole, loadAccess),
  ];
}
