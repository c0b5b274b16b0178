/** What a stop for an event of the machine's is told to be, for the client's own place for that. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { StopReason } from '../core/debug/target.ts';
import { hex, readPc, type Guest } from './guest.ts';

export async function explainEvent(
  guest: Guest,
  hart: number,
  { name, text, details = [] }: StopReason & { kind: 'event' },
): Promise<DebugProtocol.ExceptionInfoResponse['body']> {
  const at = hex(await readPc(guest, hart));
  const { instructions } = await guest.target.statistics();
  return {
    exceptionId: name,
    description: text,
    breakMode: 'always',
    details: {
      message: [text, ...details].join('\n'),
      typeName: name,
      // VS Code shows this part below the description, and no other.
      stackTrace: [...details, `hart ${hart} at ${at} after ${instructions} instructions`].join(
        '\n',
      ),
    },
  };
}
