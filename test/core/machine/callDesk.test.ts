import assert from 'node:assert/strict';
import { UserError } from '../../../src/core/base/userError.ts';
import type {
  CallReply,
  CallScript,
  ScriptGuest,
} from '../../../src/core/hypervisor/callHandler.ts';
import type { CallRule } from '../../../src/core/hypervisor/callPolicy.ts';
import type { CallExit } from '../../../src/core/hypervisor/exits.ts';
import type { MachineStop } from '../../../src/core/machine/machine.ts';
import { backing, ramBase } from '../hypervisor/riscv/rig.ts';
import { guest, RAM, type Guest, type Options } from './guestRig.ts';

const VENDOR = 0x09000001;
const DBCN = 0x4442434e;
const BASE = 0x10;
const NOT_SUPPORTED = -2n;

type Answer = (exit: CallExit, guest: ScriptGuest) => CallReply | Promise<CallReply> | undefined;

/** A guest whose script answers with one function, for one extension. */
function scripted(answer: Answer, options: Options = {}, extension = VENDOR) {
  const g = guest(options);
  const cancelled: string[] = [];
  let closed = 0;
  const script: CallScript = {
    name: 'test.ts',
    extensions: [[extension, extension]],
    answers: (id) => id === extension,
    call: (exit, _hart, view) => (exit.extension === extension ? answer(exit, view) : undefined),
    cancel: (reason) => cancelled.push(reason),
    close: () => closed++,
  };
  g.machine.calls.use(script);
  return { ...g, cancelled, closed: () => closed };
}

const a = (g: Guest, index: number) => BigInt.asIntN(64, g.hart.getX(10 + index));

/** The guest makes a call; what the machine says. */
function call(g: Guest, extension: number, fn: number, ...args: bigint[]): MachineStop {
  g.hart.ecall(extension, fn, ...args);
  return g.machine.run(1);
}

async function settled(stop: MachineStop): Promise<void> {
  assert.equal(stop.kind, 'pending');
  if (stop.kind === 'pending') await stop.until;
}

describe('a script that answers calls', () => {
  it('is given the call, and what it returns is what the guest gets', () => {
    const g = scripted((exit) => ({ error: 0n, value: exit.args[0]! * exit.args[1]! }));
    assert.equal(call(g, VENDOR, 7, 6n, 9n).kind, 'budget');
    assert.deepEqual([a(g, 0), a(g, 1), g.hart.pc], [0n, 54n, RAM + 4n]);
    assert.deepEqual(g.log, []);
  });

  it('makes a probe say yes', () => {
    const probe = (g: Guest) => {
      call(g, BASE, 3, BigInt(VENDOR));
      return a(g, 1);
    };
    assert.equal(probe(guest()), 0n);
    assert.equal(probe(scripted(() => undefined)), 1n);
  });

  it('is asked before the console, which it may ask in its turn', () => {
    const g = scripted((_, view) => view.next(), {}, DBCN);
    call(g, DBCN, 2, 0x41n);
    assert.equal(g.output(), 'A');
    const silent = scripted(() => ({ error: 0n, value: 0n }), {}, DBCN);
    call(silent, DBCN, 2, 0x41n);
    assert.equal(silent.output(), '');
  });

  it('sets any register, after the reply', () => {
    const g = scripted((_, view) => {
      assert.equal(view.writeRegister('a5', 5n), true);
      assert.equal(view.readRegister('a5'), 5n, 'and sees what it will be');
      assert.equal(view.writeRegister('a0', 99n), true);
      assert.equal(view.writeRegister('nothing', 1n), false);
      assert.equal(view.readRegister('nothing'), undefined);
      return { error: 0n, value: 1n };
    });
    call(g, VENDOR, 0);
    assert.deepEqual([a(g, 0), a(g, 1), a(g, 5)], [99n, 1n, 5n]);
  });

  it('reads and writes memory by either address, across pages, all or nothing', () => {
    const g = scripted((_, view) => {
      const bytes = Uint8Array.of(1, 2, 3, 4);
      assert.equal(view.writeMemory('physical', RAM + 0x2ffen, bytes), true);
      // Two virtual pages that lead to pages which are not neighbours.
      assert.equal(view.writeMemory('virtual', 0x5000_0ffen, bytes), true);
      assert.equal(view.writeMemory('virtual', 0x5000_1ffen, bytes), false, 'no third page');
      assert.equal(view.readMemory('virtual', 0x5000_1ffen, 4), undefined);
      assert.equal(view.writeMemory('physical', 0x1000n, bytes), false);
      assert.equal(view.readMemory('physical', 0x1000n, 1), undefined);
      assert.equal(view.writeMemory('physical', 0x2000n, bytes), false, 'the guest may only read');
      assert.deepEqual(view.readMemory('virtual', 0x5000_0ffen, 4), bytes);
      return { error: 0n, value: 0n };
    });
    g.hart.pages.set(0x5000_0000n, ramBase + 0x8000);
    g.hart.pages.set(0x5000_1000n, ramBase + 0x4000);
    call(g, VENDOR, 0);
    const at = (offset: number, size: number) => [
      ...(g.memory.view8(backing + offset, size) ?? []),
    ];
    assert.deepEqual(at(0x2ffe, 4), [1, 2, 3, 4]);
    assert.deepEqual(at(0x8ffe, 2), [1, 2]);
    assert.deepEqual(at(0x4000, 2), [3, 4]);
    assert.deepEqual(at(0x4ffe, 2), [0, 0]);
  });

  it('may take guest time', () => {
    const g = scripted((_, view) => {
      view.spend(0.002);
      return { error: 0n, value: 0n };
    });
    call(g, VENDOR, 0);
    assert.equal(g.clock.ticks(), BigInt(0.002 * g.clock.timebase));
  });
});

describe('a script that takes its time', () => {
  it('holds the guest and its time still until it has answered', async () => {
    let answer = (_: CallReply): void => assert.fail('not asked');
    const g = scripted(() => new Promise((resolve) => (answer = resolve)));
    const stop = call(g, VENDOR, 0);
    const before = [g.machine.instructions, g.clock.ticks(), g.hart.pc];
    assert.equal(g.machine.run(1000).kind, 'pending');
    assert.equal(g.machine.calls.waiting?.why, 'pending');
    assert.deepEqual([g.machine.instructions, g.clock.ticks(), g.hart.pc], before);
    answer({ error: 0n, value: 3n });
    await settled(stop);
    assert.equal(g.machine.calls.waiting, undefined);
    assert.equal(g.machine.run(1).kind, 'budget');
    assert.deepEqual([a(g, 1), g.hart.pc], [3n, RAM + 4n]);
  });

  it('holds the other harts too', async () => {
    const g = scripted(() => Promise.resolve({ error: 0n, value: 0n }), { harts: 2 });
    call(g, 0x48534d, 0, 1n, RAM, 0n);
    g.hart.ecall(VENDOR, 0);
    const stop = g.machine.run(1);
    assert.equal(g.machine.run(500, 1).kind, 'pending');
    assert.equal(g.harts[1]!.instructions, 0);
    await settled(stop);
    g.machine.run(500, 1);
    assert.equal(g.harts[1]!.instructions, 500);
  });

  it('is told when a person answers in its place, and what it did is undone', async () => {
    let view: ScriptGuest | undefined;
    const never = new Promise<CallReply>(() => {});
    const g = scripted((_, given) => {
      view = given;
      given.writeMemory('physical', RAM, Uint8Array.of(7));
      given.spend(1);
      return never;
    });
    call(g, VENDOR, 0);
    assert.equal(g.memory.view8(backing, 1)?.[0], 7);
    g.machine.calls.answer({ reply: { error: -4n, value: 0n } });
    assert.deepEqual(g.cancelled, ['the call was answered by hand']);
    assert.equal(g.memory.view8(backing, 1)?.[0], 0);
    assert.equal(view?.writeMemory('physical', RAM, Uint8Array.of(8)), false, 'the call is over');
    assert.equal(view.writeRegister('a0', 8n), false);
    assert.equal(g.machine.run(1).kind, 'budget');
    assert.equal(a(g, 0), -4n);
    assert.equal(g.clock.ticks(), 0n);
  });

  it('is given up when somebody moves pc, and when the guest goes', () => {
    const g = scripted(() => new Promise<CallReply>(() => {}));
    call(g, VENDOR, 0);
    g.hart.pc += 4n;
    assert.equal(g.machine.run(1).kind, 'budget');
    assert.equal(g.cancelled.length, 1);
    g.machine.calls.close();
    assert.deepEqual([g.cancelled.length, g.closed()], [1, 1]);
    const other = scripted(() => new Promise<CallReply>(() => {}));
    call(other, VENDOR, 0);
    other.machine.calls.close();
    assert.deepEqual([other.cancelled, other.closed()], [['the guest is gone'], 1]);
  });
});

describe('a script that fails', () => {
  const failing = (early: boolean) => {
    let attempts = 0;
    const g = scripted((_, view) => {
      if (attempts++ > 0) return { error: 0n, value: 8n };
      view.writeMemory('physical', RAM, Uint8Array.of(1));
      view.writeMemory('physical', RAM, Uint8Array.of(2));
      view.writeRegister('a3', 77n);
      view.spend(1);
      const error = new Error('no such sensor');
      if (early) throw error;
      return Promise.reject(error);
    });
    g.memory.load(backing, Uint8Array.of(9));
    return g;
  };

  for (const early of [true, false]) {
    it(`stops the guest where it was${early ? '' : ', later'}, and is asked again`, async () => {
      const g = failing(early);
      let stop = call(g, VENDOR, 3, 1n);
      if (!early) {
        await settled(stop);
        stop = g.machine.run(1);
      }
      assert(stop.kind === 'event');
      assert.deepEqual([stop.hart, stop.name], [0, 'handler-error']);
      assert.match(
        stop.text,
        /vendor extension 0x9000001 function 3\(a0=1, .* failed: Error: no such/,
      );
      assert.match(stop.text, /callDesk\.test/, 'with its stack');
      assert.deepEqual([g.hart.pc, a(g, 0), a(g, 3)], [RAM, 1n, 0n]);
      assert.equal(g.memory.view8(backing, 1)?.[0], 9, 'memory is as it was');
      assert.equal(g.clock.ticks(), 0n);
      assert.equal(g.machine.calls.waiting?.why, 'failed');
      assert.equal(g.machine.run(1).kind, 'budget');
      assert.deepEqual([a(g, 1), g.hart.pc], [8n, RAM + 4n]);
    });
  }

  it('leaves the call to a person', () => {
    const g = failing(true);
    call(g, VENDOR, 0);
    g.machine.calls.answer({ reply: { error: 0n, value: 5n } });
    g.machine.run(1);
    assert.equal(a(g, 1), 5n);
  });

  it('takes back what it had the console answer', () => {
    const g = scripted(
      (_, view) => {
        view.next();
        throw new Error('after that');
      },
      {},
      DBCN,
    );
    assert.equal(call(g, DBCN, 2, 0x41n).kind, 'event');
    g.machine.calls.answer({});
    g.machine.run(1);
    assert.equal(a(g, 0), NOT_SUPPORTED);
  });
});

describe('a call that is answered by hand', () => {
  const broken = () => guest({ calls: [{ extension: [0x48534d, 0x48534d], action: 'break' }] });

  it('is shown decoded, with what it may return', () => {
    const g = broken();
    const stop = call(g, 0x48534d, 0, 1n, 0x8020_0000n, 5n);
    assert(stop.kind === 'event');
    const text = 'sbi_hart_start(hartid=1, start_addr=0x80200000, opaque=5)';
    assert.deepEqual([stop.name, stop.text], ['call', text]);
    const { waiting } = g.machine.calls;
    assert(waiting);
    assert.deepEqual(
      [waiting.why, waiting.hart, waiting.pc, waiting.text, waiting.extensionName],
      ['break', 0, RAM, text, 'HSM'],
    );
    assert.deepEqual(waiting.args[1], {
      name: 'start_addr',
      value: 0x8020_0000n,
      text: '0x80200000',
    });
    assert.equal(waiting.errors['ALREADY_STARTED'], -7n);
  });

  it('returns what the person says, in any register', () => {
    const g = broken();
    call(g, 0x48534d, 2, 0n);
    const registers = new Map([['a7', 3n]]);
    g.machine.calls.answer({ reply: { error: 0n, value: 4n }, registers });
    assert.equal(g.machine.calls.waiting, undefined);
    assert.throws(() => g.machine.calls.answer({}), UserError);
    assert.equal(g.machine.run(1).kind, 'budget');
    assert.deepEqual([a(g, 0), a(g, 1), a(g, 7), g.hart.pc], [0n, 4n, 3n, RAM + 4n]);
  });

  it('is denied without an answer, and made when the person goes on', () => {
    const denied = broken();
    call(denied, 0x48534d, 2, 0n);
    denied.machine.calls.answer({});
    denied.machine.run(1);
    assert.equal(a(denied, 0), NOT_SUPPORTED);
    const made = broken();
    call(made, 0x48534d, 2, 7n);
    made.machine.run(1);
    assert.equal(a(made, 0), -3n, 'there is no hart 7');
  });

  it('refuses a register that is not there, and waits on', () => {
    const g = broken();
    call(g, 0x48534d, 2, 0n);
    const registers = new Map([['ra7', 3n]]);
    assert.throws(() => g.machine.calls.answer({ registers }), /no register 'ra7'/);
    assert.equal(g.machine.calls.waiting?.why, 'break');
  });
});

describe('a call that nobody answers', () => {
  const watched = () => {
    const g = guest();
    g.machine.exitStops = [{ kind: 'unanswered-call' }];
    return g;
  };

  it('stops before the guest hears of it, once for each function that is let go', () => {
    const g = watched();
    const stop = call(g, VENDOR, 4, 1n);
    assert(stop.kind === 'event');
    assert.equal(stop.name, 'unanswered-call');
    assert.match(
      stop.text,
      /vendor extension 0x9000001 function 4\(a0=1, .*has nobody to answer it/,
    );
    assert.deepEqual([g.hart.pc, g.machine.calls.waiting?.why], [RAM, 'unanswered']);
    assert.equal(g.log.length, 0);
    g.machine.run(1);
    assert.equal(a(g, 0), NOT_SUPPORTED);
    assert.match(g.log[0] ?? '', /the guest is told that it is not supported/);
    assert.equal(call(g, VENDOR, 4).kind, 'budget', 'known by now');
    assert.equal(call(g, VENDOR, 5).kind, 'event', 'another function');
  });

  it('stops again where the person has answered', () => {
    const g = watched();
    call(g, VENDOR, 4);
    g.machine.calls.answer({ reply: { error: 0n, value: 1n } });
    g.machine.run(1);
    assert.equal(a(g, 1), 1n);
    assert.equal(call(g, VENDOR, 4).kind, 'event');
  });

  it('stops once where a rule says break too', () => {
    const g = guest({ calls: [{ extension: [VENDOR, VENDOR], action: 'break' }] });
    g.machine.exitStops = [{ kind: 'unanswered-call' }];
    assert.equal(call(g, VENDOR, 0).kind, 'event');
    assert.equal(g.machine.run(1).kind, 'budget');
    assert.equal(a(g, 0), NOT_SUPPORTED);
  });
});

describe('the table of a running guest', () => {
  it('takes the word of the debugger, from the next call on', () => {
    const g = guest();
    call(g, DBCN, 2, 0x41n);
    g.machine.calls.override({ extension: [DBCN, DBCN], action: 'deny' });
    call(g, DBCN, 2, 0x42n);
    assert.equal(a(g, 0), NOT_SUPPORTED);
    call(g, BASE, 3, BigInt(DBCN));
    assert.equal(a(g, 1), 0n, 'a probe agrees');
    g.machine.calls.withdraw({ extension: [DBCN, DBCN] });
    call(g, DBCN, 2, 0x43n);
    assert.equal(g.output(), 'AC');
  });

  it('says who answers', () => {
    const g = scripted(() => undefined, {
      calls: [{ extension: [0x10, 0x10], function: [4, 6], action: 'deny' }],
    });
    const who = (extension: number, fn = 0) => {
      const { name, action, source, answeredBy } = g.machine.calls.query(extension, fn);
      return [name, action, source, answeredBy];
    };
    assert.deepEqual(who(0x10, 4), ['BASE', 'deny', 'user', 'NOT_SUPPORTED']);
    assert.deepEqual(who(0x10, 3), ['BASE', 'handle', 'default', 'hypervisor']);
    assert.deepEqual(who(DBCN), ['DBCN', 'forward', 'default', 'SBI console']);
    assert.deepEqual(who(VENDOR), ['', 'forward', 'default', 'test.ts']);
    assert.deepEqual(who(0x777), ['', 'forward', 'default', 'nobody']);
    g.machine.calls.override({ extension: [DBCN, DBCN], action: 'break' });
    assert.deepEqual(who(DBCN), ['DBCN', 'break', 'debugger', 'debugger']);
    const { rows } = g.machine.calls.table();
    assert.deepEqual(
      rows.slice(0, 2).map(({ source }) => source),
      ['debugger', 'user'],
    );
  });

  it('is frozen for everyone else once the guest has run', () => {
    const g = guest();
    const deny: CallRule = { extension: [DBCN, DBCN], action: 'deny' };
    assert.deepEqual(g.machine.vm.setCallRules([deny]), { ok: true, value: undefined });
    call(g, DBCN, 2, 0x41n);
    assert.equal(a(g, 0), NOT_SUPPORTED);
    assert.deepEqual(g.machine.vm.setCallRules([]), { ok: false, errno: 'EBUSY' });
    call(g, DBCN, 2, 0x41n);
    assert.equal(a(g, 0), NOT_SUPPORTED);
  });
});
