/** test/core/hypervisor/README.md: every aspect of KVM is there, and so are its files and tests. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { read } from './scan.ts';

const table = 'test/core/hypervisor/README.md';
const rows = read(table)
  .split('\n')
  .filter((line) => line.startsWith('|') && !line.startsWith('|---') && line.includes('`'))
  .map((line) => line.split('|').map((cell) => cell.trim()));
/** `file` "name of a test in it" */
const reference = /`(test\/[^`]+\.test\.ts)` "([^"]+)"/g;

describe('the table of what KVM has', () => {
  it('has the fifteen aspects and the four items of v18, in order', () => {
    const numbers = rows
      .map((cells) => cells[1])
      .filter((cell) => /^(\d+|TODO \d)$/.test(cell ?? ''));
    const aspects = Array.from({ length: 15 }, (_, i) => `${i + 1}`);
    assert.deepEqual(numbers, [...aspects, 'TODO 1', 'TODO 2', 'TODO 3', 'TODO 4']);
  });

  for (const cells of rows) {
    const name = cells.slice(1, -3).join(' ');
    const [code = '', shown = ''] = cells.slice(-3, -1);
    it(`${name}: its files exist`, () => {
      const files = [...code.matchAll(/`([^`]+)`/g)].map(([, file]) => file ?? '');
      assert(files.length > 0);
      for (const file of files) assert(existsSync(path.resolve(file)), file);
    });
    it(`${name}: its tests exist`, () => {
      const references = [...shown.matchAll(reference)];
      assert(references.length > 0 && references.length === shown.split('; `').length, shown);
      for (const [, file = '', title = ''] of references) {
        assert(read(file).includes(title), `${file} has no test '${title}'`);
      }
    });
  }
});
