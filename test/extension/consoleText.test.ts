import assert from 'node:assert/strict';
import {
  consoleTitle,
  ConsoleText,
  endNote,
  noteLine,
  wantsTerminal,
} from '../../src/extension/consoleText.ts';

/** What a terminal gets when the bytes arrive cut as given. */
function decodeAll(pieces: readonly Uint8Array[]): string {
  const text = new ConsoleText();
  const decoded = pieces.map((piece) => text.decode(Buffer.from(piece).toString('base64')));
  return decoded.join('') + text.end();
}

describe('ConsoleText', () => {
  it('joins characters that were cut between two events, wherever the cut is', () => {
    const bytes = Buffer.from('grün → 🙂\r\n');
    for (let cut = 0; cut <= bytes.length; cut++) {
      assert.equal(decodeAll([bytes.subarray(0, cut), bytes.subarray(cut)]), 'grün → 🙂\r\n');
    }
  });

  it('completes a bare line feed and leaves a complete one, also across events', () => {
    const check = (pieces: string[], expected: string): void =>
      assert.equal(decodeAll(pieces.map((piece) => Buffer.from(piece))), expected);
    check(['a\nb\r\nc'], 'a\r\nb\r\nc');
    check(['a\r', '\nb'], 'a\r\nb');
    check(['a', '\n', '\n'], 'a\r\n\r\n');
    check(['\x1b[31mred\x1b[0m\n'], '\x1b[31mred\x1b[0m\r\n');
  });

  it('shows bytes that are not UTF-8 rather than dropping them', () => {
    assert.equal(decodeAll([Uint8Array.of(0x61, 0xff, 0x62)]), 'a\ufffdb');
    assert.equal(decodeAll([Uint8Array.of(0xe2, 0x82)]), '\ufffd');
  });

  it('knows whether the cursor is inside a line', () => {
    const text = new ConsoleText();
    assert.equal(text.insideLine, false);
    text.decode(Buffer.from('=> ').toString('base64'));
    assert.equal(text.insideLine, true);
    text.decode(Buffer.from('\n').toString('base64'));
    assert.equal(text.insideLine, false);
  });
});

describe('noteLine', () => {
  it('starts on a line of its own', () => {
    const plain = (text: string): string => text.replace(/\x1b\[\d*m/g, '');
    assert.equal(
      plain(noteLine('guest ended: exit code 0', false)),
      '[guest ended: exit code 0]\r\n',
    );
    assert.equal(plain(noteLine('x', true)), '\r\n[x]\r\n');
  });
});

describe('wantsTerminal', () => {
  it('follows the attribute, alone or among several', () => {
    for (const value of [undefined, 'terminal', ['none', 'terminal']]) {
      assert.equal(wantsTerminal(value), true);
    }
    for (const value of ['none', [], { file: 'log' }, ['none']]) {
      assert.equal(wantsTerminal(value), false);
    }
  });
});

describe('endNote', () => {
  it('gives the code, and the reason when it is a failure', () => {
    assert.equal(endNote(undefined, ''), 'session ended');
    assert.equal(endNote(0, 'shutdown'), 'guest ended: exit code 0');
    assert.equal(endNote(125, 'no trap handler'), 'guest ended: exit code 125, no trap handler');
    assert.equal(endNote(3, ''), 'guest ended: exit code 3');
  });
});

describe('consoleTitle', () => {
  it('writes the names of devices out', () => {
    assert.equal(consoleTitle('sbi'), 'SBI console');
    assert.equal(consoleTitle('uart0'), 'UART 0');
    assert.equal(consoleTitle('hvc1'), 'hvc1');
  });
});
