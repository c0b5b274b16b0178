/**
 * The program's variables as DAP rows, and the ways from one to the next: members, elements and
 * what pointers point to. Symbols do the reading; this walks and presents.
 */
import { UserError } from '../core/base/userError.ts';
import { anonymousMember, type Variable } from '../core/debug/symbols/symbols.ts';
import { hex, memoryReference, type Guest } from './guest.ts';
import type { CallFrame, CallStacks } from './stack.ts';
import type { Container, Item } from './variableStore.ts';

export function localsContainer(guest: Guest, stacks: CallStacks, frame: CallFrame): Container {
  return {
    list: async () =>
      (await guest.symbols.locals(stacks.context(frame), frame.inlineDepth)).map(variableItem),
  };
}

export function globalsContainer(guest: Guest, stacks: CallStacks, frame: CallFrame): Container {
  return {
    list: async () => (await guest.symbols.globals(stacks.context(frame))).map(variableItem),
  };
}

export function variableItem(variable: Variable): Item {
  const { name, value, type, expression, children, assign, indexedCount, raw } = variable;
  const { address, size, space } = variable;
  const memory =
    variable.pointsTo === undefined
      ? variable.address !== undefined && memoryReference(variable.address, variable.space)
      : hex(variable.pointsTo);
  return {
    variable: {
      name,
      value,
      type,
      evaluateName: expression,
      ...(memory === false ? {} : { memoryReference: memory }),
      ...(indexedCount === undefined ? {} : { indexedVariables: indexedCount }),
      ...(indexedCount !== undefined && raw ? { namedVariables: 1 } : {}),
    },
    ...(children
      ? {
          children: {
            async list(start?: number, count?: number, filter?: 'indexed' | 'named') {
              const isOwn = filter === 'named' && raw !== undefined;
              const found = isOwn ? [] : await children(start, count);
              const own = raw && filter !== 'indexed' ? [await raw()] : [];
              return [...found, ...own].map(variableItem);
            },
          },
        }
      : {}),
    ...(address === undefined ? {} : { place: { expression, address, size, space } }),
    ...(assign ? { assign: async (text: string) => variableItem(await assign(text)) } : {}),
  };
}

/** The variable of a name, as an expression in the frame would find it. */
export async function findVariable(
  guest: Guest,
  stacks: CallStacks,
  frame: CallFrame,
  name: string,
): Promise<Variable | undefined> {
  const context = stacks.context(frame);
  const locals = await guest.symbols.locals(context, frame.inlineDepth);
  return locals.find((local) => local.name === name) ?? guest.symbols.variableNamed(context, name);
}

export async function elementOf(variable: Variable, index: bigint): Promise<Variable> {
  const at = Number(index);
  const found = index < 0n ? [] : ((await variable.children?.(at, 1)) ?? []);
  const element = found.find(({ name }) => name === `[${at}]`);
  if (element) return element;
  throw new UserError(`'${variable.expression}' has no element ${index}`, variable.name);
}

export async function memberNamed(variable: Variable, name: string): Promise<Variable> {
  const children = (await variable.children?.()) ?? [];
  const member = await memberOf(children, name);
  if (member) return member;
  const own = await memberOf((await (await variable.raw?.())?.children?.()) ?? [], name);
  if (own) return own;
  // Through a pointer: `p->x`, and `p.x` as debuggers allow it.
  const behind = children.find((child) => child.name.startsWith('*'));
  const inside = await memberOf((await behind?.children?.()) ?? [], name);
  if (inside) return inside;
  throw new UserError(`'${variable.expression}' has no member '${name}'`, variable.name);
}

/** A member by name; those of an anonymous struct or union count as its parent's. */
async function memberOf(
  children: readonly Variable[],
  name: string,
): Promise<Variable | undefined> {
  const named = children.find((child) => child.name === name);
  if (named) return named;
  for (const child of children) {
    if (child.name !== anonymousMember) continue;
    const inside = await memberOf((await child.children?.()) ?? [], name);
    if (inside) return inside;
  }
  return undefined;
}
