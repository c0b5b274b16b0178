import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { scratchFolder, trapline } from './trapline.ts';

describe('trapline fdt', () => {
  it('shows a tree that dtc compiles to the same bytes', () => {
    const folder = scratchFolder();
    const source = `/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; model = "m";
      list = "a", "b"; memory@80000000 { device_type = "memory"; reg = <0x80000000 0x1000>; };
      chosen { bytes = [01 02 03]; flag; }; };`;
    const compile = (text: string) => {
      const run = spawnSync('dtc', ['-q', '-I', 'dts', '-O', 'dtb'], { input: text });
      assert.equal(run.status, 0, run.stderr.toString());
      return run.stdout;
    };
    const blob = compile(source);
    const file = path.join(folder, 'tree.dtb');
    writeFileSync(file, blob);
    const { code, stdout } = trapline(['fdt', file]);
    assert.equal(code, 0);
    assert.deepEqual(compile(stdout), blob);
  });

  it('refuses what is no tree', () => {
    const { code, stderr } = trapline(['fdt', 'package.json']);
    assert.equal(code, 2);
    assert.match(stderr, /package\.json/);
  });
});
