/**
 * Cache-block instructions: who may execute them, what they fault on, what they leave. Expected
 * traps come from the conditions that the manual prints (CMO, "CSR controls for CMO instructions").
 */
import assert from 'node:assert/strict';
import { encode } from '../../../differential/encode.ts';
import type { Privilege } from '../../../../src/core/isa/riscv/riscvHart.ts';
import { deviceBase, ramBase, rig, romBase } from './rig.ts';

const isa = 'rv64imach_zicbom_zicboz';
const data = ramBase + 0x10_0000;
const illegal = 2n;
const virtualInstruction = 22n;

interface Mode {
  readonly name: string;
  readonly privilege: Privilege;
  readonly virtualized: boolean;
}
const modes: readonly Mode[] = [
  { name: 'M', privilege: 3, virtualized: false },
  { name: 'HS', privilege: 1, virtualized: false },
  { name: 'U', privilege: 0, virtualized: false },
  { name: 'VS', privilege: 1, virtualized: true },
  { name: 'VU', privilege: 0, virtualized: true },
];

/** A machine that goes on at `encode(mnemonic)` with a0 as its address. */
function made(mnemonic: string, rs1 = 10) {
  const machine = rig('nop', { isa });
  const word = encode(mnemonic, { rs1 });
  machine.memory.load(ramBase, new Uint8Array(Uint32Array.of(word).buffer));
  // Everything below M-mode may access everything.
  machine.setCsr('pmpaddr0', -1n);
  machine.setCsr('pmpcfg0', 0x1fn);
  const run = (address: number, { privilege, virtualized }: Mode = modes[0]!): boolean => {
    machine.hart.privilege = privilege;
    machine.hart.virtualized = virtualized;
    machine.hart.pc = BigInt(ramBase);
    machine.hart.setX(10, BigInt(address));
    return machine.hart.run(1).retired === 1;
  };
  return { ...machine, word, run };
}

/** The manual's conditions, one after the other. */
function expectedTrap(mode: string, m: boolean, h: boolean, s: boolean): bigint | undefined {
  if ((mode !== 'M' && !m) || (mode === 'U' && !s)) return illegal;
  if ((mode === 'VS' && !h) || (mode === 'VU' && !(h && s))) return virtualInstruction;
  return undefined;
}

describe('core/isa/riscv/cache blocks', () => {
  const enables = [
    ['cbo.inval', [0n, 1n << 4n, 3n << 4n]],
    ['cbo.clean', [0n, 1n << 6n]],
    ['cbo.flush', [0n, 1n << 6n]],
    ['cbo.zero', [0n, 1n << 7n]],
  ] as const;
  for (const [mnemonic, values] of enables) {
    it(`${mnemonic} is executed or refused as the envcfg registers say`, () => {
      const { run, setCsr, csr, hart, word } = made(mnemonic);
      for (const mode of modes) {
        for (const m of values) {
          for (const h of values) {
            for (const s of values) {
              setCsr('menvcfg', m);
              setCsr('henvcfg', h);
              setCsr('senvcfg', s);
              const expected = expectedTrap(mode.name, m !== 0n, h !== 0n, s !== 0n);
              const what = `${mode.name}, menvcfg ${m}, henvcfg ${h}, senvcfg ${s}`;
              assert.equal(run(data, mode), expected === undefined, what);
              if (expected === undefined) continue;
              assert.equal(csr('mcause'), expected, what);
              assert.equal(csr('mtval'), BigInt(word), what);
              assert.equal(hart.privilege, 3);
            }
          }
        }
      }
    });
  }

  it('fields of the envcfg registers are there with their extension, and CBIE is never 2', () => {
    const all = -1n;
    for (const [extensions, expected] of [
      ['', 0n],
      ['_zicbom', 0x70n],
      ['_zicboz', 0x80n],
      ['_zicbom_zicboz', 0xf0n],
    ] as const) {
      const { setCsr, csr } = rig('nop', { isa: `rv64imach${extensions}` });
      for (const register of ['menvcfg', 'henvcfg', 'senvcfg']) {
        setCsr(register, all);
        assert.equal(csr(register) & 0xf0n, expected, `${register}${extensions}`);
        if ((expected & 0x30n) === 0n) continue;
        setCsr(register, 2n << 4n);
        assert.equal(csr(register) & 0x30n, 0n);
      }
    }
  });

  it('cbo.zero clears the 64 bytes around its address and no others', () => {
    const { run, memory } = made('cbo.zero');
    for (const offset of [0, 1, 63, 64, 100]) {
      memory.load(data, new Uint8Array(256).fill(0xaa));
      assert.ok(run(data + offset));
      const start = offset - (offset % 64);
      const expected = Uint8Array.from({ length: 256 }, (_, i) =>
        i >= start && i < start + 64 ? 0 : 0xaa,
      );
      assert.deepEqual(memory.view8(data, 256)!.slice(), expected, `${offset}`);
    }
  });

  it('cbo.zero of code that was executed makes it illegal', () => {
    const { run, csr, hart } = made('cbo.zero');
    hart.setX(10, BigInt(ramBase));
    assert.ok(run(ramBase));
    hart.pc = BigInt(ramBase);
    assert.equal(hart.run(1).retired, 0);
    assert.equal(csr('mcause'), illegal);
    assert.equal(csr('mtval'), 0n);
  });

  it('management leaves memory alone, and reaches devices and ROM', () => {
    for (const mnemonic of ['cbo.clean', 'cbo.flush', 'cbo.inval']) {
      const { run, memory } = made(mnemonic);
      memory.load(data, new Uint8Array(64).fill(0x55));
      assert.ok(run(data + 3));
      assert.deepEqual(memory.view8(data, 64)!.slice(), new Uint8Array(64).fill(0x55));
      assert.ok(run(deviceBase));
      assert.ok(run(romBase));
    }
  });

  it('what is no memory is a store access fault at the very address', () => {
    for (const mnemonic of ['cbo.clean', 'cbo.zero']) {
      const { run, csr } = made(mnemonic);
      assert.equal(run(0x4000_0033), false);
      assert.equal(csr('mcause'), 7n, mnemonic);
      assert.equal(csr('mtval'), 0x4000_0033n, mnemonic);
    }
  });

  it('cbo.zero is no access that devices and ROM support', () => {
    const { run, csr } = made('cbo.zero');
    for (const address of [deviceBase + 8, romBase + 8]) {
      assert.equal(run(address), false);
      assert.equal(csr('mcause'), 7n);
      assert.equal(csr('mtval'), BigInt(address));
    }
  });

  it('PMP decides as for loads, and for cbo.zero as for stores', () => {
    for (const [permissions, clean, zero] of [
      [0n, false, false],
      [1n, true, false],
      [3n, true, true],
      [4n, false, false],
    ] as const) {
      for (const [mnemonic, allowed] of [
        ['cbo.clean', clean],
        ['cbo.zero', zero],
      ] as const) {
        const { run, setCsr, csr } = made(mnemonic);
        // Entry 0 the page of the data with NAPOT, entry 1 everything else.
        setCsr('pmpaddr0', BigInt((data >>> 2) | 0x1ff));
        setCsr('pmpaddr1', -1n);
        setCsr('pmpcfg0', (0x1fn << 8n) | 0x18n | permissions);
        setCsr('menvcfg', 0xf0n);
        assert.equal(run(data + 5, modes[1]), allowed, `${mnemonic} ${permissions}`);
        if (allowed) continue;
        assert.equal(csr('mcause'), 7n);
        assert.equal(csr('mtval'), BigInt(data + 5));
      }
    }
  });

  describe('under translation', () => {
    const table = ramBase + 0x20_0000;
    const address = 0x4000_0155;
    const bits = { V: 1n, R: 2n, W: 4n, X: 8n, A: 64n, D: 128n };
    /** One page of 1 GiB at 0x4000_0000 with these flags, and RAM as it is for the code. */
    const mapped = (mnemonic: string, flags: bigint) => {
      const machine = made(mnemonic);
      const entry = (physical: number): bigint => BigInt(physical >>> 12) << 10n;
      const { V, R, W, X, A, D } = bits;
      machine.memory.write64(table + 8, entry(ramBase) | V | flags);
      machine.memory.write64(table + 16, entry(ramBase) | V | R | W | X | A | D);
      machine.setCsr('satp', (8n << 60n) | BigInt(table >>> 12));
      machine.setCsr('menvcfg', 0xf0n);
      return machine;
    };

    it('page faults are those of stores, at the very address', () => {
      for (const mnemonic of ['cbo.inval', 'cbo.zero']) {
        const { run, csr } = mapped(mnemonic, bits.X | bits.A);
        assert.equal(run(address, modes[1]), false);
        assert.equal(csr('mcause'), 15n, mnemonic);
        assert.equal(csr('mtval'), BigInt(address), mnemonic);
      }
    });

    it('management of a page that is only read is permitted, and leaves its dirty bit', () => {
      const { run, memory } = mapped('cbo.flush', bits.R | bits.A);
      assert.ok(run(address, modes[1]));
      assert.equal(memory.read64(table + 8) & (bits.A | bits.D), bits.A);
    });

    it('cbo.zero needs a page that is written', () => {
      const refused = mapped('cbo.zero', bits.R | bits.A);
      assert.equal(refused.run(address, modes[1]), false);
      assert.equal(refused.csr('mcause'), 15n);
      const { run, memory } = mapped('cbo.zero', bits.R | bits.W | bits.A | bits.D);
      memory.load(ramBase + 0x140, new Uint8Array(64).fill(1));
      assert.ok(run(address, modes[1]));
      assert.deepEqual(memory.view8(ramBase + 0x140, 64)!.slice(), new Uint8Array(64));
    });
  });

  it('guest-page faults report the transformed instruction', () => {
    for (const mnemonic of ['cbo.clean', 'cbo.zero']) {
      const { run, setCsr, csr, memory, word } = made(mnemonic);
      // G-stage: a root of 16 KiB, 1 GiB of RAM at its place and nothing at the data's.
      const table = ramBase + 0x20_0000;
      memory.write64(table + 16, (BigInt(ramBase >>> 12) << 10n) | 0xdfn);
      setCsr('hgatp', (8n << 60n) | BigInt(table >>> 12));
      setCsr('menvcfg', 0xf0n);
      setCsr('henvcfg', 0xf0n);
      assert.equal(run(0x4000_0155, modes[3]), false);
      assert.equal(csr('mcause'), 23n, mnemonic);
      assert.equal(csr('mtval'), 0x4000_0155n);
      assert.equal(csr('mtval2'), 0x4000_0155n >> 2n);
      // The upper twelve bits, funct3 and the opcode stay.
      assert.equal(csr('mtinst'), BigInt((word & 0xfff0_707f) >>> 0), mnemonic);
    }
  });
});
