import assert from 'node:assert/strict';
import { LongScroll } from '../../src/webview/longScroll.ts';

describe('LongScroll', () => {
  it('is the scrolling of the element itself as long as that may be so high', () => {
    const scroll = new LongScroll();
    scroll.resize(7_000_000, 500);
    assert.equal(scroll.height, 7_000_000);
    for (const place of [-40, 0, 123, 6_999_500]) {
      scroll.scrolled(place);
      assert.equal(scroll.top, place);
      assert.equal(scroll.inElement(5000), 5000);
      assert.equal(scroll.go(place), place);
    }
  });

  it('reaches both ends of what is higher, and the middle in the middle', () => {
    const scroll = new LongScroll();
    scroll.resize(62_000_000, 500);
    assert.ok(scroll.height < 16_000_000);
    scroll.scrolled(scroll.height - 500);
    assert.equal(scroll.top, 62_000_000 - 500);
    assert.equal(scroll.inElement(62_000_000), scroll.height);
    scroll.scrolled((scroll.height - 500) / 2);
    assert.equal(scroll.top, (62_000_000 - 500) / 2);
    scroll.scrolled(0);
    assert.equal(scroll.top, 0);
  });

  it('goes pixel by pixel where it is scrolled a little, wherever that is', () => {
    const scroll = new LongScroll();
    scroll.resize(62_000_000, 500);
    scroll.scrolled(4_000_000);
    const { top } = scroll;
    const drawnAt = scroll.inElement(top);
    scroll.scrolled(4_000_100);
    assert.equal(scroll.top, top + 100);
    // What is drawn need not move.
    assert.equal(scroll.inElement(top), drawnAt);
    scroll.scrolled(3_999_900);
    assert.equal(scroll.top, top - 100);
  });

  it('stays where it was sent when the browser tells that it has scrolled there', () => {
    const scroll = new LongScroll();
    scroll.resize(62_000_000, 500);
    for (const to of [-30, 0, 1, 77_777, 31_000_000, 61_999_000, 61_999_500, 61_999_510]) {
      const place = scroll.go(to);
      assert.ok(place <= scroll.height, `${place}`);
      scroll.scrolled(place);
      assert.ok(Math.abs(scroll.top - to) < 1e-6, `${scroll.top} for ${to}`);
      assert.ok(Math.abs(scroll.inElement(to) - place) < 1e-6);
    }
  });

  it('has no way out at its ends', () => {
    const scroll = new LongScroll();
    scroll.resize(62_000_000, 500);
    scroll.scrolled(1000);
    const steps = [900, 600, 300, 10, 0];
    for (const place of steps) scroll.scrolled(place);
    assert.equal(scroll.top, 0);
    scroll.go(61_999_400);
    scroll.scrolled(scroll.height - 500);
    assert.equal(scroll.top, 61_999_500);
  });
});
