/** Physical memory protection against the manual's rules, written down again byte by byte. */
import assert from 'node:assert/strict';
import { Random } from '../../../differential/random.ts';
import { encode } from '../../../differential/encode.ts';
import { ramBase, rig, type Rig } from './rig.ts';

interface Entry {
  readonly config: number;
  readonly address: bigint;
}

/** Does the entry match this byte? (privileged manual, PMP, address matching) */
function matchesByte(entries: readonly Entry[], i: number, byte: bigint): boolean {
  const { config, address } = entries[i]!;
  const word = byte >> 2n;
  switch ((config >> 3) & 3) {
    case 1:
      return word >= (i === 0 ? 0n : entries[i - 1]!.address) && word < address;
    case 2:
      return word === address;
    case 3: {
      // k trailing ones in the address: the lowest k + 1 bits do not count.
      let mask = 1n;
      while (address & ((mask + 1n) >> 1n)) mask = mask * 2n + 1n;
      return (word | mask) === (address | mask);
    }
    default:
      return false;
  }
}

function allowed(
  entries: readonly Entry[],
  at: bigint,
  size: number,
  bit: number,
  machine: boolean,
): boolean {
  const bytes = Array.from({ length: size }, (_, i) => at + BigInt(i));
  for (let i = 0; i < entries.length; i++) {
    const matched = bytes.filter((b) => matchesByte(entries, i, b)).length;
    if (matched === 0) continue;
    if (matched < size) return false;
    const { config } = entries[i]!;
    return (machine && (config & 0x80) === 0) || (config & bit) !== 0;
  }
  return machine;
}

function program(r: Rig, entries: readonly Entry[]): void {
  entries.forEach(({ address }, i) => r.setCsr(`pmpaddr${i}`, address));
  let config = 0n;
  entries.forEach((e, i) => (config |= BigInt(e.config) << BigInt(i * 8)));
  r.setCsr('pmpcfg0', config);
}

const data = BigInt(ramBase + 0x10000);

/** Whether an access of M- or S-mode succeeds. */
function tryAccess(r: Rig, mnemonic: string, at: bigint, machine: boolean): boolean {
  // Loads and stores by MPRV, so that fetches do not depend on the protection.
  r.hart.privilege = 3;
  r.hart.virtualized = false;
  r.setCsr('mstatus', machine ? 0n : (1n << 17n) | (1n << 11n));
  r.setCsr('mcause', 0n);
  r.hart.pc = BigInt(ramBase);
  r.memory.write32(ramBase, encode(mnemonic, { rd: 6, rs1: 5, rs2: 0, imm: 0 }));
  r.hart.setX(5, at);
  r.hart.run(1);
  const cause = r.csr('mcause');
  assert.ok(cause === 0n || cause === (mnemonic.startsWith('l') ? 5n : 7n), `mcause ${cause}`);
  if (cause !== 0n) assert.equal(r.csr('mtval'), at);
  return cause === 0n;
}

describe('core/isa/riscv/pmp', () => {
  it('random entries allow and refuse as the manual says', () => {
    const random = new Random(5);
    for (let round = 0; round < 150; round++) {
      const r = rig();
      r.setCsr('mtvec', BigInt(ramBase + 0x1000));
      const entries = Array.from({ length: 8 }, (_, i): Entry => {
        const word = (data >> 2n) + BigInt(random.below(16));
        // The first entry as TOR would begin at 0 and hold the code as well.
        const mode = i === 0 ? random.pick([0, 2, 3]) : random.below(4);
        const napot = (word & ~3n) | random.pick([0n, 1n, 3n]);
        // W without R is reserved; locked entries bind M-mode too.
        const config =
          random.pick([0, 1, 3, 4, 5, 7]) | (mode << 3) | (random.chance(0.3) ? 0x80 : 0);
        return { config, address: mode === 3 ? napot : word };
      });
      program(r, entries);
      for (let i = 0; i < 40; i++) {
        const [mnemonic, size] = random.pick([
          ['lb', 1],
          ['lw', 4],
          ['ld', 8],
          ['sb', 1],
          ['sw', 4],
          ['sd', 8],
        ] as const);
        const at = data + BigInt(random.below(72));
        const machine = random.chance(0.5);
        const expected = allowed(entries, at, size, mnemonic.startsWith('l') ? 1 : 2, machine);
        const label = `round ${round}: ${mnemonic} 0x${at.toString(16)} in ${machine ? 'M' : 'S'}-mode`;
        assert.equal(tryAccess(r, mnemonic, at, machine), expected, label);
      }
    }
  });

  it('an access that an entry matches in part fails', () => {
    const r = rig();
    program(r, [
      { config: 0x17, address: (data >> 2n) + 1n },
      { config: 0x1f, address: (1n << 54n) - 1n },
    ]);
    assert.equal(tryAccess(r, 'lw', data, false), true);
    assert.equal(tryAccess(r, 'lw', data + 4n, false), true);
    assert.equal(tryAccess(r, 'ld', data, false), false);
    assert.equal(tryAccess(r, 'sd', data, true), false);
    assert.equal(tryAccess(r, 'ld', data + 8n, false), true);
  });

  it('without entries M-mode may do all and S-mode nothing', () => {
    const r = rig();
    assert.equal(tryAccess(r, 'ld', data, true), true);
    assert.equal(tryAccess(r, 'ld', data, false), false);
  });

  it('a change counts at once for pages that were accessed before', () => {
    const r = rig();
    program(r, [{ config: 0x1f, address: (1n << 54n) - 1n }]);
    assert.equal(tryAccess(r, 'sd', data, false), true);
    r.setCsr('pmpcfg0', 0x19n);
    assert.equal(tryAccess(r, 'sd', data, false), false);
    assert.equal(tryAccess(r, 'ld', data, false), true);
  });

  it('locked entries keep their configuration and address, and TOR its base', () => {
    const r = rig();
    r.setCsr('pmpaddr0', 10n);
    r.setCsr('pmpaddr1', 20n);
    r.setCsr('pmpcfg0', 0x8900n);
    for (const name of ['pmpaddr0', 'pmpaddr1']) r.setCsr(name, 99n);
    r.setCsr('pmpcfg0', 0x1f1fn);
    assert.equal(r.csr('pmpaddr0'), 10n);
    assert.equal(r.csr('pmpaddr1'), 20n);
    assert.equal(r.csr('pmpcfg0'), 0x891fn);
    r.hart.reset();
    assert.equal(r.csr('pmpcfg0'), 0n);
  });

  it('W without R is reserved and leaves the entry as it was; bits 6:5 are 0', () => {
    const r = rig();
    r.setCsr('pmpcfg0', 0x1fn);
    r.setCsr('pmpcfg0', 0x1an);
    assert.equal(r.csr('pmpcfg0'), 0x1fn);
    r.setCsr('pmpcfg0', 0x7fn);
    assert.equal(r.csr('pmpcfg0'), 0x1fn);
    r.setCsr('pmpaddr0', (1n << 64n) - 1n);
    assert.equal(r.csr('pmpaddr0'), (1n << 54n) - 1n);
  });

  it('fetches are refused within a page too, whatever the slices', () => {
    for (const slice of [1, 3, 1000]) {
      // A locked entry without X: the third instruction, then the second half of one.
      for (const [entry, ran, tval] of [
        [2, 2, ramBase + 8],
        [1, 1, ramBase + 4],
      ] as const) {
        const r = rig(
          '_start: .option norvc\n addi a0, a0, 1\n addi a0, a0, 1\n addi a0, a0, 1\n j _start',
        );
        r.memory.write32(ramBase + 0x1000, encode('jal', {}));
        r.setCsr('mtvec', BigInt(ramBase + 0x1000));
        r.setCsr('pmpaddr0', BigInt(ramBase / 4 + entry));
        r.setCsr('pmpcfg0', 0x91n);
        for (let i = 0; i < 20 && r.csr('mcause') === 0n; i++) r.hart.run(slice);
        assert.equal(r.csr('mcause'), 1n);
        assert.equal(r.csr('mtval'), BigInt(tval));
        assert.equal(r.csr('mepc'), BigInt(tval));
        assert.equal(r.x('a0'), BigInt(ran));
      }
    }
  });

  it('an instruction is refused for its second half', () => {
    const r = rig('_start: c.nop\n .option norvc\n addi a0, a0, 1\n j _start');
    r.memory.write32(ramBase + 0x1000, encode('jal', {}));
    r.setCsr('mtvec', BigInt(ramBase + 0x1000));
    r.setCsr('pmpaddr0', BigInt(ramBase / 4 + 1));
    r.setCsr('pmpcfg0', 0x91n);
    r.hart.run(3);
    assert.equal(r.csr('mcause'), 1n);
    assert.equal(r.csr('mepc'), BigInt(ramBase + 2));
    assert.equal(r.csr('mtval'), BigInt(ramBase + 4));
  });
});
