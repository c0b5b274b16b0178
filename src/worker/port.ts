/**
 * Messages between the thread that owns a machine and the one that debugs it: requests by method
 * name with answers, and events. The transport is any pair of structured-cloning ports, a
 * worker_threads one or a browser's. Nothing here knows machines.
 */
import { Bug } from '../core/base/assert.ts';
import type { TargetEventName } from '../core/debug/targetEvents.ts';
import { UserError } from '../core/base/userError.ts';

/** One end of a channel whose messages survive structured cloning. */
export interface Port {
  post(message: unknown): void;
  /** Called once. Messages that came before are delivered too. */
  onMessage(listener: (message: unknown) => void): void;
  /** The other end is gone; `error` says why when it was not asked to go. */
  onClose(listener: (error?: Error) => void): void;
}

export interface RequestMessage {
  readonly type: 'request';
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

export type ReplyMessage =
  | { readonly type: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly type: 'reply'; readonly id: number; readonly error: WireError };

export interface EventMessage {
  readonly type: 'event';
  readonly event: TargetEventName;
  readonly body: unknown;
}

export type Message = RequestMessage | ReplyMessage | EventMessage;

/** An error on its way: its kind survives, and with a user error the setting at fault. */
export type WireError =
  | { readonly kind: 'user'; readonly message: string; readonly subject?: string }
  | { readonly kind: 'bug'; readonly message: string; readonly stack?: string };

export function toWire(error: unknown): WireError {
  if (error instanceof UserError) {
    const { message, subject } = error;
    return { kind: 'user', message, ...(subject === undefined ? {} : { subject }) };
  }
  if (error instanceof Error) {
    const { message, stack } = error;
    return { kind: 'bug', message, ...(stack === undefined ? {} : { stack }) };
  }
  return { kind: 'bug', message: String(error) };
}

export function fromWire(error: WireError): Error {
  if (error.kind === 'user') return new UserError(error.message, error.subject);
  const bug = new Bug(error.message);
  if (error.stack !== undefined) bug.stack = error.stack;
  return bug;
}
