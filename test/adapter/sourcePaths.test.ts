import assert from 'node:assert/strict';
import path from 'node:path';
import { parseSourceMap, SourcePaths } from '../../src/adapter/sourcePaths.ts';
import type { ProgramSymbols } from '../../src/core/debug/symbols/symbols.ts';

/** Paths of a disk that has only these files, for a program whose sources are `recorded`. */
function paths(recorded: string[], files: string[], sourceMap: Record<string, string> = {}) {
  const symbols = { sources: recorded, findSource: () => undefined } as unknown as ProgramSymbols;
  const options = { sourceMap, cwd: '/here', program: 'build/guest.elf' };
  return new SourcePaths(symbols, options, (file) => files.includes(file));
}

describe('source paths', () => {
  it('go through the longest prefix of sourceMap first', () => {
    const map = { '/build': '/a', '/build/kernel': '/b' };
    const found = paths(['/build/kernel/x.c'], ['/a/kernel/x.c', '/b/x.c'], map);
    assert.equal(found.toLocal('/build/kernel/x.c'), path.normalize('/b/x.c'));
    // A prefix ends at a component.
    assert.equal(found.toLocal('/builder/x.c'), undefined);
  });

  it('are taken as they are, from cwd, or from beside the program, in this order', () => {
    assert.equal(paths([], ['/src/a.c']).toLocal('/src/a.c'), '/src/a.c');
    assert.equal(paths([], ['/here/a.c', '/here/build/a.c']).toLocal('a.c'), '/here/a.c');
    assert.equal(paths([], ['/here/build/a.c']).toLocal('a.c'), '/here/build/a.c');
    assert.equal(paths([], []).toLocal('a.c'), undefined);
  });

  it('lead back to what was recorded', () => {
    const found = paths(['lib/a.c', 'app/a.c'], ['/here/lib/a.c', '/here/app/a.c']);
    assert.equal(found.toRecorded('/here/app/a.c'), 'app/a.c');
    assert.equal(found.toRecorded('/here/other/../lib/a.c'), 'lib/a.c');
    assert.equal(found.toRecorded('/here/b.c'), undefined);
  });

  it('are refused in a form that is not a map', () => {
    assert.deepEqual(parseSourceMap({ '/x': 'y' }, '/here'), { '/x': path.resolve('/here/y') });
    assert.deepEqual(parseSourceMap(undefined, '/here'), {});
    for (const value of ['/a', ['/a', '/b'], { '/a': 1 }, null]) {
      assert.throws(() => parseSourceMap(value, '/here'), {
        name: 'UserError',
        subject: 'sourceMap',
      });
    }
  });
});
