/** An interrupt at every instruction boundary of hot code: the same with and without translator. */
import assert from 'node:assert/strict';
import type { TranslatorOptions } from '../../../src/core/engine/translator/translator.ts';
import { deviceBase, ramBase, rig, type Rig } from '../isa/riscv/rig.ts';
import { allState } from './rigState.ts';
import { eagerTranslation } from '../../engine.ts';

/**
 * Branches both ways, calls, memory in two pages and of a device, atomics, division, floating point,
 * CSRs, an indirect jump. The handler counts, notes where it was, and quiets the device.
 */
const program = (x: 'm' | 's'): string => `
_start:
  la sp, stack
  la s4, one
  la s5, two
  li s7, 7
  li s11, ${deviceBase}
  fcvt.d.l fs0, s7
again:
  li s1, 3
1: mv a0, s1
  call leaf
  add s2, s2, a0
  addi s1, s1, -1
  bnez s1, 1b
  andi a1, s2, 1
  beqz a1, 2f
  addi s3, s3, 1
2: sd s2, 0(s4)
  ld a2, 0(s4)
  sd a2, 0(s5)
  lw a3, 4(s5)
  lw t1, 16(s11)
  add s2, s2, t1
  lh a4, 2(s4)
  amoadd.w a5, s1, (s5)
  lr.w a6, (s4)
  addi a6, a6, 1
  sc.w a7, a6, (s4)
  div s6, s2, s7
  remu s8, s2, s7
  fcvt.d.l fa0, s1
  fmadd.d fs1, fa0, fs0, fs0
  csrw ${x}tval, s2
  csrr s9, ${x}tval
  la t0, 4f
  jr t0
  nop
4: j again
leaf:
  addi sp, sp, -16
  sd ra, 8(sp)
  slli a0, a0, 1
  xori a0, a0, 5
  ld ra, 8(sp)
  addi sp, sp, 16
  ret
  .balign 256
handler:
  csrw ${x}scratch, t6
  la t6, save
  sd t5, 0(t6)
  addi s10, s10, 1
  csrr t3, ${x}epc
  csrr t4, instret
  sw x0, 0(s11)
  ld t5, 0(t6)
  csrr t6, ${x}scratch
  ${x}ret
  .balign 8
save: .dword 0
  .balign 4096
one: .space 4096
two: .space 4096
stack:
`;

interface World {
  readonly name: string;
  readonly x: 'm' | 's';
  /** Before the name of a CSR that the program sees under its own name. */
  readonly prefix: '' | 'v';
  readonly isa?: string;
  readonly set: (r: Rig) => void;
  readonly raise: (r: Rig, level: boolean) => void;
}

const page = (address: number, flags: number): bigint =>
  (BigInt(address / 4096) << 10n) | BigInt(flags);
const root = (at: number): bigint => (8n << 60n) | BigInt(at / 4096);
const stage1 = ramBase + 0x10_0000;
const stage2 = ramBase + 0x10_4000;

/** Gigapages that lead to where they are. */
function identity({ memory }: Rig, at: number, flags: number): void {
  memory.write64(at, page(0, flags));
  memory.write64(at + 16, page(ramBase, flags));
}

const worlds: readonly World[] = [
  {
    name: 'M-mode',
    x: 'm',
    prefix: '',
    set: (r) => {
      r.setCsr('mie', 1n << 11n);
      r.setCsr('mstatus', (3n << 13n) | (3n << 11n) | 8n);
    },
    raise: (r, level) => r.hart.setInterruptInput(11, level),
  },
  {
    name: 'M-mode of RV32',
    x: 'm',
    prefix: '',
    isa: 'rv32gc_zicntr',
    set: (r) => worlds[0]!.set(r),
    raise: (r, level) => worlds[0]!.raise(r, level),
  },
  {
    name: 'S-mode under Sv39',
    x: 's',
    prefix: '',
    set: (r) => {
      identity(r, stage1, 0xcf);
      r.setCsr('satp', root(stage1));
      r.setCsr('mideleg', 1n << 9n);
      r.setCsr('mie', 1n << 9n);
      r.setCsr('mstatus', (3n << 13n) | 2n);
      r.hart.privilege = 1;
    },
    raise: (r, level) => r.hart.setInterruptInput(9, level),
  },
  {
    name: 'VS-mode under two stages',
    x: 's',
    prefix: 'v',
    set: (r) => {
      identity(r, stage1, 0xcf);
      identity(r, stage2, 0xdf);
      r.setCsr('vsatp', root(stage1));
      r.setCsr('hgatp', root(stage2));
      r.setCsr('hcounteren', 7n);
      r.setCsr('hideleg', 1n << 10n);
      r.setCsr('hie', 1n << 10n);
      r.setCsr('mstatus', 3n << 13n);
      r.setCsr('vsstatus', (3n << 13n) | 2n);
      r.hart.privilege = 1;
      r.hart.virtualized = true;
    },
    raise: (r, level) => r.setCsr('hvip', level ? 1n << 10n : 0n),
  },
];

function make(world: World, translate?: TranslatorOptions): Rig {
  const isa = world.isa ?? 'rv64gch_zicntr_sstc';
  const source = program(world.x);
  const r = rig(isa.startsWith('rv32') ? narrow(source) : source, { isa, translate });
  r.onDeviceWrite = () => world.raise(r, false);
  r.setCsr('pmpaddr0', (1n << 54n) - 1n);
  r.setCsr('pmpcfg0', 0x1fn);
  r.setCsr('mcounteren', 7n);
  r.setCsr('scounteren', 7n);
  r.setCsr(`${world.prefix}${world.x}tvec`, BigInt(handlerOf(r)));
  world.set(r);
  r.step(5000);
  return r;
}

/** The same for registers of 32 bits. */
function narrow(source: string): string {
  return source
    .replaceAll('sd ', 'sw ')
    .replaceAll('ld ', 'lw ')
    .replaceAll('fcvt.d.l', 'fcvt.d.w')
    .replaceAll('8(sp)', '4(sp)');
}

/** The handler is aligned as nothing else is, and begins with a CSR instruction. */
function handlerOf({ memory }: Rig): number {
  for (let at = ramBase + 256; at < ramBase + 4096; at += 256) {
    if ((memory.read32(at) & 0x7f) === 0x73) return at;
  }
  throw new Error('no handler');
}

/** Steps to the beginning of a round, where `li s1, 3` is next; places on the way are noted. */
function toStart(r: Rig, places?: Set<bigint>): number {
  let count = 0;
  do {
    places?.add(r.hart.pc);
    r.step(1);
    count++;
  } while ((r.memory.read32(Number(r.hart.pc)) & 0xffff) !== beginning);
  return count;
}

/** `c.li s1, 3`. */
const beginning = 0x448d;

describe('core/engine/boundaries', function () {
  this.timeout(60_000);

  const cases = worlds.flatMap((world) => [
    { world, kind: 'hot', translation: eagerTranslation },
    { world, kind: 'drafted', translation: { drafts: { period: 1, ahead: 1 << 30, batch: 1 } } },
  ]);
  for (const { world, kind, translation } of cases) {
    it(`an interrupt before each instruction of ${kind} code in ${world.name}`, () => {
      const rigs = [make(world), make(world, translation)] as const;
      const [interpreted, translated] = rigs;
      const round = new Set<bigint>();
      let length = 0;
      for (const r of rigs) {
        toStart(r);
        for (let i = 0; i < 4; i++) length = Math.max(length, toStart(r, round) + 1);
      }
      const interrupted = new Set<bigint>();
      for (let before = 0; before < 2 * length; before++) {
        for (const r of rigs) {
          r.step(before);
          const at = r.hart.pc;
          world.raise(r, true);
          const { retired, steps } = r.hart.run(2 * length + 1);
          assert.equal(retired, steps - 1, 'one interrupt, and all else retires');
          assert.equal(r.csr(`${world.prefix}${world.x}epc`), at);
          interrupted.add(at);
        }
        assert.deepEqual(allState(translated), allState(interpreted), `after ${before}`);
        for (const r of rigs) toStart(r);
      }
      assert.deepEqual([...interrupted].sort(), [...round].sort());
      assert.equal(interpreted.x('s10'), BigInt(2 * length));
      assert.ok(translated.translator!.traffic(1).entries > 2 * length);
      assert.equal(translated.translator!.counters.drafts > 0, kind === 'drafted');
    });
  }

  it('a timer that is due at one instruction after the other', () => {
    const [world] = worlds;
    const rigs = [make(world!), make(world!, eagerTranslation)] as const;
    const STIE = 1n << 5n;
    for (const r of rigs) {
      r.setCsr('menvcfg', 1n << 63n);
      r.setCsr('mie', STIE);
      r.onDeviceWrite = () => r.setCsr('stimecmp', (1n << 63n) - 1n);
      r.setCsr('stimecmp', (1n << 63n) - 1n);
    }
    const round = new Set<bigint>();
    toStart(rigs[0]);
    for (let i = 0; i < 4; i++) toStart(rigs[0], round);
    while (rigs[1].hart.instructions < rigs[0].hart.instructions) rigs[1].step(1);
    const seen = new Set<bigint>();
    for (let i = 0; i < 600; i++) {
      for (const r of rigs) {
        r.step(1 + ((i * 7) % 61));
        // As if another hart had retired one: a tick is ten of them, and begins at any place.
        r.clock.instructions++;
        r.setCsr('stimecmp', r.clock.ticks() + 20n);
        const { retired, steps } = r.hart.run(300);
        assert.equal(retired, steps - 1, 'one interrupt, and all else retires');
        seen.add(r.csr('mepc'));
      }
      assert.deepEqual(allState(rigs[1]), allState(rigs[0]), `round ${i}`);
    }
    assert.deepEqual([...seen].sort(), [...round].sort());
  });
});
