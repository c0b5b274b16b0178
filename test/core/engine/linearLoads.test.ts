/**
 * Loads of translated code without the TLB where pages lead to RAM in one piece: what they may be
 * without, and each thing that ends it. The interpreter, which knows nothing of it, is the model.
 */
import assert from 'node:assert/strict';
import { Random } from '../../differential/random.ts';
import { deviceBase, ramBase, romBase } from '../isa/riscv/rig.ts';
import {
  A,
  G,
  MXR,
  R,
  SUM,
  U,
  V,
  Pair,
  World,
  at,
  behind,
  high,
  pages,
  ramBytes,
  userCode,
  window,
} from './linearWorld.ts';

/** Page 100 is among those that the loop reads when it is warm. */
const swap = (world: World): void => {
  world.setLeaf(100, world.tables.leaf(behind + 700 * 4096));
};

interface Ending {
  readonly name: string;
  readonly guestToo?: boolean;
  readonly onlyGuest?: boolean;
  readonly flags?: bigint;
  readonly before?: (world: World) => void;
  readonly act: (world: World) => void;
  /** The loads trap from then on; else they only read something else. */
  readonly traps?: boolean;
}

const endings: readonly Ending[] = [
  {
    name: 'a fence of everything',
    guestToo: true,
    act: (world) => {
      swap(world);
      world.fence('fenceAll');
    },
  },
  {
    name: 'a fence of one of the pages',
    guestToo: true,
    act: (world) => {
      swap(world);
      world.fence('fencePage', 100);
    },
  },
  {
    name: 'a fence of the address space',
    guestToo: true,
    act: (world) => {
      swap(world);
      world.fence('fenceSpace');
    },
  },
  {
    name: 'a fence of a page in the address space',
    guestToo: true,
    act: (world) => {
      swap(world);
      world.fence('fenceBoth', 100);
    },
  },
  {
    name: 'a page that may not be read any more',
    guestToo: true,
    traps: true,
    act: (world) => {
      world.changeLeaf(100, (entry) => entry & ~R);
      world.fence('fencePage', 100);
    },
  },
  {
    name: 'a page that is gone',
    guestToo: true,
    traps: true,
    act: (world) => {
      world.changeLeaf(100, (entry) => entry & ~V);
      world.fence('fencePage', 100);
    },
  },
  {
    name: 'a page whose A bit is to be set',
    guestToo: true,
    traps: true,
    act: (world) => {
      world.changeLeaf(100, (entry) => entry & ~A);
      world.fence('fencePage', 100);
    },
  },
  {
    name: 'another root',
    guestToo: true,
    act: (world) => world.useRoot(world.others, 2),
  },
  {
    name: 'SUM, of pages of U-mode',
    guestToo: true,
    traps: true,
    flags: U,
    before: (world) => {
      const register = world.guest ? 'vsstatus' : 'mstatus';
      world.r.setCsr(register, world.r.csr(register) | SUM);
    },
    act: (world) => {
      const register = world.guest ? 'vsstatus' : 'mstatus';
      world.r.setCsr(register, world.r.csr(register) & ~SUM);
    },
  },
  {
    name: 'U-mode',
    guestToo: true,
    traps: true,
    act: (world) => {
      world.r.hart.privilege = 0;
      world.r.hart.pc = BigInt(userCode);
    },
  },
  {
    name: 'physical memory protection',
    guestToo: true,
    traps: true,
    act: ({ r }) => {
      r.setCsr('pmpaddr1', (1n << 54n) - 1n);
      r.setCsr('pmpaddr0', BigInt(behind + 100 * 4096) / 4n + 511n);
      r.setCsr('pmpcfg0', 0x1f18n);
    },
  },
  {
    name: 'a page that the second stage leads elsewhere',
    onlyGuest: true,
    act: (world) => {
      const second = world.second!;
      // The gigapage becomes a table of leaves of 2 MiB, of which the third leads to the fourth.
      const table = second.root + 0x4000;
      for (let i = 0; i < 4; i++) {
        const target = ramBase + (i === 2 ? 3 : i) * 0x20_0000;
        world.r.memory.write64(table + i * 8, second.leaf(target));
      }
      world.r.memory.write64(second.root + 16, (BigInt(table / 4096) << 10n) | V);
      world.fenceOutside('hfenceGvma');
    },
  },
  {
    name: 'a fence of the guest from outside',
    onlyGuest: true,
    act: (world) => {
      swap(world);
      world.fenceOutside('hfenceVvma');
    },
  },
  {
    name: 'a fence of one of the guest pages from outside',
    onlyGuest: true,
    act: (world) => {
      swap(world);
      world.fenceOutside('hfencePage', 100);
    },
  },
];

describe('core/engine/linearLoads', () => {
  for (const guest of [false, true]) {
    const stages = guest ? 'two stages' : 'one stage';

    it(`need no entry of the TLB, ${stages}`, () => {
      const { r } = new World(guest, true);
      r.hart.run(10_000);
      const before = r.translator!.traffic(1).leaves;
      for (let i = 0; i < pages; i += 8) {
        r.hart.writeRegister('s0', BigInt(window + i * 4096));
        r.hart.run(1000);
      }
      const leaves = r.translator!.traffic(1).leaves - before;
      assert.ok(leaves < 200, `${leaves} leaves for 1,024 pages`);
      assert.ok(r.hart.work.loadMisses < 100, `${r.hart.work.loadMisses} misses`);
    });

    for (const { name, guestToo, onlyGuest, flags, before, act, traps } of endings) {
      if (guest ? !guestToo && !onlyGuest : onlyGuest) continue;
      it(`end by ${name}, ${stages}`, () => {
        const pair = new Pair(guest, flags);
        if (before) pair.each(before);
        pair.warmUp();
        const [sumBefore, causesBefore] = pair.result;
        pair.each(act);
        pair.run(1);
        pair.run(2000);
        const [sum, causes] = pair.result;
        if (traps) assert.notEqual(causes, causesBefore);
        else assert.equal(causes, causesBefore);
        assert.notEqual(sum, sumBefore);
      });
    }

    it(`are also made where addresses are negative, ${stages}`, () => {
      const pair = new Pair(guest);
      pair.each(({ r }) => r.hart.writeRegister('s0', high + 96n * 4096n));
      pair.run(2000);
      const { direct } = pair.worlds[1].r.hart.regimes.set;
      assert.equal(direct?.base, Number(BigInt.asIntN(64, high)));
      assert.equal(direct?.bytes, pages * 4096);
      pair.each((world) => {
        swap(world);
        world.r.hart.writeRegister('s8', high + 100n * 4096n);
        world.r.hart.pc = BigInt(ramBase + at.fencePage);
      });
      pair.run(1);
      assert.ok(!pair.worlds[1].direct);
      pair.run(3000);
    });

    it(`stay where a fence is about other pages or spaces, ${stages}`, () => {
      const pair = new Pair(guest);
      pair.warmUp();
      for (const act of [
        (world: World) => world.fence('fencePage', pages + 600),
        (world: World) => world.fence('fenceSpace', 0, 3),
        (world: World) => world.fence('fenceBoth', 100, 3),
      ]) {
        pair.each(act);
        pair.run(500);
        assert.ok(pair.worlds[1].direct);
      }
    });

    it(`stay where a fence of one space meets global pages, ${stages}`, () => {
      const pair = new Pair(guest, G);
      pair.warmUp();
      for (const kind of ['fenceSpace', 'fenceBoth'] as const) {
        pair.each((world) => world.fence(kind, 100));
        pair.run(1);
        assert.ok(pair.worlds[1].direct);
      }
      pair.each((world) => {
        swap(world);
        world.fence('fencePage', 100);
      });
      assert.ok(!pair.worlds[1].direct);
      pair.run(2000);
    });

    it(`stop at watched bytes, ${stages}`, () => {
      const pair = new Pair(guest);
      pair.warmUp();
      const address = BigInt(window + 100 * 4096 + 8);
      pair.each(({ r }) => r.hart.setWatchpoints([{ address, size: 8, access: 'read' }]));
      const stops = pair.worlds.map(({ r }) => r.hart.run(2000).stop);
      assert.deepEqual(stops, ['breakpoint', 'breakpoint']);
      assert.deepEqual(pair.worlds[1].state, pair.worlds[0].state);
      const physical = BigInt(behind + 101 * 4096 + 8);
      pair.each(({ r }) =>
        r.hart.setWatchpoints([{ address: physical, size: 8, access: 'read', physical: true }]),
      );
      const again = pair.worlds.map(({ r }) => r.hart.run(2000).stop);
      assert.deepEqual(again, ['breakpoint', 'breakpoint']);
      assert.deepEqual(pair.worlds[1].state, pair.worlds[0].state);
      pair.each(({ r }) => r.hart.setWatchpoints([]));
      pair.run(2000);
    });

    it(`meet debug triggers, ${stages}`, () => {
      const pair = new Pair(guest);
      pair.warmUp();
      const [, before] = pair.result;
      pair.each(({ r }) => {
        r.setCsr('tdata2', BigInt(window + 100 * 4096 + 8));
        // mcontrol6, loads, in all modes.
        r.setCsr('tdata1', (6n << 60n) | 0x19n | (3n << 23n) | (1n << 6n));
      });
      pair.run(2000);
      const [, after] = pair.result;
      assert.notEqual(after, before);
    });

    it(`leave the misses to whoever counts them, ${stages}`, () => {
      const pair = new Pair(guest);
      pair.warmUp();
      pair.each(({ r }) => {
        r.setCsr('mhpmevent3', 0x10019n);
        r.setCsr('mhpmcounter3', 0n);
      });
      for (const page of [0, 100, 900]) {
        pair.each((world) => world.point(window + page * 4096, 4096));
        pair.run(1000);
        const [expected, found] = pair.worlds.map(({ r }) => r.csr('mhpmcounter3'));
        assert.equal(found, expected);
        assert.ok(found! > 0n);
      }
      pair.each(({ r }) => r.setCsr('mhpmevent3', 0n));
      pair.run(3000);
    });

    it(`are where the interpreter is, whatever happens to memory, ${stages}`, () => {
      const pair = new Pair(guest);
      const random = new Random(guest ? 11 : 12);
      const places = [romBase - 2040, deviceBase, window + pages * 4096 - 8192, ramBase];
      for (let i = 0; i < 500; i++) {
        const page = random.below(pages - 40);
        const target = random.below(pages);
        const choice = random.below(12);
        const kind = (['fenceAll', 'fencePage', 'fenceBoth'] as const)[random.below(3)]!;
        const stride = [0, 8, 4096, 8192, 20_480][random.below(5)]!;
        pair.each((world) => {
          const change = (bits: bigint): void => {
            world.changeLeaf(page, (entry) => entry ^ bits);
            world.fence(kind, page);
          };
          const status = world.guest ? 'vsstatus' : 'mstatus';
          if (choice === 0) world.setLeaf(page, world.tables.leaf(behind + target * 4096));
          if (choice === 0) world.fence(kind, page);
          if (choice === 1) change(R | 4n);
          if (choice === 2) change(A);
          if (choice === 3) change(U);
          if (choice === 4) world.r.setCsr(status, world.r.csr(status) ^ SUM);
          if (choice === 5) world.r.setCsr(status, world.r.csr(status) ^ MXR);
          if (choice === 6) world.useRoot(target & 1 ? world.others : world.tables, target & 1);
          if (choice === 7) world.point(places[target & 3]!, stride);
          else world.point(window + page * 4096 + (target & 1 ? 4000 : 0), stride);
        });
        pair.run(1 + random.below(i % 3 === 0 ? 20 : 600));
      }
      assert.ok(pair.result[1]! > 100n);
    });
  }

  it('reach no further than RAM in a leaf that does, and end with a fence of any of its pages', () => {
    const pair = new Pair(false);
    const leaf = BigInt(2 << 18) << 10n;
    pair.each(({ r, tables }) => {
      r.memory.write64(tables.root + 16, leaf | 0xcfn);
      r.setCsr('satp', tables.register(4));
      r.hart.writeRegister('s0', BigInt(behind));
    });
    pair.run(2000);
    const { direct } = pair.worlds[1].r.hart.regimes.set;
    assert.deepEqual([direct?.base, direct?.bytes], [ramBase, ramBytes]);
    pair.each((world) => world.fence('fencePage', (ramBase + (256 << 20) - window) / 4096));
    assert.ok(!pair.worlds[1].direct);
    pair.each((world) => world.point(ramBase + ramBytes - 4096 * 4, 4096));
    pair.run(3000);
    // Behind RAM there are access faults.
    assert.ok(pair.result[1]! > 0n);
  });

  it('are looked for in the regime that the hart ran in, and not while it goes to another', () => {
    // Another hart's run may want a translation of this one's code between two of its runs.
    const pair = new Pair(false);
    const [model, { r, tables, others }] = pair.worlds;
    for (let i = 0; i + 32 < pages; i++) {
      pair.each((world) => world.others.map(window + i * 4096, behind + (i + 32) * 4096));
    }
    pair.run(1);
    const { hart } = r;
    assert.ok(!hart.regimes.set.direct, 'nobody has looked yet');
    r.setCsr('satp', others.register(2));
    hart.writeRegister('s0', BigInt(window));
    hart.findDirect();
    r.setCsr('satp', tables.register(1));
    model.r.setCsr('satp', model.tables.register(1));
    pair.each((world) => world.point(window, 4096));
    pair.run(3000);
  });
});
