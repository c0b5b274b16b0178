/** Rust's symbol names: the v0 scheme (RFC 2603) and the one before it. */
import { MangledText, NotMangled } from './mangledText.ts';

/** What the scheme before v0 wrote for characters that assemblers do not take. */
const escapes: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
};

/** `_ZN4core3fmt5write17h0123456789abcdefE`; undefined when it is C++ after all. */
export function demangleRustLegacy(symbol: string): string | undefined {
  const [, body = ''] = /^_ZN(.*17h[0-9a-f]{16})E(?:\..*)?$/.exec(symbol) ?? [];
  const parts: string[] = [];
  for (let at = 0; at < body.length;) {
    const digits = /^[1-9]\d*/.exec(body.slice(at))?.[0];
    if (digits === undefined) return undefined;
    at += digits.length;
    const part = body.slice(at, at + Number(digits));
    if (part.length < Number(digits)) return undefined;
    parts.push(part);
    at += part.length;
  }
  // The last part is the hash.
  if (parts.length < 2) return undefined;
  return parts.slice(0, -1).map(unescape).join('::');
}

function unescape(part: string): string {
  return part
    .replace(/^_\$/, '$')
    .replace(/\$u([0-9a-f]+)\$/g, character)
    .replace(/\$([A-Z]+)\$/g, (whole, name: string) => escapes[name] ?? whole)
    .replaceAll('..', '::');
}

/** What is no code point stays as it is. */
function character(escape: string, digits: string): string {
  const code = parseInt(digits, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : escape;
}

/** `_RNvCs1234_7mycrate3foo`; undefined when it is not what the grammar says. */
export function demangleRustV0(symbol: string): string | undefined {
  // Linkers and compilers append `.llvm.123` and the like.
  const [, body = ''] = /^_R(\w+)(?:[.$].*)?$/.exec(symbol) ?? [];
  try {
    return new V0(body).symbol();
  } catch (error) {
    if (error instanceof NotMangled) return undefined;
    throw error;
  }
}

const basicTypes: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};

/** Back references could grow without end. */
const MAX_STEPS = 20_000;

class V0 extends MangledText {
  private steps = 0;
  private lifetimes = 0;

  symbol(): string {
    const path = this.path(true);
    // The crate that made the instance may follow.
    if (this.at < this.text.length) this.path(true);
    if (this.at < this.text.length) throw new NotMangled();
    return path;
  }

  private next(): string {
    if (++this.steps > MAX_STEPS) throw new NotMangled();
    return this.letter();
  }

  private path(inValue: boolean): string {
    return this.nested(() => {
      switch (this.next()) {
        case 'C':
          return this.identifier().name;
        case 'M':
          this.implPath();
          return `<${this.type()}>`;
        case 'X': {
          this.implPath();
          const self = this.type();
          return `<${self} as ${this.path(false)}>`;
        }
        case 'Y': {
          const self = this.type();
          return `<${self} as ${this.path(false)}>`;
        }
        case 'N':
          return this.nestedPath(inValue);
        case 'I': {
          const path = this.path(inValue);
          return `${path}${inValue ? '::' : ''}<${this.list(() => this.generic())}>`;
        }
        case 'B':
          return this.back(() => this.path(inValue));
        default:
          throw new NotMangled();
      }
    });
  }

  private implPath(): void {
    this.disambiguator();
    this.path(false);
  }

  private nestedPath(inValue: boolean): string {
    const space = this.next();
    const parent = this.path(inValue);
    const { name, number } = this.identifier();
    if (/[a-z]/.test(space)) return name === '' ? parent : `${parent}::${name}`;
    const kind = space === 'C' ? 'closure' : space === 'S' ? 'shim' : space;
    return `${parent}::{${kind}${name === '' ? '' : `:${name}`}#${number}}`;
  }

  /** Comma-separated, up to an E. */
  private list(read: () => string): string {
    const items: string[] = [];
    while (!this.takes('E')) items.push(read());
    return items.join(', ');
  }

  private generic(): string {
    if (this.takes('L')) return this.lifetime();
    return this.takes('K') ? this.constant() : this.type();
  }

  private lifetime(): string {
    const index = this.base62();
    if (index === 0) return "'_";
    return lifetimeName(this.lifetimes - index);
  }

  private type(): string {
    return this.nested(() => {
      const letter = this.next();
      const basic = basicTypes[letter];
      if (basic !== undefined) return basic;
      switch (letter) {
        case 'A': {
          const element = this.type();
          return `[${element}; ${this.constant()}]`;
        }
        case 'S':
          return `[${this.type()}]`;
        case 'T': {
          const items: string[] = [];
          while (!this.takes('E')) items.push(this.type());
          return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`;
        }
        case 'R':
        case 'Q': {
          const lifetime = this.takes('L') ? this.lifetime() : "'_";
          const prefix = lifetime === "'_" ? '' : `${lifetime} `;
          return `&${prefix}${letter === 'Q' ? 'mut ' : ''}${this.type()}`;
        }
        case 'P':
          return `*const ${this.type()}`;
        case 'O':
          return `*mut ${this.type()}`;
        case 'F':
          return this.binder(() => this.functionType());
        case 'D': {
          const traits = `dyn ${this.binder(() => this.traits())}`;
          if (!this.takes('L')) throw new NotMangled();
          const lifetime = this.lifetime();
          return lifetime === "'_" ? traits : `${traits} + ${lifetime}`;
        }
        case 'B':
          return this.back(() => this.type());
        default:
          this.at--;
          return this.path(false);
      }
    });
  }

  private traits(): string {
    const traits: string[] = [];
    while (!this.takes('E')) {
      let path = this.path(false);
      const bindings: string[] = [];
      while (this.takes('p')) {
        const { name } = this.identifier();
        bindings.push(`${name} = ${this.type()}`);
      }
      if (bindings.length > 0) {
        const inside = bindings.join(', ');
        path = path.endsWith('>') ? `${path.slice(0, -1)}, ${inside}>` : `${path}<${inside}>`;
      }
      traits.push(path);
    }
    return traits.join(' + ');
  }

  private functionType(): string {
    const isUnsafe = this.takes('U');
    let abi = '';
    if (this.takes('K')) abi = this.takes('C') ? 'C' : this.plainIdentifier().replaceAll('_', '-');
    const parameters = this.list(() => this.type());
    const result = this.type();
    const prefix = `${isUnsafe ? 'unsafe ' : ''}${abi === '' ? '' : `extern "${abi}" `}`;
    return `${prefix}fn(${parameters})${result === '()' ? '' : ` -> ${result}`}`;
  }

  private binder(read: () => string): string {
    const count = this.takes('G') ? this.base62() + 1 : 0;
    const first = this.lifetimes;
    this.lifetimes += count;
    const names = Array.from({ length: Math.min(count, 32) }, (_, i) => lifetimeName(first + i));
    const inside = read();
    this.lifetimes = first;
    return count === 0 ? inside : `for<${names.join(', ')}> ${inside}`;
  }

  private constant(): string {
    return this.nested(() => {
      const type = this.next();
      if (type === 'p') return '_';
      if (type === 'B') return this.back(() => this.constant());
      const isNegative = this.takes('n');
      const digits = /^[0-9a-f]*/.exec(this.text.slice(this.at))?.[0] ?? '';
      this.at += digits.length;
      if (!this.takes('_')) throw new NotMangled();
      const value = BigInt(`0x${digits || '0'}`);
      if (type === 'b') return value === 0n ? 'false' : 'true';
      if (type === 'c') return characterText(Number(value));
      if (basicTypes[type] === undefined) throw new NotMangled();
      return `${isNegative ? '-' : ''}${value}`;
    });
  }

  private back<T>(read: () => T): T {
    const from = this.at - 1;
    const target = this.base62();
    if (target >= from) throw new NotMangled();
    const resume = this.at;
    this.at = target;
    const result = this.nested(read);
    this.at = resume;
    return result;
  }

  private disambiguator(): number {
    return this.takes('s') ? this.base62() + 1 : 0;
  }

  private identifier(): { name: string; number: number } {
    const number = this.disambiguator();
    return { name: this.plainIdentifier(), number };
  }

  private plainIdentifier(): string {
    const isPunycode = this.takes('u');
    const digits = /^(0|[1-9]\d*)/.exec(this.text.slice(this.at))?.[0];
    if (digits === undefined) throw new NotMangled();
    this.at += digits.length;
    this.takes('_');
    const name = this.text.slice(this.at, this.at + Number(digits));
    if (name.length < Number(digits)) throw new NotMangled();
    this.at += name.length;
    return isPunycode ? fromPunycode(name) : name;
  }

  /** `_` is 0, `0_` is 1, and so on. */
  private base62(): number {
    if (this.takes('_')) return 0;
    let value = 0;
    for (;;) {
      const letter = this.next();
      if (letter === '_') return value + 1;
      const digit = digits62.indexOf(letter);
      if (digit < 0) throw new NotMangled();
      // Hashes of crates need not be exact: nobody sees them.
      value = value * 62 + digit;
    }
  }
}

const digits62 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function lifetimeName(index: number): string {
  if (index < 0) throw new NotMangled();
  return index < 26 ? `'${String.fromCharCode(97 + index)}` : `'_${index}`;
}

function characterText(code: number): string {
  if (code > 0x10ffff) throw new NotMangled();
  const special: Readonly<Record<number, string>> = {
    9: '\\t',
    10: '\\n',
    13: '\\r',
    39: "\\'",
    92: '\\\\',
  };
  const isPlain = code >= 0x20 && code < 0x7f;
  return `'${special[code] ?? (isPlain ? String.fromCharCode(code) : `\\u{${code.toString(16)}}`)}'`;
}

/** RFC 3492, with `_` for the hyphen between ASCII and the rest. */
function fromPunycode(text: string): string {
  const split = text.lastIndexOf('_');
  const output = [...text.slice(0, Math.max(split, 0))];
  let [code, index, bias] = [128, 0, 72];
  for (let at = split + 1; at < text.length;) {
    const start = index;
    let weight = 1;
    for (let k = 36; ; k += 36) {
      const letter = text.charCodeAt(at++);
      const digit = letter >= 97 ? letter - 97 : letter - 48 + 26;
      if (!(digit >= 0 && digit < 36)) throw new NotMangled();
      index += digit * weight;
      const threshold = Math.min(26, Math.max(1, k - bias));
      if (digit < threshold) break;
      weight *= 36 - threshold;
    }
    const length = output.length + 1;
    let delta = start === 0 ? Math.floor((index - start) / 700) : (index - start) >> 1;
    delta += Math.floor(delta / length);
    let k = 0;
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    bias = k + Math.floor((36 * delta) / (delta + 38));
    code += Math.floor(index / length);
    index %= length;
    if (code > 0x10ffff) throw new NotMangled();
    output.splice(index++, 0, String.fromCodePoint(code));
  }
  return output.join('');
}
