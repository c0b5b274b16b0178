/** `.debug_abbrev`: the shapes of debugging information entries (DWARF 5, section 7.5.3). */
import type { ByteReader } from '../../base/byteReader.ts';
import { DW_FORM } from './constants.ts';
import { fixedFormSize, type Encoding } from './forms.ts';

export interface AttributeSpec {
  readonly name: number;
  readonly form: number;
  /** Value of DW_FORM_implicit_const, which stands here and not in the entry. */
  readonly implicitConst: bigint;
  /** Bytes of the attributes before it, when no form among them varies. */
  readonly at: number | undefined;
}

export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly AttributeSpec[];
  /** Bytes of all attributes together, when no form among them varies. */
  readonly fixedSize: number | undefined;
}

export type AbbreviationTable = ReadonlyMap<number, Abbreviation>;

export function readAbbreviations(reader: ByteReader, encoding: Encoding): AbbreviationTable {
  const table = new Map<number, Abbreviation>();
  for (;;) {
    const code = reader.uleb();
    if (code === 0) return table;
    const tag = reader.uleb();
    const hasChildren = reader.u8() !== 0;
    table.set(code, { tag, hasChildren, ...readAttributes(reader, encoding) });
  }
}

function readAttributes(
  reader: ByteReader,
  encoding: Encoding,
): Pick<Abbreviation, 'attributes' | 'fixedSize'> {
  const attributes: AttributeSpec[] = [];
  let at: number | undefined = 0;
  for (;;) {
    const name = reader.uleb();
    const form = reader.uleb();
    const implicitConst = form === DW_FORM.implicit_const ? reader.slebBig() : 0n;
    if (name === 0 && form === 0) return { attributes, fixedSize: at };
    attributes.push({ name, form, implicitConst, at });
    const size: number | undefined = at === undefined ? undefined : fixedFormSize(form, encoding);
    at = at === undefined || size === undefined ? undefined : at + size;
  }
}
