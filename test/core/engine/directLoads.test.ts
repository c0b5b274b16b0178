/** Loads of translated code without the TLB: only while addresses are physical and all may be read. */
import assert from 'node:assert/strict';
import { integerNames } from '../../../src/core/isa/riscv/registers.ts';
import { Random } from '../../differential/random.ts';
import { deviceBase, eagerTranslation, ramBase, rig, romBase, type Rig } from '../isa/riscv/rig.ts';

const ramBytes = 8 << 20;

/**
 * One hot function reads plain RAM, a device, ROM, what lies behind the end of RAM, a word that a
 * trigger is about, memory that PMP gives to U-mode in part, and another page by way of a table.
 */
const program = `
_start:
  .option norvc
  la t0, handler
  csrw mtvec, t0
  # Sv39 by a root at 1 MiB: gigapage 2 in leaves of 2 MiB, the first two exchanged.
  li t0, ${ramBase + 0x100000}
  li t1, ${ramBase + 0x101000}
  srli t2, t1, 2
  ori t2, t2, 1
  sd t2, 16(t0)
  li t2, ${((ramBase + 0x200000) / 4096) * 1024 + 0xcf}
  sd t2, 0(t1)
  li t2, ${(ramBase / 4096) * 1024 + 0xcf}
  sd t2, 8(t1)
  srli t0, t0, 12
  li t1, 8
  slli t1, t1, 60
  or s9, t0, t1
  li s0, 0
outer:
  la a0, data
  call sum
  li a0, ${deviceBase + 64}
  call sum
  li a0, ${romBase + 64}
  call sum
  li a0, ${ramBase + ramBytes - 24}
  call sum
  la t0, data + 8
  csrw tdata2, t0
  li t0, ${(2n << 60n) | 0x41n}
  csrw tdata1, t0
  la a0, data
  call sum
  csrw tdata1, x0
  la a0, data
  call sum
  # The 64 bytes from data on are U-mode's.
  la t0, data
  srli t0, t0, 2
  ori t0, t0, 7
  csrw pmpaddr0, t0
  li t0, 0x19
  csrw pmpcfg0, t0
  li t0, 0x1800
  csrc mstatus, t0
  li t0, 0x20000
  csrs mstatus, t0
  la a0, data + 32
  call sum
  csrc mstatus, t0
  # All memory is S-mode's, translated.
  li t0, -1
  csrw pmpaddr0, t0
  csrw satp, s9
  li t0, 0x20800
  csrs mstatus, t0
  la a0, data
  call sum
  li t0, 0x20000
  csrc mstatus, t0
  csrw satp, x0
  csrw pmpcfg0, x0
  addi s0, s0, 1
  j outer
  .balign 64
sum:
  li a2, 3
1: ld a3, 0(a0)
  add s2, s2, a3
  ld a4, 8(a0)
  lbu a5, -8(a0)
  xor s2, s2, a4
  lw a6, 1(a0)
  slli s2, s2, 1
  add s2, s2, a5
  sub s2, s2, a6
  addi a0, a0, 8
  addi a2, a2, -1
  bnez a2, 1b
  ret
  .balign 4
handler:
  csrr t3, mepc
  add s3, s3, t3
  addi t3, t3, 4
  csrw mepc, t3
  csrr t3, mcause
  add s4, s4, t3
  csrr t3, mtval
  add s5, s5, t3
  mret
  .balign 64
data: .dword 3, 5, 7, 11, 13, 17, 19, 23, 29
`;

/** Eight bytes that tell one address from another. */
const word = (at: number): Uint8Array =>
  new Uint8Array(new BigUint64Array([BigInt(at) * 0x9e3779b97f4a7c15n]).buffer);

const state = ({ hart }: Rig): unknown => ({
  registers: integerNames.map((name) => hart.readRegister(name)),
  pc: hart.pc,
  instructions: hart.instructions,
});

describe('core/engine/directLoads', () => {
  it('are where the interpreter is, whatever happens to memory', () => {
    const random = new Random(7);
    const interpreted = rig(program, { ramBytes });
    const translated = rig(program, { ramBytes, translate: eagerTranslation });
    for (let i = 0; i < 400; i++) {
      const slice = 1 + random.below(i % 3 === 0 ? 20 : 800);
      assert.deepEqual(translated.hart.run(slice), interpreted.hart.run(slice));
      assert.deepEqual(state(translated), state(interpreted));
    }
    // Access faults behind RAM and outside of what PMP gives, and the trigger's breakpoints.
    assert.ok(interpreted.x('s4') > 10n * interpreted.x('s0'));
    assert.ok(interpreted.x('s0') > 100n);
  });

  it('need no entry of the TLB', () => {
    const r = rig(
      `
_start: li s0, ${ramBase}
  li t1, 4096
  li t2, ${ramBytes / 4096}
1: mv a0, s0
  mv a1, t2
2: ld a2, 8(a0)
  add a3, a3, a2
  add a0, a0, t1
  addi a1, a1, -1
  bnez a1, 2b
  j 1b`,
      { ramBytes, translate: eagerTranslation },
    );
    r.hart.run(100_000);
    const { leaves } = r.translator!.traffic(1);
    assert.ok(leaves < 100, `${leaves} leaves for 2,048 pages`);
  });

  it('are given up where they mostly go elsewhere', () => {
    const r = rig(
      `
_start: li s0, ${romBase}
1: ld a2, 8(s0)
  add a3, a3, a2
  j 1b`,
      { translate: eagerTranslation },
    );
    r.hart.run(50_000);
    const before = r.translator!.traffic(1).leaves;
    r.hart.run(50_000);
    const after = r.translator!.traffic(1).leaves - before;
    assert.ok(after < 10, `${after} leaves for ROM`);
    assert.equal(r.translator!.counters.invalidated, 0);
  });

  /** Loads at s0, s1 and s2, those of s1 beside; `hole` is the page in which reads are watched. */
  const threeLoads = `
_start: ld a0, 0(s0)
  ld a1, 0(s1)
  lbu a2, -1(s1)
  ld a3, 0(s2)
  add a4, a4, a0
  xor a4, a4, a1
  add a4, a4, a2
  xor a4, a4, a3
  slli a4, a4, 1
  j _start`;
  const hole = ramBase + (ramBytes >> 2);
  const watched = [{ address: BigInt(hole + 2048), size: 8, access: 'read' } as const];
  for (const [where, addresses, inline] of [
    ['before a watched page', [hole - 8, hole - 4095, ramBase + 8], true],
    ['behind a watched page', [hole + 4096, hole + 4097, ramBase + ramBytes - 8], true],
    ['on both sides of a watched page', [hole - 8, hole + 4097, ramBase + 64], true],
    ['of a watched page', [hole - 8, hole + 4097, hole + 64], false],
    ['that begin before a watched page', [hole - 7, hole + 4097, hole - 8], false],
    ['that end behind a watched page', [hole + 4096, hole + 4096, hole - 8], false],
  ] as const) {
    it(`${where} are where the interpreter is${inline ? ', and need no entry of the TLB' : ''}`, () => {
      const rigs = [undefined, eagerTranslation].map((translate) => {
        const r = rig(threeLoads, { ramBytes, translate });
        for (let i = 0; i < 0x4000; i += 8) {
          for (const at of [ramBase + 4096 + i, hole - 0x2000 + i, ramBase + ramBytes - 0x4000 + i])
            r.memory.load(at, word(at));
        }
        addresses.forEach((address, i) => r.hart.writeRegister(`s${i}`, BigInt(address)));
        r.hart.setWatchpoints(watched);
        return r;
      });
      const [interpreted, translated] = rigs as [Rig, Rig];
      for (const slice of [10_000, 7, 1_234]) {
        for (const r of rigs) assert.equal(r.hart.run(slice).stop, 'budget');
        assert.deepEqual(state(translated), state(interpreted));
      }
      const before = translated.translator!.traffic(1).leaves;
      translated.hart.run(10_000);
      const leaves = translated.translator!.traffic(1).leaves - before;
      if (inline) assert.ok(leaves < 10, `${leaves} leaves in 1,000 rounds`);
      else assert.ok(leaves > 900, `${leaves} leaves in 1,000 rounds`);
      // The watched bytes themselves stop it all the same.
      translated.hart.writeRegister('s2', BigInt(hole + 2041));
      assert.equal(translated.hart.run(10_000).stop, 'breakpoint');
    });
  }

  it('stay as they are when the same watchpoints are set, and writes are watched', () => {
    const r = rig(threeLoads, { ramBytes, translate: eagerTranslation });
    for (const i of [0, 1, 2]) r.hart.writeRegister(`s${i}`, BigInt(hole - 64));
    r.hart.setWatchpoints(watched);
    r.hart.run(10_000);
    const { regions } = r.translator!.counters;
    r.hart.setWatchpoints(watched.map((each) => ({ ...each })));
    r.hart.run(10_000);
    r.hart.setWatchpoints([...watched, { address: BigInt(hole + 8), size: 8, access: 'write' }]);
    r.hart.run(10_000);
    assert.equal(r.translator!.counters.regions, regions);
    r.hart.setWatchpoints([]);
    r.hart.run(10_000);
    assert.ok(r.translator!.counters.regions > regions);
  });
});
