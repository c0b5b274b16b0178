/** What of a machine's time passes because its guest waits: that alone is held back to the wall clock. */
import assert from 'node:assert/strict';
import { WaitedTime } from '../../../src/core/machine/waitedTime.ts';
import { assemble, scratchFolder } from '../../cli/trapline.ts';
import { makeMachine } from '../../firmware/machine.ts';

const [clint, mtimecmp, mtime] = [0x200_0000, 0x200_4000, 0x200_bff8];
const compute = `addi a0, a0, 1
  xor a1, a1, a0
  j 1b`;
/** Interrupted each thousand ticks, which are ten thousand instructions; the handler asks the time. */
const ticking = `la t0, handler
  csrw mtvec, t0
  li s0, ${mtimecmp}
  li s1, ${mtime}
  sd zero, 0(s0)
  li t0, 0x80
  csrw mie, t0
  csrsi mstatus, 8
1: ${compute}
  .balign 4
handler: ld t0, 0(s1)
  addi t0, t0, 1000
  sd t0, 0(s0)
  mret`;
/** A driver's loop: what lies between two looks is some calls. */
const pollsTime = `1: rdtime t0
  li t1, 60
2: addi t1, t1, -1
  bnez t1, 2b
  j 1b`;

describe('core/machine/waitedTime', () => {
  const folder = scratchFolder();
  for (const [what, source, waits] of [
    ['computes', `1: ${compute}`, 0],
    ['computes and is interrupted by a timer', ticking, 0],
    ['counts its own instructions', `1: rdinstret t0\n ${compute}`, 0],
    ['looks at time again and again', pollsTime, 1],
    ['looks at mtime again and again', `li s0, ${mtime}\n1: ld t0, 0(s0)\n j 1b`, 1],
    ['looks at half of mtime', `li s0, ${clint + 0xbff8}\n1: lw t0, 0(s0)\n j 1b`, 1],
    // A wait of a thousand ticks, and a handful of instructions.
    ['waits in WFI', ticking.replace(`1: ${compute}`, '1: wfi\n j 1b'), 0.99],
  ] as const) {
    it(`of a guest that ${what} is ${waits === 0 ? 'none' : 'all'}`, () => {
      const program = assemble(folder, 'waiting', source, 0x8000_0000);
      const machine = makeMachine({ mode: 'machine', program });
      const time = new WaitedTime(machine);
      for (let slice = 0; slice < 20; slice++) {
        machine.run(50_000);
        time.now();
      }
      const share = time.now() / machine.virtualMilliseconds!;
      assert.ok(machine.virtualMilliseconds! > 1);
      assert.ok(share >= waits && share <= (waits === 0 ? 0.01 : 1.0001), `${share}`);
    });
  }

  it('of a guest of the hypervisor that looks at time, and of one that computes', () => {
    for (const [source, share] of [
      [pollsTime, 1],
      [`1: ${compute}`, 0],
    ] as const) {
      const program = assemble(folder, 'guest', source, 0x8020_0000);
      const machine = makeMachine({ mode: 'guest', program });
      machine.run(50_000);
      const [time, began] = [new WaitedTime(machine), machine.virtualMilliseconds!];
      for (let slice = 0; slice < 20; slice++) {
        machine.run(50_000);
        time.now();
      }
      const passed = machine.virtualMilliseconds! - began;
      assert.ok(passed > 1 && Math.abs(time.now() / passed - share) < 0.01, `${time.now()}`);
    }
  });
});
