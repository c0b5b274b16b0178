/**
 * Entries of every form at every level of both stages, every kind of access and every setting,
 * against the manual's numbered steps. TRAPLINE_TRANSLATION_SEED=2 makes other cases;
 * TRAPLINE_TRANSLATION_ROUNDS=43 puts every combination of the lowest eight bits into every entry for
 * every instruction.
 */
import assert from 'node:assert/strict';
import { Random } from '../../../../differential/random.ts';
import { rig } from '../rig.ts';
import {
  Bench,
  environment,
  instructionsOf,
  status,
  type Case,
  type Features,
  type Instruction,
  type Mode,
} from './cases.ts';
import { ramBytes, shapes, World, type Shape, type Slot } from './world.ts';

const seed = Number(process.env['TRAPLINE_TRANSLATION_SEED'] ?? 1);
const rounds = Number(process.env['TRAPLINE_TRANSLATION_ROUNDS'] ?? 1);

const machines = {
  all: {
    isa: '_svadu_svade_svnapot_svpbmt',
    features: { svnapot: true, svpbmt: true, update: 'ADUE' },
  },
  narrow: {
    isa: '_svadu',
    features: { svnapot: false, svpbmt: false, update: 'ADUE' },
  },
  svade: { isa: '_svade', features: { svnapot: false, svpbmt: false, update: 'never' } },
  plain: { isa: '', features: { svnapot: false, svpbmt: false, update: 'always' } },
} as const satisfies Record<string, { isa: string; features: Features }>;

/** PPN and upper bits that make an entry another one. */
const variants = [
  'plain',
  'misaligned',
  'outside',
  'napot',
  'N',
  'NC',
  'IO',
  'reserved type',
  'reserved',
] as const;

function valueOf(
  random: Random,
  world: World,
  slot: Slot,
  flags: number,
  twoStage: boolean,
): bigint {
  const isLeaf = (flags & 0xa) !== 0;
  const wide = slot.bytes === 8;
  const variant = wide
    ? random.pick(random.chance(0.6) ? (['plain'] as const) : variants)
    : random.pick(['plain', 'plain', 'plain', 'misaligned', 'outside'] as const);
  let page = BigInt(isLeaf || slot.pointer === undefined ? slot.leaf : slot.pointer);
  if (slot.stage === 'first' && twoStage && random.chance(0.2) && world.alias < 1n << 56n) {
    page += world.alias >> 12n;
  }
  let upper = 0n;
  switch (variant) {
    case 'misaligned':
      page ^= 1n << BigInt(random.below(Math.max(1, slot.level * 9)));
      break;
    case 'outside':
      page |= 1n << BigInt(wide ? 20 + random.below(24) : 20 + random.below(2));
      break;
    case 'napot':
      page = (page & ~15n) | (random.chance(0.7) ? 8n : BigInt(random.below(16)));
      upper = 1n << 63n;
      break;
    case 'N':
      upper = 1n << 63n;
      break;
    case 'NC':
      upper = 1n << 61n;
      break;
    case 'IO':
      upper = 2n << 61n;
      break;
    case 'reserved type':
      upper = 3n << 61n;
      break;
    case 'reserved':
      upper = 1n << BigInt(54 + random.below(7));
      break;
  }
  return upper | (page << 10n) | (random.chance(0.1) ? 0x300n : 0n) | BigInt(flags);
}

class Generator {
  private readonly random: Random;
  private readonly world: World;
  private readonly xlen: 32 | 64;
  private readonly firstMode: bigint;
  private readonly guestMode: bigint;

  constructor(random: Random, world: World, xlen: 32 | 64) {
    this.random = random;
    this.world = world;
    this.xlen = xlen;
    const shift = xlen === 32 ? 31n : 60n;
    this.firstMode = (BigInt(world.first.mode) << shift) | BigInt(world.firstRoot / 4096);
    this.guestMode = (BigInt(world.guest.mode) << shift) | BigInt(world.guestRoot / 4096);
  }

  settings(instruction: Instruction, twoStage: boolean, slot: Slot): Case {
    const { random, world } = this;
    const some = (mask: bigint): bigint => (random.chance(0.5) ? mask : 0n);
    const mode: Mode = random.pick(twoStage ? (['VU', 'VS'] as const) : (['U', 'S'] as const));
    const bareFirst = twoStage && random.chance(0.1);
    const bareGuest = twoStage && !bareFirst && random.chance(0.1);
    const alias = world.alias < 1n << 56n && !bareGuest && random.chance(0.2) ? world.alias : 0n;
    const { by, satp } = this.executor(instruction, twoStage);
    const vsatp = bareFirst ? 0n : this.firstMode + (alias >> 12n);
    return {
      instruction,
      address: this.address(instruction, bareFirst),
      mode,
      by,
      satp,
      vsatp: twoStage ? vsatp : 0n,
      hgatp: twoStage && !bareGuest ? this.guestMode : 0n,
      machineStatus: some(status.SUM) | some(status.MXR),
      guestStatus: some(status.SUM) | some(status.MXR),
      menvcfg: some(environment.ADUE) | some(environment.PBMTE),
      henvcfg: some(environment.ADUE) | some(environment.PBMTE),
      target: random.pick(['M', 'HS', 'VS'] as const),
      ...(random.chance(0.1)
        ? {
            guarded: {
              page: random.chance(0.5)
                ? slot.address - (slot.address % 4096)
                : random.pick(world.interesting),
              permissions: random.pick([0, 1, 3, 4, 5, 7]),
            },
          }
        : {}),
    };
  }

  private executor(instruction: Instruction, twoStage: boolean): Pick<Case, 'by' | 'satp'> {
    const { random } = this;
    const satp = twoStage ? 0n : this.firstMode;
    switch (instruction.how) {
      case 'fetch':
        return { by: 'itself', satp };
      case 'ordinary':
        return { by: random.chance(0.5) ? 'itself' : 'M', satp };
      case 'virtual machine':
        return { by: random.pick(['M', 'S', 'U'] as const), satp: 0n };
    }
  }

  private address({ how, size }: Instruction, bare: boolean): bigint {
    const { random, world, xlen } = this;
    const page = bare ? world.dataPages[0]! : random.pick(world.dataPages);
    // Every eighth byte of the data begins an instruction.
    const step = how === 'fetch' ? 8 : size;
    let address = page + BigInt(random.below(4096 / step) * step);
    if (bare && xlen === 64 && random.chance(0.3)) address += world.alias;
    if (xlen === 64 && random.chance(0.03)) {
      // One bit above those that are translated, or the highest of these.
      const width = 12 + world.first.levels * world.first.indexBits;
      address ^= 1n << BigInt(width - 1 + random.below(65 - width));
    }
    return address;
  }
}

function enumerate(first: Shape, guest: Shape, machine: keyof typeof machines): void {
  const { isa, features } = machines[machine];
  const name = `${first.name} and ${guest.name}x4, ${machine === 'plain' ? 'A and D always set' : machine}`;
  it(`${name}, seed ${seed}`, function () {
    this.timeout(0);
    const xlen = first.entryBytes === 4 ? 32 : 64;
    const r = rig('', { isa: `rv${xlen}imach${isa}`, ramBytes });
    const world = new World(r.memory, first, guest);
    const bench = new Bench(r, world, features);
    const random = new Random(seed);
    const generator = new Generator(random, world, xlen);
    let cases = 0;
    let traps = 0;
    for (let round = 0; round < rounds; round++) {
      for (const instruction of instructionsOf(xlen)) {
        for (const twoStage of instruction.how === 'virtual machine' ? [true] : [false, true]) {
          for (const slot of world.slots) {
            if (slot.stage === 'guest' && !twoStage) continue;
            for (let i = 0; i < 12; i++) {
              // All combinations in turn; and those with most bits set, so that the rest is seen.
              const turn = (round * 6 + i / 2 + seed * 101) % 256;
              const flags = i % 2 === 0 ? turn : random.below(256) | random.below(256) | 0xc1;
              bench.put(slot, valueOf(random, world, slot, flags, twoStage));
              if (random.chance(0.3)) {
                const other = random.pick(world.slots);
                const kept = Number(other.value & 0xffn) & ~(1 << random.below(8));
                bench.put(other, valueOf(random, world, other, kept, twoStage));
              }
              cases++;
              if (bench.check(generator.settings(instruction, twoStage, slot))) traps++;
            }
          }
        }
      }
    }
    console.log(`      ${cases} cases, ${traps} traps, ${bench.explained} explained`);
    assert.ok(bench.explained > cases / 4);
  });
}

describe('core/isa/riscv/translation', () => {
  enumerate(shapes.Sv39, shapes.Sv39, 'all');
  enumerate(shapes.Sv32, shapes.Sv32, 'narrow');
  enumerate(shapes.Sv48, shapes.Sv39, 'all');
  enumerate(shapes.Sv39, shapes.Sv48, 'all');
  enumerate(shapes.Sv57, shapes.Sv57, 'all');
  enumerate(shapes.Sv39, shapes.Sv39, 'svade');
  enumerate(shapes.Sv48, shapes.Sv57, 'plain');
});
