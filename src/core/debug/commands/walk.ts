/** How an address is translated, for the debug console's `walk` and the view that explains one. */
import { UserError } from '../../base/userError.ts';
import type { AddressWalk, WalkQuery } from '../target.ts';
import { hex, type CommandScope } from './scope.ts';

type Access = WalkQuery['access'];

export const accesses: readonly Access[] = ['load', 'store', 'fetch'];

export interface ExplainedAddress extends AddressWalk {
  readonly query: WalkQuery;
}

/** `ADDRESS [load|store|fetch]` */
export async function walk(args: string, scope: CommandScope): Promise<string> {
  const [, text = '', kind = 'load'] = /^([^]*?)(?:\s+(load|store|fetch))?$/.exec(args) ?? [];
  return walkText(await explainAddress(text, kind as Access, scope));
}

/** The address is any expression; one that begins with `gpa:` is for the G-stage alone. */
export async function explainAddress(
  text: string,
  access: Access,
  scope: CommandScope,
): Promise<ExplainedAddress> {
  const { value, space } = await scope.compute(text);
  if (space === 'physical') throw new UserError('walk: a physical address is not translated');
  const address = BigInt.asUintN(scope.isa.xlen, value);
  const query: WalkQuery = { address, access, space };
  const found = await scope.target.walk(scope.hart, query);
  if (!found) throw new UserError('walk: this processor translates nothing');
  return { query, ...found };
}

/** One line for each step, then how it ends. */
export function walkText({ query, steps, result, refusal }: ExplainedAddress): string {
  const lines = steps.map(({ stage: of, text: step, flags }) =>
    flags === undefined ? `${of}: ${step}` : `${of}: ${step}  ${flags}`,
  );
  const end = refusal
    ? `refused: ${refusal.text}\nexception ${refusal.cause}; specification: ${refusal.section}`
    : `${hex(query.address)} is at ${hex(result ?? 0n)}`;
  return [...lines, end].join('\n');
}
