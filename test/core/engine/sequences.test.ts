/** Several instructions by one handler: nothing tells them from one after the other. */
import assert from 'node:assert/strict';
import { HandlerTable, type JoinedRows } from '../../../src/core/engine/handlers.ts';
import { generateInterpreter } from '../../../src/core/engine/interpreterGenerator.ts';
import { Places } from '../../../src/core/engine/translator/places.ts';
import { record, recordShift, special } from '../../../src/core/engine/layout.ts';
import { encodingTables } from '../../../src/core/isa/riscv/encodingTables.ts';
import { engineTables } from '../../../src/core/isa/riscv/engineRows.ts';
import { frequentSequences, joinedRows } from '../../../src/core/isa/riscv/frequentSequences.ts';
import { assemble } from '../../differential/assemble.ts';
import { deviceBase, ramBase, rig, type Rig } from '../isa/riscv/rig.ts';
import { runAlike } from './bothEngines.ts';
import { allState } from './rigState.ts';

type Length = 2 | 4;
type Forms = Partial<Record<Length, readonly string[]>>;

/** A step's forms in each length, of which each looks at what another left in a0 or a1. */
const forms: Record<string, Forms> = {
  addiw: { 2: ['c.addiw a0, 7'], 4: ['addiw a0, a1, 100', 'addiw a1, a0, -100'] },
  andi: { 2: ['c.andi a0, -3'], 4: ['andi a1, a0, 64', 'andi a0, a1, -9'] },
  auipc: { 4: ['auipc a0, 1', 'auipc a1, 1'] },
  beq: { 2: ['c.beqz a0, 3f', 'c.beqz a1, 3f'], 4: ['beq a0, a1, 3f'] },
  bne: { 2: ['c.bnez a0, 3f', 'c.bnez a1, 3f'], 4: ['bne a0, a2, 3f'] },
  jal: { 2: ['c.j 3f'], 4: ['jal ra, 3f', 'jal a0, 3f'] },
  jalr: { 2: ['c.jr a5', 'c.jalr a5'], 4: ['jalr a0, 0(a5)'] },
  ld: { 2: ['c.ld a0, 8(s0)', 'c.ld a1, 16(s0)'], 4: ['ld a0, 8(s0)', 'ld a1, 16(s0)'] },
  lw: { 2: ['c.lw a0, 8(s0)', 'c.lw a1, 16(s0)'], 4: ['lw a0, 8(s0)', 'lw a1, 16(s0)'] },
  mul: { 4: ['mul a0, a0, a1', 'mul a1, a0, a1'] },
  sd: { 2: ['c.sd a0, 8(s0)', 'c.sd a1, 16(s0)'], 4: ['sd a0, 8(s0)', 'sd a1, 24(s0)'] },
  slli: { 2: ['c.slli a0, 3', 'c.slli a1, 1'], 4: ['slli a0, a1, 3', 'slli a1, a0, 3'] },
  srli: { 2: ['c.srli a0, 3', 'c.srli a1, 1'], 4: ['srli a0, a1, 1', 'srli a1, a0, 1'] },
  sum: {
    2: ['c.add a0, a1', 'c.addi a1, -5', 'c.lui a1, 5', 'c.mv a1, a0', 'c.li a0, 9'],
    4: ['add a1, a0, a1', 'addi a0, a1, 100', 'lui a1, 0x92345', 'li a0, -300'],
  },
  sw: { 2: ['c.sw a0, 8(s0)', 'c.sw a1, 16(s0)'], 4: ['sw a0, 8(s0)', 'sw a1, 20(s0)'] },
  xor: { 2: ['c.xor a0, a1', 'c.xor a1, a0'], 4: ['xor a0, a1, a1', 'xor a1, a0, a2'] },
};

const form = (name: string, length: Length, place: number): string => {
  const texts = forms[name]?.[length];
  assert.ok(texts, `no form of ${name} in ${length} bytes`);
  const text = texts[place % texts.length]!;
  return length === 4 ? `.option norvc\n ${text}\n .option rvc` : text;
};

/** Where in its part of a program a sequence begins, how long a part is, and where data are. */
const sequenceAt = 0x40;
const partBytes = 0x100;
const dataAt = 0x6000;

/** A loop around some instructions; what traps goes on behind them. */
const around = (instructions: readonly string[], part = 0): string => `
  .org ${part * partBytes}
  la t0, 4f
  csrw mtvec, t0
  la a5, 3f
  j 1f
  .org ${part * partBytes + sequenceAt}
1: ${instructions.join('\n ')}
  c.or a4, a0
3: c.addi a4, 2
  xor a0, a0, a4
  j 1b
  .balign 4
4: la t0, 3b
  csrw mepc, t0
  csrr t1, mcause
  add a4, a4, t1
  mret
`;

const withData = (source: string): string => `.option norelax
${source}
  .org ${dataAt}
  .dword 1, 2, 3, 4
`;

/** What the assembler made of a source. */
const programs = new Map<string, Uint8Array>();

interface Start {
  readonly data?: number;
  readonly part?: number;
}

function loaded(source: string, isa = 'rv64gc'): Rig {
  const r = rig('', { isa, translate: undefined, ramBytes: 1 << 20 });
  const key = isa + source;
  const program = programs.get(key) ?? assemble(withData(source), ramBase, r.hart.xlen);
  programs.set(key, program);
  r.memory.load(ramBase, program);
  return begun(r, {});
}

function begun(r: Rig, { data = ramBase + dataAt, part = 0 }: Start): Rig {
  r.hart.pc = BigInt(ramBase + part * partBytes);
  [3n, 5n, 7n].forEach((value, i) => r.hart.setX(10 + i, value));
  r.hart.setX(8, BigInt(data));
  return r;
}

/** The sequence that the record at an offset in RAM leads to, and its bits of lengths. */
function found({ hart }: Rig, offset = sequenceAt): string | undefined {
  const { code, engine, xlen } = hart['parts'];
  const page = offset & ~0xfff;
  const at = code.recordsAt(ramBase + page) + ((offset - page) << recordShift) + record.handler;
  const number = engine.view.getUint16(at, true);
  const sequence = engineTables(xlen).handlers.handlers[number - special.first]?.sequence;
  if (!sequence) return undefined;
  const names = sequence.steps.map(({ name }) => name).join('+');
  return `${names} ${number - sequence.base}`;
}

const name = (sequence: string, lengths: readonly number[]): string =>
  `${sequence} ${lengths.reduce((bits, length, n) => bits | ((length >> 2) << n), 0)}`;

/** Two of a program: in the second, breakpoints that nobody comes by keep sequences away. */
function both(source: string, isa?: string): [together: Rig, apart: Rig] {
  const [together, apart] = [loaded(source, isa), loaded(source, isa)];
  const pages = Array.from({ length: 8 }, (_, i) => ramBase + i * 0x1000);
  apart.hart.setBreakpoints(pages.map((page) => BigInt(page + 0xffe)));
  return [together, apart];
}

/** One goes on in one go, and the other one instruction after the other. */
function alike(together: Rig, apart: Rig, steps: number, what?: string): void {
  together.hart.run(steps);
  while (apart.hart.instructions < together.hart.instructions) apart.hart.run(1);
  assert.deepEqual(allState(together, 0x8000), allState(apart, 0x8000), what);
}

/** All ways to say of some instructions how long they are. */
function lengthsOf(steps: readonly string[]): Length[][] {
  return steps.reduce<Length[][]>(
    (all, step) => {
      const own = Object.keys(forms[step] ?? assert.fail(`no forms of ${step}`)).map(Number);
      return all.flatMap((before) => own.map((length) => [...before, length as Length]));
    },
    [[]],
  );
}

describe('core/engine/sequences', () => {
  for (const [xlen, isa] of [
    [64, 'rv64gc'],
    [32, 'rv32gc'],
  ] as const) {
    it(`each does what its instructions do one by one, RV${xlen}`, () => {
      const sequences = frequentSequences(xlen);
      assert.ok(sequences.length > 40);
      for (const sequence of sequences) {
        const steps = sequence.split('+');
        const ways = lengthsOf(steps);
        // Twice, with other instructions.
        const parts = [...ways, ...ways];
        const texts = parts.map((lengths, part) => {
          const instructions = steps.map((step, n) => form(step, lengths[n]!, n + part));
          return around(instructions, part);
        });
        const [together, apart] = both(texts.join(''), isa);
        parts.forEach((lengths, part) => {
          const what = name(sequence, lengths);
          // Loads and stores trap, and ask TypeScript.
          const accesses = /\b[ls][dw]\b/.test(sequence);
          for (const data of [ramBase + dataAt, ...(accesses ? [0, deviceBase] : [])]) {
            alike(begun(together, { part, data }), begun(apart, { part, data }), 60, what);
            assert.equal(found(together, part * partBytes + sequenceAt), what);
            assert.equal(found(apart, part * partBytes + sequenceAt), undefined);
          }
        });
      }
    });
  }

  const four = ['c.add a0, a1', 'addi a1, a1, 100', 'c.add a1, a0', 'c.add a0, a0'];
  const offsets = [0, 2, 6, 8];
  const isFour = 'sum+sum+sum+sum 2';

  it('a budget ends between any two', () => {
    const source = around(four);
    const ends = new Set<bigint>();
    for (let budget = 1; budget < 40; budget++) {
      const [together, apart] = both(source);
      const end = { stop: 'budget', retired: budget, steps: budget };
      assert.deepEqual(together.hart.run(budget), end);
      for (let n = 0; n < budget; n++) apart.step(1);
      assert.deepEqual(allState(together), allState(apart));
      // And goes on from there.
      alike(together, apart, 9);
      ends.add(apart.hart.pc);
    }
    for (const offset of offsets) assert.ok(ends.has(BigInt(ramBase + sequenceAt + offset)));
  });

  it('a breakpoint on any of them stops there, and when it is gone they are a sequence again', () => {
    for (const offset of offsets) {
      const r = loaded(around(four));
      r.hart.run(50);
      assert.equal(found(r), isFour);
      const address = BigInt(ramBase + sequenceAt + offset);
      r.hart.setBreakpoints([address]);
      for (let n = 0; n < 3; n++) {
        assert.equal(r.hart.run(50).stop, 'breakpoint');
        assert.equal(r.hart.pc, address);
        r.hart.skipBreakpointOnce();
      }
      r.hart.setBreakpoints([]);
      assert.equal(r.hart.run(50).stop, 'budget');
      // From where it went on.
      assert.ok(offsets.some((each) => /^sum\+sum/.test(found(r, sequenceAt + each) ?? '')));
    }
  });

  it('any of them that is written over is what it has become', () => {
    const others = ['c.sub a0, a1', 'xori a1, a1, 100', 'c.sub a1, a0', 'c.sub a0, a1'];
    others.forEach((other, n) => {
      const [together, apart] = both(around(four));
      alike(together, apart, 50);
      assert.equal(found(together), isFour);
      for (const r of [together, apart]) {
        r.memory.load(ramBase + sequenceAt + offsets[n]!, assemble(other, ramBase, 64));
      }
      alike(together, apart, 70, other);
      assert.notEqual(found(together), isFour);
    });
  });

  it('the guest writes over one that it is about to execute', () => {
    // The store puts a C.SUB a1, a1 where the sum behind it is.
    const source = around(['sd a3, 0(a6)', 'c.add a1, a0', 'c.or a4, a1', 'c.nop', 'c.nop']);
    const [together, apart] = both(source);
    for (const r of [together, apart]) {
      // Both run it as it is first, with the store elsewhere.
      r.hart.setX(16, BigInt(ramBase + dataAt + 64));
      r.hart.run(40);
      assert.equal(r.hart.pc, together.hart.pc);
    }
    assert.match(found(together) ?? '', /^sd\+sum /);
    const code = new DataView(
      assemble('c.sub a1, a1\nc.or a4, a1\nc.nop\nc.nop', ramBase, 64).slice().buffer,
    );
    const behind = BigInt(ramBase + sequenceAt + 4);
    for (const r of [together, apart]) {
      r.hart.setX(13, code.getBigUint64(0, true));
      r.hart.setX(16, behind);
    }
    alike(together, apart, 30);
    assert.equal(together.memory.view8(Number(behind), 2)![0], code.getUint8(0));
  });

  it('do not overlap: what is in one is found as it is', () => {
    const r = loaded(around([...four, ...four]));
    r.hart.run(50);
    const all = [...offsets, ...offsets.map((offset) => 10 + offset)];
    const places = all.map((offset) => found(r, sequenceAt + offset));
    const none = [undefined, undefined, undefined];
    // The second one goes on with what is behind.
    assert.deepEqual(places, [isFour, ...none, isFour, ...none]);
  });

  it('any of them as a target of jumps, and where a region begins', () => {
    for (const at of [0, 1, 2, 3]) {
      const lines = four.map((text, n) => (n === at ? `2: ${text}` : text));
      const source = `
_start: li s1, 50
  c.j 1f
1: ${lines.join('\n ')}
  addi a2, a2, 1
  andi a3, a2, 7
  bnez a3, 2b
  addi s1, s1, -1
  bnez s1, 1b
3: j 3b
`;
      const { interpreted } = runAlike(source, { slices: 90, slice: (n) => 1 + n, bytes: 0x100 });
      assert.match(found(interpreted, 6) ?? '', /^sum\+sum/);
      assert.equal(interpreted.x('s1'), 0n);
    }
  });

  it('code behind the first one changes while a region begins there', () => {
    // A loop of the first alone gets a region; what is behind it is written anew each time.
    const source = `
_start: li s1, 60
  la s2, 2f
  la s3, codes
1: andi t0, s1, 1
  slli t0, t0, 1
  add t0, t0, s3
  lhu t1, 0(t0)
  sh t1, 0(s2)
  li s4, 40
  c.j 3f
  .balign 4
3: c.addi a0, 1
2: c.add a1, a0
  c.add a2, a1
  addi s4, s4, -1
  bnez s4, 3b
  addi s1, s1, -1
  bnez s1, 1b
4: j 4b
codes: c.add a1, a0
  c.sub a1, a0
`;
    const { interpreted } = runAlike(source, { slices: 200, slice: (n) => 5 + n, bytes: 0x100 });
    assert.equal(interpreted.x('s1'), 0n);
  });

  it('where a region begins, the record keeps what its instruction alone is', () => {
    const r = loaded(around(four));
    r.hart.run(50);
    assert.equal(found(r), isFour);
    const { code, engine } = r.hart['parts'];
    const { handlers } = engineTables(64);
    const rec = code.recordsAt(ramBase) + (sequenceAt << recordShift);
    const places = new Places(4, engine.view, handlers);
    places.lead(rec, 1);
    const own = handlers.own(engine.view, rec, engine.view.getUint16(rec + record.hot, true));
    assert.equal(handlers.handlers[own - special.first]!.row.mnemonic, 'add');
    places.free(1, rec);
    assert.equal(engine.view.getUint16(rec + record.handler, true), own);
    assert.equal(found(r), undefined);
  });

  it('what cannot be a sequence is refused', () => {
    const { rows } = engineTables(64);
    const table = (...sequences: string[]): HandlerTable =>
      new HandlerTable(rows, special.first, sequences, joinedRows);
    assert.throws(() => table('beq+add'), /beq\+add: a jump inside/);
    // Not by its row, but by what it does.
    const jumps = table('jalr+ld');
    assert.throws(() => generateInterpreter(jumps, 64, encodingTables(64)), /jalr does not go on/);
    assert.throws(() => table('add+csrrw'), /csrrw is not in the loop/);
    assert.throws(() => table('add+nothing'), /nothing/);
    assert.throws(() => table('ld+ld+ld+ld+ld'), /ld\+ld\+ld\+ld\+ld: too long/);
    assert.throws(() => table('ld+sd', 'ld+ld+sd'), /ld\+ld\+sd: what it begins with is missing/);
  });

  it('of joined rows, each record is led back to one that says the same', () => {
    const [sum] = joinedRows as [JoinedRows];
    assert.deepEqual([sum.memberFor(false, false), sum.memberFor(true, false)], ['lui', 'addi']);
    assert.deepEqual([sum.memberFor(false, true), sum.memberFor(true, true)], ['add', 'add']);
    const texts = [
      'c.add a0, a1',
      'addi a1, a1, 100',
      'lui a1, 0x92345',
      'c.mv a0, a1',
      'c.li a0, 3',
    ];
    const { handlers } = engineTables(64);
    const owns = texts.map((text) => {
      const r = loaded(around([text, 'c.add a1, a0']));
      r.hart.run(20);
      assert.match(found(r) ?? '', /^sum\+sum/);
      const { code, engine } = r.hart['parts'];
      const rec = code.recordsAt(ramBase) + (sequenceAt << recordShift);
      const number = engine.view.getUint16(rec + record.handler, true);
      const own = handlers.handlers[handlers.own(engine.view, rec, number) - special.first]!;
      assert.equal(own.sequence, undefined);
      return `${own.row.mnemonic}:${own.length}`;
    });
    assert.deepEqual(owns, ['add:2', 'addi:4', 'lui:4', 'add:2', 'lui:2']);
  });
});
