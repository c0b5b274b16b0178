/**
 * A console at 9600 baud in front of the real one: each call of the debug console takes the time
 * that its bytes would take on a serial line. The time is the guest's; with a terminal as console
 * the text comes out as slowly as it did in 1985.
 */
import type { Call, Guest, Result } from '../trapline.d.ts';

const baud = 9600;
/** A start bit, eight of data, a stop bit. */
const bitsPerByte = 10;

/** Every function of the debug console; `next` has the console answer. */
export function DBCN(call: Call, guest: Guest, next: () => Result): Result {
  const result = next();
  const writesByte = call.function === 2;
  const bytes = writesByte ? 1 : Number(result.value);
  if (result.error === 0n) guest.spend((bytes * bitsPerByte) / baud);
  return result;
}
