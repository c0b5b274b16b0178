/** Every register of an APLIC's domains, and QEMU's, under the same random accesses. */
import assert from 'node:assert/strict';
import * as r from '../../../../../src/core/devices/intc/aplic/registers.ts';
import { type Access, firstDifference, generator, Qtest } from '../../qtest.ts';
import { byMessages, direct, SOURCES, toHart } from './rig.ts';

const { Inactive, Detached, Edge1, Edge0, Level1 } = r.sourceMode;
const IE = r.domaincfgBits.IE;

/**
 * QEMU 7.2 keeps the pending bit of a source that becomes level-sensitive while its wire is not
 * asserted, and by messages sets it there at software's wish, against section 4.7: levels are
 * compared by the UART's alone.
 */
const modes = [Inactive, Detached, Edge1, Edge0];

/** Every register of a domain; sources that are active, inactive and (in the root) delegated. */
function* accesses(seed: number, kind: 'direct' | 'msi', root: boolean): Generator<Access> {
  const random = generator(seed);
  const words = () => 4 * random(4);
  for (let i = 0; i < 500; i++) {
    const source = 1 + random(SOURCES);
    const named = random(4) === 0 ? random(2 ** 32) : random(SOURCES + 3);
    const bits = (random(2 ** 32) & random(2 ** 32)) >>> 0;
    const mode = modes[random(modes.length)]!;
    const delegated = root && random(3) === 0 ? r.D : mode;
    const hart = random(3);
    const choices: (() => Access[])[] = [
      () => [{ write: r.domaincfg, value: random(2) * IE }, { read: r.domaincfg }],
      () => [
        { write: r.sourcecfg + 4 * source, value: delegated },
        // What target holds from then on is unspecified; QEMU keeps what an inactive source had.
        {
          write: r.target + 4 * source,
          value: delegated === r.D || delegated === Inactive ? 0 : toHart(hart, 1),
        },
        { read: r.sourcecfg + 4 * source },
      ],
      () => [{ write: r.setip + words(), value: bits }],
      () => [{ write: r.in_clrip + words(), value: bits }],
      () => [{ write: r.setie + words(), value: bits }],
      () => [{ write: r.clrie + words(), value: bits }],
      () => [{ write: r.setipnum, value: named }],
      () => [{ write: r.clripnum, value: named }],
      () => [{ write: r.setienum, value: named }],
      () => [{ write: r.clrienum, value: named }],
      () => [{ write: r.setipnum_le, value: named }],
      () => [{ write: r.setipnum_be, value: ((named & 255) << 24) >>> 0 }],
      () => [
        { read: r.setip + words() },
        { read: r.setie + words() },
        { read: r.in_clrip + words() },
      ],
      () => [{ read: r.clrie + words() }, { read: r.setipnum }, { read: r.clrienum }],
    ];
    if (kind === 'direct') {
      const idc = r.IDC + hart * r.IDC_STRIDE;
      choices.push(
        () => [{ write: idc + r.idc.idelivery, value: random(4) }, { read: idc + r.idc.idelivery }],
        () => [{ write: idc + r.idc.iforce, value: random(2) }, { read: idc + r.idc.iforce }],
        () => [
          { write: idc + r.idc.ithreshold, value: random(8) },
          { read: idc + r.idc.ithreshold },
        ],
        () => [{ read: idc + r.idc.topi }],
        () => [{ read: idc + r.idc.claimi }, { read: idc + r.idc.iforce }],
        () => [
          { write: idc + r.idc.claimi, value: named },
          { write: idc + r.idc.topi, value: 1 },
        ],
      );
    } else {
      const EIID = random(r.EIID_MASK + 1);
      choices.push(
        () => [{ write: r.genmsi, value: toHart(hart, EIID) }, { read: r.genmsi }],
        () => [{ read: r.IDC + r.idc.topi }],
      );
      if (root) {
        const address = [r.mmsiaddrcfg, r.mmsiaddrcfgh, r.smsiaddrcfg][random(3)]!;
        // Locking comes last of all, in a test of its own.
        choices.push(() => [
          { write: address, value: random(2 ** 31) },
          { read: address, ...(address === r.mmsiaddrcfgh ? { mask: 0x7fffffff } : {}) },
        ]);
      }
    }
    yield* choices[random(choices.length)]!();
  }
}

describe('aplic against QEMU', function () {
  this.timeout(30_000);
  for (const kind of ['direct', 'msi'] as const) {
    const board = kind === 'direct' ? 'aplic' : 'aplic-imsic';

    it(`has QEMU’s registers with ${board}, root domain`, () =>
      withQemu(board, async (qemu) => {
        const { domain } = kind === 'direct' ? direct() : byMessages();
        if (kind === 'msi') {
          for (const [offset, value] of [
            [r.mmsiaddrcfg, 0x24000],
            [r.mmsiaddrcfgh, 1 << 12],
            [r.smsiaddrcfg, 0x28000],
          ] as const) {
            await qemu.write(0xc000000 + offset, 4, value);
          }
        }
        for (let seed = 1; seed <= 4; seed++) {
          const steps = accesses(seed, kind, true);
          assert.equal(await firstDifference(qemu, 0xc000000, domain, steps), '', `seed ${seed}`);
        }
      }));

    it(`has QEMU’s registers with ${board}, supervisor domain`, () =>
      withQemu(board, async (qemu) => {
        const { aplic, domain } = kind === 'direct' ? direct() : byMessages();
        const delegate: Access[] = Array.from({ length: SOURCES }, (_, i) => ({
          ...{ write: r.sourcecfg + 4 * (i + 1), value: r.D },
        }));
        assert.equal(await firstDifference(qemu, 0xc000000, domain, delegate), '');
        for (let seed = 11; seed <= 14; seed++) {
          const steps = accesses(seed, kind, false);
          const found = await firstDifference(qemu, 0xd000000, aplic.supervisor, steps);
          assert.equal(found, '', `seed ${seed}`);
        }
      }));
  }

  it('signals a level from the UART and claims it as QEMU does', () =>
    withQemu('aplic', async (qemu) => {
      const { aplic, domain, idc } = direct();
      const UART = 10;
      const word = r.setip;
      const prepare: Access[] = [
        { write: r.sourcecfg + 4 * UART, value: Level1 },
        { write: r.target + 4 * UART, value: toHart(1, 3) },
        { read: r.target + 4 * UART },
        { write: r.setienum, value: UART },
        { write: r.domaincfg, value: IE },
        { write: idc(1, r.idc.idelivery), value: 1 },
        { read: word },
      ];
      assert.equal(await firstDifference(qemu, 0xc000000, domain, prepare), '');
      await qemu.write(0x10000001, 1, 2);
      aplic.source(UART).set(true);
      const taken: Access[] = [
        { read: word },
        { read: idc(0, r.idc.topi) },
        { read: idc(1, r.idc.topi) },
        { read: idc(1, r.idc.claimi) },
        // The wire is still high, so the bit stays.
        { read: word },
        { read: idc(1, r.idc.claimi) },
        { write: idc(1, r.idc.ithreshold), value: 3 },
        { read: idc(1, r.idc.topi) },
        { write: idc(1, r.idc.ithreshold), value: 4 },
        { read: idc(1, r.idc.topi) },
      ];
      assert.equal(await firstDifference(qemu, 0xc000000, domain, taken), '');
    }));

  it('forgets priorities of 0 and what a target has no room for', () =>
    withQemu('aplic', async (qemu) => {
      const { domain } = direct();
      const steps: Access[] = [{ write: r.sourcecfg + 4, value: Detached }];
      // QEMU keeps the reserved bits 17:8 as well.
      const mask = 0xfffc00ff;
      for (const value of [0, 1, 7, 8, 0x10, toHart(5, 3), toHart(0x3fff, 0)]) {
        if ((value & 0xff) > 7) continue;
        steps.push({ write: r.target + 4, value }, { read: r.target + 4, mask });
      }
      assert.equal(await firstDifference(qemu, 0xc000000, domain, steps), '');
    }));

  async function withQemu(board: string, use: (qemu: Qtest) => Promise<void>): Promise<void> {
    const qemu = new Qtest([
      '-M',
      `virt,aia=${board},aia-guests=1`,
      '-smp',
      '2',
      '-serial',
      'null',
    ]);
    try {
      await use(qemu);
    } finally {
      qemu.close();
    }
  }
});
