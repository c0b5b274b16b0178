/**
 * The C signatures of the SBI's functions (SBI 3.0, one chapter per extension), for whoever is shown
 * a call: `sbi_hart_start(hartid=1, start_addr=0x80200000, opaque=0)`. Functions stand in the order
 * of their ids, as everywhere.
 */

export interface Signature {
  readonly name: string;
  readonly parameters: readonly string[];
}

/** What stands between `sbi_` and the name that the function has in its extension. */
const prefixes: Readonly<Record<string, string>> = {
  PMU: 'pmu_',
  DBCN: 'debug_',
  CPPC: 'cppc_',
  NACL: 'nacl_',
  STA: 'steal_time_',
  SSE: 'sse_',
  FWFT: 'fwft_',
  DBTR: 'debug_',
  MPXY: 'mpxy_',
};

const harts = 'hart_mask hart_mask_base';
const shmem = 'shmem_phys_lo shmem_phys_hi';
const buffer = 'num_bytes base_addr_lo base_addr_hi';
const mpxyAttributes = 'channel_id base_attribute_id attribute_count';
const mpxyMessage = 'channel_id message_id message_data_len';

/** Parameters by extension and function, those without any left out. */
const parameters: Readonly<Record<string, string>> = {
  'BASE probe_extension': 'extension_id',
  'TIME set_timer': 'stime_value',
  'IPI send_ipi': harts,
  'RFENCE remote_fence_i': harts,
  'RFENCE remote_sfence_vma': `${harts} start_addr size`,
  'RFENCE remote_sfence_vma_asid': `${harts} start_addr size asid`,
  'RFENCE remote_hfence_gvma_vmid': `${harts} start_addr size vmid`,
  'RFENCE remote_hfence_gvma': `${harts} start_addr size`,
  'RFENCE remote_hfence_vvma_asid': `${harts} start_addr size asid`,
  'RFENCE remote_hfence_vvma': `${harts} start_addr size`,
  'HSM hart_start': 'hartid start_addr opaque',
  'HSM hart_get_status': 'hartid',
  'HSM hart_suspend': 'suspend_type resume_addr opaque',
  'SRST system_reset': 'reset_type reset_reason',
  'DBCN console_write': buffer,
  'DBCN console_read': buffer,
  'DBCN console_write_byte': 'byte',
  'PMU counter_get_info': 'counter_idx',
  'PMU counter_config_matching':
    'counter_idx_base counter_idx_mask config_flags event_idx event_data',
  'PMU counter_start': 'counter_idx_base counter_idx_mask start_flags initial_value',
  'PMU counter_stop': 'counter_idx_base counter_idx_mask stop_flags',
  'PMU counter_fw_read': 'counter_idx',
  'PMU counter_fw_read_hi': 'counter_idx',
  'PMU snapshot_set_shmem': `${shmem} flags`,
  'PMU event_get_info': `${shmem} num_entries flags`,
  'SUSP system_suspend': 'sleep_type resume_addr opaque',
  'CPPC probe': 'cppc_reg_id',
  'CPPC read': 'cppc_reg_id',
  'CPPC read_hi': 'cppc_reg_id',
  'CPPC write': 'cppc_reg_id val',
  'NACL probe_feature': 'feature_id',
  'NACL set_shmem': `${shmem} flags`,
  'NACL sync_csr': 'csr_num',
  'NACL sync_hfence': 'entry_index',
  'STA set_shmem': `${shmem} flags`,
  'SSE read_attrs': 'event_id base_attr_id attr_count output_phys_lo output_phys_hi',
  'SSE write_attrs': 'event_id base_attr_id attr_count input_phys_lo input_phys_hi',
  'SSE register': 'event_id handler_entry_pc handler_entry_arg',
  'SSE unregister': 'event_id',
  'SSE enable': 'event_id',
  'SSE disable': 'event_id',
  'SSE inject': 'event_id hart_id',
  'FWFT set': 'feature value flags',
  'FWFT get': 'feature',
  'DBTR num_triggers': 'trig_tdata1',
  'DBTR set_shmem': `${shmem} flags`,
  'DBTR read_triggers': 'trig_idx_base trig_count',
  'DBTR install_triggers': 'trig_count',
  'DBTR update_triggers': 'trig_count',
  'DBTR uninstall_triggers': 'trig_idx_base trig_idx_mask',
  'DBTR enable_triggers': 'trig_idx_base trig_idx_mask',
  'DBTR disable_triggers': 'trig_idx_base trig_idx_mask',
  'MPXY set_shmem': `${shmem} flags`,
  'MPXY get_channel_ids': 'start_index',
  'MPXY read_attributes': mpxyAttributes,
  'MPXY write_attributes': mpxyAttributes,
  'MPXY send_message_with_response': mpxyMessage,
  'MPXY send_message_without_response': mpxyMessage,
  'MPXY get_notification_events': 'channel_id',
  'legacy set_timer': 'stime_value',
  'legacy console_putchar': 'ch',
  'legacy send_ipi': 'hart_mask',
  'legacy remote_fence_i': 'hart_mask',
  'legacy remote_sfence_vma': 'hart_mask start size',
  'legacy remote_sfence_vma_asid': 'hart_mask start size asid',
};

/** Of a function that has a name: `DBCN`, `console_write`. */
export function signatureOf(extension: string, name: string): Signature {
  const list = parameters[`${extension} ${name}`];
  return {
    name: `sbi_${prefixes[extension] ?? ''}${name}`,
    parameters: list === undefined ? [] : list.split(' '),
  };
}
