import assert from 'node:assert/strict';
import {
  controlRegisterNamed,
  fieldNamed,
  fieldValue,
  meaningOf,
  parseFieldValue,
  parseNumber,
  parseRegisterValue,
  withField,
} from '../../../src/core/debug/controlRegisters.ts';
import { toyIsa } from './toyMachine.ts';

const status = controlRegisterNamed(toyIsa, 'STATUS')!;
const mode = fieldNamed(status, 'mode')!;

describe('control registers', () => {
  it('are taken apart and put together by field', () => {
    assert.equal(fieldValue(mode, 0b1010n), 0b10n);
    assert.equal(withField(mode, 0xffff_ffff_ffff_ffffn, 0n), 0xffff_ffff_ffff_fff3n);
    assert.equal(withField(mode, 0n, 0xffn), 0b1100n);
    assert.equal(meaningOf(mode, 1n), 'Paged');
    assert.equal(meaningOf(mode, 3n), undefined);
    assert.equal(controlRegisterNamed(toyIsa, 'nope'), undefined);
  });

  it('take numbers and names of values', () => {
    assert.equal(parseFieldValue(mode, ' paged '), 1n);
    assert.equal(parseFieldValue(mode, '0b11'), 3n);
    assert.throws(() => parseFieldValue(mode, '4'), /'4' is not a number from 0 to 3, or one of/);
    assert.throws(() => parseFieldValue(mode, 'Pages'), { name: 'UserError', subject: 'MODE' });
  });

  it('take negative numbers in two’s complement, and only what fits', () => {
    assert.equal(parseRegisterValue('-1', 64, 'r0'), 0xffff_ffff_ffff_ffffn);
    assert.equal(parseRegisterValue('0xffff', 16, 'r0'), 0xffffn);
    assert.equal(parseRegisterValue('0x10 <main+0x4>', 16, 'r0'), 0x10n);
    assert.equal(parseRegisterValue('0x3ff8000000000000 (1.5)', 64, 'f0'), 0x3ff8_0000_0000_0000n);
    assert.throws(() => parseRegisterValue('main (1)', 16, 'r0'), /is not a number/);
    assert.throws(() => parseRegisterValue('0x10000', 16, 'r0'), /r0: '0x10000' is not a number/);
    assert.throws(() => parseRegisterValue('-32769', 16, 'r0'), /is not a number of 16 bits/);
  });

  it('know numbers in every base, and nothing else', () => {
    const numbers = { '0x1F': 31n, '0b101': 5n, '0o17': 15n, '1_000': 1000n, ' -2 ': -2n };
    for (const [text, value] of Object.entries(numbers)) assert.equal(parseNumber(text), value);
    for (const text of ['', '0x', '1f', '--1', 'abc', '1.5']) {
      assert.equal(parseNumber(text), undefined, text);
    }
  });
});
