/**
 * Assembly to show where a frame's source is not on this disk: one listing for each function, or
 * for the surroundings of a pc that belongs to none. The client asks for the text by reference.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { disassembleRange, type Row } from './disassembly.ts';
import { errorCodes, RequestError } from './errors.ts';
import type { ProgramSymbols } from '../core/debug/symbols/symbols.ts';
import { guestSeenBy, hex, type Guest } from './guest.ts';

/** Bytes that a listing covers at most, and where no function is known. */
const MOST_BYTES = 0x4000n;
const WITHOUT_FUNCTION = 0x100n;

interface Listing {
  readonly reference: number;
  readonly name: string;
  readonly rows: readonly Row[];
  /** Of the world that it was made in. */
  readonly symbols: ProgramSymbols;
}

export class Listings {
  private readonly guest: Guest;
  private readonly listings: Listing[] = [];

  constructor(guest: Guest) {
    this.guest = guest;
  }

  /** Source and line of an address; undefined where no code can be read. */
  async locate(
    hart: number,
    pc: bigint,
  ): Promise<{ readonly source: DebugProtocol.Source; readonly line: number } | undefined> {
    const { symbols } = await guestSeenBy(this.guest, hart);
    const known = this.listings.find(
      (made) => made.symbols === symbols && lineOf(made.rows, pc) > 0,
    );
    const listing = known ?? (await this.make(hart, pc, symbols));
    const line = listing ? lineOf(listing.rows, pc) : 0;
    if (!listing || line === 0) return undefined;
    const { name, reference } = listing;
    return { source: { name, sourceReference: reference, origin: 'disassembly' }, line };
  }

  text(reference: number): string {
    const listing = this.listings[reference - 1];
    if (!listing) throw new RequestError(errorCodes.userError, 'there is no such source');
    return listing.rows.map((row) => render(row, listing.symbols)).join('\n');
  }

  private async make(
    hart: number,
    pc: bigint,
    symbols: ProgramSymbols,
  ): Promise<Listing | undefined> {
    const found = symbols.functionAt(pc);
    const start = found && pc - found.low < MOST_BYTES ? found.low : pc;
    const wanted = found && found.high > pc ? found.high - start : WITHOUT_FUNCTION;
    const size = Number(wanted < MOST_BYTES ? wanted : MOST_BYTES);
    const rows = await disassembleRange(this.guest, hart, start, size);
    if (lineOf(rows, pc) === 0) return undefined;
    const reference = this.listings.length + 1;
    // The ending says which language the text is in.
    const listing = { reference, name: `${found?.name ?? hex(pc)}.S`, rows, symbols };
    this.listings.push(listing);
    return listing;
  }
}

function render({ address, text }: Row, symbols: ProgramSymbols): string {
  const symbol = symbols.symbolAt(address);
  const label = symbol?.offset === 0n ? `    # ${symbol.name}` : '';
  return `${hex(address)}:  ${text}${label}`;
}

/** One-based; 0 when the address begins none of the rows. */
function lineOf(rows: readonly Row[], address: bigint): number {
  return rows.findIndex((row) => row.address === address) + 1;
}
