import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { scratchFolder, trapline } from './trapline.ts';

describe('trapline dwarf', () => {
  const folder = scratchFolder();
  const file = path.join(folder, 'small.elf');

  before(() => {
    const object = path.join(folder, 'small.o');
    const flags = ['-march=rv64imac', '-mabi=lp64', '-mcmodel=medany', '-ffreestanding', '-g'];
    const source = path.resolve('test/fixtures/dwarf/small/small.c');
    const all = [...flags, '-O1', '-c', '-o', object, source];
    execFileSync('riscv64-unknown-elf-gcc', all);
    const link = ['-melf64lriscv', '-Ttext=0x80000000', '-e', 'apply', '-o', file, object];
    execFileSync('riscv64-unknown-elf-ld', link, { stdio: 'pipe' });
  });

  it('describes a file: units and sources', () => {
    const { code, stdout, stderr } = trapline(['dwarf', file]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /small\.elf: DWARF 5, 1 unit\n/);
    assert.match(stdout, /^ {2}0x0 DWARF 5 .*small\.c GNU C17 /m);
    assert.match(stdout, /^1 sources\n.*small\.c$/m);
    assert.equal(stderr, '');
  });

  it('tells of a function its line, variables with their places, and its frame', () => {
    const { code, stdout } = trapline(['dwarf', file, 'apply']);
    assert.equal(code, 0);
    assert.match(stdout, /^0x80000000 apply\+0x0\n {2}apply at .*small\.c:\d+:\d+\n/);
    assert.match(stdout, /^ {2}parameter operation f: DW_OP_reg10 a0$/m);
    assert.match(stdout, /^ {2}parameter enum colour colour: DW_OP_reg12 a2$/m);
    assert.match(stdout, /^ {2}CFA=sp\+0$/m);
  });

  it('takes lines and addresses; inlined calls are calls', () => {
    const line = trapline(['dwarf', file, 'small.c:15']);
    assert.equal(line.code, 0);
    const address = /^(0x[0-9a-f]+) apply/.exec(line.stdout)?.[1];
    assert.ok(address, line.stdout);
    assert.match(line.stdout, /^ {2}inlined twice at .*small\.c:15:\d+\n {2}apply at /m);
    assert.equal(trapline(['dwarf', file, address]).stdout, line.stdout);
  });

  it('refuses what is not there and what is no ELF file', () => {
    const absent = trapline(['dwarf', file, 'no_such_function']);
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /'no_such_function'/);
    assert.match(trapline(['dwarf', 'package.json']).stderr, /package\.json/);
    assert.match(trapline(['dwarf', path.join(folder, 'absent')]).stderr, /there is no such file/);
    assert.match(trapline(['dwarf']).stderr, /no file given/);
  });
});
