/**
 * Options that say what is to run, for every command that runs a guest: launch.json's attributes by
 * its names. What they may be is decided where launch.json is checked, so both speak with one voice.
 */
import path from 'node:path';
import type { LaunchConfig } from '../core/machine/launchConfig.ts';
import { parseLaunchConfig } from '../core/machine/parseLaunchConfig.ts';
import { parseCallOption } from './calls.ts';
import type { OptionSpec, ParsedOptions } from './options.ts';

export const launchOptions: readonly OptionSpec[] = [
  { name: 'mode', value: 'guest|machine', help: 'under the hypervisor (default) or bare' },
  { name: 'board', value: 'NAME', help: 'the board, virt by default' },
  { name: 'isa', value: 'STRING', help: 'ISA string or profile, as rv64gc_zba or rva22s64' },
  { name: 'trap-instruction', value: 'transformed|zero', help: 'what traps say of instructions' },
  { name: 'harts', value: 'N', help: 'number of harts, 1 by default' },
  { name: 'aia', value: 'NAME', help: 'aplic-imsic, or in mode machine aplic, instead of a PLIC' },
  { name: 'aia-guests', value: 'N', help: 'guest interrupt files of each hart, 0 by default' },
  { name: 'memory', value: 'SIZE', help: 'RAM, as 256M or 1G' },
  { name: 'firmware', value: 'FILE', help: 'what runs before the image, in mode machine' },
  { name: 'initrd', value: 'FILE', help: 'initial RAM disk' },
  { name: 'dtb', value: 'FILE', help: 'device tree instead of the generated one' },
  { name: 'bootargs', value: 'TEXT', help: "the kernel's command line" },
  {
    name: 'console',
    value: 'WHERE',
    repeats: true,
    help: 'terminal (default), none, file:PATH, tcp:[HOST:]PORT, telnet:…; several if repeated',
  },
  {
    name: 'calls',
    value: 'RULE',
    repeats: true,
    help: 'EXTENSION[/FUNCTION]=ACTION, as DBCN=deny',
  },
  { name: 'kvm-quirks', help: 'answer calls as KVM does where it deviates from the SBI' },
  { name: 'handlers', value: 'FILE', help: 'a JS or TS module that answers forwarded calls' },
  { name: 'engine', value: 'NAME', help: 'auto (default), interpreter, jit or lockstep' },
  { name: 'time', value: 'virtual|wall', help: 'virtual (default) or paced to the wall clock' },
];

/** Options that are attributes of launch.json, by its names. */
const attributes = [
  'mode',
  'board',
  'isa',
  'aia',
  'memory',
  'firmware',
  'initrd',
  'dtb',
  'bootargs',
  'engine',
  'time',
];

export function launchConfig(options: ParsedOptions): LaunchConfig {
  const given: Record<string, unknown> = { program: options.operand('image') };
  for (const name of attributes) {
    const value = options.text(name);
    if (value !== undefined) given[name] = value;
  }
  const trapInstruction = options.text('trap-instruction');
  if (trapInstruction !== undefined) given.trapInstruction = trapInstruction;
  const harts = options.count('harts');
  if (harts !== undefined) given.harts = harts;
  const aiaGuests = options.count('aia-guests', 0);
  if (aiaGuests !== undefined) given.aiaGuests = aiaGuests;
  const calls = options.texts('calls');
  if (calls.length > 0) given.calls = calls.map(parseCallOption);
  if (options.has('kvm-quirks')) given.kvmQuirks = true;
  const handlers = options.text('handlers');
  if (handlers !== undefined) given.handlers = path.resolve(handlers);
  return parseLaunchConfig(given);
}
