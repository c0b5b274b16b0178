/** What answers the calls of the loop `guest_sbi_handler`. */
import type { Call } from '../../../src/handlers/api.ts';

export const x09000000 = (call: Call): bigint => call.args[0] ?? 0n;
