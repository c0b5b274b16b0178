import assert from 'node:assert/strict';
import { CallPolicy, type CallRule } from '../../../src/core/hypervisor/callPolicy.ts';
import { UserError } from '../../../src/core/base/userError.ts';

const defaults: readonly CallRule[] = [{ extension: [0x10, 0x10], action: 'handle' }];

describe('policy for calls', () => {
  function refused(name: string, rules: readonly CallRule[], message: RegExp) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => new CallPolicy(defaults, rules),
        (error) => {
          assert(error instanceof UserError);
          assert.equal(error.subject, 'calls');
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it('forwards what nobody named', () => {
    const policy = new CallPolicy(defaults, []);
    assert.equal(policy.actionFor(0x10, 3), 'handle');
    assert.equal(policy.actionFor(0x11, 0), 'forward');
  });

  it("puts the user's rules first, by function where they say so", () => {
    const policy = new CallPolicy(defaults, [
      { extension: [0x10, 0x10], function: [2, 3], action: 'deny' },
      { extension: [0x20, 0x2f], action: 'break' },
    ]);
    assert.equal(policy.actionFor(0x10, 1), 'handle');
    assert.equal(policy.actionFor(0x10, 2), 'deny');
    assert.equal(policy.actionFor(0x10, 3), 'deny');
    assert.equal(policy.actionFor(0x10, 4), 'handle');
    assert.equal(policy.actionFor(0x2f, 9), 'break');
    assert.deepEqual([...policy.actionsOf(0x10)].sort(), ['deny', 'handle']);
    assert.deepEqual([...policy.actionsOf(0x20)], ['break']);
    assert.deepEqual([...policy.actionsOf(0x99)], ['forward']);
    assert.deepEqual(
      policy.rows().map((r) => r.source),
      ['user', 'user', 'default', 'default'],
    );
  });

  it('takes rules for different functions of one extension', () => {
    const policy = new CallPolicy(defaults, [
      { extension: [1, 5], function: [0, 1], action: 'deny' },
      { extension: [3, 9], function: [2, 2], action: 'handle' },
    ]);
    assert.equal(policy.actionFor(4, 2), 'handle');
  });

  refused(
    'overlapping extensions',
    [
      { extension: [0x08000000, 0x08ffffff], action: 'deny' },
      { extension: [0x08fffff0, 0x09000000], action: 'break' },
    ],
    /'extension 0x8fffff0\.\.0x9000000: break' overlaps rule 'extension 0x8000000\.\.0x8ffffff: deny'/,
  );
  refused(
    'a function rule inside a rule for the whole extension',
    [
      { extension: [5, 5], action: 'deny' },
      { extension: [5, 5], function: [1, 1], action: 'handle' },
    ],
    /overlaps/,
  );
  refused('a range upside down', [{ extension: [6, 5], action: 'deny' }], /0x6\.\.0x5/);
  refused('ids beyond 32 bits', [{ extension: [0, 2 ** 32], action: 'deny' }], /32-bit/);
  refused(
    'a negative function',
    [{ extension: [5, 5], function: [-1, 0], action: 'deny' }],
    /-1\.\.0x0/,
  );

  describe("the debugger's word", () => {
    const user: readonly CallRule[] = [
      { extension: [0x20, 0x2f], action: 'deny' },
      { extension: [0x30, 0x30], function: [0, 1], action: 'break' },
    ];

    it('goes before the rules of the user, the last one said first', () => {
      const policy = new CallPolicy(defaults, user);
      policy.override({ extension: [0x20, 0x2f], action: 'break' });
      policy.override({ extension: [0x22, 0x22], function: [1, 1], action: 'handle' });
      assert.equal(policy.actionFor(0x22, 1), 'handle');
      assert.equal(policy.actionFor(0x22, 2), 'break');
      policy.override({ extension: [0x22, 0x22], action: 'forward' });
      assert.equal(policy.actionFor(0x22, 1), 'forward', 'a wider rule replaces the narrower one');
      assert.equal(policy.actionFor(0x21, 1), 'break');
      assert.equal(policy.rows().filter(({ source }) => source === 'debugger').length, 2);
    });

    it('can be taken back, for exactly what was said', () => {
      const policy = new CallPolicy(defaults, user);
      policy.override({ extension: [0x10, 0x10], action: 'deny' });
      policy.withdraw({ extension: [0x10, 0x10], function: [0, 0] });
      assert.equal(policy.actionFor(0x10, 0), 'deny');
      policy.withdraw({ extension: [0x10, 0x10] });
      assert.equal(policy.actionFor(0x10, 0), 'handle');
    });

    it('is refused when it is no range, and changes nothing', () => {
      const policy = new CallPolicy(defaults, user);
      const rule: CallRule = { extension: [9, 8], action: 'deny' };
      assert.throws(() => policy.override(rule), UserError);
      assert.equal(policy.rows().length, 4);
    });
  });

  it('says which rule a call meets', () => {
    const policy = new CallPolicy(defaults, [
      { extension: [0x20, 0x2f], function: [2, 3], action: 'deny' },
    ]);
    const query = (extension: number, fn: number) => {
      const { action, source, extension: range } = policy.query(extension, fn);
      return [action, source, ...range];
    };
    assert.deepEqual(query(0x21, 2), ['deny', 'user', 0x20, 0x2f]);
    assert.deepEqual(query(0x21, 4), ['forward', 'default', 0, 0xffffffff]);
    assert.deepEqual(query(0x10, 4), ['handle', 'default', 0x10, 0x10]);
  });

  it('keeps its rules when others are refused', () => {
    const policy = new CallPolicy(defaults, [{ extension: [5, 5], action: 'deny' }]);
    const upsideDown: CallRule = { extension: [6, 5], action: 'deny' };
    assert.throws(() => policy.replace([upsideDown]), UserError);
    assert.equal(policy.actionFor(5, 0), 'deny');
  });

  it('counts a rule for all functions as one for the extension', () => {
    const all: CallRule = { extension: [0x10, 0x10], function: [0, 0xffffffff], action: 'deny' };
    assert.deepEqual([...new CallPolicy(defaults, [all]).actionsOf(0x10)], ['deny']);
  });
});
