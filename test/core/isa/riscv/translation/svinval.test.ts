/**
 * Who may execute fences and their parts (privileged manual, SFENCE.VMA and Svinval; hypervisor,
 * memory-management fence instructions, virtual-instruction exceptions).
 */
import assert from 'node:assert/strict';
import { encode } from '../../../../differential/encode.ts';
import type { Privilege } from '../../../../../src/core/isa/riscv/riscvHart.ts';
import { ramBase, rig } from '../rig.ts';

const TVM = 1n << 20n;
const VTVM = 1n << 20n;
const illegal = 2n;
const virtual = 22n;
const modes = {
  M: [3, false],
  HS: [1, false],
  U: [0, false],
  VS: [1, true],
  VU: [0, true],
} as const satisfies Record<string, readonly [Privilege, boolean]>;

type Mode = keyof typeof modes;

/** What the manual says of each, undefined where it is executed. */
const rules: Readonly<
  Record<string, (mode: Mode, tvm: boolean, vtvm: boolean) => bigint | undefined>
> = {
  'sfence.vma sinval.vma': (mode, tvm, vtvm) => {
    if (mode === 'U') return illegal;
    if (mode === 'VU') return virtual;
    if (mode === 'HS' && tvm) return illegal;
    return mode === 'VS' && vtvm ? virtual : undefined;
  },
  'sfence.w.inval sfence.inval.ir': (mode) =>
    mode === 'U' ? illegal : mode === 'VU' ? virtual : undefined,
  'hfence.vvma hinval.vvma': (mode) =>
    mode === 'U' ? illegal : mode.startsWith('V') ? virtual : undefined,
  'hfence.gvma hinval.gvma': (mode, tvm) => {
    if (mode.startsWith('V')) return virtual;
    return mode === 'U' || (mode === 'HS' && tvm) ? illegal : undefined;
  },
};

describe('core/isa/riscv/translation/svinval', () => {
  const r = rig('', { isa: 'rv64imach_svinval' });
  r.setCsr('pmpaddr0', (1n << 54n) - 1n);
  r.setCsr('pmpcfg0', 0x1fn);

  for (const [mnemonics, rule] of Object.entries(rules)) {
    for (const mnemonic of mnemonics.split(' ')) {
      it(`${mnemonic} is executed or refused as mode, TVM and VTVM say`, () => {
        const word = encode(mnemonic, { rs1: 5, rs2: 6 });
        r.memory.write32(ramBase, word);
        for (const [mode, [privilege, virtualized]] of Object.entries(modes)) {
          for (const tvm of [false, true]) {
            for (const vtvm of [false, true]) {
              r.setCsr('mstatus', tvm ? TVM : 0n);
              r.setCsr('hstatus', vtvm ? VTVM : 0n);
              r.setCsr('mcause', 0n);
              r.hart.privilege = privilege;
              r.hart.virtualized = virtualized;
              r.hart.pc = BigInt(ramBase);
              const expected = rule(mode as Mode, tvm, vtvm);
              const executed = r.hart.run(1).retired === 1;
              const what = `${mode}, TVM ${tvm}, VTVM ${vtvm}`;
              assert.equal(executed ? undefined : r.csr('mcause'), expected, what);
              if (!executed) assert.equal(r.csr('mtval'), BigInt(word), what);
            }
          }
        }
      });
    }
  }

  it('is not there without its extension, nor are the hypervisor’s without H', () => {
    for (const [isa, mnemonics] of [
      ['rv64imach', 'sinval.vma sfence.w.inval sfence.inval.ir hinval.vvma hinval.gvma'],
      ['rv64imac_svinval', 'hinval.vvma hinval.gvma hfence.vvma'],
    ] as const) {
      const other = rig('', { isa });
      for (const mnemonic of mnemonics.split(' ')) {
        other.memory.write32(ramBase, encode(mnemonic, { rs1: 5, rs2: 6 }));
        other.hart.privilege = 3;
        other.hart.pc = BigInt(ramBase);
        assert.equal(other.hart.run(1).retired, 0);
        assert.equal(other.csr('mcause'), illegal, `${isa}: ${mnemonic}`);
      }
    }
  });
});
