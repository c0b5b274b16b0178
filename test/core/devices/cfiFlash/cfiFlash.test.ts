import assert from 'node:assert/strict';
import { CfiFlash } from '../../../../src/core/devices/cfiFlash/cfiFlash.ts';
import * as r from '../../../../src/core/devices/cfiFlash/registers.ts';
import { type Access, firstDifference, Qtest } from '../qtest.ts';

const BASE = 0x20000000;
const BLOCK = 0x40000;
const both = (command: number) => command | (command << 16);
const setUp = () => new CfiFlash('flash0', 0x2000000, BLOCK);

describe('cfiFlash', () => {
  it('has the query table and identification that QEMU’s has', async () => {
    const qemu = new Qtest();
    try {
      const flash = setUp();
      const accesses: Access[] = [{ write: 0x55 * 4, value: both(r.CFI_QUERY) }];
      for (let word = 0; word < 0x52; word++) accesses.push({ read: 4 * word });
      accesses.push({ read: 0x42, size: 2 }, { read: 0x42, size: 1 }, { read: 0x40, size: 1 });
      accesses.push({ write: 0, value: both(r.READ_ARRAY) });
      accesses.push({ write: 0, value: both(r.READ_DEVICE_ID) });
      accesses.push({ read: 0 }, { read: 4 }, { read: 8 });
      assert.equal(await firstDifference(qemu, BASE, flash, accesses), '');
    } finally {
      qemu.close();
    }
  }).timeout(20000);

  it('erases and programs as QEMU’s does', async () => {
    const qemu = new Qtest();
    try {
      const flash = setUp();
      const at = 3 * BLOCK;
      const accesses: Access[] = [
        { write: at, value: both(r.BLOCK_ERASE) },
        { write: at, value: both(r.CONFIRM) },
        { read: at },
        { write: at, value: both(r.READ_ARRAY) },
        { read: at + BLOCK - 4 },
        { write: at + 8, value: both(r.WORD_PROGRAM) },
        { write: at + 8, value: 0x12345678 },
        { read: at + 8 },
        { write: at, value: both(r.READ_ARRAY) },
        { read: at + 8 },
        { read: at + 9, size: 1 },
        { read: at + 10, size: 2 },
        { write: at, value: both(r.BUFFERED_PROGRAM) },
        { read: at },
        { write: at, value: both(1) },
        { write: at + 16, value: 0xffffffff },
        { write: at + 20, value: 0x0badcafe },
        { write: at, value: both(r.CONFIRM) },
        { read: at },
        { write: at, value: both(r.READ_ARRAY) },
        { read: at + 16 },
        { read: at + 20 },
        { read: at + 24 },
      ];
      assert.equal(await firstDifference(qemu, BASE, flash, accesses), '');
    } finally {
      qemu.close();
    }
  }).timeout(20000);

  it('only clears bits when programming, and an erase sets them again', () => {
    const flash = setUp();
    const program = (value: number) => {
      flash.write(0, 4, both(r.WORD_PROGRAM));
      flash.write(0, 4, value);
      flash.write(0, 4, both(r.READ_ARRAY));
      return flash.read(0, 4) >>> 0;
    };
    assert.equal(program(0xff00ff00), 0xff00ff00);
    assert.equal(program(0x0ff0ffff), 0x0f00ff00);
    flash.write(0, 4, both(r.BLOCK_ERASE));
    flash.write(0, 4, both(r.CONFIRM));
    flash.write(0, 4, both(r.READ_ARRAY));
    assert.equal(flash.read(0, 4) >>> 0, 0xffffffff);
  });

  it('reports an erase that was not confirmed and leaves the block', () => {
    const flash = setUp();
    flash.write(0, 4, both(r.WORD_PROGRAM));
    flash.write(0, 4, 0);
    flash.write(0, 4, both(r.BLOCK_ERASE));
    flash.write(0, 4, both(r.READ_STATUS));
    assert.equal(flash.read(0, 2), r.SR_READY | r.SR_ERASE_ERROR | r.SR_PROGRAM_ERROR);
    flash.write(0, 4, both(r.CLEAR_STATUS));
    assert.equal(flash.read(0, 2), r.SR_READY);
    flash.write(0, 4, both(r.READ_ARRAY));
    assert.equal(flash.read(0, 4), 0);
  });
});
