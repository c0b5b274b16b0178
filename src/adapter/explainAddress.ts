/** The request `trapline/walk`: how an address is translated, for a view that shows each step. */
import { UserError } from '../core/base/userError.ts';
import { accesses, explainAddress, walkText } from '../core/debug/commands/walk.ts';
import { commandScope } from './consoleCommands.ts';
import { errorCodes, RequestError } from './errors.ts';
import { hex } from './guest.ts';
import type { Scope } from './places.ts';
import type { CustomRequests, WalkBody } from './protocol.ts';

type Args = CustomRequests['trapline/walk']['arguments'];

export async function walkAddress(scope: Scope, args: Args): Promise<WalkBody> {
  const { expression, access = 'load' } = args;
  if (!accesses.includes(access)) {
    throw new UserError(`access: '${access}' is none of ${accesses.join(', ')}`, 'access');
  }
  try {
    const walk = await explainAddress(expression, access, commandScope(scope));
    const { query, steps, result, refusal } = walk;
    return {
      address: hex(query.address),
      space: query.space,
      access,
      steps: steps.map(({ entryAddress, entry, ...step }) => ({
        ...step,
        ...(entryAddress === undefined ? {} : { entryAddress: hex(entryAddress) }),
        ...(entry === undefined ? {} : { entry: hex(entry) }),
      })),
      ...(result === undefined ? {} : { result: hex(result) }),
      ...(refusal && { refusal: refusalBody(refusal) }),
      text: walkText(walk),
    };
  } catch (error) {
    // The view says what is wrong with the expression, beside it.
    if (!(error instanceof UserError)) throw error;
    throw new RequestError(errorCodes.userError, error.message, false);
  }
}

type Refusal = NonNullable<Awaited<ReturnType<typeof explainAddress>>['refusal']>;

function refusalBody({ guestAddress, ...refusal }: Refusal): NonNullable<WalkBody['refusal']> {
  return { ...refusal, ...(guestAddress === undefined ? {} : { guestAddress: hex(guestAddress) }) };
}
