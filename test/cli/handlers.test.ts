/** Handler modules on the command line, from the guest's side: its exit code says what it saw. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { assemble, scratchFolder, trapline } from './trapline.ts';

const entry = 0x80200000;
const shutdown = `
  li a7, 0x53525354; li a6, 0; li a0, 0; li a1, 0; ecall
fail:
  li a7, 0x53525354; li a6, 0; li a0, 0; li a1, 1; ecall`;
const expect = (register: string, value: string) => `li t0, ${value}; bne ${register}, t0, fail\n`;
const call = (extension: string, fn: number) => `li a7, ${extension}; li a6, ${fn}; ecall\n`;

for (const engine of ['auto', 'lockstep'] as const) {
  // Both engines' machines get the answer that the module gave once.
  describe(`trapline run --handlers, engine ${engine}`, () => {
    handlersOn(engine === 'auto' ? [] : ['--engine', engine]);
  });
}

function handlersOn(engine: readonly string[]): void {
  const folder = scratchFolder();
  const module = (name: string, source: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, source);
    return file;
  };
  const run = (handlers: string, image: string, ...options: string[]) =>
    trapline(['run', ...engine, '--handlers', handlers, ...options, image]);
  const guest = (name: string, source: string) => assemble(folder, name, source + shutdown, entry);

  it('the vendor sample reads its sensors', () => {
    const sample = 'media/samples/vendor-sensor';
    const { code, stdout, stderr } = run(`${sample}/handlers.ts`, `${sample}/vendor-sensor.elf`);
    assert.deepEqual(
      { code, stdout, stderr },
      {
        code: 0,
        stdout: '2 sensors\r\ncpu: 54.500 degrees\r\nboard: 31.250 degrees\r\n',
        stderr: '',
      },
    );
    const without = trapline(['run', `${sample}/vendor-sensor.elf`]);
    assert.equal(without.stdout, 'this firmware has no sensors\r\n');
  });

  it('the slow console takes 9600 baud of guest time', () => {
    // 30 bytes of 10 bits are 31.25 ms, which is 312,500 ticks of 10 MHz; next to it a few
    // instructions, of which ten are a tick.
    const image = guest(
      'slow',
      `rdtime s0; li a0, 30; li a1, ${entry}; li a2, 0\n${call('0x4442434e', 0)}
       ${expect('a0', '0')} ${expect('a1', '30')}
       rdtime s1; sub s1, s1, s0; li t0, 312500; bltu s1, t0, fail
       li t0, 312510; bgeu s1, t0, fail`,
    );
    assert.equal(run('media/samples/slow-console/handlers.ts', image).code, 0);
    assert.equal(trapline(['run', image]).code, 1, 'nothing of that without the handler');
  });

  it('an answer that takes its time takes none of the guest', () => {
    const handlers = module(
      'later.ts',
      `export async function x09000001(call: { args: bigint[] }): Promise<bigint> {
         await new Promise((resolve) => setTimeout(resolve, 100));
         return call.args[0]! + 1n;
       }`,
    );
    const image = guest(
      'later',
      `rdtime s0; li a0, 41\n${call('0x09000001', 0)} ${expect('a1', '42')}
       rdtime s1; sub s1, s1, s0; li t0, 10; bgeu s1, t0, fail`,
    );
    assert.equal(run(handlers, image).code, 0);
  });

  it('guests of 32 bits: registers, memory and answers', () => {
    const handlers = module(
      'narrow.ts',
      `export default {
         '0x08000042/1'({ args: [address, size] }, guest) {
           guest.physical.write(address, Uint8Array.from({ length: Number(size) }, (_, i) => i + 1));
           guest.setRegister('a2', guest.virtual.readNumber(address, 4));
           return { error: -4, value: -1 };
         },
       };`,
    );
    const image = assemble(
      folder,
      'narrow',
      `la a0, word; li a1, 4\n${call('0x08000042', 1)}
       ${expect('a0', '-4')} ${expect('a1', '-1')} ${expect('a2', '0x04030201')}
       lw t1, word; li t0, 0x04030201; bne t1, t0, fail
       ${shutdown}\n.balign 4\nword: .word 0`,
      0x80400000,
      32,
    );
    const { code, stderr } = run(handlers, image);
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('answers no call that a rule denies, and hides its extension from probes', () => {
    const handlers = module('plain.ts', 'export const x09000001 = () => 7;');
    const probe = `li a0, 0x09000001\n${call('0x10', 3)}`;
    const image = guest(
      'denied',
      `${probe} ${expect('a1', '0')} ${call('0x09000001', 0)} ${expect('a0', '-2')}`,
    );
    assert.equal(run(handlers, image, '--calls', '0x09000001=deny').code, 0);
    assert.equal(run(handlers, image).code, 1);
  });

  it('answers what a rule forwards that the hypervisor would have answered', () => {
    const handlers = module('time.ts', 'export const BASE_get_impl_id = () => 0x77n;');
    const image = guest('forwarded', `${call('0x10', 1)} ${expect('a1', '0x77')}`);
    assert.equal(run(handlers, image, '--calls', 'BASE/1=forward').code, 0);
    assert.equal(run(handlers, image).code, 1, 'by default BASE is handled');
  });

  it('a handler that fails ends the guest with 125 and its stack, once', () => {
    const handlers = module(
      'fails.ts',
      `\nexport function x09000001() {\n  throw new Error('no');\n}`,
    );
    const { code, stderr } = run(handlers, guest('fails', call('0x09000001', 3)));
    assert.equal(code, 125);
    assert.equal(stderr.match(/Error: no\n {4}at x09000001 \(.*fails\.ts:3\)/g)?.length, 1, stderr);
  });

  it('the time limit ends a guest whose handler does not answer', () => {
    const handlers = module('never.ts', 'export const x09000001 = () => new Promise(() => {});');
    const image = guest('never', call('0x09000001', 0));
    assert.equal(run(handlers, image, '--timeout', '0.3').code, 124);
  });

  it('refuses what is no handler module, by name', () => {
    const image = guest('any', '');
    const refused = (message: RegExp, ...args: string[]) => {
      const { code, stderr } = trapline(['run', ...args, image]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    };
    refused(/handlers: cannot read .*absent\.ts'/, '--handlers', 'absent.ts');
    refused(/mode": "guest"/, '--handlers', 'x.ts', '--mode', 'machine');
    refused(/exports no handler/, '--handlers', module('none.ts', 'export const a = 1;'));
    refused(/--calls wants EXTENSION/, '--calls', 'DBCN');
    refused(/calls\[1\] overlaps calls\[0\]/, '--calls', 'DBCN=deny', '--calls', 'DBCN/2=handle');
  });

  it('is asked once for each call', () => {
    const handlers = module(
      'counts.ts',
      `let asked = 0n;
       export const x09000001 = () => (asked += 1n);
       export const x09000002 = async () => (asked += 1n);`,
    );
    const image = guest(
      'counts',
      `${call('0x09000001', 0)} ${expect('a1', '1')} ${call('0x09000002', 0)} ${expect('a1', '2')}
       ${call('0x09000001', 0)} ${expect('a1', '3')}`,
    );
    assert.equal(run(handlers, image).code, 0);
  });
}

describe('trapline run --kvm-quirks', () => {
  const folder = scratchFolder();
  it('answers an unknown function of TIME as KVM does', () => {
    const source = `${call('0x54494d45', 1)} ${expect('a0', '-2')} ${shutdown}`;
    const image = assemble(folder, 'time', source, entry);
    // NOT_SUPPORTED by the specification; Linux's vcpu_sbi_replace.c gives INVALID_PARAM.
    assert.equal(trapline(['run', image]).code, 0);
    assert.equal(trapline(['run', '--kvm-quirks', image]).code, 1);
  });
});

describe('trapline calls', () => {
  it('lists the table, what counts first at the top', () => {
    const { stdout } = trapline(['calls', '--calls', 'DBCN/2=deny']);
    const lines = stdout.split('\n');
    assert.match(lines[0]!, /^extension +function +action +rule +answered by +name$/);
    assert.match(lines[1]!, /^0x4442434e +0x02 +deny +user +NOT_SUPPORTED +DBCN$/);
    assert.match(lines.at(-2)!, /^0x00–0xffffffff +all functions +forward +default +SBI console$/);
    assert.ok(
      lines.some((line) =>
        /^0x48534d +all functions +handle +default +hypervisor +HSM$/.test(line),
      ),
    );
  });

  it('tells who answers one call', () => {
    const query = (...args: string[]) =>
      trapline(['calls', ...args])
        .stdout.split('\n')[1]
        ?.split(/ {2,}/);
    const rule = ['--calls', 'DBCN/2=deny'];
    assert.deepEqual(query(...rule, 'DBCN/console_write_byte')?.slice(2, 5), [
      'deny',
      'user',
      'NOT_SUPPORTED',
    ]);
    assert.deepEqual(query(...rule, 'DBCN/0')?.slice(2, 5), ['forward', 'default', 'SBI console']);
    assert.deepEqual(query(...rule, 'DBCN')?.slice(1, 3), ['all functions', 'forward']);
    assert.deepEqual(query('0x777/1')?.slice(2, 5), ['forward', 'default', 'nobody']);
    assert.equal(trapline(['calls', 'nothing at all']).code, 2);
  });
});
