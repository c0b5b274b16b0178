import assert from 'node:assert/strict';
import { describeCall, describeResult } from '../../../../src/core/hypervisor/riscv/sbiNames.ts';

const ones = 2n ** 64n - 1n;

describe('SBI calls for people', () => {
  const shows = (text: string, id: number, fn: number, ...args: bigint[]) =>
    it(text, () => assert.equal(describeCall(id, fn, args), text));
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
});
