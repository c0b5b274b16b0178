/** "Misaligned loads, stores and AMOs … that do not cross a naturally aligned 16-byte boundary are atomic." */
import assert from 'node:assert/strict';
import { encode } from '../../../differential/encode.ts';
import { ramBase, rig } from './rig.ts';

const data = ramBase + 0x2000;

function atomic(mnemonic: string, offset: number, isa: string) {
  const r = rig('', { isa });
  const word = encode(mnemonic, { rd: 10, rs1: 8, rs2: 9 });
  r.memory.load(ramBase, Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24));
  r.memory.load(
    data,
    Uint8Array.from({ length: 32 }, (_, i) => i),
  );
  r.setCsr('mtvec', BigInt(ramBase + 0x100));
  r.hart.setX(8, BigInt(data + offset));
  r.hart.setX(9, 0x0101_0101_0101_0101n);
  r.hart.run(1);
  const bytes = r.memory.view8(data, 32)!;
  const changed = [...bytes].flatMap((byte, i) => (byte === i ? [] : [i]));
  return { cause: r.csr('mcause'), old: r.x('a0'), changed };
}

const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

describe('core/isa/riscv/misalignedAtomics', () => {
  const isa = 'rv64ia_zacas_zabha_zama16b';

  it('lets AMOs be misaligned within 16 bytes', () => {
    assert.deepEqual(atomic('amoadd.w', 3, isa), {
      ...{ cause: 0n, old: 0x0605_0403n, changed: from(3, 4) },
    });
    assert.deepEqual(atomic('amoadd.d', 8 - 1, isa), {
      ...{ cause: 0n, old: 0x0e0d_0c0b_0a09_0807n, changed: from(7, 8) },
    });
    assert.deepEqual(atomic('amoadd.h', 17, isa), {
      ...{ cause: 0n, old: 0x1211n, changed: from(17, 2) },
    });
  });

  it('refuses those that cross, LR and SC, and all without Zama16b', () => {
    const refused = { cause: 6n, old: 0n, changed: [] };
    assert.deepEqual(atomic('amoadd.w', 13, isa), refused);
    assert.deepEqual(atomic('amoadd.d', 9, isa), refused);
    assert.deepEqual(atomic('sc.w', 2, isa), refused);
    assert.deepEqual(atomic('lr.w', 2, isa), { ...refused, cause: 4n });
    assert.deepEqual(atomic('amoadd.w', 3, 'rv64ia_zacas'), refused);
  });
});
