import assert from 'node:assert/strict';
import {
  configurationFor,
  namesProgram,
  withAbsolutePaths,
  withDefaults,
} from '../../src/extension/launchCompletion.ts';

describe('launchCompletion', () => {
  it('makes a configuration for an image that was found', () => {
    assert.deepEqual(configurationFor('/w/build/hello.elf'), {
      type: 'trapline',
      request: 'launch',
      name: 'Run hello.elf',
      program: '/w/build/hello.elf',
    });
  });

  it('leaves the panel to the console unless the author says otherwise', () => {
    assert.equal(withDefaults({})['internalConsoleOptions'], 'neverOpen');
    const own = { internalConsoleOptions: 'openOnSessionStart', name: 'mine', mode: 'machine' };
    assert.deepEqual(withDefaults(own), { ...own, type: 'trapline', request: 'launch' });
  });

  it('resolves every path, from the folder or from cwd', () => {
    const configuration = {
      program: 'a.elf',
      firmware: '/abs/fw.elf',
      initrd: '../initrd',
      loadFiles: [{ file: 'blob', address: '0x84000000' }],
      symbolFiles: [{ file: 'stage2.elf' }],
      sourceMap: { '/build': 'src' },
      bootargs: 'root=/dev/vda',
    };
    assert.deepEqual(withAbsolutePaths(configuration, '/w'), {
      program: '/w/a.elf',
      firmware: '/abs/fw.elf',
      initrd: '/initrd',
      loadFiles: [{ file: '/w/blob', address: '0x84000000' }],
      symbolFiles: [{ file: '/w/stage2.elf' }],
      sourceMap: { '/build': '/w/src' },
      bootargs: 'root=/dev/vda',
    });
    const inBuild = withAbsolutePaths({ program: 'a.elf', cwd: 'build' }, '/w');
    assert.deepEqual(inBuild, { program: '/w/build/a.elf', cwd: '/w/build' });
  });

  it('passes values of a wrong type on, for the adapter to name', () => {
    const wrong = { program: 7, loadFiles: 'x', symbolFiles: [3], sourceMap: null, cwd: false };
    assert.deepEqual(withAbsolutePaths(wrong, '/w'), wrong);
    assert.equal(namesProgram({ program: 7 }), true);
    assert.equal(namesProgram({ program: '' }), false);
    assert.equal(namesProgram({}), false);
  });
});
