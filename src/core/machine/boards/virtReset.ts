/**
 * What the `virt` board's harts execute first, and the information it leads firmware to: hart id in
 * a0, device tree in a1, `struct fw_dynamic_info` in a2.
 *
 * QEMU `hw/riscv/boot.c`, riscv_setup_rom_reset_vec; OpenSBI `include/sbi/fw_dynamic.h`.
 */

/** "OSBI". */
const FW_DYNAMIC_INFO_MAGIC_VALUE = 0x4942534fn;
const FW_DYNAMIC_INFO_VERSION_2 = 2n;
const FW_DYNAMIC_INFO_NEXT_MODE_S = 1n;

export interface ResetInfo {
  readonly xlen: 32 | 64;
  /** Where the firmware starts. */
  readonly start: bigint;
  /** Address of the flattened device tree. */
  readonly deviceTree: number;
  /** Where the firmware shall go on in S-mode; 0 when there is nothing. */
  readonly nextAddress: bigint;
}

export function virtResetVector(info: ResetInfo): Uint8Array {
  const wide = info.xlen === 64;
  const code = [
    0x00000297, // 1: auipc t0, 0
    0x02828613, //    addi  a2, t0, 40     fw_dynamic_info
    0xf1402573, //    csrr  a0, mhartid
    wide ? 0x0202b583 : 0x0202a583, // ld/lw a1, 32(t0)    deviceTree
    wide ? 0x0182b283 : 0x0182a283, // ld/lw t0, 24(t0)    start
    0x00028067, //    jr    t0
  ];
  const dynamicInfo = [
    FW_DYNAMIC_INFO_MAGIC_VALUE,
    FW_DYNAMIC_INFO_VERSION_2,
    info.nextAddress,
    FW_DYNAMIC_INFO_NEXT_MODE_S,
    0n, // options
    0n, // boot_hart
  ];
  const word = wide ? 8 : 4;
  const dataAt = 4 * code.length;
  const dynamicInfoAt = dataAt + 16;
  const bytes = new Uint8Array(dynamicInfoAt + word * dynamicInfo.length);
  const view = new DataView(bytes.buffer);
  code.forEach((instruction, i) => view.setUint32(4 * i, instruction, true));
  view.setBigUint64(dataAt, info.start, true);
  view.setBigUint64(dataAt + 8, BigInt(info.deviceTree), true);
  dynamicInfo.forEach((value, i) => {
    const at = dynamicInfoAt + word * i;
    if (wide) view.setBigUint64(at, value, true);
    else view.setUint32(at, Number(value & 0xffffffffn), true);
  });
  return bytes;
}
