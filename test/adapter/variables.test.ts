import assert from 'node:assert/strict';
import { parsePath } from '../../src/adapter/variables.ts';

function check(text: string, expected: string | undefined): void {
  const path = parsePath(text);
  const steps = path?.steps.map((s) => (s.kind === 'member' ? `.${s.name}` : `[${s.index}]`));
  assert.equal(path && `${'*'.repeat(path.dereferences)}${path.root}${steps!.join('')}`, expected);
}

describe('expressions over variables', () => {
  it('are names with members, elements and dereferences', () => {
    check('p', 'p');
    check(' p -> next . x ', 'p.next.x');
    check('table[3].name', 'table[3].name');
    check('**argv', '**argv');
    check('grid[1][2]', 'grid[1][2]');
  });

  it('are nothing else', () => {
    for (const text of ['', '1', 'a+b', 'f()', 'a[', 'a[i]', 'a.', '&a', '$sp']) {
      check(text, undefined);
    }
  });
});
