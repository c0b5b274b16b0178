/**
 * Names of symbols as they were written: C++ (Itanium C++ ABI, section 5.1) and Rust (RFC 2603, and
 * the older scheme, which borrows C++'s form and ends with a hash).
 */
import { demangleItanium } from './itanium.ts';
import { demangleRustLegacy, demangleRustV0 } from './rust.ts';

/** The name as written, with parameters where the symbol tells them; undefined when it is not mangled. */
export function demangle(symbol: string): string | undefined {
  if (symbol.startsWith('_R')) return demangleRustV0(symbol);
  if (!symbol.startsWith('_Z')) return undefined;
  return demangleRustLegacy(symbol) ?? demangleItanium(symbol);
}

/**
 * The name without parameters, result and qualifiers: what a person types to mean a function. Angle
 * brackets and parentheses inside of the name stay.
 */
export function nameAlone(demangled: string): string {
  let depth = 0;
  let end = demangled.length;
  let start = 0;
  for (let i = 0; i < demangled.length; i++) {
    const operator = /^operator(?:\(\)|<=>|<<=?|>>=?|->\*?|[<>]=?)/.exec(
      demangled.slice(i, i + 12),
    );
    if (operator && !/\w/.test(demangled[i - 1] ?? ' ')) {
      i += operator[0].length - 1;
      continue;
    }
    const letter = demangled[i];
    if (letter === '<') depth++;
    else if (letter === '>') depth--;
    else if (depth > 0) continue;
    else if (demangled.startsWith('(anonymous namespace)', i)) i += 20;
    else if (letter === '(') {
      end = i;
      break;
    } else if (
      letter === ' ' &&
      demangled[i + 1] !== '<' &&
      !/(^|[^\w])operator$/.test(demangled.slice(start, i))
    )
      start = i + 1;
  }
  return demangled.slice(start, end);
}
