/** Files short enough to read: a file that grows past the limit is split by concept. */
import assert from 'node:assert/strict';
import { projectFiles, read } from './scan.ts';

const limit = 500;

/** Tables, which are read by looking up; nothing else may be listed. */
const exceptions: readonly string[] = [];

describe('file sizes', () => {
  const sources = projectFiles(/^(src|test)\/.*\.(ts|mjs|css)$/);

  it(`no source has more than ${limit} lines`, () => {
    const long = sources
      .filter((file) => !exceptions.includes(file))
      .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > limit);
    assert.deepEqual(long, []);
  });

  it('every exception is still needed', () => {
    const unneeded = exceptions.filter(
      (file) => !sources.includes(file) || read(file).split('\n').length - 1 <= limit,
    );
    assert.deepEqual(unneeded, []);
  });
});
