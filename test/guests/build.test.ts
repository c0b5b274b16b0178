import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { elfFiles, groups, problems } from './build.mjs';

describe('committed guests', function () {
  this.timeout(120_000);

  for (const group of groups) {
    it(`${group.folder}: the ELF files are what the sources give`, () => {
      assert.deepEqual(problems(group), []);
    });

    it(`${group.folder}: no ELF file names the folder it was built in`, () => {
      for (const file of elfFiles(group)) {
        const text = readFileSync(path.join(group.folder, file), 'latin1');
        assert.doesNotMatch(text, /\/(tmp|home|root|work|Users|build)\//, file);
      }
    });
  }

  it('are small', () => {
    for (const group of groups) {
      for (const file of elfFiles(group)) {
        const { size } = statSync(path.join(group.folder, file));
        assert.ok(size < 40_000, `${file} has ${size} bytes`);
      }
    }
  });

  it('samples carry DWARF of both versions, with paths relative to the sample', () => {
    const dump = (sample: string): string =>
      execFileSync('llvm-dwarfdump', ['--debug-info', `media/samples/${sample}/${sample}.elf`], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
    for (const [sample, version] of [
      ['hello-dbcn', 5],
      ['hello-asm', 5],
      ['unknown-call', 5],
      ['machine-hello', 4],
    ] as const) {
      const text = dump(sample);
      const versions = [...text.matchAll(/Compile Unit:.* version = 0x(\d+)/g)].map((m) => m[1]);
      assert.ok(versions.includes(`000${version}`), `${sample}: ${versions.join(' ')}`);
      const folders = [...text.matchAll(/DW_AT_comp_dir\s+\("(.*)"\)/g)].map((m) => m[1]);
      assert.ok(folders.length > 0);
      assert.deepEqual([...new Set(folders)], ['.'], sample);
    }
  });
});
