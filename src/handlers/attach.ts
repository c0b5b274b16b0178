/** Gives the handler module that a launch names to each machine that is made of the launch. */
import { UserError } from '../core/base/userError.ts';
import type { LaunchConfig } from '../core/machine/launchConfig.ts';
import type { Machine } from '../core/machine/machine.ts';

/**
 * Puts handlers, if any, before a machine, and gives the machine back. One that is made `again`, for
 * a past, goes without: there the handlers have answered already.
 */
export type AttachHandlers = <M extends Machine>(machine: M, again?: boolean) => M;

export async function handlersOf({ handlers: file }: LaunchConfig): Promise<AttachHandlers> {
  if (file === undefined) return (machine) => machine;
  const [{ toCommonJs }, { HandlerScript }] = await Promise.all([
    import('./stripTypes.ts'),
    import('./handlerScript.ts'),
  ]);
  return (machine, again = false) => {
    if (again) return machine;
    const { calls } = machine;
    if (!calls) {
      throw new UserError(
        'handlers: this machine makes no calls that could be answered',
        'handlers',
      );
    }
    const say = (line: string) => machine.log.fire(line);
    calls.use(new HandlerScript({ file, names: calls.names, toCommonJs, say }));
    return machine;
  };
}
