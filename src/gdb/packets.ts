/**
 * Packets of gdb's remote serial protocol (GDB manual, appendix "GDB Remote Serial Protocol",
 * section "Overview"): `$data#checksum`, escapes, run lengths, acknowledgements and the byte of an
 * interrupt, from a stream that may be cut anywhere. What packets say is not known here.
 */

const dollar = 0x24;
const hash = 0x23;
const star = 0x2a;
const brace = 0x7d;
const escapeBit = 0x20;
const interruptByte = 0x03;

/** No client sends more: `PacketSize` tells it what is taken. */
export const mostPacketBytes = 0x8000;

export type Incoming =
  | { readonly kind: 'packet'; readonly data: Uint8Array }
  /** The checksum is wrong, or the packet is longer than announced. */
  | { readonly kind: 'damaged' }
  | { readonly kind: 'acknowledged' }
  /** The other side asks for the last packet again. */
  | { readonly kind: 'rejected' }
  | { readonly kind: 'interrupt' };

/** Cuts a stream of bytes into what it says. */
export class PacketReader {
  private state: 'between' | 'data' | 'checksum' = 'between';
  private data: number[] = [];
  private sum = 0;
  private tooLong = false;
  private digits = '';

  *take(bytes: Uint8Array): Generator<Incoming> {
    for (const byte of bytes) {
      const found = this.next(byte);
      if (found) yield found;
    }
  }

  private next(byte: number): Incoming | undefined {
    switch (this.state) {
      case 'between':
        return this.between(byte);
      case 'data':
        this.inside(byte);
        return undefined;
      case 'checksum':
        this.digits += String.fromCharCode(byte);
        return this.digits.length === 2 ? this.finish() : undefined;
    }
  }

  private between(byte: number): Incoming | undefined {
    if (byte === dollar) this.begin();
    else if (byte === 0x2b) return { kind: 'acknowledged' };
    else if (byte === 0x2d) return { kind: 'rejected' };
    else if (byte === interruptByte) return { kind: 'interrupt' };
    // Anything else is noise on the line.
    return undefined;
  }

  private begin(): void {
    this.state = 'data';
    this.data = [];
    this.sum = 0;
    this.tooLong = false;
  }

  private inside(byte: number): void {
    // A packet that begins within another one: the first one's end was lost.
    if (byte === dollar) return this.begin();
    if (byte === hash) {
      this.state = 'checksum';
      this.digits = '';
      return;
    }
    this.sum = (this.sum + byte) & 0xff;
    if (this.data.length < mostPacketBytes) this.data.push(byte);
    else this.tooLong = true;
  }

  private finish(): Incoming {
    this.state = 'between';
    const isHex = /^[0-9a-f]{2}$/i.test(this.digits);
    if (!isHex || this.tooLong || parseInt(this.digits, 16) !== this.sum) {
      return { kind: 'damaged' };
    }
    return { kind: 'packet', data: decode(this.data) };
  }
}

/** Takes escapes and run lengths out. */
function decode(raw: readonly number[]): Uint8Array {
  const result: number[] = [];
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i] ?? 0;
    if (byte === brace && i + 1 < raw.length) {
      result.push((raw[++i] ?? 0) ^ escapeBit);
    } else if (byte === star && i + 1 < raw.length && result.length > 0) {
      const last = result[result.length - 1] ?? 0;
      const count = Math.max(0, (raw[++i] ?? 0) - 29);
      for (let n = 0; n < count && result.length < mostPacketBytes; n++) result.push(last);
    } else {
      result.push(byte);
    }
  }
  return Uint8Array.from(result);
}

/** A packet as it goes over the line. */
export function encodePacket(data: Uint8Array): Uint8Array {
  const body = shorten(escape(data));
  const sum = body.reduce((total, byte) => (total + byte) & 0xff, 0);
  const check = sum.toString(16).padStart(2, '0');
  const bytes = [dollar, ...body, hash, check.charCodeAt(0), check.charCodeAt(1)];
  return Uint8Array.from(bytes);
}

/** Each item is one byte of data: one on the line, or two where it had to be escaped. */
function* escape(data: Uint8Array): Generator<readonly number[]> {
  for (const byte of data) {
    const special = byte === dollar || byte === hash || byte === brace || byte === star;
    yield special ? [brace, byte ^ escapeBit] : [byte];
  }
}

/** Repetitions that a single count can say; fewer are shorter as they are. */
const mostRepeats = 97;
const leastRepeats = 3;

/** Run lengths: a byte, `*`, and the number of further ones plus 29, which must be printable. */
function shorten(items: Iterable<readonly number[]>): number[] {
  const result: number[] = [];
  let last: number | undefined;
  let repeats = 0;
  const flush = () => {
    while (last !== undefined && repeats > 0) {
      const count = countOf(repeats);
      if (count < leastRepeats) result.push(last);
      else result.push(star, count + 29);
      repeats -= count < leastRepeats ? 1 : count;
    }
  };
  for (const item of items) {
    const [byte] = item;
    if (item.length === 1 && byte === last) {
      repeats++;
      continue;
    }
    flush();
    result.push(...item);
    repeats = 0;
    last = item.length === 1 ? byte : undefined;
  }
  flush();
  return result;
}

/** How many of them one count tells: those of 6 and 7 would look like `#` and `$`. */
function countOf(repeats: number): number {
  const count = Math.min(repeats, mostRepeats);
  return count === 6 || count === 7 ? 5 : count;
}
