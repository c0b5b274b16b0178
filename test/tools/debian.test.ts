import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import {
  debianPackage,
  installTools,
  missingTools,
  newerQemu,
  packageVersion,
  tools,
} from './debian.mjs';

describe('Debian packages for tests', () => {
  const folder = process.cwd();
  const search = process.env['PATH'];
  let elsewhere = '';
  beforeEach(() => {
    elsewhere = mkdtempSync(path.join(os.tmpdir(), 'trapline-'));
    process.chdir(elsewhere);
  });
  afterEach(() => {
    process.chdir(folder);
    process.env['PATH'] = search;
    rmSync(elsewhere, { recursive: true });
  });

  it('say off Debian what is needed, why, and where it goes', () => {
    process.env['PATH'] = elsewhere;
    assert.throws(
      () => debianPackage('trixie', 'opensbi'),
      (error: Error) =>
        error.message.includes("Debian package 'opensbi' of trixie") &&
        error.message.includes('no apt-get here') &&
        error.message.includes(path.join('.cache', 'debian', 'trixie', 'opensbi')),
    );
  });

  it('are taken from the cache without any tool', () => {
    process.env['PATH'] = elsewhere;
    const unpacked = path.join(elsewhere, '.cache/debian/trixie/opensbi');
    mkdirSync(unpacked, { recursive: true });
    writeFileSync(path.join(unpacked, '.complete'), 'opensbi_1.6-1_all.deb\n');
    assert.equal(debianPackage('trixie', 'opensbi'), unpacked);
    assert.equal(packageVersion(unpacked), 'opensbi_1.6-1_all.deb');
  });

  it('tools that are missing are named, with what to install', () => {
    process.env['PATH'] = elsewhere;
    const missing = missingTools().filter((tool) => tool.command !== undefined);
    assert.equal(missing.length, tools.filter((tool) => tool.command !== undefined).length);
    assert.throws(() => installTools(), /install .*\n {2}qemu-system-riscv64 {2}\(Debian: /);
  });
});

describe('the newer QEMU', function () {
  // It is fetched on first use.
  this.timeout(0);

  for (const program of ['qemu-system-riscv64', 'qemu-system-riscv32']) {
    it(`${program} runs beside the installed one`, () => {
      const [command, ...first] = newerQemu(program);
      const { status, stdout, stderr } = spawnSync(command, [...first, '--version'], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      assert.equal(stderr, '');
      const version = Number(/^QEMU emulator version (\d+)\./.exec(stdout)?.[1]);
      assert.ok(version >= 10, stdout);
    });
  }
});
