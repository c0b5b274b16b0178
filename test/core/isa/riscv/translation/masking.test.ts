/**
 * Pointer masking: which field governs which accesses, what becomes of an address, and what is left
 * alone (privileged manual, pointer masking extensions; hstatus, HUPMM).
 */
import assert from 'node:assert/strict';
import { encode } from '../../../../differential/encode.ts';
import { ramBase, rig, type Rig } from '../rig.ts';

const isa = 'rv64imach_ssnpm_smnpm_smmpm_zicboz';
const data = BigInt(ramBase + 0x10_0000);
const MPRV = 1n << 17n;
const MXR = 1n << 19n;
const MPV = 1n << 39n;
const tables = ramBase + 0x20_0000;
/** PMM and HUPMM by PMLEN. */
const encoding = { 0: 0n, 7: 2n, 16: 3n } as const;
type Pmlen = keyof typeof encoding;
const lengths = [0, 7, 16] as const;

type Mode = 'M' | 'S' | 'U' | 'VS' | 'VU';
const privilege = { M: 3, S: 1, U: 0, VS: 1, VU: 0 } as const;
/** "A privilege mode's pointer masking setting is configured by … the next-higher privilege mode." */
const fields = { M: 'mseccfg', S: 'menvcfg', U: 'senvcfg', VS: 'henvcfg', VU: 'senvcfg' } as const;

/** One gigapage of Sv39 for either half of the address space: all of RAM. */
function machine(): Rig {
  const r = rig('', { isa });
  r.setCsr('mtvec', BigInt(ramBase + 0x1000));
  r.setCsr('pmpaddr0', (1n << 54n) - 1n);
  r.setCsr('pmpcfg0', 0x1fn);
  const leaf = (BigInt(ramBase) >> 2n) | 0xcfn;
  for (const index of [2, 510]) r.memory.write64(tables + index * 8, leaf);
  r.memory.write64(tables + 4096 + 2 * 8, leaf | 0x10n);
  r.memory.write64(Number(data), 0x1234_5678_9abc_def0n);
  return r;
}

const paged = (8n << 60n) | BigInt(tables / 4096);
const pagedForUser = (8n << 60n) | BigInt(tables / 4096 + 1);

interface Attempt {
  readonly mode: Mode;
  readonly paging: boolean;
  readonly mnemonic?: string;
  readonly status?: bigint;
}

/** An access by MPRV; what it loaded, or the trap. */
function access(
  r: Rig,
  address: bigint,
  attempt: Attempt,
): bigint | { cause: bigint; tval: bigint } {
  const { mode, paging, mnemonic = 'ld', status = 0n } = attempt;
  const user = mode.endsWith('U');
  r.setCsr('satp', paging ? (user ? pagedForUser : paged) : 0n);
  r.setCsr('vsatp', paging ? (user ? pagedForUser : paged) : 0n);
  const previous = BigInt(privilege[mode]) << 11n;
  r.setCsr('mstatus', MPRV | previous | (mode.startsWith('V') ? MPV : 0n) | status);
  return execute(r, mnemonic, address, 3);
}

function execute(
  r: Rig,
  mnemonic: string,
  address: bigint,
  by: 3 | 1 | 0,
): bigint | { cause: bigint; tval: bigint } {
  const { hart } = r;
  r.memory.write32(ramBase, encode(mnemonic, { rd: 5, rs1: 10, rs2: 11 }));
  hart.privilege = by;
  hart.virtualized = false;
  hart.pc = BigInt(ramBase);
  hart.setX(10, BigInt.asUintN(64, address));
  if (hart.run(1).retired === 1) return hart.getX(5);
  return { cause: r.csr('mcause'), tval: r.csr('mtval') };
}

const value = 0x1234_5678_9abc_def0n;
/** The address with other bits in its upper `bits`. */
const tagged = (address: bigint, bits: number): bigint =>
  bits === 0 ? address : BigInt.asUintN(64 - bits, address) | (0x2an << BigInt(64 - bits));

function allow(r: Rig, register: string, pmlen: Pmlen): void {
  r.setCsr(register, encoding[pmlen] << 32n);
}

describe('core/isa/riscv/translation/pointer masking', () => {
  for (const mode of Object.keys(fields) as Mode[]) {
    it(`${fields[mode]}.PMM masks addresses of ${mode}-mode, and no other field does`, () => {
      for (const paging of mode === 'M' ? [false] : [false, true]) {
        for (const pmlen of lengths) {
          const r = machine();
          allow(r, fields[mode], pmlen);
          for (const bits of lengths) {
            const found = access(r, tagged(data, bits), { mode, paging });
            const label = `PMLEN ${pmlen}, ${bits} bits changed, ${paging ? 'Sv39' : 'Bare'}`;
            if (bits <= pmlen) assert.equal(found, value, label);
            else assert.notEqual(found, value, label);
          }
          for (const other of new Set(Object.values(fields))) {
            if (other !== fields[mode]) allow(r, other, 16);
          }
          const found = access(r, tagged(data, 16), { mode, paging });
          assert.equal(found === value, pmlen === 16, `only ${fields[mode]}`);
        }
      }
    });
  }

  it('virtual addresses are sign-extended, physical ones zero-extended', () => {
    const r = machine();
    allow(r, 'menvcfg', 16);
    // Bit 47 decides: below is the lower half, above the upper.
    const high = 0xffff_ffff_8000_0000n | (data & 0xfff_ffffn);
    assert.equal(access(r, tagged(high, 16), { mode: 'S', paging: true }), value);
    assert.equal(access(r, high, { mode: 'S', paging: true }), value);
    const bare = access(r, high, { mode: 'S', paging: false });
    assert.deepEqual(bare, { cause: 5n, tval: high & 0xffff_ffff_ffffn });
  });

  it('xtval holds the transformed address', () => {
    const r = machine();
    allow(r, 'senvcfg', 16);
    const nowhere = 0x12_3456_7000n;
    const found = access(r, tagged(nowhere, 16), { mode: 'U', paging: true });
    assert.deepEqual(found, { cause: 13n, tval: nowhere });
    const atomic = access(r, tagged(data + 2n, 16), { mode: 'U', paging: true, mnemonic: 'lr.d' });
    assert.deepEqual(atomic, { cause: 4n, tval: data + 2n });
  });

  it('MXR at the effective privilege switches it off, but not in M-mode', () => {
    const r = machine();
    for (const mode of Object.keys(fields) as Mode[]) {
      allow(r, fields[mode], 16);
      const found = access(r, tagged(data, 16), { mode, paging: false, status: MXR });
      assert.equal(found === value, mode === 'M', mode);
    }
    r.setCsr('vsstatus', MXR);
    assert.notEqual(access(r, tagged(data, 16), { mode: 'VS', paging: false }), value);
    assert.equal(access(r, tagged(data, 16), { mode: 'S', paging: false }), value);
  });

  it('the same page is found again under other tags, and stores and cache blocks too', () => {
    const r = machine();
    allow(r, 'menvcfg', 16);
    for (let i = 0; i < 3; i++) {
      for (const tag of [0n, 5n, 0xffffn]) {
        const address = (tag << 48n) | data;
        assert.equal(access(r, address, { mode: 'S', paging: true }), value);
      }
    }
    r.hart.setX(11, 0x55n);
    access(r, (9n << 48n) | (data + 8n), { mode: 'S', paging: true, mnemonic: 'sd' });
    assert.equal(r.memory.read64(Number(data) + 8), 0x55n);
    access(r, (9n << 48n) | data, { mode: 'S', paging: true, mnemonic: 'cbo.zero' });
    assert.equal(r.memory.read64(Number(data) + 8), 0n);
  });

  it('HLV and HSV: henvcfg as in VS-mode, senvcfg as in VU-mode, hstatus.HUPMM of U-mode', () => {
    const HU = 1n << 9n;
    const SPVP = 1n << 8n;
    for (const [supervisor, by, register] of [
      [true, 3, 'henvcfg'],
      [true, 1, 'henvcfg'],
      [true, 0, 'henvcfg'],
      [false, 3, 'senvcfg'],
      [false, 1, 'senvcfg'],
      [false, 0, 'hstatus'],
    ] as const) {
      for (const chosen of ['henvcfg', 'senvcfg', 'hstatus', 'menvcfg']) {
        const r = machine();
        const upmm = chosen === 'hstatus' ? 3n << 48n : 0n;
        r.setCsr('hstatus', HU | (supervisor ? SPVP : 0n) | upmm);
        if (chosen !== 'hstatus') allow(r, chosen, 16);
        const found = execute(r, 'hlv.d', tagged(data, 16), by);
        const label = `${chosen}, as in ${supervisor ? 'VS' : 'VU'}-mode, by ${by}`;
        assert.equal(found === value, chosen === register, label);
        // "The memory accesses performed by the HLVX.* instructions are not subject to" it.
        assert.notEqual(execute(r, 'hlvx.wu', tagged(data, 16), by), value & 0xffff_ffffn, label);
      }
    }
  });

  it('neither fetches nor the addresses of walks are masked', () => {
    const r = machine();
    allow(r, 'menvcfg', 16);
    const { hart } = r;
    r.setCsr('mstatus', 0n);
    r.setCsr('satp', paged);
    hart.privilege = 1;
    hart.pc = tagged(data, 16);
    assert.equal(hart.run(1).retired, 0);
    assert.equal(r.csr('mcause'), 12n);
    assert.equal(r.csr('mtval'), tagged(data, 16));
  });

  it('an access across a page is masked byte by byte', () => {
    const r = machine();
    allow(r, 'menvcfg', 16);
    r.memory.write64(Number(data) + 0xff8, 0x1122_3344_5566_7788n);
    r.memory.write64(Number(data) + 0x1000, 0x99aa_bbcc_ddee_ff00n);
    const found = access(r, tagged(data + 0xffcn, 16), { mode: 'S', paging: true });
    assert.equal(found, 0xddee_ff00_1122_3344n);
    const store = { mode: 'S', paging: true, mnemonic: 'sd' } as const;
    r.hart.setX(11, 0x0102_0304_0506_0708n);
    access(r, tagged(data + 0xffcn, 16), store);
    assert.equal(access(r, data + 0xffcn, { mode: 'S', paging: true }), 0x0102_0304_0506_0708n);
  });
});
