/**
 * Names of SBI extensions, functions and errors, and how a call is shown to people
 * (SBI 3.0, chapters "Binary Encoding" and one per extension).
 */
import type { CallNames } from '../arch.ts';
import type { CallDescription } from '../exits.ts';
import { hex } from './csrs.ts';
import { showArgument, showArguments, showNumber } from './sbiArguments.ts';
import { signatureOf } from './sbiSignatures.ts';

export const sbiError = {
  SUCCESS: 0n,
  FAILED: -1n,
  NOT_SUPPORTED: -2n,
  INVALID_PARAM: -3n,
  DENIED: -4n,
  INVALID_ADDRESS: -5n,
  ALREADY_AVAILABLE: -6n,
  ALREADY_STARTED: -7n,
  ALREADY_STOPPED: -8n,
  NO_SHMEM: -9n,
  INVALID_STATE: -10n,
  BAD_RANGE: -11n,
  TIMEOUT: -12n,
  IO: -13n,
  DENIED_LOCKED: -14n,
} as const;

export const sbiExtension = {
  legacyLast: 0x0f,
  base: 0x10,
  time: 0x54494d45,
  ipi: 0x735049,
  rfence: 0x52464e43,
  hsm: 0x48534d,
  srst: 0x53525354,
  dbcn: 0x4442434e,
  pmu: 0x504d55,
  susp: 0x53555350,
  sta: 0x535441,
  fwft: 0x46574654,
} as const;

interface FunctionName {
  readonly name: string;
  readonly args: number;
}

interface ExtensionName {
  readonly name: string;
  readonly functions: readonly FunctionName[];
}

/** `name(arguments)`; the function id is the place in the list. */
function extension(name: string, functions: string): ExtensionName {
  const list = functions.split(' ').map((text): FunctionName => {
    const [fn = '', args = '0'] = text.split('/');
    return { name: fn, args: Number(args) };
  });
  return { name, functions: list };
}

const legacy: readonly FunctionName[] = [
  { name: 'set_timer', args: 1 },
  { name: 'console_putchar', args: 1 },
  { name: 'console_getchar', args: 0 },
  { name: 'clear_ipi', args: 0 },
  { name: 'send_ipi', args: 1 },
  { name: 'remote_fence_i', args: 1 },
  { name: 'remote_sfence_vma', args: 3 },
  { name: 'remote_sfence_vma_asid', args: 4 },
  { name: 'shutdown', args: 0 },
];

const extensions: ReadonlyMap<number, ExtensionName> = new Map([
  [
    0x10,
    extension(
      'BASE',
      'get_spec_version get_impl_id get_impl_version probe_extension/1 get_mvendorid get_marchid get_mimpid',
    ),
  ],
  [0x54494d45, extension('TIME', 'set_timer/1')],
  [0x735049, extension('IPI', 'send_ipi/2')],
  [
    0x52464e43,
    extension(
      'RFENCE',
      'remote_fence_i/2 remote_sfence_vma/4 remote_sfence_vma_asid/5 remote_hfence_gvma_vmid/5 remote_hfence_gvma/4 remote_hfence_vvma_asid/5 remote_hfence_vvma/4',
    ),
  ],
  [0x48534d, extension('HSM', 'hart_start/3 hart_stop hart_get_status/1 hart_suspend/3')],
  [0x53525354, extension('SRST', 'system_reset/2')],
  [0x4442434e, extension('DBCN', 'console_write/3 console_read/3 console_write_byte/1')],
  [
    0x504d55,
    extension(
      'PMU',
      'num_counters counter_get_info/1 counter_config_matching/5 counter_start/4 counter_stop/3 counter_fw_read/1 counter_fw_read_hi/1 snapshot_set_shmem/3 event_get_info/4',
    ),
  ],
  [0x53555350, extension('SUSP', 'system_suspend/3')],
  [0x43505043, extension('CPPC', 'probe/1 read/1 read_hi/1 write/2')],
  [0x4e41434c, extension('NACL', 'probe_feature/1 set_shmem/3 sync_csr/1 sync_hfence/1 sync_sret')],
  [0x535441, extension('STA', 'set_shmem/3')],
  [
    0x535345,
    extension(
      'SSE',
      'read_attrs/5 write_attrs/5 register/3 unregister/1 enable/1 disable/1 complete inject/2 hart_unmask hart_mask',
    ),
  ],
  [0x46574654, extension('FWFT', 'set/3 get/1')],
  [
    0x44425452,
    extension(
      'DBTR',
      'num_triggers/1 set_shmem/3 read_triggers/2 install_triggers/1 update_triggers/1 uninstall_triggers/2 enable_triggers/2 disable_triggers/2',
    ),
  ],
  [
    0x4d505859,
    extension(
      'MPXY',
      'get_shmem_size set_shmem/3 get_channel_ids/1 read_attributes/3 write_attributes/3 send_message_with_response/3 send_message_without_response/3 get_notification_events/1',
    ),
  ],
]);

/** `DBCN console_write(13, 0x80201000, 0)`. */
export function describeCall(id: number, fn: number, args: readonly bigint[]): string {
  if (id <= sbiExtension.legacyLast) {
    const name = legacy[id];
    const known = name?.name ?? `extension ${hex(id)}`;
    return `legacy ${known}(${showArguments('', args, name?.args ?? args.length)})`;
  }
  const found = extensions.get(id);
  const name = found?.functions[fn];
  const call = `${found?.name ?? unknownExtension(id)} ${name?.name ?? `function ${fn}`}`;
  return `${call}(${showArguments(call, args, name?.args ?? args.length)})`;
}

/** The call as a C programmer would write it, and its parts. */
export function explainCall(id: number, fn: number, args: readonly bigint[]): CallDescription {
  const isLegacy = id <= sbiExtension.legacyLast;
  const extension = isLegacy ? 'legacy' : (extensions.get(id)?.name ?? '');
  const name = isLegacy ? legacy[id] : extensions.get(id)?.functions[fn];
  const signature = name && signatureOf(extension, name.name);
  const shown = name ? args.slice(0, name.args) : args;
  const list = shown.map((value, i) => ({
    name: signature?.parameters[i] ?? `a${i}`,
    value,
    text: showArgument(`${extension} ${name?.name}`, i, value),
  }));
  const text = list.map((argument) => `${argument.name}=${argument.text}`).join(', ');
  const where = isLegacy
    ? `legacy extension ${hex(id)}`
    : `${extension || unknownExtension(id)} function ${fn}`;
  return {
    text: `${signature?.name ?? where}(${text})`,
    extension,
    function: name?.name ?? '',
    args: list,
  };
}

/** The id of a function that has a name in its extension: 0 for `console_write` of DBCN. */
export function functionNamed(id: number, name: string): number | undefined {
  if (id <= sbiExtension.legacyLast) return legacy[id]?.name === name ? 0 : undefined;
  const index = extensions.get(id)?.functions.findIndex((fn) => fn.name === name) ?? -1;
  return index < 0 ? undefined : index;
}

/** `DBCN`; empty for an id that nobody has named. */
export function describeExtension(id: number): string {
  const old = id <= sbiExtension.legacyLast ? legacy[id]?.name : undefined;
  return old === undefined ? (extensions.get(id)?.name ?? '') : `legacy ${old}`;
}

export const sbiCallNames: CallNames = {
  extension: describeExtension,
  functionNamed,
  errors: sbiError,
};

/** `SUCCESS, 13`; a legacy call has only the one number. */
export function describeResult(id: number, error: bigint, value: bigint): string {
  const signed = BigInt.asIntN(64, error);
  if (id <= sbiExtension.legacyLast) return signed.toString();
  const name = Object.entries(sbiError).find(([, code]) => code === signed)?.[0] ?? `${signed}`;
  return signed === 0n ? `${name}, ${showNumber(value)}` : name;
}

/** The spaces of ids that the specification reserves for somebody. */
function unknownExtension(id: number): string {
  const space = id >>> 24;
  const kind =
    space === 0x08
      ? 'experimental extension'
      : space === 0x09
        ? 'vendor extension'
        : space === 0x0a
          ? 'firmware extension'
          : 'extension';
  return `${kind} ${hex(id)}`;
}
