import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { debianPackage, installTools, missingTools, packageVersion, tools } from './debian.mjs';

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
