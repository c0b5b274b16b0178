/** How an exit is written for programs. */
import type { ExitRow } from './protocol.ts';

/** One exit as a line of JSON, for programs. */
export function exitJson(exit: ExitRow): string {
  const { sequence, instructions, hart, pc, kind, text, source } = exit;
  return JSON.stringify({
    ...{ sequence, instructions, hart, pc, kind, text },
    ...(source && { source }),
  });
}
