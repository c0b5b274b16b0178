/** V8's own functions, called where they are there. */
import assert from 'node:assert/strict';
import { withNatives } from '../../../src/host/node/v8Flags.ts';

describe('host/node/v8Flags', () => {
  it('gives what a function of V8 does', () => {
    const values = withNatives('return [%IsSmi(a), %IsSmi(b)]', 1, 'one');
    assert.deepEqual(values, [true, false]);
  });

  it('gives nothing where V8 has no such function', () => {
    assert.equal(withNatives('return %NoSuchFunction(a)', 1), undefined);
  });

  it('lets what the function throws come out', () => {
    assert.throws(() => withNatives('throw new RangeError(a)', 'far'), RangeError);
  });

  it('leaves nobody else with such functions', () => {
    withNatives('return %NoSuchFunction(a)', 1);
    assert.throws(() => new Function('return %IsSmi(1)') as unknown, /Unexpected token/);
  });
});
