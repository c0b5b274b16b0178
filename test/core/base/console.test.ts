/** Consoles of one guest. */
import assert from 'node:assert/strict';
import { ConsoleChannel } from '../../../src/core/base/console.ts';

function write(channel: ConsoleChannel, text: string): void {
  for (const byte of Buffer.from(text)) channel.put(byte);
}

describe('consoles', () => {
  it('beside each other keep the order in which the guest wrote', () => {
    const sbi = new ConsoleChannel('sbi');
    const uart = new ConsoleChannel('uart0', sbi);
    const seen: string[] = [];
    for (const channel of [uart, sbi]) {
      channel.output.on((bytes) => seen.push(`${channel.name}: ${Buffer.from(bytes).toString()}`));
    }
    write(uart, 'starting\n');
    write(sbi, 'image');
    uart.flush();
    sbi.flush();
    write(sbi, ', the rest\n');
    write(uart, 'terminated\n');
    uart.flush();
    sbi.flush();
    assert.deepEqual(seen, [
      'uart0: starting\n',
      'sbi: image',
      'sbi: , the rest\n',
      'uart0: terminated\n',
    ]);
  });

  it('of two guests have nothing to do with each other', () => {
    const [one, other] = [new ConsoleChannel('uart0'), new ConsoleChannel('uart0')];
    let seen = '';
    other.output.on((bytes) => (seen += Buffer.from(bytes).toString()));
    write(other, 'text');
    one.flush();
    assert.equal(seen, '');
    other.flush();
    assert.equal(seen, 'text');
  });
});
