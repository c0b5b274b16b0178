/** `monitor COMMAND`: what gdb itself has no command for. */
import { UserError } from '../core/base/userError.ts';
import type { GdbStub, MonitorCommand } from './stub.ts';

const own: readonly MonitorCommand[] = [
  { name: 'help', operands: '', help: 'this list', run: (_, stub) => helpText(stub) },
  {
    name: 'reset',
    operands: '',
    help: 'start the guest anew; it stands at its first instruction',
    async run(_, stub) {
      await stub.restart();
      return 'The guest stands at its first instruction. In gdb: maintenance flush register-cache\n';
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
      return `Addresses are ${stub.physical ? 'physical' : 'virtual'}.\n`;
    },
  },
];

/** The answer, or what is wrong with the line: gdb shows either as it is. */
export async function runMonitor(stub: GdbStub, line: string): Promise<string> {
  const [, name = '', args = ''] = /^\s*(\S*)\s*([^]*?)\s*$/.exec(line) ?? [];
  const commands = all(stub);
  const command = commands.find((each) => each.name === name);
  if (!command) {
    return name === '' ? helpText(stub) : `There is no '${name}'; 'monitor help' lists what is.\n`;
  }
  try {
    return await command.run(args, stub);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${error.message}\n`;
  }
}

function all({ host }: GdbStub): readonly MonitorCommand[] {
  return [...own, ...host.monitor];
}

function helpText(stub: GdbStub): string {
  const rows = all(stub).map(({ name, operands, help }) => ({
    left: operands === '' ? name : `${name} ${operands}`,
    help,
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, help }) => `${left.padEnd(width)}  ${help}\n`).join('');
}
