import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { UserError } from '../../src/core/base/userError.ts';
import type { CallReply, ScriptGuest } from '../../src/core/hypervisor/callHandler.ts';
import type { CallExit } from '../../src/core/hypervisor/exits.ts';
import { callNames } from '../../src/core/registry.ts';
import { HandlerScript } from '../../src/handlers/handlerScript.ts';
import { toCommonJs } from '../../src/handlers/stripTypes.ts';
import { scratch } from './scratch.ts';

const VENDOR = 0x09000001;

function exit(fn = 0, ...args: bigint[]): CallExit {
  return {
    kind: 'call',
    extension: VENDOR,
    function: fn,
    args,
    ret: [-2n, 0n],
    answered: false,
    stop: false,
    shown: false,
    describe: () => ({ text: `call ${fn}`, extension: '', function: '', args: [] }),
  };
}

/** A guest with a few bytes at address 0x1000 and one register. */
function fakeGuest() {
  const memory = new Uint8Array(64);
  const set = new Map<string, bigint>();
  let spent = 0;
  const at = (address: bigint, size: number) =>
    address >= 0x1000n && address + BigInt(size) <= 0x1040n ? Number(address) - 0x1000 : undefined;
  const guest: ScriptGuest = {
    pc: 0x80000000n,
    readRegister: (name) => (name === 'a2' ? 22n : undefined),
    writeRegister: (name, value) => name === 'a2' && !!set.set(name, value),
    readMemory(_, address, size) {
      const start = at(address, size);
      return start === undefined ? undefined : memory.slice(start, start + size);
    },
    writeMemory(_, address, bytes) {
      const start = at(address, bytes.length);
      if (start !== undefined) memory.set(bytes, start);
      return start !== undefined;
    },
    spend: (seconds) => (spent += seconds),
    next: () => undefined,
  };
  return { guest, memory, set, spent: () => spent };
}

describe('a handler script', () => {
  const { write, file } = scratch();
  const open: HandlerScript[] = [];
  afterEach(() => open.splice(0).forEach((script) => script.close()));

  function script(source: string, name = 'handlers.ts') {
    write(name, source);
    const said: string[] = [];
    let heard = () => {};
    const made = new HandlerScript({
      file: file(name),
      names: callNames,
      toCommonJs,
      say: (line) => (said.push(line), heard()),
    });
    open.push(made);
    const until = (pattern: RegExp) =>
      new Promise<string>((resolve) => {
        heard = () => {
          const line = said.find((candidate) => pattern.test(candidate));
          if (line !== undefined) resolve(line);
        };
        heard();
      });
    return { script: made, said, until };
  }
  const returning = (value: string) => script(`export const x09000001 = () => ${value};`);
  const reply = (value: string) => returning(value).script.call(exit(), 0, fakeGuest().guest);

  for (const [value, error, result] of [
    ['undefined', 0n, 0n],
    ['5', 0n, 5n],
    ['5n', 0n, 5n],
    ['-1', 0n, -1n],
    ['({ value: 7 })', 0n, 7n],
    ['({ error: -3 })', -3n, 0n],
    ["({ error: 'ALREADY_STOPPED', value: 2n })", -8n, 2n],
  ] as const) {
    it(`makes a reply of ${value}`, () => assert.deepEqual(reply(value), { error, value: result }));
  }

  for (const [value, message] of [
    ["'text'", /returns a number or \{ error, value \}, not text/],
    ['null', /not null/],
    ["({ error: 'NO_SUCH' })", /there is no error 'NO_SUCH'; there are SUCCESS, FAILED/],
    ['0.5', /0\.5 is not a whole number/],
    ['2 ** 60', /too large/],
  ] as const) {
    it(`refuses ${value}`, () => assert.throws(() => reply(value), message));
  }

  it('awaits what the answer promises', async () => {
    const promised = returning('Promise.resolve({ value: 9 })').script.call(
      exit(),
      0,
      fakeGuest().guest,
    );
    assert.deepEqual(await promised, { error: 0n, value: 9n });
  });

  it('has nothing for calls that it has no function for', () => {
    const { script: made } = script('export const x09000001_1 = () => 1;');
    assert.equal(made.call(exit(2), 0, fakeGuest().guest), undefined);
    assert.deepEqual(
      [made.answers(VENDOR), made.answers(5), made.name],
      [true, false, 'handlers.ts'],
    );
  });

  it('gives the handler the call and the guest', () => {
    const fake = fakeGuest();
    const { script: made } = script(`
      export function x09000001_3(call, guest, next) {
        const { virtual, physical } = guest;
        if (call.text !== 'call 3' || call.pc !== 0x80000000n || call.hart !== 1) throw new Error('call');
        virtual.write(0x1000, Uint8Array.of(0x68, 0x69, 0, 1));
        physical.writeNumber(0x1010n, 8, -2);
        guest.setRegister('a2', guest.register('a2') + 1n);
        guest.spend(0.25);
        guest.store.set('seen', (guest.store.get('seen') ?? 0) + 1);
        const text = virtual.readText(0x1000) + virtual.readText(0x1000, 1);
        if (text !== 'hih') throw new Error(text);
        if (virtual.has(0x1040, 1) || !virtual.has(0x1000, 64)) throw new Error('has');
        if (next().error !== -2n) throw new Error('next');
        return physical.readNumber(0x1010, 4) + call.args[0];
      }`);
    const got = made.call(exit(3, 1n), 1, fake.guest);
    assert.deepEqual(got, { error: 0n, value: 0xffff_ffffn });
    assert.deepEqual([fake.set.get('a2'), fake.spent()], [23n, 0.25]);
    assert.deepEqual([...fake.memory.subarray(16, 24)], [254, 255, 255, 255, 255, 255, 255, 255]);
  });

  for (const [what, body, message] of [
    [
      'memory that is not there',
      'guest.virtual.read(0x2000, 4)',
      /GuestMemoryError: 4 bytes at virtual address 0x2000 cannot be read/,
    ],
    [
      'memory that cannot be written',
      'guest.physical.write(0x103f, new Uint8Array(2))',
      /2 bytes at physical address 0x103f cannot be written/,
    ],
    [
      'a register that is not there',
      "guest.register('a9')",
      /RangeError: there is no register 'a9'/,
    ],
    ['a register that cannot be set', "guest.setRegister('a9', 1)", /register 'a9' cannot be set/],
    ['a time that is none', 'guest.spend(-1)', /cannot take -1 seconds/],
  ] as const) {
    it(`throws for ${what}, with the line of the handler`, () => {
      const { script: made } = script(`export function x09000001(call, guest) {\n  ${body};\n}`);
      assert.throws(
        () => made.call(exit(), 0, fakeGuest().guest),
        (error) => {
          assert(error instanceof Error);
          assert.match(error.stack ?? '', message);
          assert.match(error.stack ?? '', new RegExp(`\\n    at .*${file('handlers.ts')}:2\\)$`));
          return true;
        },
      );
    });
  }

  it('tells the stack of an error that comes later', async () => {
    const { script: made } = script(`
      export async function x09000001() {
        await null;
        throw new Error('later');
      }`);
    await assert.rejects(
      made.call(exit(), 0, fakeGuest().guest) as Promise<CallReply>,
      (error: Error) => {
        assert.match(error.stack ?? '', /^Error: later\n {4}at x09000001 \(.*handlers\.ts:4\)$/);
        return true;
      },
    );
  });

  it('aborts the signal when it is cancelled', async () => {
    const { script: made } = script(`
      export const x09000001 = (call) => new Promise((_, reject) => {
        call.signal.addEventListener('abort', () => reject(call.signal.reason));
      });`);
    const pending = made.call(exit(), 0, fakeGuest().guest) as Promise<CallReply>;
    made.cancel('nobody waits');
    await assert.rejects(pending, /nobody waits/);
  });

  it('says what the module prints, and which exports are never asked', () => {
    const { said } = script(`console.log('loading %d', 5); export const x09000001 = () => 1;
      export function dbcn() {}`);
    assert.equal(said[0], 'loading 5');
    assert.match(said[1] ?? '', /handlers\.ts: dbcn: exported, but no name of a call/);
  });

  it('refuses a module that fails while it is loaded, with the stack', () =>
    assert.throws(
      () => script(`\nexport const x09000001 = () => 1;\nthrow new RangeError('at once');`),
      (error) => {
        assert(error instanceof UserError);
        assert.equal(error.subject, 'handlers');
        assert.match(error.message, /^handlers: RangeError: at once\n {4}at .*handlers\.ts:3/);
        return true;
      },
    ));

  it('takes what is saved, in any of its files, and keeps what was stored', async () => {
    write('part.ts', 'export const factor: number = 2;');
    const s = script(`import { factor } from './part'; export const x09000001 = (call, guest) => {
      guest.store.set('n', (guest.store.get('n') ?? 0) + 1);
      return guest.store.get('n') * factor; };`);
    const value = () => (s.script.call(exit(), 0, fakeGuest().guest) as CallReply).value;
    assert.equal(value(), 2n);
    write('part.ts', 'export const factor: number = 100;');
    await s.until(/handlers\.ts was loaded again; it answers 0x9000001/);
    assert.equal(value(), 200n);
  });

  it('keeps its handlers while what is saved cannot be used, and says why', async () => {
    const s = script('export const x09000001 = () => 1;');
    const value = () => (s.script.call(exit(), 0, fakeGuest().guest) as CallReply).value;
    write('handlers.ts', 'export const x09000001 = () => {');
    const line = await s.until(/keeps the handlers/);
    assert.match(line, /handlers\.ts:1/);
    assert.equal(value(), 1n);
    write('handlers.ts', 'export const x09000001 = () => 3;');
    // Time stamps may be coarse.
    utimesSync(file('handlers.ts'), 1, 1);
    await s.until(/loaded again/);
    assert.equal(value(), 3n);
  });
});
