/**
 * SBI extensions and their functions by name (SBI 3.0, chapters "Binary Encoding", "Legacy Extensions"
 * and one per extension).
 */
import { hex } from './csrs.ts';

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

export interface FunctionName {
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

/** By extension id. */
export const legacyFunctions: readonly FunctionName[] = [
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

export const namedExtensions: ReadonlyMap<number, ExtensionName> = new Map([
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

/** `DBCN`; empty for an id that nobody has named. */
export function describeExtension(id: number): string {
  const old = id <= sbiExtension.legacyLast ? legacyFunctions[id]?.name : undefined;
  return old === undefined ? (namedExtensions.get(id)?.name ?? '') : `legacy ${old}`;
}

/** The spaces of ids that the specification reserves for somebody. */
export function unknownExtension(id: number): string {
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
