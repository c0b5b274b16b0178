/**
 * `monitor COMMAND`: what gdb itself has no command for. What the debug console knows besides
 * expressions is here too (core/debug/commands); names in it are registers, since symbols are what
 * the debugger has.
 */
import { UserError } from '../core/base/userError.ts';
import { commands, runCommand, type CommandScope } from '../core/debug/commands/commands.ts';
import { evaluateNumber, type Names, type Place } from '../core/debug/expressions/evaluate.ts';
import { operand } from '../core/debug/expressions/operands.ts';
import { parseExpression } from '../core/debug/expressions/parse.ts';
import type { GdbStub, MonitorCommand } from './stub.ts';

const own: readonly MonitorCommand[] = [
  { name: 'help', operands: '', help: 'this list', run: (_, stub) => helpText(stub) },
  {
    name: 'reset',
    operands: '',
    help: 'start the guest anew; it stands at its first instruction',
    async run(_, stub) {
      await stub.restart();
      return 'The guest stands at its first instruction. In gdb: maintenance flush register-cache';
    },
  },
  {
    name: 'phys',
    operands: '[on|off]',
    help: 'take addresses of memory as physical ones',
    run(args, stub) {
      if (args !== '' && args !== 'on' && args !== 'off') {
        throw new UserError(`phys: '${args}' is neither on nor off`);
      }
      if (args !== '') stub.physical = args === 'on';
      return `Addresses are ${stub.physical ? 'physical' : 'virtual'}.`;
    },
  },
];

/** gdb has its own of these. */
const gdbs = new Set(['help', 'bt', 'p']);

/** The answer, or what is wrong with the line: gdb shows either as it is. */
export async function runMonitor(stub: GdbStub, line: string): Promise<string> {
  try {
    const text = await run(stub, line);
    return text === '' ? '' : `${text}\n`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${error.message}\n`;
  }
}

async function run(stub: GdbStub, line: string): Promise<string> {
  const [, name = '', args = ''] = /^\s*(\S*)\s*([^]*?)\s*$/.exec(line) ?? [];
  const command = ownCommands(stub).find((each) => each.name === name);
  if (command) return command.run(args, stub);
  if (name === '') return helpText(stub);
  const text = gdbs.has(name) ? undefined : await runCommand(line, scopeOf(stub));
  if (text !== undefined) return text;
  throw new UserError(`There is no '${line.trim()}'; 'monitor help' lists what is.`);
}

function ownCommands({ host }: GdbStub): readonly MonitorCommand[] {
  return [...own, ...host.monitor];
}

function helpText(stub: GdbStub): string {
  const shared = commands.filter(({ name }) => !gdbs.has(name));
  const rows = [...ownCommands(stub), ...shared].map(({ name, operands, help }) => ({
    left: operands === '' ? name : `${name} ${operands}`,
    help,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, help }) => `${left.padEnd(width)}  ${help}`).join('\n');
}

function scopeOf(stub: GdbStub): CommandScope {
  const { target, isa, hart } = stub;
  return {
    ...{ target, isa, hart },
    async compute(text) {
      const { value, space } = await evaluateNumber(parseExpression(text), registersOf(stub));
      return { value, space: space ?? 'virtual' };
    },
  };
}

function registersOf({ target, isa, hart }: GdbStub): Names<Place> {
  return {
    async find(text) {
      const name = text.replace(/^\$/, '');
      const found =
        isa.registers.find((r) => r.name === name || r.aliases.includes(name)) ??
        isa.controlRegisters.find((r) => r.name === name);
      if (!found) return undefined;
      return {
        expression: text,
        async number() {
          const [value] = await target.readRegisters(hart, [found.name]);
          return value === undefined
            ? `the hart has no ${found.name}`
            : operand(value, found.bits, false);
        },
      };
    },
  };
}
