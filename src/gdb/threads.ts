/** Harts as the protocol's threads: numbers from one, since zero means any and -1 all. */
import type { GdbStub } from './stub.ts';

export type ThreadChoice = number | 'any' | 'all';

export const threadOf = (hart: number): string => (hart + 1).toString(16);

/** The hart of a thread-id, `p…` forms included; undefined when the text is none. */
export function parseThread(text: string): ThreadChoice | undefined {
  const match = /^(?:p(?:-1|[0-9a-f]{1,8})(?:\.|$))?(-1|[0-9a-f]{1,8})?$/i.exec(text);
  if (!match || text === '') return undefined;
  const id = match[1];
  // A process alone means all of its threads.
  if (id === undefined || id === '-1') return 'all';
  const number = parseInt(id, 16);
  return number === 0 ? 'any' : number - 1;
}

/** Whether there is such a hart. */
export async function hasHart({ target }: GdbStub, hart: number): Promise<boolean> {
  return hart < (await target.info()).harts;
}

export function isFor(choice: ThreadChoice, hart: number): boolean {
  return choice === 'all' || choice === 'any' || choice === hart;
}

/** `qXfer:threads:read`: names, and the mode each is in. */
export async function threadsDocument({ target }: GdbStub): Promise<string> {
  const harts = await target.harts();
  const rows = harts.map(
    ({ id, mode }) =>
      `<thread id="${threadOf(id)}" core="${id}" name="hart ${id}">${mode}</thread>\n`,
  );
  return `<?xml version="1.0"?>\n<threads>\n${rows.join('')}</threads>\n`;
}
