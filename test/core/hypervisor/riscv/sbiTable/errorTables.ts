/**
 * The SBI 3.0's tables of errors, one for each function, as they stand in the chapters: the name of
 * the table, and the errors that it lists. `never` says why an error cannot come of a call that the
 * hypervisor handles; all others must have a row in the scenarios.
 */

export const errorCode = {
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
export type ErrorName = keyof typeof errorCode;

export interface FunctionErrors {
  readonly extension: string;
  readonly name: string;
  readonly eid: number;
  readonly fid: number;
  /** The table's title, or the sentence where there is no table. */
  readonly table: string;
  readonly errors: readonly ErrorName[];
  readonly never: Partial<Readonly<Record<ErrorName, string>>>;
}

/** "The request failed for unspecified or unknown other reasons." */
const unspecified = { FAILED: 'nothing else can go wrong here' };
const noHypervisor = 'a guest of ours has no H extension, which is said first';

type Row = readonly [name: string, table: string, errors: string, never?: FunctionErrors['never']];

function extension(name: string, eid: number, rows: readonly Row[]): readonly FunctionErrors[] {
  return rows.map(([fn, table, errors, never = {}], fid) => ({
    extension: name,
    name: fn,
    eid,
    fid,
    table,
    errors: errors.split(' ').filter((word) => word !== '') as ErrorName[],
    never,
  }));
}

const hartAndRange = 'SUCCESS INVALID_ADDRESS INVALID_PARAM FAILED';
const hfence = `${hartAndRange} NOT_SUPPORTED`;
const hfenceNever = { ...unspecified, INVALID_ADDRESS: noHypervisor, INVALID_PARAM: noHypervisor };
const counters = 'SUCCESS INVALID_PARAM';
const sharedMemory = 'SUCCESS NOT_SUPPORTED INVALID_PARAM INVALID_ADDRESS FAILED';
const available = { ...unspecified, NOT_SUPPORTED: 'the function is there' };

/** What the hypervisor answers itself, and DBCN, which the VMM does. Ids are the function listings'. */
export const errorTables: readonly FunctionErrors[] = [
  ...extension('BASE', 0x10, [
    ['get_spec_version', '"there are no error returns defined"', 'SUCCESS'],
    ['get_impl_id', '"there are no error returns defined"', 'SUCCESS'],
    ['get_impl_version', '"there are no error returns defined"', 'SUCCESS'],
    ['probe_extension', '"there are no error returns defined"', 'SUCCESS'],
    ['get_mvendorid', '"there are no error returns defined"', 'SUCCESS'],
    ['get_marchid', '"there are no error returns defined"', 'SUCCESS'],
    ['get_mimpid', '"there are no error returns defined"', 'SUCCESS'],
  ]),
  ...extension('TIME', 0x54494d45, [
    ['set_timer', '"This function always returns SBI_SUCCESS"', 'SUCCESS'],
  ]),
  ...extension('IPI', 0x735049, [
    ['send_ipi', 'IPI Send Errors', 'SUCCESS INVALID_PARAM FAILED', unspecified],
  ]),
  ...extension('RFENCE', 0x52464e43, [
    ['remote_fence_i', 'RFENCE Remote FENCE.I Errors', 'SUCCESS INVALID_PARAM FAILED', unspecified],
    ['remote_sfence_vma', 'RFENCE Remote SFENCE.VMA Errors', hartAndRange, unspecified],
    [
      'remote_sfence_vma_asid',
      'RFENCE Remote SFENCE.VMA with ASID Errors',
      hartAndRange,
      unspecified,
    ],
    ['remote_hfence_gvma_vmid', 'RFENCE Remote HFENCE.GVMA with VMID Errors', hfence, hfenceNever],
    ['remote_hfence_gvma', 'RFENCE Remote HFENCE.GVMA Errors', hfence, hfenceNever],
    ['remote_hfence_vvma_asid', 'RFENCE Remote HFENCE.VVMA with ASID Errors', hfence, hfenceNever],
    ['remote_hfence_vvma', 'RFENCE Remote HFENCE.VVMA Errors', hfence, hfenceNever],
  ]),
  ...extension('HSM', 0x48534d, [
    [
      'hart_start',
      'HSM Hart Start Errors',
      'SUCCESS INVALID_ADDRESS INVALID_PARAM ALREADY_AVAILABLE FAILED',
      unspecified,
    ],
    ['hart_stop', 'HSM Hart Stop Errors', 'FAILED', { FAILED: 'a hart that runs can be stopped' }],
    ['hart_get_status', 'HSM Hart Get Status Errors', 'INVALID_PARAM'],
    [
      'hart_suspend',
      'HSM Hart Suspend Errors',
      'SUCCESS INVALID_PARAM NOT_SUPPORTED INVALID_ADDRESS FAILED',
      unspecified,
    ],
  ]),
  ...extension('SRST', 0x53525354, [
    ['system_reset', 'SRST System Reset Errors', 'INVALID_PARAM NOT_SUPPORTED FAILED', unspecified],
  ]),
  ...extension('PMU', 0x504d55, [
    ['num_counters', '"always returns SBI_SUCCESS"', 'SUCCESS'],
    ['counter_get_info', 'PMU Counter Get Info Errors', counters],
    ['counter_config_matching', 'PMU Counter Config Match Errors', `${counters} NOT_SUPPORTED`],
    ['counter_start', 'PMU Counter Start Errors', `${counters} ALREADY_STARTED NO_SHMEM`],
    ['counter_stop', 'PMU Counter Stop Errors', `${counters} ALREADY_STOPPED NO_SHMEM`],
    ['counter_fw_read', 'PMU Counter Firmware Read Errors', counters],
    ['counter_fw_read_hi', 'PMU Counter Firmware Read High Errors', counters],
    ['snapshot_set_shmem', 'PMU Setup Snapshot Area Errors', sharedMemory, available],
    ['event_get_info', 'PMU Get Event Info Errors', sharedMemory, available],
  ]),
  ...extension('DBCN', 0x4442434e, [
    ['console_write', 'Debug Console Write Errors', 'SUCCESS INVALID_PARAM DENIED FAILED'],
    ['console_read', 'Debug Console Read Errors', 'SUCCESS INVALID_PARAM DENIED FAILED'],
    ['console_write_byte', 'Debug Console Write Byte Errors', 'SUCCESS DENIED FAILED'],
  ]),
  ...extension('SUSP', 0x53555350, [
    [
      'system_suspend',
      'SUSP System Suspend Errors',
      'INVALID_PARAM NOT_SUPPORTED INVALID_ADDRESS DENIED FAILED',
      { ...unspecified, NOT_SUPPORTED: '"its presence is implied by that of the extension"' },
    ],
  ]),
  ...extension('STA', 0x535441, [
    [
      'set_shmem',
      'STA Set Steal-time Shared Memory Address Errors',
      'SUCCESS INVALID_PARAM INVALID_ADDRESS FAILED',
      unspecified,
    ],
  ]),
  ...extension('FWFT', 0x46574654, [
    [
      'set',
      'FWFT Firmware Features Set Errors',
      'SUCCESS NOT_SUPPORTED INVALID_PARAM DENIED DENIED_LOCKED FAILED',
      unspecified,
    ],
    [
      'get',
      'FWFT Firmware Features Get Errors',
      'SUCCESS NOT_SUPPORTED DENIED FAILED',
      unspecified,
    ],
  ]),
];

/** Function listings of the extensions that a VMM may answer and nobody does here: name, id, functions. */
export const forwardable: readonly (readonly [name: string, eid: number, functions: number])[] = [
  ['CPPC', 0x43505043, 4],
  ['SSE', 0x535345, 10],
  ['DBTR', 0x44425452, 8],
  ['MPXY', 0x4d505859, 8],
];
export const nacl = { eid: 0x4e41434c, functions: 5 };

/** "Legacy Function List". */
export const legacy = {
  set_timer: 0,
  console_putchar: 1,
  console_getchar: 2,
  clear_ipi: 3,
  send_ipi: 4,
  remote_fence_i: 5,
  remote_sfence_vma: 6,
  remote_sfence_vma_asid: 7,
  shutdown: 8,
} as const;
