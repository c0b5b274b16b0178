/**
 * The server's side of Telnet (RFC 854; options of RFC 856, 857, 858) as far as a console needs it:
 * single characters instead of lines, no local echo, all eight bits.
 */
const IAC = 255;
const command = { SE: 240, SB: 250, WILL: 251, WONT: 252, DO: 253, DONT: 254 } as const;
const option = { binary: 0, echo: 1, suppressGoAhead: 3 } as const;

/** What a client is told when it connects. */
export const greeting = Uint8Array.from([
  ...[IAC, command.WILL, option.echo],
  ...[IAC, command.WILL, option.suppressGoAhead],
  ...[IAC, command.WILL, option.binary],
  ...[IAC, command.DO, option.binary],
]);

/** Bytes for the client: those that look like a command are doubled. */
export function encode(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(IAC)) return bytes;
  return Uint8Array.from([...bytes].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte])));
}

/** Takes the client's commands out of what it sends; they may be cut anywhere. */
export class TelnetDecoder {
  private state: 'data' | 'return' | 'command' | 'option' | 'parameters' | 'parameterCommand' =
    'data';

  decode(bytes: Uint8Array): Uint8Array {
    const data: number[] = [];
    for (const byte of bytes) this.next(byte, data);
    return Uint8Array.from(data);
  }

  private next(byte: number, data: number[]): void {
    switch (this.state) {
      case 'return':
        this.state = 'data';
        // A carriage return by itself comes with a NUL behind it (RFC 854, the NVT printer).
        if (byte === 0) return;
        return this.next(byte, data);
      case 'data':
        if (byte === IAC) this.state = 'command';
        else data.push(byte);
        if (byte === 0x0d) this.state = 'return';
        return;
      case 'command':
        this.state = stateAfter(byte);
        if (byte === IAC) data.push(IAC);
        return;
      case 'option':
        this.state = 'data';
        return;
      case 'parameters':
        if (byte === IAC) this.state = 'parameterCommand';
        return;
      case 'parameterCommand':
        this.state = byte === command.SE ? 'data' : 'parameters';
    }
  }
}

function stateAfter(byte: number): 'data' | 'option' | 'parameters' {
  if (byte === command.SB) return 'parameters';
  return byte >= command.WILL && byte <= command.DONT ? 'option' : 'data';
}
