/**
 * C++ names of the Itanium C++ ABI (section 5.1), written as binutils' c++filt writes them. Of
 * expressions only literals, template parameters and names within types are read: names with others
 * stay as they are.
 */
import {
  abbreviations,
  builtinTypes,
  builtinTypesD,
  literalSuffixes,
  operators,
  specialNames,
} from './itaniumTables.ts';
import {
  declared,
  joined,
  lastPart,
  opened,
  pointerTo,
  referenceTo,
  simpleName,
  suffixed,
  whole,
  withArguments,
  type Name,
  type Text,
} from './itaniumText.ts';
import { MangledText, NotMangled } from './mangledText.ts';

/** The name as written; undefined when it is not what the grammar says, or beyond what is read here. */
export function demangleItanium(symbol: string): string | undefined {
  try {
    return new Demangler(symbol).symbol();
  } catch (error) {
    if (error instanceof NotMangled) return undefined;
    throw error;
  }
}

/** Substitutions of substitutions can double a name with each letter. */
const MAX_LENGTH = 1 << 16;

class Demangler extends MangledText {
  private substitutions: Text[] = [];
  private parameters: readonly Text[] = [];
  private parameterUses = 0;
  private packIndex: number | undefined;
  /** Elements of the packs that the pattern of an expansion names. */
  private packSize: number | undefined;

  symbol(): string {
    this.expect('_Z');
    const name = this.encoding();
    const rest = this.text.slice(this.at);
    if (rest === '') return name;
    if (!/^\.[a-zA-Z_]|^\.\d/.test(rest)) throw new NotMangled();
    // Clones that the compiler made: `.constprop.0`, `.part.1.cold`.
    const clones = rest.match(/\.[a-zA-Z_]+(\.\d+)*|(\.\d+)+/g) ?? [];
    if (clones.join('') !== rest) throw new NotMangled();
    return name + clones.map((clone) => ` [clone ${clone}]`).join('');
  }

  private note(text: Text): Text {
    if (text.left.length + text.right.length > MAX_LENGTH) throw new NotMangled();
    this.substitutions.push(text);
    return text;
  }

  // Encodings and names.

  /** Of functions around local names the result is not told. */
  private encoding(isAround = false): string {
    return this.nested(() => {
      const special = this.specialName();
      if (special !== undefined) return special;
      const name = this.name();
      if (this.at >= this.text.length || this.peek('E') || this.peek('.')) return name.text;
      const hasResult = name.hasArguments && !name.hasNoResult;
      const result = hasResult ? this.type() : undefined;
      const call = `${name.text}(${this.parameterTypes()})${name.qualifiers}`;
      return result && !isAround ? declared(result, call) : call;
    });
  }

  private specialName(): string | undefined {
    const kind = this.text.slice(this.at, this.at + 2);
    if (kind === 'Th' || kind === 'Tv' || kind === 'Tc') {
      this.at += 1;
      if (kind === 'Tc') {
        this.at += 1;
        this.callOffset();
        this.callOffset();
        return `covariant return thunk to ${this.encoding()}`;
      }
      this.callOffset();
      return `${kind === 'Th' ? 'non-virtual' : 'virtual'} thunk to ${this.encoding()}`;
    }
    if (kind === 'TC') {
      this.at += 2;
      const derived = this.type();
      this.match(/^\d+/);
      this.expect('_');
      return `construction vtable for ${whole(this.type())}-in-${whole(derived)}`;
    }
    if (kind === 'GT') {
      this.at += 2;
      const isPlain = this.takes('n');
      if (!isPlain) this.expect('t');
      return `${isPlain ? 'non-' : ''}transaction clone for ${this.encoding()}`;
    }
    const prefix = specialNames[kind];
    if (prefix === undefined) return undefined;
    this.at += 2;
    return (
      prefix + (kind.startsWith('T') && !/[WH]/.test(kind) ? whole(this.type()) : this.name().text)
    );
  }

  private name(): Name {
    return this.nested(() => {
      if (this.peek('N')) return this.nestedName();
      if (this.peek('Z')) return this.localName();
      if (this.peek('S') && !this.peek('St')) {
        const base = this.substitution();
        if (!this.peek('I')) throw new NotMangled();
        return withArguments(
          base.left,
          base.last ?? lastPart(base.left),
          this.templateArguments(true),
        );
      }
      const isStd = this.takes('St');
      const plain = this.unqualified(undefined);
      const text = isStd ? `std::${plain.text}` : plain.text;
      if (!this.peek('I')) return { ...plain, text };
      this.note({ left: text, right: '', last: plain.last });
      const { hasNoResult } = plain;
      return { ...withArguments(text, plain.last, this.templateArguments(true)), hasNoResult };
    });
  }

  private nestedName(): Name {
    this.expect('N');
    const qualifiers = this.functionQualifiers();
    let name: Name | undefined;
    while (!this.takes('E')) {
      const isSubstitution = this.peek('S') && !this.peek('St');
      name = this.prefixPart(name);
      if (!isSubstitution && !this.peek('E'))
        this.note({ left: name.text, right: '', last: name.last });
    }
    if (!name) throw new NotMangled();
    return { ...name, qualifiers };
  }

  private prefixPart(before: Name | undefined): Name {
    if (this.peek('I') && before) {
      const made = withArguments(before.text, before.last, this.templateArguments(true));
      return { ...made, hasNoResult: before.hasNoResult };
    }
    if (!before && this.peek('S') && !this.peek('St')) {
      const { left, last } = this.substitution();
      return simpleName(left, last ?? lastPart(left));
    }
    if (!before && this.peek('T')) return simpleName(whole(this.templateParameter()));
    if (!before && (this.peek('Dt') || this.peek('DT'))) throw new NotMangled();
    const isStd = !before && this.takes('St');
    this.takes('L');
    const own = this.unqualified(before);
    const scope = before ? `${before.text}::` : isStd ? 'std::' : '';
    return { ...own, text: scope + own.text };
  }

  private localName(): Name {
    this.expect('Z');
    const outer = this.encoding(true);
    this.expect('E');
    if (this.takes('s')) {
      this.discriminator();
      return simpleName(`${outer}::string literal`);
    }
    if (this.takes('d')) {
      this.match(/^\d+/);
      this.expect('_');
    }
    const inner = this.name();
    this.discriminator();
    return { ...inner, text: `${outer}::${inner.text}` };
  }

  private unqualified(before: Name | undefined): Name {
    let name = this.unqualifiedWithoutTags(before);
    while (this.takes('B')) name = { ...name, text: `${name.text}[abi:${this.sourceName()}]` };
    return name;
  }

  private unqualifiedWithoutTags(before: Name | undefined): Name {
    if (this.match(/^(?=\d)/) !== undefined) return simpleName(this.sourceName());
    if (before && this.match(/^C[1-5]/) !== undefined)
      return { ...simpleName(before.last), hasNoResult: true };
    if (before && this.match(/^D[0-5]/) !== undefined) {
      return { ...simpleName(`~${before.last}`), hasNoResult: true };
    }
    if (this.takes('Ut')) return simpleName(`{unnamed type#${this.sequence()}}`);
    if (this.takes('Ul')) {
      const parameters = this.parameterTypes();
      this.expect('E');
      return simpleName(`{lambda(${parameters})#${this.sequence()}}`);
    }
    if (this.takes('cv')) {
      // Its arguments, which come later, may be what its type is made of.
      const type = whole(this.type());
      return { ...simpleName(`operator ${type}`), hasNoResult: true };
    }
    if (this.takes('li')) return simpleName(`operator"" ${this.sourceName()}`);
    const operator = operators[this.text.slice(this.at, this.at + 2)];
    if (operator === undefined) throw new NotMangled();
    this.at += 2;
    return simpleName(`operator${operator}`);
  }

  private sourceName(): string {
    const length = Number(this.match(/^\d+/));
    const name = this.text.slice(this.at, this.at + length);
    if (!(length > 0) || name.length < length) throw new NotMangled();
    this.at += length;
    return /^_GLOBAL_[_.$]N/.test(name) ? '(anonymous namespace)' : name;
  }

  private substitution(): Text {
    this.expect('S');
    const index = this.match(/^[0-9A-Z]*_/);
    if (index !== undefined) {
      const number = index === '_' ? 0 : parseInt(index.slice(0, -1), 36) + 1;
      const found = this.substitutions[number];
      if (!found) throw new NotMangled();
      const isOurs = found.source === undefined || found.readWith === this.parameters;
      return isOurs ? found : this.nested(() => this.readAgain(found.source ?? 0));
    }
    const known = abbreviations[this.letter()];
    if (!known) throw new NotMangled();
    // Constructors and destructors are those of the class behind the name.
    const isOwn = known.whole !== undefined && this.match(/^(?=[CD]\d)/) !== undefined;
    return { left: isOwn ? (known.whole ?? '') : known.name, right: '', last: known.last };
  }

  private readAgain(source: number): Text {
    const { at, substitutions } = this;
    this.at = source;
    this.substitutions = [...substitutions];
    const type = this.plainType();
    this.at = at;
    this.substitutions = substitutions;
    return type;
  }

  private templateParameter(): Text {
    this.parameterUses++;
    this.expect('T');
    const digits = this.match(/^\d+/);
    this.expect('_');
    const found = this.parameters[digits === undefined ? 0 : Number(digits) + 1];
    if (!found) throw new NotMangled();
    if (!found.pack) return found;
    this.packSize = Math.max(this.packSize ?? 0, found.pack.length);
    if (this.packIndex === undefined) return joined(found.pack);
    return found.pack[this.packIndex] ?? { left: '', right: '' };
  }

  private templateArguments(isOfName: boolean): string {
    this.expect('I');
    const outer = this.parameters;
    const found: Text[] = [];
    while (!this.takes('E')) found.push(this.nested(() => this.templateArgument()));
    // What a function's own type names are the arguments of the last part of its name.
    this.parameters = isOfName ? found : outer;
    const text = whole(joined(found));
    return `<${text}${text.endsWith('>') ? ' ' : ''}>`;
  }

  private templateArgument(): Text {
    if (this.takes('L')) return { left: this.literal(), right: '' };
    if (this.takes('X')) {
      const expression = this.takes('sr') ? this.resolvedName() : this.templateParameter();
      this.expect('E');
      return expression;
    }
    if (!this.takes('J')) return this.type();
    const pack: Text[] = [];
    while (!this.takes('E')) pack.push(this.nested(() => this.templateArgument()));
    return { ...joined(pack), pack };
  }

  /** A name that argument types decide on: `std::is_signed<int>::value`. */
  private resolvedName(): Text {
    const levels: string[] = [];
    if (this.match(/^(?=\d)/) === undefined) levels.push(whole(this.type()));
    else while (!this.takes('E')) levels.push(this.levelName());
    return { left: [...levels, this.levelName()].join('::'), right: '' };
  }

  private levelName(): string {
    const name = this.sourceName();
    return this.peek('I') ? name + this.templateArguments(false) : name;
  }

  private literal(): string {
    if (this.takes('_Z')) {
      const name = this.encoding();
      this.expect('E');
      return name;
    }
    const type = whole(this.type());
    const digits = this.match(/^n?[0-9a-z]+/) ?? '';
    this.expect('E');
    const value = digits.replace(/^n/, '-');
    if (type === 'bool' && /^[01]$/.test(value)) return value === '1' ? 'true' : 'false';
    if (/^(float|double|long double|__float128)$/.test(type)) return `(${type})[${value}]`;
    const suffix = literalSuffixes[type];
    return suffix === undefined ? `(${type})${value}` : value + suffix;
  }

  // Types.

  private parameterTypes(): string {
    const types: Text[] = [];
    while (this.at < this.text.length && !/^(E|\.|[RO]E)/.test(this.text.slice(this.at))) {
      types.push(this.type());
    }
    if (types.length === 0) throw new NotMangled();
    const text = whole(joined(types));
    return text === 'void' ? '' : text;
  }

  private type(): Text {
    const [start, uses] = [this.at, this.parameterUses];
    const type = this.nested(() => this.plainType());
    if (this.parameterUses === uses || this.substitutions.at(-1) !== type) return type;
    const noted = { ...type, source: start, readWith: this.parameters };
    this.substitutions[this.substitutions.length - 1] = noted;
    return noted;
  }

  private plainType(): Text {
    const letter = this.text[this.at] ?? '';
    const builtin = builtinTypes[letter];
    if (builtin !== undefined) {
      this.at++;
      return { left: builtin, right: '' };
    }
    switch (letter) {
      case 'r':
      case 'V':
      case 'K':
        return this.qualifiedType();
      case 'P':
        this.at++;
        return this.note(pointerTo(this.type(), '*'));
      case 'R':
        this.at++;
        return this.note(referenceTo(this.type(), '&'));
      case 'O':
        this.at++;
        return this.note(referenceTo(this.type(), '&&'));
      case 'C':
        this.at++;
        return this.note(suffixed(this.type(), ' _Complex'));
      case 'F':
        return this.note(this.functionType(''));
      case 'A':
        return this.note(this.arrayType());
      case 'M':
        return this.note(this.memberPointer());
      case 'D':
        return this.typeD();
      case 'T':
        return this.parameterType();
      case 'S':
        return this.substitutedType();
      case 'u':
        this.at++;
        return this.note({ left: this.sourceName(), right: '' });
      default:
        return this.classType();
    }
  }

  /** Arguments of a class are not those that a function's type names. */
  private classType(): Text {
    const outer = this.parameters;
    const { text, last } = this.name();
    this.parameters = outer;
    return this.note({ left: text, right: '', last });
  }

  private substitutedType(): Text {
    if (this.peek('St')) return this.classType();
    const base = this.substitution();
    if (!this.peek('I')) return base;
    const left = base.left + this.templateArguments(false);
    return this.note({ left, right: '', last: base.last ?? lastPart(base.left) });
  }

  private parameterType(): Text {
    if (this.match(/^T[sue](?=\d|N)/) !== undefined) return this.classType();
    const parameter = this.note(this.templateParameter());
    if (!this.peek('I')) return parameter;
    return this.note({ left: whole(parameter) + this.templateArguments(false), right: '' });
  }

  private qualifiedType(): Text {
    let qualifiers = '';
    if (this.takes('r')) qualifiers = ' restrict';
    if (this.takes('V')) qualifiers = ` volatile${qualifiers}`;
    if (this.takes('K')) qualifiers = ` const${qualifiers}`;
    if (this.peek('F')) return this.note(this.functionType(qualifiers));
    const inner = this.type();
    // The qualifier of an array is one of its elements.
    const isSaid = qualifiers === ' const' && inner.left.endsWith(' const');
    return this.note(isSaid ? inner : suffixed(inner, qualifiers));
  }

  private functionType(qualifiers: string): Text {
    this.takes('Do');
    this.expect('F');
    this.takes('Y');
    const result = this.type();
    const parameters = this.parameterTypes();
    const reference = this.takes('R') ? ' &' : this.takes('O') ? ' &&' : '';
    this.expect('E');
    const right = `(${parameters})${qualifiers}${reference}${result.right}`;
    return { left: `${result.left} `, right, isCompound: true };
  }

  private arrayType(): Text {
    this.expect('A');
    let count = this.match(/^\d+/) ?? '';
    if (count === '' && this.peek('T')) count = whole(this.templateParameter());
    this.expect('_');
    const element = this.type();
    const right = `${element.isCompound ? '' : ' '}[${count}]${element.right.trimStart()}`;
    return { left: element.left, right, isCompound: true };
  }

  private memberPointer(): Text {
    this.expect('M');
    const owner = whole(this.type());
    const member = this.type();
    if (!member.isCompound) return { left: `${member.left} ${owner}::*`, right: member.right };
    return { left: `${opened(member)}${owner}::*`, right: `)${member.right}` };
  }

  private typeD(): Text {
    if (this.takes('Dp')) return this.expansion();
    if (this.peek('Do')) return this.note(this.functionType(''));
    const builtin = builtinTypesD[this.text[this.at + 1] ?? ''];
    if (builtin === undefined) throw new NotMangled();
    this.at += 2;
    return { left: builtin, right: '' };
  }

  /** The pattern once for each element of the packs in it. */
  private expansion(): Text {
    const start = this.at;
    const [outerIndex, outerSize] = [this.packIndex, this.packSize];
    this.packIndex = undefined;
    this.packSize = undefined;
    const pattern = this.type();
    const size: number | undefined = this.packSize;
    const [end, { substitutions }] = [this.at, this];
    const pack: Text[] = [];
    for (let i = 0; i < (size ?? 0); i++) {
      // What the pattern offers for substitution is that of its first reading.
      this.substitutions = [...substitutions];
      this.at = start;
      this.packIndex = i;
      pack.push(this.type());
    }
    this.substitutions = substitutions;
    this.at = end;
    this.packIndex = outerIndex;
    this.packSize = outerSize;
    return size === undefined ? suffixed(pattern, '...') : { ...joined(pack), pack };
  }
}
