/** Float instructions that trap do it as all others: a step that retires nothing, then the handler. */
import assert from 'node:assert/strict';
import { describeEngines, rig, type Rig } from './rig.ts';

const isa = 'rv64gc';

const handler = `
  .balign 4
handler:
  csrr t3, mepc
  addi t3, t3, 4
  csrw mepc, t3
  addi s3, s3, 1
  mret
`;

/** A float instruction and a call fifty times, then counts. */
const program = (instruction: string, setUp: string): string => `
  la t0, handler
  csrw mtvec, t0
  ${setUp}
  li s4, 50
1: ${instruction}
  addi s1, s1, 1
  ecall
  bltu s1, s4, 1b
2: addi s5, s5, 1
  j 2b
${handler}`;

const floatRig = (source: string): Rig => rig(`.option arch, ${isa}\n${source}`, { isa });

/** So many steps, in runs of `slice`. */
function stepped(source: string, steps: number, slice: number): Rig {
  const r = floatRig(source);
  for (let done = 0; done < steps;) done += r.hart.run(Math.min(slice, steps - done)).steps;
  return r;
}

const off = 'li t0, 0x6000\n  csrc mstatus, t0';
const reserved = 'li t0, 0x6000\n  csrs mstatus, t0\n  csrwi frm, 5';

describeEngines('core/isa/riscv/floatTraps', () => {
  for (const [instruction, setUp] of [
    ['fadd.d f0, f1, f2', off],
    ['fld f0, 0(t0)', off],
    ['fsgnj.d f0, f1, f2', off],
    ['fadd.d f0, f1, f2', reserved],
  ] as const) {
    const why = setUp === off ? 'the unit is off' : 'the rounding mode is reserved';
    it(`${instruction} retires nothing where ${why}, however a run is cut`, () => {
      const source = program(instruction, setUp);
      const one = stepped(source, 1200, 1);
      assert.deepEqual([one.x('s1'), one.x('s3')], [50n, 100n]);
      for (const slice of [2, 7, 1200]) {
        const { hart, x } = stepped(source, 1200, slice);
        const [counted, retired] = [one.x('s5'), one.hart.instructions];
        assert.deepEqual([x('s3'), x('s5'), hart.instructions], [100n, counted, retired]);
      }
    });
  }

  it('behind what ended a run in another way, a trap of the unit is none of that', () => {
    const r = floatRig(`
  la t0, handler
  csrw mtvec, t0
  ${off}
  lw t0, (zero)
  fadd.d f0, f1, f2
1: addi s5, s5, 1
  j 1b
${handler}`);
    const { stop, retired, steps } = r.hart.run(100);
    assert.deepEqual({ stop, retired, steps }, { stop: 'budget', retired: 98, steps: 100 });
    assert.equal(r.x('s3'), 2n);
  });
});
