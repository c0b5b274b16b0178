/** Ends, exit codes, limits, output forms: guests assembled by GNU as say what must come. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { draftedGuest } from './draftedGuest.ts';
import { assemble, scratchFolder, trapline, type Result } from './trapline.ts';

const supervisorEntry = 0x80200000;
const machineEntry = 0x80000000;
const srst = (type: number, reason: number) => `
  li a7, 0x53525354; li a6, 0; li a0, ${type}; li a1, ${reason}; ecall; j .`;
const finisher = (value: number) => `
  li t0, 0x100000; li t1, ${value}; sw t1, 0(t0); j .`;
const toHost = (value: number) => `
  la t0, tohost; li t1, ${value}; sd t1, 0(t0); j .
  .data; .balign 64; .globl tohost; tohost: .dword 0; .globl fromhost; fromhost: .dword 0`;
const putByte = (byte: number) => `li a7, 0x4442434e; li a6, 2; li a0, ${byte}; ecall\n`;

describe('trapline run', () => {
  const folder = scratchFolder();
  const guest = (name: string, source: string, options: readonly string[] = []): Result =>
    trapline(['run', ...options, assemble(folder, name, source, supervisorEntry)]);
  const machine = (name: string, source: string, options: readonly string[] = []): Result =>
    trapline([
      'run',
      '--mode',
      'machine',
      ...options,
      assemble(folder, name, source, machineEntry),
    ]);

  describe('exit codes', () => {
    it('SRST shutdown without a reason is 0', () => {
      assert.deepEqual(guest('srst0', srst(0, 0)), { code: 0, stdout: '', stderr: '' });
    });
    it('SRST shutdown with a failure is 1', () => {
      assert.equal(guest('srst1', srst(0, 1)).code, 1);
    });
    it('sifive,test pass is 0', () => {
      assert.equal(machine('pass', finisher(0x5555)).code, 0);
    });
    it('sifive,test fail is its code', () => {
      assert.equal(machine('fail', finisher((42 << 16) | 0x3333)).code, 42);
    });
    it('tohost 1 is 0', () => {
      assert.equal(machine('tohost1', toHost(1)).code, 0);
    });
    it('another odd tohost is half of it', () => {
      assert.equal(machine('tohost7', toHost((7 << 1) | 1)).code, 7);
    });
    it('a guest that runs where no memory is, is 125', () => {
      const { code, stderr } = guest('nowhere', 'jr zero');
      assert.equal(code, 125, stderr);
      assert.match(stderr, /^trapline: /);
    });
    it('the instruction limit is 124', () => {
      const { code, stdout } = guest('loop', 'j .', ['--max-instructions', '1e6', '--json']);
      assert.equal(code, 124);
      assert.equal((JSON.parse(stdout) as { instructions: number }).instructions, 1_000_000);
    });
    it('the time limit is 124', () => {
      assert.equal(guest('loop2', 'j .', ['--timeout', '0.5']).code, 124);
    });
  });

  describe('output', () => {
    const hi = putByte(0x48) + putByte(0x69) + srst(0, 0);

    it('is the console and nothing else', () => {
      assert.deepEqual(guest('hi', hi), { code: 0, stdout: 'Hi', stderr: '' });
    });
    it('goes to a file', () => {
      const file = path.join(folder, 'console.txt');
      assert.equal(guest('hi2', hi, ['--console', `file:${file}`]).stdout, '');
      assert.equal(readFileSync(file, 'latin1'), 'Hi');
    });
    it('goes nowhere', () => {
      assert.equal(guest('hi3', hi, ['--console', 'none']).stdout, '');
    });
    it('bytes are not touched', () => {
      const file = path.join(folder, 'bytes.bin');
      guest('ff', putByte(0xff) + putByte(0) + putByte(0x0a) + srst(0, 0), [
        '--console',
        `file:${file}`,
      ]);
      assert.deepEqual([...readFileSync(file)], [0xff, 0, 0x0a]);
    });
    it('ends with one line of JSON', () => {
      const { stdout } = guest('hi4', hi, ['--json']);
      const result = JSON.parse(stdout.split('\n').at(-2) ?? '') as Record<string, unknown>;
      assert.equal(result.reason, 'shutdown');
      assert.equal(result.exitCode, 0);
      assert.ok(typeof result.instructions === 'number' && result.instructions > 10);
      assert.equal(typeof result.seconds, 'number');
      assert.equal(typeof result.mips, 'number');
      assert.equal((result.exits as Record<string, number>).sbi, 3);
    });
    it('drafts, where much code runs some hundred times', () => {
      const { code, stdout } = machine('drafts', draftedGuest, ['--engine', 'jit', '--json']);
      assert.equal(code, 0);
      const { engine } = JSON.parse(stdout) as { engine: Record<string, number> };
      assert.equal(engine['drafts'], 64);
    });
    it('says in JSON why the fast path was left', () => {
      // 500 loads of a device, 300 CSR writes, and no page walk: nothing is translated.
      const source = `
        li t0, 0x10000000; li t1, 500
      1: lbu t2, 5(t0); addi t1, t1, -1; bnez t1, 1b
        li t1, 300
      1: csrw mscratch, t1; addi t1, t1, -1; bnez t1, 1b
        ${finisher(0x5555)}`;
      const { stdout } = machine('work', source, ['--engine', 'jit', '--json']);
      const { engine } = JSON.parse(stdout) as { engine: Record<string, number> };
      // The reset vector does some of each, too.
      const about = (name: string, count: number): void =>
        assert.ok(engine[name]! >= count && engine[name]! < count + 10, `${name} ${engine[name]}`);
      about('slowLoads', 500);
      about('slowStores', 1);
      about('hostInstructions', 300);
      assert.equal(engine.loadMisses, 0);
    });
    it('ends with a summary of exits and mappings', () => {
      const { stdout } = guest('hi5', hi, ['--summary']);
      assert.match(stdout, /^Hi\n/);
      assert.match(stdout, /sbi +3\n/);
      assert.match(stdout, /0x80[0-9a-f]{6}–0x80[0-9a-f]{6} .* rwx/);
    });
  });

  it('counts instructions exactly', () => {
    // li, 1000 times (addi, bne), then the instructions of the call: li is lui + addiw for large
    // constants. The last ecall retires or not by its definition, so two guests are compared.
    const loop = (n: number) => `li t0, ${n}; 1: addi t0, t0, -1; bnez t0, 1b; ${srst(0, 0)}`;
    const count = (name: string, n: number) =>
      (JSON.parse(guest(name, loop(n), ['--json']).stdout) as { instructions: number })
        .instructions;
    assert.equal(count('count2', 1500) - count('count1', 500), 2000);
  });

  it('gives what is typed to the guest', () => {
    // Echoes until 'q': DBCN read of one byte to the stack page, then write.
    const echo = `
      li sp, 0x80300000
    1: li a7, 0x4442434e; li a6, 1; li a0, 1; mv a1, sp; li a2, 0; ecall
      beqz a1, 1b
      lbu a0, 0(sp); mv s0, a0
      li a7, 0x4442434e; li a6, 2; ecall
      li t0, 'q'; bne s0, t0, 1b
      ${srst(0, 0)}`;
    const image = assemble(folder, 'echo', echo, supervisorEntry);
    assert.equal(trapline(['run', image], { input: 'hello q' }).stdout, 'hello q');
  });

  it('writes a signature', () => {
    const source = `${finisher(0x5555)}
      .data; .balign 16
      .globl begin_signature; begin_signature: .word 0x11223344, 0xdeadbeef, 1, 0
      .globl end_signature; end_signature:`;
    const file = path.join(folder, 'signature');
    machine('signature', source, ['--signature', file]);
    assert.equal(readFileSync(file, 'utf8'), '11223344\ndeadbeef\n00000001\n00000000\n');
    machine('signature', source, ['--signature', file, '--signature-granularity', '8']);
    assert.equal(readFileSync(file, 'utf8'), 'deadbeef11223344\n0000000000000001\n');
  });

  describe('trace', () => {
    const lines = (options: readonly string[], source: string) => {
      const file = path.join(folder, 'trace.txt');
      guest('traced', source, [...options, '--trace-file', file]);
      return readFileSync(file, 'utf8').trimEnd().split('\n');
    };
    it('of calls', () => {
      const traced = lines(['--trace', 'calls'], putByte(0x48) + srst(0, 0));
      assert.equal(traced.length, 2);
      assert.match(traced[0] ?? '', /DBCN/);
      assert.match(traced[1] ?? '', /SRST/);
    });
    it('exits as JSON lines', () => {
      const options = ['--trace', 'exits', '--trace-format', 'json'];
      const traced = lines(options, putByte(0x48) + srst(0, 0));
      const exits = traced.map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(
        exits.map(({ sequence }) => sequence),
        exits.map((_, i) => i + 1),
      );
      const [call] = exits.filter(({ kind }) => kind === 'sbi');
      assert.match(String(call?.['pc']), /^0x802000[0-9a-f]{2}$/);
      assert.deepEqual(
        [call?.['hart'], call?.['text']],
        [0, 'DBCN console_write_byte(72) → SUCCESS, 0'],
      );
      assert.ok(Number(call?.['instructions']) > 0);
      assert.equal(trapline(['run', ...options, '--trace', 'instr', 'x.elf']).code, 2);
    });
    it('of instructions, in order', () => {
      const traced = lines(
        ['--trace', 'instr'],
        `addi t0, zero, 5; addi t1, t0, -1; ${srst(0, 0)}`,
      );
      assert.match(traced[0] ?? '', /0x80200000 .*t0, (zero, )?5/);
      assert.match(traced[1] ?? '', /t1, t0, -1/);
    });
    it('of control registers', () => {
      const traced = lines(['--trace', 'csr'], `li t0, 0x123; csrw sscratch, t0; ${srst(0, 0)}`);
      assert.equal(traced.length, 1);
      assert.match(traced[0] ?? '', /csrrw zero, sscratch, t0 → vsscratch 0x123$/);
    });
    it('of traps', () => {
      const trap = `la t0, 1f; csrw stvec, t0; .word 0; .balign 4; 1: ${srst(0, 0)}`;
      const traced = lines(['--trace', 'traps'], trap);
      assert.match(traced[0] ?? '', /^trap .* → VS-mode 0x80200/);
    });
  });
});

describe('trapline dis, fdt, calls', () => {
  const folder = scratchFolder();

  it('dis shows what objdump shows, up to notation', () => {
    const image = assemble(folder, 'dis', 'add a0, a1, a2; c.nop; ld s0, 8(sp); ecall', 0x80200000);
    const { code, stdout } = trapline(['dis', image]);
    assert.equal(code, 0);
    assert.match(stdout, /_start:/);
    assert.match(stdout, /80200000: {2}00c58533 +add a0, a1, a2/);
    assert.match(stdout, /80200004: {2}0001 /);
    assert.match(stdout, /ld(sp)? s0, 8\(sp\)/);
    assert.match(stdout, /00000073 +ecall/);
  });

  it('calls lists who answers', () => {
    const { code, stdout } = trapline(['calls']);
    assert.equal(code, 0);
    assert.match(stdout, /DBCN|0x4442434e/);
  });
});
