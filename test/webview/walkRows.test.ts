import assert from 'node:assert/strict';
import type { WalkBody } from '../../src/adapter/protocol.ts';
import { walkRows } from '../../src/webview/walkRows.ts';

const entry = (stage: string, text: string, flags: string) => ({
  ...{ stage, text, flags, entry: '0x10001001', entryAddress: '0x40000010', level: 2 },
});
const walk = (more: Partial<WalkBody>): WalkBody => ({
  ...{ address: '0x80202000', space: 'virtual', access: 'load', steps: [], text: '' },
  ...more,
});
const shownBits = (body: WalkBody, at: number) =>
  walkRows(body)[at]?.bits.map(({ letter, set }) => (set ? letter : '-'));
const refusing = (body: WalkBody, at: number) =>
  walkRows(body)[at]?.bits.flatMap(({ letter, refuses }) => (refuses ? [letter] : []));

describe('walkRows', () => {
  const twoStages = [
    entry('G-stage', 'level 2', '-------V'),
    entry('VS-stage', 'level 2', 'DA--XWRV'),
    entry('G-stage', 'level 2', 'DA-UXWRV'),
    { stage: 'memory', text: '0x100202000 is guest RAM' },
  ];

  it('puts the G-stage’s walk for an entry below the other stage’s own steps', () => {
    const rows = walkRows(walk({ steps: twoStages, result: '0x100202000' }));
    const shape = rows.map(({ stage, inner }) => [stage, inner]);
    const expected = [
      ...[['G-stage', true] as const, ['VS-stage', false], ['G-stage', false]],
      ...[['memory', false] as const, ['', false]],
    ];
    assert.deepEqual(shape, expected);
    assert.equal(rows.at(-1)?.text, '0x80202000 is at 0x100202000');
    assert.equal(rows.at(-1)?.kind, 'result');
  });

  it('marks the bits that a refusal names, in the entry it is about', () => {
    const refused = (text: string, flags: string) =>
      walk({
        steps: [entry('VS-stage', 'level 2', '-------V'), entry('VS-stage', 'level 1', flags)],
        refusal: { cause: 15, text, section: 'Privileged' },
      });
    const store = refused('VS-stage: W (bit 2) is 0: not writable', 'DA--X-RV');
    assert.deepEqual(refusing(store, 1), ['W']);
    assert.deepEqual(refusing(store, 0), []);
    assert.deepEqual(shownBits(store, 1), ['D', 'A', '-', '-', 'X', '-', 'R', 'V']);
    const table = 'D, A and U (bits 7, 6 and 4) are reserved in an entry that leads to a table';
    assert.deepEqual(refusing(refused(table, 'DA-U---V'), 1), ['D', 'A', 'U']);
    const upper = 'PBMT (bits 62 and 61) is not 0, and PBMTE is 0';
    assert.deepEqual(refusing(refused(upper, 'DA-UXWRV'), 1), []);
    const end = walkRows(store).at(-1);
    assert.equal(end?.kind, 'refused');
    assert.match(end?.spoken ?? '', /^Refused\. .*not writable \(exception 15; specification: Pri/);
  });

  it('knows a G-stage that refuses an entry of the other stage', () => {
    const text = "G-stage, for the VS-stage's entry at guest-physical 0x80: V (bit 0) is 0";
    const body = walk({
      steps: [entry('G-stage', 'level 2', '--------')],
      refusal: { cause: 21, text, section: '', guestAddress: '0x80' },
    });
    assert.equal(walkRows(body)[0]?.inner, true);
    assert.deepEqual(refusing(body, 0), ['V']);
  });

  it('says an entry in words, bit by bit', () => {
    const [first] = walkRows(walk({ steps: [entry('G-stage', 'a leaf', 'DA-UXWRV')] }));
    const bits = 'dirty accessed user executable writable readable valid';
    assert.equal(first?.spoken, `G-stage: a leaf, holds 0x10001001, ${bits}`);
  });
});
