import assert from 'node:assert/strict';
import {
  describeCall,
  describeResult,
  explainCall,
  functionNamed,
} from '../../../../src/core/hypervisor/riscv/sbiNames.ts';

const ones = 2n ** 64n - 1n;

describe('SBI calls for people', () => {
  const shows = (text: string, id: number, fn: number, ...args: bigint[]) =>
    it(text, () => assert.equal(describeCall(id, fn, args), text));
  shows('BASE probe_extension(extension_id=TIME)', 0x10, 3, 0x54494d45n, 0n);
  shows('BASE probe_extension(extension_id=legacy console_putchar)', 0x10, 3, 1n);
  shows('BASE probe_extension(extension_id=0x9000001)', 0x10, 3, 0x9000001n);
  shows('BASE probe_extension(extension_id=BASE)', 0x10, 3, 0x1000000000000010n);
  const PMU = 0x504d55;
  shows('PMU num_counters()', PMU, 0, 1n, 2n);
  shows('PMU counter_get_info(counter_idx=2)', PMU, 1, 2n);
  shows(
    'PMU counter_config_matching(idx_base=0, idx_mask=5, flags=CLEAR_VALUE|AUTO_START, event_idx=HW_CPU_CYCLES, event_data=0)',
    PMU,
    2,
    ...[0n, 5n, 6n, 1n, 0n, 99n],
  );
  shows(
    'PMU counter_config_matching(idx_base=0, idx_mask=-1, flags=SET_MINH|0x300, event_idx=FW_SET_TIMER, event_data=0)',
    PMU,
    2,
    ...[0n, ones, 0x380n, 0xf0005n, 0n],
  );
  shows(
    'PMU counter_start(idx_base=3, idx_mask=1, flags=SET_INIT_VALUE, initial_value=0x1000)',
    PMU,
    3,
    ...[3n, 1n, 1n, 0x1000n],
  );
  shows(
    'PMU counter_stop(idx_base=0, idx_mask=1, flags=RESET|TAKE_SNAPSHOT)',
    PMU,
    4,
    ...[0n, 1n, 3n],
  );
  shows('PMU counter_fw_read(counter_idx=3)', PMU, 5, 3n);
  shows('PMU snapshot_set_shmem(shmem_lo=-1, shmem_hi=-1, flags=0)', PMU, 7, ones, ones, 0n);
  shows(
    'PMU event_get_info(shmem_lo=0x80200000, shmem_hi=0, num_entries=4, flags=0)',
    PMU,
    8,
    ...[0x80200000n, 0n, 4n, 0n],
  );
  for (const [index, name] of [
    [10n, 'HW_REF_CPU_CYCLES'],
    [11n, '0xb'],
    [0x1_0001n, 'CACHE_L1D_READ_MISS'],
    [0x1_0032n, 'CACHE_NODE_WRITE_ACCESS'],
    [0x1_0006n, '0x10006'],
    [0x2_0000n, 'RAW'],
    [0x3_0000n, 'RAW_V2'],
    [0xf_0015n, 'FW_HFENCE_VVMA_ASID_RECEIVED'],
    [0xf_0016n, '0xf0016'],
    [0xf_0102n, 'FW_GUEST_PAGE_FAULT'],
    [0xf_ffffn, 'FW_PLATFORM'],
    [0x10_0001n, '0x100001'],
  ] as const) {
    it(`event ${name}`, () => {
      const text = describeCall(PMU, 2, [0n, 1n, 0n, index, 0n]);
      assert(text.includes(`, event_idx=${name},`), text);
    });
  }
  shows(
    'SUSP system_suspend(sleep_type=SUSPEND_TO_RAM, resume_addr=0x80200000, opaque=1)',
    0x53555350,
    0,
    ...[7n << 32n, 0x80200000n, 1n],
  );
  shows(
    'STA set_shmem(shmem_lo=0x80001000, shmem_hi=0, flags=0)',
    0x535441,
    0,
    0x80001000n,
    0n,
    0n,
  );
  shows('FWFT set(feature=MISALIGNED_EXC_DELEG, value=1, flags=LOCK)', 0x46574654, 0, 0n, 1n, 1n);
  shows('FWFT get(feature=POINTER_MASKING_PMLEN)', 0x46574654, 1, 5n);
  shows('FWFT get(feature=0x80000000)', 0x46574654, 1, 0x80000000n);
  shows('FWFT function 2(1, -1)', 0x46574654, 2, 1n, ones);

  it('names every error of the specification', () => {
    const names = [
      'SUCCESS, 0 FAILED NOT_SUPPORTED INVALID_PARAM DENIED INVALID_ADDRESS ALREADY_AVAILABLE',
      'ALREADY_STARTED ALREADY_STOPPED NO_SHMEM INVALID_STATE BAD_RANGE TIMEOUT IO DENIED_LOCKED',
    ];
    const shown = Array.from({ length: 15 }, (_, i) => describeResult(PMU, BigInt(-i), 0n));
    assert.equal(shown.join(' '), names.join(' '));
  });

  /** The functions of SBI 3.0 as its chapters declare them, in the order of their ids. */
  const declarations: Readonly<Record<number, string>> = {
    0x10: `sbi_get_spec_version() sbi_get_impl_id() sbi_get_impl_version()
      sbi_probe_extension(extension_id) sbi_get_mvendorid() sbi_get_marchid() sbi_get_mimpid()`,
    0x54494d45: 'sbi_set_timer(stime_value)',
    0x735049: 'sbi_send_ipi(hart_mask,hart_mask_base)',
    0x52464e43: `sbi_remote_fence_i(hart_mask,hart_mask_base)
      sbi_remote_sfence_vma(hart_mask,hart_mask_base,start_addr,size)
      sbi_remote_sfence_vma_asid(hart_mask,hart_mask_base,start_addr,size,asid)
      sbi_remote_hfence_gvma_vmid(hart_mask,hart_mask_base,start_addr,size,vmid)
      sbi_remote_hfence_gvma(hart_mask,hart_mask_base,start_addr,size)
      sbi_remote_hfence_vvma_asid(hart_mask,hart_mask_base,start_addr,size,asid)
      sbi_remote_hfence_vvma(hart_mask,hart_mask_base,start_addr,size)`,
    0x48534d: `sbi_hart_start(hartid,start_addr,opaque) sbi_hart_stop() sbi_hart_get_status(hartid)
      sbi_hart_suspend(suspend_type,resume_addr,opaque)`,
    0x53525354: 'sbi_system_reset(reset_type,reset_reason)',
    0x4442434e: `sbi_debug_console_write(num_bytes,base_addr_lo,base_addr_hi)
      sbi_debug_console_read(num_bytes,base_addr_lo,base_addr_hi)
      sbi_debug_console_write_byte(byte)`,
    0x504d55: `sbi_pmu_num_counters() sbi_pmu_counter_get_info(counter_idx)
      sbi_pmu_counter_config_matching(counter_idx_base,counter_idx_mask,config_flags,event_idx,event_data)
      sbi_pmu_counter_start(counter_idx_base,counter_idx_mask,start_flags,initial_value)
      sbi_pmu_counter_stop(counter_idx_base,counter_idx_mask,stop_flags)
      sbi_pmu_counter_fw_read(counter_idx) sbi_pmu_counter_fw_read_hi(counter_idx)
      sbi_pmu_snapshot_set_shmem(shmem_phys_lo,shmem_phys_hi,flags)
      sbi_pmu_event_get_info(shmem_phys_lo,shmem_phys_hi,num_entries,flags)`,
    0x53555350: 'sbi_system_suspend(sleep_type,resume_addr,opaque)',
    0x43505043: `sbi_cppc_probe(cppc_reg_id) sbi_cppc_read(cppc_reg_id) sbi_cppc_read_hi(cppc_reg_id)
      sbi_cppc_write(cppc_reg_id,val)`,
    0x4e41434c: `sbi_nacl_probe_feature(feature_id)
      sbi_nacl_set_shmem(shmem_phys_lo,shmem_phys_hi,flags) sbi_nacl_sync_csr(csr_num)
      sbi_nacl_sync_hfence(entry_index) sbi_nacl_sync_sret()`,
    0x535441: 'sbi_steal_time_set_shmem(shmem_phys_lo,shmem_phys_hi,flags)',
    0x535345: `sbi_sse_read_attrs(event_id,base_attr_id,attr_count,output_phys_lo,output_phys_hi)
      sbi_sse_write_attrs(event_id,base_attr_id,attr_count,input_phys_lo,input_phys_hi)
      sbi_sse_register(event_id,handler_entry_pc,handler_entry_arg) sbi_sse_unregister(event_id)
      sbi_sse_enable(event_id) sbi_sse_disable(event_id) sbi_sse_complete()
      sbi_sse_inject(event_id,hart_id) sbi_sse_hart_unmask() sbi_sse_hart_mask()`,
    0x46574654: 'sbi_fwft_set(feature,value,flags) sbi_fwft_get(feature)',
    0x44425452: `sbi_debug_num_triggers(trig_tdata1)
      sbi_debug_set_shmem(shmem_phys_lo,shmem_phys_hi,flags)
      sbi_debug_read_triggers(trig_idx_base,trig_count) sbi_debug_install_triggers(trig_count)
      sbi_debug_update_triggers(trig_count)
      sbi_debug_uninstall_triggers(trig_idx_base,trig_idx_mask)
      sbi_debug_enable_triggers(trig_idx_base,trig_idx_mask)
      sbi_debug_disable_triggers(trig_idx_base,trig_idx_mask)`,
    0x4d505859: `sbi_mpxy_get_shmem_size() sbi_mpxy_set_shmem(shmem_phys_lo,shmem_phys_hi,flags)
      sbi_mpxy_get_channel_ids(start_index)
      sbi_mpxy_read_attributes(channel_id,base_attribute_id,attribute_count)
      sbi_mpxy_write_attributes(channel_id,base_attribute_id,attribute_count)
      sbi_mpxy_send_message_with_response(channel_id,message_id,message_data_len)
      sbi_mpxy_send_message_without_response(channel_id,message_id,message_data_len)
      sbi_mpxy_get_notification_events(channel_id)`,
  };

  for (const [id, text] of Object.entries(declarations)) {
    it(`names functions and parameters as the specification does: 0x${Number(id).toString(16)}`, () => {
      text.split(/\s+/).forEach((declaration, fn) => {
        const {
          text: shown,
          args,
          function: name,
        } = explainCall(Number(id), fn, [...Array.from({ length: 6 }, () => 0n)]);
        const named = `${shown.split('(')[0]}(${args.map((a) => a.name).join(',')})`;
        assert.equal(named, declaration);
        assert.equal(functionNamed(Number(id), name), fn);
      });
    });
  }

  it('shows legacy and unknown calls whole', () => {
    const six = [6n, 9n, 0n, 0n, 0n, ones];
    assert.equal(explainCall(1, 0, six).text, 'sbi_console_putchar(ch=6)');
    assert.equal(
      explainCall(0x08000042, 7, six).text,
      'experimental extension 0x8000042 function 7(a0=6, a1=9, a2=0, a3=0, a4=0, a5=-1)',
    );
    assert.equal(
      explainCall(0x48534d, 0, [1n, 0x80200000n, 0n, 5n]).text,
      'sbi_hart_start(hartid=1, start_addr=0x80200000, opaque=0)',
    );
    assert.equal(
      explainCall(0x46574654, 1, [5n]).text,
      'sbi_fwft_get(feature=POINTER_MASKING_PMLEN)',
    );
  });
});
