/** A growing run of bytes with the LEB128 numbers of WebAssembly (core specification 5.2.2). */
const encoder = new TextEncoder();

export class ByteSink {
  private bytes: Uint8Array;
  private used = 0;

  /** `room` is a guess of how much there will be. */
  constructor(room = 256) {
    this.bytes = new Uint8Array(room);
  }

  get length(): number {
    return this.used;
  }

  byte(value: number): this {
    if (this.used === this.bytes.length) this.grow(1);
    this.bytes[this.used++] = value;
    return this;
  }

  unsigned(value: number): this {
    let rest = value >>> 0;
    if (rest < 0x80) return this.byte(rest);
    do {
      const low = rest & 0x7f;
      rest >>>= 7;
      this.byte(rest ? low | 0x80 : low);
    } while (rest);
    return this;
  }

  signed(value: bigint): this {
    // Most numbers are small, and bigints are slow.
    if (value >= -0x4000_0000n && value < 0x4000_0000n) return this.signedSmall(Number(value));
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const last = (rest === 0n && !(low & 0x40)) || (rest === -1n && low & 0x40);
      this.byte(last ? low : low | 0x80);
      if (last) return this;
    }
  }

  signedSmall(value: number): this {
    let rest = value;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      const last = (rest === 0 && !(low & 0x40)) || (rest === -1 && (low & 0x40) !== 0);
      this.byte(last ? low : low | 0x80);
      if (last) return this;
    }
  }

  append(other: ByteSink | Uint8Array): this {
    const data = other instanceof ByteSink ? other.result() : other;
    this.grow(data.length);
    this.bytes.set(data, this.used);
    this.used += data.length;
    return this;
  }

  name(text: string): this {
    // Nearly all names are ASCII.
    let plain = text.length < 0x80;
    for (let i = 0; plain && i < text.length; i++) plain = text.charCodeAt(i) < 0x80;
    if (!plain) {
      const data = encoder.encode(text);
      return this.unsigned(data.length).append(data);
    }
    this.byte(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
    return this;
  }

  /** A view of what was written so far. */
  result(): Uint8Array {
    return this.bytes.subarray(0, this.used);
  }

  private grow(by: number): void {
    if (this.used + by <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.used + by));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
