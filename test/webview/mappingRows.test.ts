import assert from 'node:assert/strict';
import { mappingText, sizeText } from '../../src/webview/mappingRows.ts';

const row = (input: string, size: string, more = {}) => ({
  input,
  size,
  output: '0x0000000090000000',
  pageSize: '0x200000',
  permissions: 'rwxu',
  accessed: true,
  dirty: false,
  memoryType: '',
  backing: 'slot 0',
  ...more,
});

describe('mappingText', () => {
  it('gives both ends of a range and sizes in the largest whole unit', () => {
    const text = mappingText(row('0x80000000', '0x400000'));
    assert.equal(text.range, '0x80000000–0x803fffff');
    assert.equal(text.size, '4 MiB');
    assert.equal(text.pageSize, '2 MiB');
    assert.equal(text.used, 'A-');
  });

  it('reaches the end of the address space without overflow', () => {
    const text = mappingText(row('0xfffffffffffff000', '0x1000'));
    assert.equal(text.range, '0xfffffffffffff000–0xffffffffffffffff');
  });

  it('names the memory type behind the bits of use', () => {
    const text = mappingText(row('0x1000', '0x1000', { memoryType: 'NC' }));
    assert.equal(text.used, 'A- NC');
    assert.ok(text.spoken.endsWith('not dirty, NC, slot 0'), text.spoken);
  });

  it('says the row in words', () => {
    const { spoken } = mappingText(row('0x1000', '0x1000', { permissions: 'r--u', backing: '' }));
    assert.equal(
      spoken,
      '0x1000 to 0x1fff, 4 KiB, mapped to 0x0000000090000000, pages of 2 MiB, ' +
        'readable user, accessed, not dirty',
    );
  });
});

describe('sizeText', () => {
  it('keeps what no unit divides, and what is no number', () => {
    assert.equal(sizeText('0x1001'), '4097 B');
    assert.equal(sizeText('4096'), '4 KiB');
    assert.equal(sizeText('0x40000000'), '1 GiB');
    assert.equal(sizeText('4 KiB'), '4 KiB');
  });
});
