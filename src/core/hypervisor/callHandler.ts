/** Somebody in the VMM who answers forwarded calls: a console, a user's handler module. */
import type { CallExit } from './exits.ts';
import type { Vm } from './vm.ts';

export interface CallHandler {
  answers(extension: number): boolean;
  /** Sets `ret` and `answered` when the call is one of its own. */
  handle(exit: CallExit, vm: Vm): void;
}
