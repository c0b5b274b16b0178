/** All that a program can tell of a rig, to compare two of them. */
import { integerNames } from '../../../src/core/isa/riscv/registers.ts';
import { ramBase, type Rig } from '../isa/riscv/rig.ts';

const csrs =
  'mstatus mip fcsr minstret mcycle mepc mcause mtval mscratch sepc scause stval sscratch ' +
  'vsstatus vsepc vscause vstval vsscratch satp vsatp hgatp';

/** Memory of the first `bytes` of RAM. */
export function allState({ hart, memory, clock }: Rig, bytes = 0x6000): unknown {
  return {
    registers: integerNames.map((name) => hart.readRegister(name)),
    floats: Array.from({ length: 32 }, (_, i) => hart.state.getF(i)),
    pc: hart.pc,
    mode: hart.modeName,
    instructions: hart.instructions,
    clock: clock.instructions,
    csrs: Object.fromEntries(csrs.split(' ').map((name) => [name, hart.readRegister(name)])),
    memory: Buffer.from(memory.view8(ramBase, bytes)!).toString('base64'),
  };
}
