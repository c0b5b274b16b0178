/**
 * Names and types of C++ as text: a type is two texts, around what is declared, as in `void (*` and
 * `)(int)`.
 */

/** A type, around what is declared; or a pack of several. */
export interface Text {
  readonly left: string;
  readonly right: string;
  /** The elements of a pack. */
  readonly pack?: readonly Text[];
  /** Arrays and functions: pointers to them need parentheses. */
  readonly isCompound?: boolean;
  /** Of references: they collapse. */
  readonly reference?: '&' | '&&';
  /** Of a class: what its constructors are called. */
  readonly last?: string;
  /**
   * Of what is made of template parameters: where it stands, and the arguments it was read with. In
   * another function the same letters mean its own arguments.
   */
  readonly source?: number;
  readonly readWith?: readonly Text[];
}

/** A name, and what decides how its function type is read. */
export interface Name {
  readonly text: string;
  /** What its constructors are called. */
  readonly last: string;
  readonly hasArguments: boolean;
  /** Constructors, destructors and conversions have no result in their type. */
  readonly hasNoResult: boolean;
  /** After the parameters: ` const`. */
  readonly qualifiers: string;
}

export function simpleName(text: string, last = text): Name {
  return { text, last, hasArguments: false, hasNoResult: false, qualifiers: '' };
}

export function withArguments(text: string, last: string, list: string): Name {
  // `operator<` and its arguments must not become `operator<<`.
  const space = text.endsWith('<') ? ' ' : '';
  return { ...simpleName(text + space + list, last), hasArguments: true };
}

export function whole(type: Text): string {
  return (type.left.endsWith(' ') ? type.left.trimEnd() + ' ' : type.left) + type.right;
}

export function joined(types: readonly Text[]): Text {
  // Empty packs leave nothing, not even a comma.
  const texts = types.map(whole).filter((text) => text !== '');
  return { left: texts.join(', '), right: '' };
}

/** A declaration of something of a type. */
export function declared(type: Text, inner: string): string {
  if (!type.isCompound) return `${type.left} ${inner}${type.right}`;
  return `${type.left.trimEnd()} ${inner}${type.right}`;
}

export function opened({ left }: Text): string {
  return left.endsWith(' ') ? `${left}(` : `${left} (`;
}

export function pointerTo(type: Text, sign: string): Text {
  if (!type.isCompound) return { left: type.left + sign, right: type.right };
  // Pointers to pointers to functions stand within the same parentheses.
  return { left: opened(type) + sign, right: `)${type.right}` };
}

export function referenceTo(type: Text, sign: '&' | '&&'): Text {
  // C++20, [dcl.ref]: a reference to a reference is one of them.
  if (type.reference === '&' || (type.reference === '&&' && sign === '&&')) return type;
  if (type.reference === '&&') {
    return { left: type.left.slice(0, -1), right: type.right, reference: '&' };
  }
  return { ...pointerTo(type, sign), reference: sign };
}

export function suffixed(type: Text, suffix: string): Text {
  if (type.isCompound && type.right.trimStart().startsWith('[')) {
    return { ...type, left: type.left + suffix };
  }
  return {
    left: type.left + suffix,
    right: type.right,
    ...(type.isCompound && { isCompound: true }),
  };
}

/** The class's own name, without scope and arguments. */
export function lastPart(name: string): string {
  let depth = 0;
  let start = 0;
  let end = name.length;
  for (let i = 0; i < name.length; i++) {
    if (name[i] === '<' && depth++ === 0) end = i;
    else if (name[i] === '>') depth--;
    else if (depth === 0 && name.startsWith('::', i)) {
      start = i + 2;
      end = name.length;
    }
  }
  return name.slice(start, end);
}
