/**
 * Values that are addresses of code, and where in source that is: the client makes links of them,
 * and asks by the `locations` request where one leads when it is followed.
 */
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { errorCodes, RequestError } from './errors.ts';
import type { Guest } from './guest.ts';

/** A place in source. */
export type CodePlace = NonNullable<DebugProtocol.LocationsResponse['body']>;

export function placeOfCode(guest: Guest, address: bigint): CodePlace | undefined {
  const position = guest.symbols.positionAt(address);
  const local = position && guest.sources.toLocal(position.path);
  if (!position || local === undefined) return undefined;
  return { source: { name: path.basename(local), path: local }, line: position.line };
}

export class CodeReferences {
  private readonly placeAt: (address: bigint) => CodePlace | undefined;
  private readonly places: CodePlace[] = [];
  private readonly known = new Map<bigint, number>();

  constructor(placeAt: (address: bigint) => CodePlace | undefined) {
    this.placeAt = placeAt;
  }

  /** At the next stop other code may be there; what was told before still leads where it did. */
  clear(): void {
    this.known.clear();
  }

  /** Of a value as it is shown: `0x80200000 (2149580800) <main>`, with its place in words or not. */
  of(value: string): { readonly valueLocationReference?: number } {
    const [, text] = /^(0x[0-9a-f]+)\b[^\n]*<[^<>\n]+>(?: {2}\S[^\n]*)?$/.exec(value) ?? [];
    if (text === undefined) return {};
    const address = BigInt(text);
    const reference = this.known.get(address) ?? this.add(address);
    return reference === undefined ? {} : { valueLocationReference: reference };
  }

  location(reference: number): CodePlace {
    const place = this.places[reference - 1];
    if (!place) throw new RequestError(errorCodes.userError, `there is no location ${reference}`);
    return place;
  }

  private add(address: bigint): number | undefined {
    const place = this.placeAt(address);
    if (!place) return undefined;
    const reference = this.places.push(place);
    this.known.set(address, reference);
    return reference;
  }
}
