/**
 * Random programs on the CSRs of the Advanced Interrupt Architecture: writes from M-mode, messages
 * into interrupt files, accesses from every mode, interrupts taken at each level; and what all of
 * it looks like from M-mode.
 */
import { csrNumber } from '../../src/core/isa/riscv/csr/names.ts';
import { encode } from './encode.ts';
import { type Deviation, type LogRecord, type Processor } from './harness.ts';
import { Program } from './program.ts';
import { Random } from './random.ts';

export const guestFiles = 3;

/** QEMU 7.2 lacks mvien and mvip, and traps by older drafts. */
export const withAia: Processor = {
  isa: 'rv64imach_zicsr_zifencei_smaia_sstc',
  qemu: 'rv64,h=on,v=off,smaia=on,ssaia=on,sstc=on,sscofpmf=off,smstateen=off',
  board: `virt,aia=aplic-imsic,aia-guests=${guestFiles}`,
  launch: { aia: { controllers: 'aplic-imsic', guests: guestFiles } },
  newer: true,
};

const guestRoom = Math.ceil(Math.log2(guestFiles + 1));
const imsicM = 0x24000000;
const imsicS = 0x28000000;
const guestFile = (file: number): number => imsicS + (file << 12);
const files = [imsicM, imsicS, ...Array.from({ length: guestFiles }, (_, i) => guestFile(i + 1))];
if (files.length > 1 + (1 << guestRoom)) throw new Error('more guest files than there is room for');

const selects = [
  ...[0x30, 0x31, 0x32, 0x34, 0x38, 0x3e, 0x3f, 0x70, 0x72, 0x80, 0x81, 0x82, 0x86],
  ...[0xc0, 0xc1, 0xc2, 0xc6, 0x00, 0x2f, 0x40, 0x100, 0x1ff],
];
const observed = [
  ...['mip', 'mie', 'sip', 'sie', 'hip', 'hie', 'vsip', 'vsie', 'hgeip', 'hideleg', 'hvip'],
  ...['mtopi', 'stopi', 'vstopi', 'mtopei', 'stopei', 'mireg', 'sireg', 'vsireg', 'vstopei'],
  ...['mvien', 'mvip', 'hvien', 'hvictl', 'hviprio1', 'hviprio2', 'miselect', 'siselect'],
] as const;
/** What is accessed from the other modes. */
const accessed = [
  ...['siselect', 'sireg', 'stopei', 'stopi', 'stimecmp', 'hvictl', 'hvien', 'mtopi'],
  ...['vsiselect', 'vsireg', 'vstopei', 'vstopi', 'hviprio1', 'miselect', 'mireg', 'mtopei'],
];

/** By sstatus.SPP and hstatus.SPV, since QEMU 10 does not let software write mstatus.MPV. */
const modes = [
  { name: 'S', SPP: 1n, SPV: 0n },
  { name: 'U', SPP: 0n, SPV: 0n },
  { name: 'VS', SPP: 1n, SPV: 1n },
  { name: 'VU', SPP: 0n, SPV: 1n },
] as const;
const SIE = 1n << 1n;
const SPIE = 1n << 5n;
const SPP = 1n << 8n;
const SPV = 1n << 7n;
const VTI = 1n << 30n;

const [value, address, result, mask] = [5, 6, 7, 28] as const;
const resume = 27;

export class AiaProgram extends Program {
  private hvictl = 0n;

  constructor(seed: number, tests: number) {
    super(new Random(seed));
    this.prepare();
    for (let i = 0; i < tests && !this.full; i++) this.step();
  }

  private prepare(): void {
    this.set('pmpaddr0', (1n << 54n) - 1n);
    this.set('pmpcfg0', 0x1fn);
    for (const name of ['medeleg', 'mideleg', 'hedeleg', 'hideleg', 'satp', 'hgatp', 'vsatp']) {
      this.set(name, 0n);
    }
    // No timer is due: the log does not depend on the time.
    this.loadConstant(value, -1n);
    this.loadConstant(address, 0x2004000n);
    this.emit('sd', { rs1: address, rs2: value, imm: 0 });
    this.set('menvcfg', 1n << 63n);
    this.set('henvcfg', 1n << 63n);
    this.set('mcounteren', 7n);
    this.set('hcounteren', 7n);
    this.set('stimecmp', -1n);
    this.set('vstimecmp', -1n);
    // QEMU 10 drops bits of mvip, ranks what is filtered last, and takes local interrupts at the wrong
    // level: mvien, hvien and local interrupts are left to tests of ours.
    this.set('mvien', 0n);
    this.set('hvien', 0n);
    this.set('hviprio1', 0n);
    this.set('hviprio2', 0n);
    // QEMU resets the priorities of major interrupts to those of the default order.
    for (let select = 0x30; select < 0x40; select += 2) {
      for (const window of ['m', 's']) {
        this.set(`${window}iselect`, BigInt(select));
        this.set(`${window}ireg`, 0n);
      }
    }
    // Where S-mode and VS-mode take interrupts: on to M-mode at once, which logs it.
    this.emit('auipc', { rd: address, imm: 0 });
    this.emit('addi', { rd: address, rs1: address, imm: 24 });
    this.emit('csrrw', { rd: 0, rs1: address, csr: csrNumber('stvec') });
    this.emit('csrrw', { rd: 0, rs1: address, csr: csrNumber('vstvec') });
    this.emit('jal', { rd: 0, imm: 12 });
    this.emit('addi', { rd: 0, rs1: 0, imm: 0 });
    this.emit('ecall');
  }

  private step(): void {
    const { random } = this;
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        return this.change(...this.randomWrite());
      case 3:
        return this.message(random.pick(files), random.pick([1, 5, 33, 64, 200, 255, 256, 0]));
      case 4:
        return this.claim(random.pick(['mtopei', 'stopei', 'vstopei']));
      default:
        return this.elsewhere();
    }
  }

  /** A write from M-mode, and some of what follows from it. */
  private change(name: string, to: bigint): void {
    this.begin(`${name} = 0x${to.toString(16)}`);
    // QEMU lets mip write all of hvip, of which only VSSIP is software's there, and SEIP together with
    // the controller's signal.
    if (name === 'mip') this.setField('mip', 0x26n, to & 0x26n);
    else this.set(name, to);
    if (name === 'hvictl') this.hvictl = to;
    this.observe(name);
  }

  private message(to: number, identity: number): void {
    this.begin(`message ${identity} to 0x${to.toString(16)}`);
    this.loadConstant(address, BigInt(to));
    this.emit('addi', { rd: value, rs1: 0, imm: identity });
    this.emit('sw', { rs1: address, rs2: value, imm: 0 });
    this.observe('message');
  }

  private claim(name: string): void {
    this.begin(`claim at ${name}`);
    this.emit('addi', { rd: result, rs1: 0, imm: 0 });
    this.emit('csrrw', { rd: result, rs1: 0, csr: csrNumber(name) });
    this.record(result);
    this.observe('claim');
  }

  /** One access from another mode, interrupts open there or not. */
  private elsewhere(): void {
    const { random } = this;
    const mode = random.pick(modes);
    const name = random.pick(accessed);
    const fixed = name === 'hvien' || name === 'hvictl';
    // Bits set or cleared could select what is beyond the last identity, where QEMU has nothing.
    // And bits cleared in stimecmp would let the timer tick.
    const whole = name.endsWith('select') || name === 'stimecmp';
    const ops = whole ? ['csrrw'] : ['csrrs', 'csrrw', 'csrrc'];
    const op = fixed ? 'csrrs' : random.pick(ops);
    const open = random.chance(0.5);
    // A write of 0 to a set or clear is a read alone.
    const source = !fixed && (op === 'csrrw' || random.chance(0.5)) ? value : 0;
    const to = name === 'stimecmp' ? -1n : this.valueFor(name);
    this.begin(`${op}${source === 0 ? ' read' : ''} ${name} in ${mode.name}${open ? ' open' : ''}`);
    // "Whenever vstopi is not zero … a trap is taken to VS-mode": QEMU does not take hvictl's.
    if (mode.SPV === 1n && (open || mode.SPP === 0n)) this.set('hvictl', this.hvictl & ~VTI);
    // SRET takes SIE of S-mode from SPIE.
    const enabled = open ? SIE | SPIE : 0n;
    this.setField('mstatus', SIE | SPIE | SPP, enabled | (mode.SPP * SPP));
    this.setField('vsstatus', SIE, enabled & SIE);
    this.setField('hstatus', SPV, mode.SPV * SPV);
    this.loadConstant(value, to);
    this.emit('addi', { rd: result, rs1: 0, imm: 0 });
    this.emit('auipc', { rd: address, imm: 0 });
    this.emit('addi', { rd: resume, rs1: address, imm: 28 });
    this.emit('addi', { rd: address, rs1: address, imm: 20 });
    this.emit('csrrw', { rd: 0, rs1: address, csr: csrNumber('sepc') });
    this.emit('sret');
    this.word(encode(op, { rd: result, rs1: source, csr: csrNumber(name) }));
    this.emit('ecall');
    this.record(result);
    for (const cause of ['scause', 'vscause']) this.see(cause);
    this.observe(name);
  }

  private observe(about: string): void {
    const { random } = this;
    for (let i = 0; i < 4; i++) this.see(random.pick(observed), about);
  }

  /** Reads a CSR; a test of its own, so that a difference names it. */
  private see(name: string, after = ''): void {
    this.begin(`read ${name}${after === '' ? '' : ` after ${after}`}`);
    this.emit('addi', { rd: result, rs1: 0, imm: 0 });
    this.emit('csrrs', { rd: result, rs1: 0, csr: csrNumber(name) });
    this.record(result);
  }

  /** Bits of a register. */
  private setField(name: string, bits: bigint, to: bigint): void {
    this.loadConstant(mask, bits);
    this.emit('csrrc', { rd: 0, rs1: mask, csr: csrNumber(name) });
    this.loadConstant(mask, to);
    this.emit('csrrs', { rd: 0, rs1: mask, csr: csrNumber(name) });
  }

  private set(name: string, to: bigint): void {
    this.loadConstant(value, to);
    this.emit('csrrw', { rd: 0, rs1: value, csr: csrNumber(name) });
  }

  private randomWrite(): [name: string, value: bigint] {
    const name = this.random.pick([
      ...['mideleg', 'mie', 'mip', 'sie', 'hie', 'hideleg', 'hvip', 'vsie', 'hgeie', 'hstatus'],
      ...['miselect', 'mireg', 'siselect', 'sireg', 'vsiselect', 'vsireg', 'hvictl'],
      ...['mireg', 'sireg', 'vsireg', 'hviprio1', 'hviprio2', 'mvip'],
    ]);
    return [name, this.valueFor(name)];
  }

  private valueFor(name: string): bigint {
    const { random } = this;
    if (name.endsWith('select')) return BigInt(random.pick(selects));
    switch (name) {
      case 'hstatus':
        return BigInt(random.below(guestFiles + 1)) << 12n;
      case 'hvictl':
        // QEMU has no DPR.
        return random.bits64() & random.pick([0xffff_fdffn, 0x4009_01ffn, 0x3fff_fdffn]);
      case 'mireg':
      case 'sireg':
      case 'vsireg':
        return random.pick([0n, 1n, 34n, (1n << 64n) - 1n, random.bits64() & random.bits64()]);
      case 'mvip':
        return random.bits64() & 0x202n;
      case 'hvip':
        // hvip.VSTIP is lost in QEMU when vstimecmp is in use.
        return random.bits64() & 0x404n;
      case 'mie':
      case 'mideleg':
      case 'sie':
      case 'hie':
        // Local interrupts have bits in QEMU's mie that no mip has.
        return random.pick([0n, 0x1fffn, random.bits64() & 0x1fffn]);
      case 'vsie':
        // QEMU takes the bits of hie in a value for vsie, too.
        return random.bits64() & 0x222n;
      case 'hideleg':
        return random.bits64() & 0x444n;
      default:
        return random.pick([0n, (1n << 64n) - 1n, random.bits64(), random.bits64()]);
    }
  }
}

const GVA = 1n << 38n;

export const aiaDeviation: Deviation = (test, ours, theirs) => {
  // GVA: "cleared for any other trap into M-mode" than one that writes a guest virtual address to
  // mtval; QEMU leaves it as it was.
  if (ours.trap && theirs.trap) return traps(ours.trap) === traps(theirs.trap);
  const [a, b] = [ours.value ?? 0n, theirs.value ?? 0n];
  // Priority numbers of interrupts that a level cannot enable "must be read-only zero as well".
  if (/^read [ms]ireg /.test(test) || /^csrr.* sireg /.test(test)) return (a & ~b) === 0n;
  // Bits of S-mode's interrupts show in QEMU's hvip, too.
  if (/^read hvip /.test(test)) return ((a ^ b) & ~0x222n) === 0n;
  // "Ties in nominal priority are broken as usual by the default priority order"; in QEMU the
  // interrupt of the greatest number comes first.
  // mvip's SEIP is software's alone, "directly accessible by itself"; QEMU's has the controller's.
  if (/^read mvip /.test(test)) return (a ^ b) === 0x200n;
  const top = /^(?:read|csrr.*?) ([msv]+topi|v?scause) /.exec(test)?.[1];
  if (top === undefined) return false;
  // QEMU supplies no number for an external interrupt, neither the controller's nor 256, which at VS
  // level makes it none, and all others with it; nor does it ask hideleg and vsie for it there. IID 0
  // in hvictl is a number like others, and none in QEMU.
  if (isExternal(top, a) || isExternal(top, b)) return true;
  if (top.endsWith('cause')) return a >> 63n === 1n && b >> 63n === 1n && a < b;
  if ((top === 'vstopi' || test.includes(' in VS')) && b === 0n) return true;
  return (a & 0xffn) === (b & 0xffn) && a < b;
};

function isExternal(name: string, shown: bigint): boolean {
  const code = name.endsWith('cause') ? shown & 0xffn : shown >> 16n;
  return code === 9n || code === 11n;
}

function traps(trap: NonNullable<LogRecord['trap']>): string {
  return Object.entries(trap)
    .map(([name, bits]) => (name === 'mstatus' ? bits & ~GVA : bits))
    .join();
}
