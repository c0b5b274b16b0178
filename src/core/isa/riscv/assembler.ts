/**
 * What assemblers for RISC-V take beyond the tables of instructions and CSRs: names of extensions
 * that are not executed here, `%` operators, directives. Nothing of this decodes or executes.
 * Names of CSRs are those of the privileged specification, "CSR Listing", and of the ratified
 * extensions after it; operators and directives those of the riscv-asm-manual.
 */
import type { AssemblerInfo, AssemblerWord } from '../isa.ts';
import { assemblerMnemonics, newerMnemonics } from './assemblerMnemonics.ts';

const words = (text: string): string[] => text.trim().split(/\s+/);

function numbered(first: number, last: number, name: (i: number) => string): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => name(first + i));
}

const controlRegisters = [
  ...words(`fflags frm fcsr vstart vxsat vxrm vcsr vl vtype vlenb ssp seed jvt
    cycle time instret cycleh timeh instreth scounteren senvcfg stimecmp stimecmph siselect stopei
    stopi scountovf scountinhibit sctrctl sctrstatus sctrdepth srmcfg scontext
    hedelegh htimedeltah hvien hvienh hvictl hviprio1 hviprio2 hviprio1h hviprio2h hvip hviph
    henvcfgh hcontext hgeie hgeip hidelegh vstimecmp vstimecmph vsiselect vstopei vstopi vsctrctl
    mvendorid marchid mimpid mhartid mconfigptr mstatush misa medelegh midelegh mieh miph mvien
    mvienh mvip mviph menvcfg menvcfgh mseccfg mseccfgh mcountinhibit mcyclecfg mcyclecfgh
    minstretcfg minstretcfgh mcycle mcycleh minstret minstreth miselect mtopei mtopi mctrctl
    mnscratch mnepc mncause mnstatus tselect tinfo tcontrol mcontext mscontext dcsr dpc
    sieh siph vsieh vsiph`),
  ...numbered(3, 31, (i) => `hpmcounter${i}`),
  ...numbered(3, 31, (i) => `hpmcounter${i}h`),
  ...numbered(3, 31, (i) => `mhpmcounter${i}`),
  ...numbered(3, 31, (i) => `mhpmcounter${i}h`),
  ...numbered(3, 31, (i) => `mhpmevent${i}`),
  ...numbered(3, 31, (i) => `mhpmevent${i}h`),
  ...numbered(0, 15, (i) => `pmpcfg${i}`),
  ...numbered(0, 63, (i) => `pmpaddr${i}`),
  ...numbered(1, 3, (i) => `tdata${i}`),
  ...numbered(0, 1, (i) => `dscratch${i}`),
  ...numbered(0, 3, (i) => `sstateen${i}`),
  ...['h', 'm'].flatMap((p) => numbered(0, 3, (i) => `${p}stateen${i}`)),
  ...['h', 'm'].flatMap((p) => numbered(0, 3, (i) => `${p}stateen${i}h`)),
  ...['s', 'vs', 'm'].flatMap((p) => [`${p}ireg`, ...numbered(2, 6, (i) => `${p}ireg${i}`)]),
];

const registers = [
  ...numbered(0, 31, (i) => `f${i}`),
  ...numbered(0, 11, (i) => `ft${i}`),
  ...numbered(0, 11, (i) => `fs${i}`),
  ...numbered(0, 7, (i) => `fa${i}`),
  ...numbered(0, 31, (i) => `v${i}`),
];

const relocations: AssemblerWord[] = [
  { name: '%hi', summary: 'Upper 20 bits of an absolute address, for `lui`.' },
  { name: '%lo', summary: 'Lower 12 bits of an absolute address, for loads, stores and `addi`.' },
  { name: '%pcrel_hi', summary: 'Upper 20 bits of a symbol relative to pc, for `auipc`.' },
  {
    name: '%pcrel_lo',
    summary:
      'Lower 12 bits relative to pc. Its operand is the label of the `auipc`, not the symbol.',
  },
  { name: '%got_pcrel_hi', summary: 'Upper 20 bits of the symbol’s GOT entry relative to pc.' },
  {
    name: '%tprel_hi',
    summary: 'Upper 20 bits of an offset from the thread pointer (local exec).',
  },
  {
    name: '%tprel_lo',
    summary: 'Lower 12 bits of an offset from the thread pointer (local exec).',
  },
  { name: '%tprel_add', summary: 'Marks the `add` of a thread-local access, for relaxation.' },
  {
    name: '%tls_ie_pcrel_hi',
    summary: 'Upper 20 bits of the GOT entry of a thread-local symbol (initial exec).',
  },
  {
    name: '%tls_gd_pcrel_hi',
    summary: 'Upper 20 bits of the GOT entry of a thread-local symbol (global dynamic).',
  },
];

const directives: AssemblerWord[] = [
  {
    name: '.option',
    summary:
      '`push`, `pop`, `rvc`, `norvc`, `relax`, `norelax`, `pic`, `nopic`, `arch, +ext`: how what follows is assembled.',
  },
  {
    name: '.insn',
    summary: 'An instruction by format and fields, for what the assembler does not know.',
  },
  { name: '.attribute', summary: 'Sets an attribute of the object file, such as `arch`.' },
  {
    name: '.variant_cc',
    summary: 'Marks a symbol as following another calling convention than the standard one.',
  },
  { name: '.half', summary: 'Emits 16-bit values, aligned.' },
  { name: '.dword', summary: 'Emits 64-bit values, aligned.' },
  { name: '.dtprelword', summary: 'A 32-bit offset into the thread-local block of its module.' },
  { name: '.dtpreldword', summary: 'A 64-bit offset into the thread-local block of its module.' },
  { name: '.bss', summary: 'Continues in section `.bss`.' },
];

/** Extensions whose every instruction takes the ordering suffixes. */
const atomic = ['A', 'Zalrsc', 'Zaamo', 'Zacas', 'Zabha'];

export const riscvAssembler: AssemblerInfo = {
  mnemonics: [...Object.values(assemblerMnemonics), ...Object.values(newerMnemonics)].flatMap(
    words,
  ),
  registers,
  controlRegisters,
  suffixes: [
    {
      name: '.aqrl',
      summary: 'Acquire and release: sequentially consistent with all other such accesses.',
      extensions: atomic,
    },
    {
      name: '.aq',
      summary: 'Acquire: no later memory operation of this hart is observed before it.',
      extensions: atomic,
    },
    {
      name: '.rl',
      summary: 'Release: it is not observed before any earlier memory operation of this hart.',
      extensions: atomic,
    },
  ],
  relocations,
  directives,
  operandWords: words(`rne rtz rdn rup rmm dyn
    i o r w io ir iw or ow rw ior iow irw orw iorw
    e8 e16 e32 e64 m1 m2 m4 m8 mf2 mf4 mf8 ta tu ma mu v0.t`),
};
