/** Examples from the GDB manual, "Overview", and streams cut anywhere. */
import assert from 'node:assert/strict';
import { encodePacket, mostPacketBytes, PacketReader } from '../../src/gdb/packets.ts';
import { bytesOfLatin1, latin1 } from '../../src/gdb/text.ts';

const line = (data: string) => latin1(encodePacket(bytesOfLatin1(data)));

function taken(text: string): string[] {
  return [...new PacketReader().take(bytesOfLatin1(text))].map((incoming) =>
    incoming.kind === 'packet' ? `packet ${latin1(incoming.data)}` : incoming.kind,
  );
}

const framed = (raw: string) => {
  const sum = [...bytesOfLatin1(raw)].reduce((total, byte) => (total + byte) & 255, 0);
  return `$${raw}#${sum.toString(16).padStart(2, '0')}`;
};

describe('packets', () => {
  it('have the two-digit checksum modulo 256', () => {
    assert.equal(line('OK'), '$OK#9a');
    assert.equal(line(''), '$#00');
  });

  it('escape what would end them', () => {
    assert.equal(line('a}#$*'), framed('a}]}\x03}\x04}\x0a'));
  });

  it("have run lengths: '0* ' is '0000'", () => {
    assert.equal(line('0000'), '$0* #7a');
    assert.deepEqual(taken('$0* #7a'), ['packet 0000']);
  });

  it("never count 6 or 7, which would be '#' and '$'", () => {
    for (let count = 1; count < 300; count++) {
      const body = line('x'.repeat(count)).slice(1, -3);
      assert.doesNotMatch(body, /[#$]/, `${count}`);
      assert.deepEqual(taken(framed(body)), [`packet ${'x'.repeat(count)}`]);
    }
  });

  it('come back as they were, whatever they hold and wherever the stream is cut', () => {
    let seed = 12345;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 300; round++) {
      const few = random(2) === 0;
      const data = Uint8Array.from({ length: random(400) }, () =>
        few ? 0x20 + random(3) : random(256),
      );
      const encoded = encodePacket(data);
      const reader = new PacketReader();
      const found = [];
      for (let at = 0; at < encoded.length;) {
        const size = 1 + random(20);
        found.push(...reader.take(encoded.subarray(at, at + size)));
        at += size;
      }
      assert.deepEqual(found, [{ kind: 'packet', data }]);
    }
  });

  it('are damaged with a wrong checksum, one that is none, or too many bytes', () => {
    assert.deepEqual(taken('$OK#9b'), ['damaged']);
    assert.deepEqual(taken('$OK#zz'), ['damaged']);
    assert.deepEqual(taken(framed('x'.repeat(mostPacketBytes + 1))), ['damaged']);
    assert.deepEqual(taken(framed('x'.repeat(mostPacketBytes)))[0]?.slice(0, 8), 'packet x');
  });

  it('begin anew where one was cut off', () => {
    assert.deepEqual(taken('$m1234$OK#9a'), ['packet OK']);
  });

  it('stand among acknowledgements, interrupts and noise', () => {
    assert.deepEqual(taken('+-\x03x$?#3f\x03'), [
      'acknowledged',
      'rejected',
      'interrupt',
      'packet ?',
      'interrupt',
    ]);
  });

  it('do not grow by run lengths without end', () => {
    const bomb = `x${'*~'.repeat(2000)}`;
    const [first = ''] = taken(framed(bomb));
    assert.equal(first.length, 'packet '.length + mostPacketBytes);
  });
});
