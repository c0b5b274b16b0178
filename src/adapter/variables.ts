/**
 * The program's variables as DAP rows, and expressions over them: a name, then members, elements
 * and what pointers point to. Symbols do the reading; this walks and presents.
 */
import { UserError } from '../core/base/userError.ts';
import { anonymousMember, type Variable } from '../core/debug/symbols/symbols.ts';
import { hex, type Guest } from './guest.ts';
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
  const { name, value, type, expression, children, assign, indexedCount } = variable;
  const memory = variable.pointsTo ?? variable.address;
  return {
    variable: {
      name,
      value,
      type,
      evaluateName: expression,
      ...(memory === undefined ? {} : { memoryReference: hex(memory) }),
      ...(indexedCount === undefined ? {} : { indexedVariables: indexedCount }),
    },
    ...(children
      ? {
          children: {
            list: async (start?: number, count?: number) =>
              (await children(start, count)).map(variableItem),
          },
        }
      : {}),
    ...(assign ? { assign: async (text: string) => variableItem(await assign(text)) } : {}),
  };
}

type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'element'; readonly index: number };

interface Path {
  readonly dereferences: number;
  readonly root: string;
  readonly steps: readonly Step[];
}

/** `p->next.x`, `table[3]`, `*p`; undefined when the text is none of these. */
export function parsePath(text: string): Path | undefined {
  const head = /^\s*(\**)\s*([A-Za-z_]\w*)/.exec(text);
  if (!head?.[2]) return undefined;
  const steps: Step[] = [];
  let rest = text.slice(head[0].length).trim();
  while (rest !== '') {
    const member = /^(?:\.|->)\s*([A-Za-z_]\w*)\s*/.exec(rest);
    const element = /^\[\s*(\d+)\s*\]\s*/.exec(rest);
    if (member?.[1]) steps.push({ kind: 'member', name: member[1] });
    else if (element?.[1]) steps.push({ kind: 'element', index: Number(element[1]) });
    else return undefined;
    rest = rest.slice((member ?? element)?.[0].length);
  }
  return { dereferences: head[1]?.length ?? 0, root: head[2], steps };
}

/** The variable behind an expression; undefined when no variable has the name. */
export async function findVariable(
  guest: Guest,
  stacks: CallStacks,
  frame: CallFrame,
  expression: string,
): Promise<Variable | undefined> {
  const path = parsePath(expression);
  if (!path) return undefined;
  const context = stacks.context(frame);
  const locals = await guest.symbols.locals(context, frame.inlineDepth);
  let variable: Variable | undefined =
    locals.find(({ name }) => name === path.root) ??
    (await guest.symbols.variableNamed(context, path.root));
  for (const step of path.steps) variable = variable && (await follow(variable, step));
  for (let i = 0; i < path.dereferences; i++) variable = variable && (await pointee(variable));
  return variable;
}

async function follow(variable: Variable, step: Step): Promise<Variable> {
  if (step.kind === 'element') {
    const element = (await variable.children?.(step.index, 1))?.find(
      ({ name }) => name === `[${step.index}]`,
    );
    if (element) return element;
    throw new UserError(`'${variable.expression}' has no element ${step.index}`, variable.name);
  }
  const children = (await variable.children?.()) ?? [];
  const member = await memberOf(children, step.name);
  if (member) return member;
  // Through a pointer: `p->x`, and `p.x` as debuggers allow it.
  const behind = children.find(({ name }) => name.startsWith('*'));
  const inside = await memberOf((await behind?.children?.()) ?? [], step.name);
  if (inside) return inside;
  throw new UserError(`'${variable.expression}' has no member '${step.name}'`, variable.name);
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

async function pointee(variable: Variable): Promise<Variable> {
  if (variable.pointsTo === undefined) {
    throw new UserError(`'${variable.expression}' is not a pointer`, variable.name);
  }
  const children = (await variable.children?.()) ?? [];
  const behind = children.find(({ name }) => name.startsWith('*'));
  if (behind) return behind;
  if (children.length === 0) {
    throw new UserError(`what '${variable.expression}' points to cannot be shown`, variable.name);
  }
  // A pointer to a struct has the struct's members for children.
  const members = children.map(({ name, value }) => `${name} = ${value}`).join(', ');
  const { pointsTo: address, children: expand } = variable;
  return {
    name: `*${variable.name}`,
    expression: `*${variable.expression}`,
    type: variable.type.replace(/\s*\*$/, ''),
    value: `{${members}}`,
    kind: variable.kind,
    size: 0,
    address,
    ...(expand ? { children: expand } : {}),
  };
}
