/**
 * How the arguments of some SBI calls are shown to people: by name, with flags and ids spelt out
 * (SBI 3.0, the chapters of BASE, PMU, SUSP, STA and FWFT). Calls that are not here show plain numbers.
 */
import { hex } from './csrs.ts';
import { describeExtension } from './sbiFunctions.ts';
import { eventName } from './sbiPmuEvents.ts';

type Show = (value: bigint) => string;

interface Argument {
  readonly name: string;
  readonly show: Show;
}

const calls: Readonly<Record<string, readonly Argument[]>> = {
  'BASE probe_extension': [{ name: 'extension_id', show: extensionName }],
  'PMU counter_get_info': named('counter_idx'),
  'PMU counter_config_matching': [
    ...named('idx_base idx_mask'),
    {
      name: 'flags',
      show: flags(
        'SKIP_MATCH CLEAR_VALUE AUTO_START SET_VUINH SET_VSINH SET_UINH SET_SINH SET_MINH',
      ),
    },
    { name: 'event_idx', show: eventName },
    ...named('event_data'),
  ],
  'PMU counter_start': [
    ...named('idx_base idx_mask'),
    { name: 'flags', show: flags('SET_INIT_VALUE INIT_SNAPSHOT') },
    ...named('initial_value'),
  ],
  'PMU counter_stop': [
    ...named('idx_base idx_mask'),
    { name: 'flags', show: flags('RESET TAKE_SNAPSHOT') },
  ],
  'PMU counter_fw_read': named('counter_idx'),
  'PMU counter_fw_read_hi': named('counter_idx'),
  'PMU snapshot_set_shmem': named('shmem_lo shmem_hi flags'),
  'PMU event_get_info': named('shmem_lo shmem_hi num_entries flags'),
  'SUSP system_suspend': [
    { name: 'sleep_type', show: id32(['SUSPEND_TO_RAM']) },
    ...named('resume_addr opaque'),
  ],
  'STA set_shmem': named('shmem_lo shmem_hi flags'),
  'FWFT set': [
    { name: 'feature', show: feature },
    ...named('value'),
    { name: 'flags', show: flags('LOCK') },
  ],
  'FWFT get': [{ name: 'feature', show: feature }],
};

/** `idx_base=0, idx_mask=1, flags=CLEAR_VALUE|AUTO_START, …`, for `count` arguments. */
export function showArguments(call: string, args: readonly bigint[], count: number): string {
  const known = calls[call] ?? [];
  return args
    .slice(0, count)
    .map((value, i) => {
      const argument = known[i];
      return argument ? `${argument.name}=${argument.show(value)}` : showNumber(value);
    })
    .join(', ');
}

/** One argument's value as `showArguments` shows it. */
export function showArgument(call: string, index: number, value: bigint): string {
  const argument = calls[call]?.[index];
  return argument ? argument.show(value) : showNumber(value);
}

export function showNumber(value: bigint): string {
  const unsigned = BigInt.asUintN(64, value);
  if (unsigned >= 0xffff_ffff_ffff_f000n) return BigInt.asIntN(64, value).toString();
  return unsigned < 4096n ? unsigned.toString() : hex(unsigned);
}

function named(names: string): readonly Argument[] {
  return names.split(' ').map((name) => ({ name, show: showNumber }));
}

/** Bits from 0 up; what has no name is added as a number. */
function flags(names: string): Show {
  const list = names.split(' ');
  return (value) => {
    const set = list.filter((_, bit) => ((value >> BigInt(bit)) & 1n) === 1n);
    const rest = (value >> BigInt(list.length)) << BigInt(list.length);
    if (rest !== 0n) set.push(hex(rest));
    return set.length === 0 ? '0' : set.join('|');
  };
}

/** A 32-bit parameter: the upper half of the register is ignored, so it is not shown either. */
function id32(names: readonly string[]): Show {
  return (value) => {
    const id = BigInt.asUintN(32, value);
    return names[Number(id)] ?? showNumber(id);
  };
}

/** By name where it has one: `TIME`. The id has 32 bits, as in a7. */
function extensionName(value: bigint): string {
  const id = BigInt.asUintN(32, value);
  const name = describeExtension(Number(id));
  return name === '' ? hex(id) : name;
}

function feature(value: bigint): string {
  return id32([
    'MISALIGNED_EXC_DELEG',
    'LANDING_PAD',
    'SHADOW_STACK',
    'DOUBLE_TRAP',
    'PTE_AD_HW_UPDATING',
    'POINTER_MASKING_PMLEN',
  ])(value);
}
