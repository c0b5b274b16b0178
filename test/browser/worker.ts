/** The program of a browser's worker that runs the guests it is sent, one at a time. */
import { runGuest, type Guest } from './guest.ts';

interface Scope {
  onmessage: ((event: { readonly data: Guest }) => void) | undefined;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data }) => {
  try {
    scope.postMessage({ ran: runGuest(data) });
  } catch (error) {
    scope.postMessage({ error: String(error instanceof Error ? error.stack : error) });
  }
};
