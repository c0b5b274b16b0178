/**
 * Code that has moved, as a bootloader moves itself: where a guest stops at code that no symbol
 * names, but that one of the symbols' files has at another address, the client is told the offset.
 */
import { guestSeenBy, hex, type Guest } from './guest.ts';

/** So many bytes from pc on are nowhere else by accident. */
const ENOUGH = 48;

/** A line to add to launch.json; undefined where nothing is recognised, or it has an offset already. */
export async function relocationHint(
  guest: Guest,
  hart: number,
  pc: bigint,
): Promise<string | undefined> {
  const { symbols, target } = await guestSeenBy(guest, hart);
  if (symbols.symbolAt(pc) || symbols.positionAt(pc)) return undefined;
  const code = await target.readMemory(hart, 'virtual', pc, ENOUGH);
  if (code.length < ENOUGH || new Set(code).size < 8) return undefined;
  const places = symbols.placesOfCode(code);
  const [place] = places;
  if (!place || places.length > 1) return undefined;
  // Downwards too: a kernel that is linked high runs at physical addresses until it has page tables.
  const offset = hex(pc - place.address);
  const { name } = place.module;
  return (
    `The code at ${hex(pc)} is that of ${name}, moved by ${offset}. For its symbols there, in ` +
    `launch.json: "symbolFiles": [{ "file": ${JSON.stringify(name)}, "offset": "${offset}" }]`
  );
}
