/** Who in the VMM answers what the hypervisor forwards. */
import type { CallExit, CsrExit } from './exits.ts';
import type { Vm } from './vm.ts';

/** A console, a user's handler module. */
export interface CallHandler {
  answers(extension: number): boolean;
  /** Sets `ret` and `answered` when the call is one of its own. */
  handle(exit: CallExit, vm: Vm): void;
}

export interface RegisterHandler {
  /** Sets `ret` when the register is one of its own; false when it is not. */
  handle(exit: CsrExit): boolean;
}
