/** Two instructions by one handler: nothing tells them from one after the other. */
import assert from 'node:assert/strict';
import { record, recordShift, special } from '../../../src/core/engine/layout.ts';
import { HandlerTable } from '../../../src/core/engine/semantics.ts';
import { engineTables } from '../../../src/core/isa/riscv/engineRows.ts';
import { frequentPairs } from '../../../src/core/isa/riscv/frequentPairs.ts';
import { assemble } from '../../differential/assemble.ts';
import { deviceBase, ramBase, rig, type Rig } from '../isa/riscv/rig.ts';
import { runAlike } from './bothEngines.ts';
import { allState } from './rigState.ts';

/** The first of a pair, which leaves something in a0 or a1, and the second, which looks at it. */
const forms: Record<string, readonly [first: string, second: string]> = {
  'add:2': ['c.add a0, a1', 'c.add a1, a0'],
  'add:4': ['add a0, a0, a1', 'add a1, a0, a1'],
  'addi:2': ['c.addi a0, 3', 'c.addi a0, -5'],
  'addi:4': ['addi a0, a1, 100', 'addi a1, a0, 100'],
  'addiw:4': ['addiw a0, a1, 100', 'addiw a1, a0, 100'],
  'andi:4': ['andi a3, a0, 64', 'andi a1, a0, 64'],
  'auipc:4': ['auipc a0, 1', 'auipc a1, 1'],
  'beq:2': ['', 'c.beqz a3, 3f'],
  'beq:4': ['', 'beq a0, a1, 3f'],
  'bne:4': ['', 'bne a0, a2, 3f'],
  'jal:2': ['', 'c.j 3f'],
  'jal:4': ['', 'jal ra, 3f'],
  'jalr:2': ['', 'c.jr a5'],
  'ld:2': ['c.ld a0, 8(s0)', 'c.ld a1, 16(s0)'],
  'ld:4': ['ld a0, 8(s0)', 'ld a1, 16(s0)'],
  'lui:2': ['c.lui a0, 5', 'c.lui a1, 5'],
  'lui:4': ['lui a0, 0x12345', 'lui a1, 0x12345'],
  'lw:2': ['c.lw a0, 8(s0)', 'c.lw a1, 16(s0)'],
  'lw:4': ['lw a0, 8(s0)', 'lw a1, 16(s0)'],
  'mul:4': ['mul a0, a0, a1', 'mul a1, a0, a1'],
  'sd:2': ['c.sd a0, 8(s0)', 'c.sd a0, 16(s0)'],
  'sd:4': ['sd a0, 8(s0)', 'sd a0, 16(s0)'],
  'slli:2': ['c.slli a0, 3', 'c.slli a0, 3'],
  'slli:4': ['slli a0, a1, 3', 'slli a1, a0, 3'],
  'srli:4': ['srli a0, a1, 1', 'srli a1, a0, 1'],
  'sw:2': ['c.sw a0, 8(s0)', 'c.sw a0, 16(s0)'],
  'sw:4': ['sw a0, 8(s0)', 'sw a0, 16(s0)'],
  'xor:2': ['c.xor a0, a1', 'c.xor a1, a0'],
};

const form = (name: string, place: 0 | 1): string => {
  const text = forms[name]?.[place];
  assert.ok(text, `no form of ${name}`);
  return name.endsWith(':4') ? `.option norvc\n ${text}\n .option rvc` : text;
};

/** Offset of the pair in `around`. */
const pairAt = 0x100;

/** A loop around two instructions; what traps goes on behind them. */
const around = (first: string, second: string): string => `
_start:
  la t0, trap
  csrw mtvec, t0
  la a5, 3f
  j 1f
  .org ${pairAt}
1: ${first}
2: ${second}
  c.addi a4, 1
3: c.addi a4, 2
  xor a0, a0, a4
  j 1b
  .balign 4
trap: la t0, 3b
  csrw mepc, t0
  csrr t1, mcause
  add a4, a4, t1
  mret
  .org 0x1000
data:
  .dword 1, 2, 3, 4
`;

/** What the assembler made of a source. */
const programs = new Map<string, Uint8Array>();

function started(source: string, isa = 'rv64gc', data = ramBase + 0x1000): Rig {
  const r = rig('', { isa, translate: undefined, ramBytes: 1 << 20 });
  const key = isa + source;
  const program = programs.get(key) ?? assemble(source, ramBase, r.hart.xlen);
  programs.set(key, program);
  r.memory.load(ramBase, program);
  [3n, 5n, 7n].forEach((value, i) => r.hart.setX(10 + i, value));
  r.hart.setX(8, BigInt(data));
  return r;
}

/** Whether the record at an offset in the first page of RAM says that two are a pair. */
function isPair({ hart }: Rig, offset: number): boolean {
  const { code, engine, xlen } = hart['parts'];
  const at = code.recordsAt(ramBase) + (offset << recordShift) + record.handler;
  const number = engine.view.getUint16(at, true);
  return engineTables(xlen).handlers.handlers[number - special.first]?.pair !== undefined;
}

/** Runs one program in one go, and another one instruction after the other. */
function compare(make: () => Rig, steps: number, what: string): void {
  const [together, apart] = [make(), make()];
  together.hart.run(steps);
  while (apart.hart.instructions < together.hart.instructions) apart.hart.run(1);
  assert.ok(isPair(together, pairAt), what);
  assert.deepEqual(allState(together), allState(apart), what);
}

describe('core/engine/pairs', () => {
  for (const [xlen, isa] of [
    [64, 'rv64gc'],
    [32, 'rv32gc'],
  ] as const) {
    it(`each does what its instructions do one by one, RV${xlen}`, () => {
      const pairs = frequentPairs(xlen);
      assert.ok(pairs.length > 20);
      for (const pair of pairs) {
        const [first, second] = pair.split(' ');
        const source = around(form(first!, 0), form(second!, 1));
        compare(() => started(source, isa), 60, pair);
        // Loads and stores trap.
        compare(() => started(source, isa, 0), 60, `${pair} without memory`);
        // And ask TypeScript.
        compare(() => started(source, isa, deviceBase), 60, `${pair} on a device`);
      }
    });
  }

  it('a budget ends between both', () => {
    const source = around('c.add a0, a1', 'c.add a1, a0');
    const ends = new Set<bigint>();
    for (let budget = 1; budget < 30; budget++) {
      const [together, apart] = [started(source), started(source)];
      assert.deepEqual(together.hart.run(budget), {
        stop: 'budget',
        retired: budget,
        steps: budget,
      });
      for (let n = 0; n < budget; n++) apart.step(1);
      assert.deepEqual(allState(together), allState(apart));
      ends.add(together.hart.pc);
    }
    assert.ok(ends.has(BigInt(ramBase + pairAt + 2)));
  });

  it('a breakpoint on the second stops there, and when it is gone they are a pair again', () => {
    const r = started(around('c.add a0, a1', 'c.add a1, a0'));
    r.hart.run(50);
    assert.ok(isPair(r, pairAt));
    const second = BigInt(ramBase + pairAt + 2);
    r.hart.setBreakpoints([second]);
    for (let n = 0; n < 3; n++) {
      assert.equal(r.hart.run(50).stop, 'breakpoint');
      assert.equal(r.hart.pc, second);
      r.hart.skipBreakpointOnce();
    }
    r.hart.setBreakpoints([]);
    assert.equal(r.hart.run(50).stop, 'budget');
    assert.ok(isPair(r, pairAt));
  });

  it('a second that is written over is what it has become', () => {
    // The first has four bytes: its own record is not among those that a store behind it resets.
    const r = started(around('addi a2, a0, 100', 'c.add a1, a0'));
    r.hart.run(50);
    assert.ok(isPair(r, pairAt));
    r.memory.load(ramBase + pairAt + 4, assemble('c.sub a1, a1', ramBase, 64));
    assert.ok(isPair(r, pairAt));
    r.hart.run(70);
    assert.equal(r.x('a1'), 0n);
  });

  it('do not overlap: what is a second is found as it is', () => {
    const r = started(around('c.add a0, a1\n c.add a0, a1', 'c.add a1, a0\n c.add a1, a0'));
    r.hart.run(50);
    const found = [0, 2, 4, 6].map((distance) => isPair(r, pairAt + distance));
    assert.deepEqual(found, [true, false, true, false]);
  });

  it('the second as a target of jumps, and where a region begins', () => {
    const source = `
_start: li s1, 50
  c.j 1f
1: c.add a0, a1
2: c.add a1, a0
  addi a2, a2, 1
  andi a3, a2, 7
  bnez a3, 2b
  addi s1, s1, -1
  bnez s1, 1b
3: j 3b
`;
    const { interpreted } = runAlike(source, { slices: 60, slice: (n) => 1 + n, bytes: 0x100 });
    assert.ok(isPair(interpreted, 6));
    assert.equal(interpreted.x('s1'), 0n);
  });

  it('a first that does not fall through to the second is refused', () => {
    const { rows } = engineTables(64);
    assert.throws(() => new HandlerTable(rows, special.first, ['beq:4 add:4']), /the first/);
    assert.throws(() => new HandlerTable(rows, special.first, ['add:4 csrrw:4']), /the second/);
    assert.throws(() => new HandlerTable(rows, special.first, ['add:4 nothing:4']), /nothing:4/);
  });
});
