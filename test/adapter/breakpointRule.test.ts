import assert from 'node:assert/strict';
import {
  BreakpointRule,
  parseHitCondition,
  parseLogMessage,
  type RuleText,
} from '../../src/adapter/breakpointRule.ts';

const values = {
  isMet: async (condition: string) => {
    if (condition === 'broken') throw new Error('no such thing');
    return condition === 'true';
  },
  number: async (text: string) => BigInt(text),
  show: async (expression: string) => {
    if (expression === 'broken') throw new Error('no such thing');
    return `[${expression}]`;
  },
};

describe('rules of breakpoints', () => {
  it('counts hits in every notation', () => {
    const of = (text: string) => {
      const counts = parseHitCondition(text);
      return counts && [1, 2, 3, 4, 5, 6].filter((hits) => counts(hits)).join('');
    };
    assert.equal(of('3'), '3');
    assert.equal(of('== 3'), '3');
    assert.equal(of('= 3'), '3');
    assert.equal(of('>= 3'), '3456');
    assert.equal(of('>3'), '456');
    assert.equal(of('< 3'), '12');
    assert.equal(of(' <= 3 '), '123');
    assert.equal(of('% 3'), '36');
    for (const text of ['', 'x', '> x', '!= 3', '3 4', '-1', '% 0'])
      assert.equal(of(text), undefined);
  });

  it('finds the expressions of a message', () => {
    const of = (text: string) =>
      parseLogMessage(text).map((p) => (p.kind === 'text' ? p.text : `<${p.text}>`));
    assert.deepEqual(of('a {b} c'), ['a ', '<b>', ' c']);
    assert.deepEqual(of('{ a.b[1] }{c}'), ['<a.b[1]>', '<c>']);
    assert.equal(of('\\{a\\} \\n {} {').join(''), '{a} \\n {} {');
  });

  it('counts only hits for which the condition holds', async () => {
    const verdicts = async (text: RuleText, hits: number) => {
      const rule = new BreakpointRule(text);
      const kinds: string[] = [];
      for (let i = 0; i < hits; i++) kinds.push((await rule.decide(values)).kind);
      return kinds.join(' ');
    };
    assert.equal(await verdicts({}, 1), 'stop');
    assert.equal(await verdicts({ condition: 'false', hitCondition: '1' }, 2), 'pass pass');
    assert.equal(await verdicts({ condition: 'true', hitCondition: '2' }, 3), 'pass stop pass');
    assert.equal(await verdicts({ hitCondition: '% 2', logMessage: 'm' }, 4), 'pass log pass log');
  });

  it('stops where a condition has no value, and logs what can be shown', async () => {
    assert.deepEqual(await new BreakpointRule({ condition: 'broken' }).decide(values), {
      kind: 'stop',
      problem: "The condition 'broken' fails: no such thing",
    });
    const logged = await new BreakpointRule({ logMessage: 'x {a} {broken}!' }).decide(values);
    assert.deepEqual(logged, { kind: 'log', text: 'x [a] <no such thing>!' });
    const counted = await new BreakpointRule({ hitCondition: 'often' }).decide(values);
    assert.match(JSON.stringify(counted), /'often' is no count of hits: N, == N/);
  });

  it('says at once what cannot be read', () => {
    assert.equal(new BreakpointRule({ condition: 'a == 1', logMessage: '{b}' }).problem, undefined);
    assert.match(new BreakpointRule({ condition: 'a ==' }).problem!, /'a ==' ends where/);
    assert.match(new BreakpointRule({ logMessage: '{b c}' }).problem!, /'b c' has 'c'/);
    assert.match(new BreakpointRule({ hitCondition: '!' }).problem!, /no count of hits/);
  });

  it('is plain without texts', () => {
    assert.ok(new BreakpointRule({ condition: ' ', hitCondition: '', logMessage: '' }).isPlain);
    assert.ok(!new BreakpointRule({ logMessage: 'x' }).isPlain);
  });
});
