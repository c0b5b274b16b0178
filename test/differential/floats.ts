/** What floating-point rows need around them in random programs: operands, modes, what came of it. */
import type { Deviation } from './harness.ts';
import { reserved, type Program } from './program.ts';

/** Fields of floating-point instructions, with the least and the greatest of what they may hold. */
export const floatFields: Readonly<Record<string, readonly [number, number]>> = {
  frd: [0, 31],
  frs1: [0, 31],
  frs2: [0, 31],
  frs3: [0, 31],
  "frd'": [8, 15],
  "frs2'": [8, 15],
  rm: [0, 7],
};

const scratch = 29;
const csr = { fcsr: 0x003, frm: 0x002, mstatus: 0x300 };

/** Loads operands, changes the rounding mode, and leaves the unit in some state, rarely off. */
export function aroundFloats(p: Program): void {
  const { random } = p;
  setState(p, state.initial);
  for (let i = random.below(3); i > 0; i--) {
    p.emit('fld', { frd: random.below(32), rs1: 4, imm: random.below(256) * 8 });
  }
  if (random.chance(0.2)) p.emit('csrrwi', { rd: 0, zimm: random.below(8), csr: csr.frm });
  const states = [state.initial, state.clean, state.dirty];
  setState(p, random.chance(0.03) ? state.off : random.pick(states));
}

const state = { off: 0, initial: 1, clean: 2, dirty: 3 };

/** Writes mstatus.FS. */
function setState(p: Program, to: number): void {
  p.emit('lui', { rd: scratch, imm: 0x6000 });
  p.emit('csrrc', { rd: 0, rs1: scratch, csr: csr.mstatus });
  p.emit('lui', { rd: scratch, imm: to << 13 });
  p.emit('csrrs', { rd: 0, rs1: scratch, csr: csr.mstatus });
}

/** The register that was perhaps written, the flags so far and whether they are now known as dirty. */
export function recordFloats(p: Program, frd: number): void {
  if (p.xlen === 64) {
    p.emit('fmv.x.d', { rd: scratch, frs1: frd });
    p.record(scratch);
  } else {
    // By way of memory that the log has not reached yet, and approaches by a record.
    const behind = 4 * p.size;
    p.emit('fsd', { frs2: frd, rs1: reserved.log, imm: behind });
    for (const at of [behind, behind + 4 - 2 * p.size]) {
      p.loadRegister(scratch, reserved.log, at);
      p.record(scratch);
    }
  }
  p.emit('csrrs', { rd: scratch, rs1: 0, csr: csr.fcsr });
  p.record(scratch);
  p.emit('csrrs', { rd: scratch, rs1: 0, csr: csr.mstatus });
  p.record(scratch);
  // What QEMU missed does not show in later tests.
  setState(p, state.dirty);
}

/**
 * QEMU does not notice flags that are raised by instructions with an integer result, where the
 * manual counts them to the state: "The FS field encodes the status of the floating-point unit
 * state, including the floating-point registers f0–f31 and the CSRs fcsr, frm, and fflags"
 * (privileged, extension context status in mstatus).
 */
export const floatDeviation: Deviation = (test, ours, theirs) => {
  if (!/^f(cvt(mod)?\.[wl]u?|eq|lt|le|ltq|leq)\./.test(test)) return false;
  if (ours.trap || theirs.trap || ours.value === undefined) return false;
  const FS = 0x6000n;
  const SD = ours.value >> 63n === 1n ? 1n << 63n : 1n << 31n;
  if ((ours.value & (FS | SD)) !== (FS | SD)) return false;
  return (ours.value & ~(FS | SD)) === (theirs.value! & ~FS);
};
