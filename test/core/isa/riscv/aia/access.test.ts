/**
 * Who may access what of the Advanced Interrupt Architecture: RISC-V AIA 1.0, chapter 2 ("Hypervisor
 * and VS CSRs", "Virtual instruction exceptions", "Access control by the state-enable CSRs").
 */
import assert from 'node:assert/strict';
import { aiaRig, type ModeName } from './aiaRig.ts';

const stateen = 'rv64imach_zicsr_smaia_sstc_smstateen';
const CSRIND = 1n << 60n;
const AIA = 1n << 59n;
const IMSIC = 1n << 58n;
const vgein = (file: number) => BigInt(file) << 12n;

type Machine = ReturnType<typeof aiaRig>;
const everyMode: readonly ModeName[] = ['M', 'S', 'U', 'VS', 'VU'];

/** How reads end in M, S, U, VS and VU, as letters: d(one), i(llegal), v(irtual). */
function outcomes(machine: Machine, name: string, write = false): string {
  return everyMode.map((mode) => machine.access(mode, name, write)[0]).join('');
}

describe('access to AIA state', () => {
  it('is of the level that a register has', () => {
    const machine = aiaRig({ guests: 1 });
    machine.set('hstatus', vgein(1));
    for (const select of ['miselect', 'siselect', 'vsiselect']) machine.set(select, 0x70n);
    const expected: Readonly<Record<string, string>> = {
      ...{ miselect: 'diiii', mireg: 'diiii', mtopei: 'diiii', mtopi: 'diiii' },
      ...{ mvien: 'diiii', mvip: 'diiii' },
      ...{ siselect: 'ddidv', sireg: 'ddidv', stopei: 'ddidv', stopi: 'ddidv' },
      ...{ hvien: 'ddivv', hvictl: 'ddivv', hviprio1: 'ddivv', hviprio2: 'ddivv' },
      ...{ vsiselect: 'ddivv', vsireg: 'ddivv', vstopei: 'ddivv', vstopi: 'ddivv' },
    };
    for (const [name, modes] of Object.entries(expected)) {
      assert.equal(outcomes(machine, name), modes, name);
    }
    for (const name of ['mtopi', 'stopi', 'vstopi']) {
      assert.equal(machine.access('M', name, true), 'illegal', `${name} is read-only`);
    }
  });

  it('is not there without the extensions', () => {
    const machine = aiaRig({ isa: 'rv64imach_zicsr_sstc' });
    for (const name of ['miselect', 'mtopi', 'mvien', 'siselect', 'stopi', 'hvictl', 'vstopi']) {
      assert.equal(outcomes(machine, name), 'iiiii', name);
    }
    const supervisor = aiaRig({ isa: 'rv64imach_zicsr_ssaia' });
    assert.equal(outcomes(supervisor, 'mtopi'), 'iiiii');
    assert.equal(outcomes(supervisor, 'stopi'), 'ddidv');
  });

  it('to registers behind mireg and sireg is there for those that exist', () => {
    for (const guests of [undefined, 0] as const) {
      const machine = aiaRig(guests === undefined ? {} : { guests });
      const file = guests === undefined ? 'i' : 'd';
      for (const [select, letter] of [
        ...[0, 0x2f, 0x40, 0x6f, 0x100, 0x1ff].map((n) => [n, 'i'] as const),
        // "When XLEN = 64, only the even-numbered registers exist".
        ...[0x30, 0x32, 0x3e].map((n) => [n, 'd'] as const),
        ...[0x31, 0x33, 0x3f].map((n) => [n, 'i'] as const),
        ...[0x81, 0xbf, 0xc1, 0xff].map((n) => [n, 'i'] as const),
        ...[0x70, 0x71, 0x72, 0x73, 0x7f, 0x80, 0xbe, 0xc0, 0xfe].map((n) => [n, file] as const),
      ]) {
        machine.set('miselect', BigInt(select));
        machine.set('siselect', BigInt(select));
        const what = `0x${select.toString(16)}, IMSIC: ${guests}`;
        assert.equal(outcomes(machine, 'mireg'), `${letter}iiii`, what);
        assert.equal(outcomes(machine, 'sireg').slice(0, 3), `${letter}${letter}i`, what);
      }
    }
  });

  it('to registers behind vsireg needs a guest interrupt file', () => {
    const machine = aiaRig({ guests: 2 });
    const cases = [
      // Illegal for HS-mode, virtual for VS-mode where nothing is accessible.
      ...[0, 1, 2].map((file) => [file, 0x30, false] as const),
      ...[0x70, 0x80, 0xc0, 0xfe].map((select) => [0, select, false] as const),
      ...[0x70, 0x71, 0x80, 0xc0, 0xfe].map((select) => [2, select, true] as const),
      ...[0x81, 0xc1].map((select) => [2, select, false] as const),
    ] as const;
    for (const [file, select, accessible] of cases) {
      machine.set('hstatus', vgein(file));
      machine.set('vsiselect', BigInt(select));
      const what = `VGEIN ${file}, 0x${select.toString(16)}`;
      assert.equal(outcomes(machine, 'vsireg'), accessible ? 'ddivv' : 'iiivv', what);
      assert.equal(outcomes(machine, 'sireg').slice(3), accessible ? 'dv' : 'vv', what);
    }
  });

  it('to a number that no extension uses is illegal, from a guest too', () => {
    const machine = aiaRig({ guests: 1 });
    machine.set('hstatus', vgein(1));
    for (const select of [0, 0x2f, 0x40, 0x6f, 0x100]) {
      machine.set('vsiselect', BigInt(select));
      machine.set('siselect', BigInt(select));
      assert.equal(outcomes(machine, 'sireg'), 'iiiiv', `0x${select.toString(16)}`);
      assert.equal(outcomes(machine, 'vsireg'), 'iiivv');
    }
  });

  it('to stopei is virtual from VS-mode where there is no file, IMSIC or not', () => {
    const without = aiaRig();
    assert.equal(outcomes(without, 'stopei'), 'iiivv');
    assert.equal(outcomes(without, 'vstopei'), 'iiivv');
    assert.equal(outcomes(without, 'mtopei'), 'iiiii');
    const machine = aiaRig({ guests: 1 });
    assert.equal(outcomes(machine, 'stopei'), 'ddivv');
    assert.equal(outcomes(machine, 'vstopei'), 'iiivv');
    machine.set('hstatus', vgein(1));
    assert.equal(outcomes(machine, 'stopei'), 'ddidv');
    assert.equal(outcomes(machine, 'vstopei'), 'ddivv');
  });

  it('to the supervisor-level file is taken from S-mode by mvien bit 9, not to guests’ files', () => {
    const machine = aiaRig({ guests: 1 });
    machine.set('hstatus', vgein(1));
    machine.set('mvien', 1n << 9n);
    machine.set('vsiselect', 0x70n);
    for (const [select, modes] of [
      [0x70n, 'diidv'],
      [0xc0n, 'diidv'],
      [0x30n, 'ddidv'],
    ] as const) {
      machine.set('siselect', select);
      assert.equal(outcomes(machine, 'sireg'), modes);
    }
    assert.equal(outcomes(machine, 'stopei'), 'diidv');
    assert.equal(outcomes(machine, 'vstopei'), 'ddivv');
  });

  it('to sip, sie and stimecmp’s writes is virtual from VS-mode with hvictl.VTI', () => {
    const machine = aiaRig();
    machine.set('menvcfg', 1n << 63n);
    machine.set('henvcfg', 1n << 63n);
    machine.set('mcounteren', 2n);
    machine.set('hcounteren', 2n);
    for (const [VTI, sip, write] of [
      [0n, 'ddidv', 'ddidv'],
      [1n << 30n, 'ddivv', 'ddivv'],
    ] as const) {
      machine.set('hvictl', VTI);
      assert.equal(outcomes(machine, 'sip'), sip);
      assert.equal(outcomes(machine, 'sie'), sip);
      assert.equal(outcomes(machine, 'stimecmp'), 'ddidv');
      assert.equal(outcomes(machine, 'stimecmp', true), write);
    }
    const narrow = aiaRig({ isa: 'rv32imach_zicsr_smaia_sstc' });
    narrow.set('hvictl', 1n << 30n);
    for (const name of ['sip', 'siph', 'sie', 'sieh']) {
      assert.equal(outcomes(narrow, name), 'ddivv', name);
    }
  });
});

describe('access to AIA state with Smstateen', () => {
  const machine = aiaRig({ isa: stateen, guests: 1 });
  const select = (s: bigint, vs: bigint) => {
    machine.set('siselect', s);
    machine.set('vsiselect', vs);
  };
  const enable = (m: bigint, h = m) => {
    machine.set('mstateen0', m);
    machine.set('hstateen0', h);
  };
  before(() => machine.set('hstatus', vgein(1)));

  it('needs CSRIND for the windows', () => {
    select(0x70n, 0x70n);
    for (const name of ['siselect', 'sireg']) {
      enable(AIA | IMSIC);
      assert.equal(outcomes(machine, name), 'diiii', name);
      // "regardless of the value of vsiselect or any other mstateen bits"
      enable(CSRIND | AIA | IMSIC, AIA | IMSIC);
      assert.equal(outcomes(machine, name), 'ddivv', name);
      enable(CSRIND | AIA | IMSIC);
      assert.equal(outcomes(machine, name), 'ddidv', name);
    }
    for (const name of ['vsiselect', 'vsireg']) {
      enable(AIA | IMSIC);
      assert.equal(outcomes(machine, name), 'diiii', name);
      enable(CSRIND | AIA | IMSIC);
      assert.equal(outcomes(machine, name), 'ddivv', name);
    }
    // "a virtual instruction exception is raised … for all attempts from VS-mode or VU-mode to
    // directly access vsireg, and for all attempts from VU-mode to access sireg", given CSRIND.
    enable(CSRIND);
    assert.equal(outcomes(machine, 'vsireg').slice(3), 'vv');
    assert.equal(outcomes(machine, 'sireg')[4], 'v');
  });

  it('needs IMSIC for interrupt files', () => {
    select(0x70n, 0x70n);
    enable(CSRIND | AIA);
    assert.equal(outcomes(machine, 'sireg'), 'diiiv');
    assert.equal(outcomes(machine, 'vsireg'), 'diivv');
    assert.equal(outcomes(machine, 'stopei').slice(0, 4), 'diii');
    assert.equal(outcomes(machine, 'vstopei').slice(0, 4), 'diii');
    enable(CSRIND | AIA | IMSIC, CSRIND | AIA);
    assert.equal(outcomes(machine, 'sireg'), 'ddivv');
    assert.equal(outcomes(machine, 'stopei'), 'ddivv');
    // hgeip, hgeie and VGEIN are not touched by it.
    enable(0n);
    assert.equal(outcomes(machine, 'hgeip'), 'ddivv');
  });

  it('needs AIA for the rest, priorities among it', () => {
    select(0x30n, 0x70n);
    enable(CSRIND | IMSIC);
    assert.equal(outcomes(machine, 'sireg'), 'diidv');
    for (const name of ['stopi', 'hvien', 'hvictl', 'hviprio1', 'hviprio2', 'vstopi']) {
      assert.equal(outcomes(machine, name), 'diiii', name);
    }
    enable(CSRIND | IMSIC | AIA, CSRIND | IMSIC);
    assert.equal(outcomes(machine, 'stopi'), 'ddivv');
    assert.equal(outcomes(machine, 'vstopi'), 'ddivv');
    enable(CSRIND | IMSIC | AIA);
    assert.equal(outcomes(machine, 'stopi'), 'ddidv');
    // Every VS-level select number of priorities is inaccessible, not disabled.
    select(0x30n, 0x30n);
    enable(CSRIND);
    assert.equal(outcomes(machine, 'sireg')[3], 'v');
  });

  it('has an IMSIC bit only with an IMSIC, which missing state does not look at', () => {
    const without = aiaRig({ isa: stateen });
    without.set('mstateen0', (1n << 64n) - 1n);
    assert.equal(without.get('mstateen0') & (CSRIND | AIA | IMSIC), CSRIND | AIA);
    without.set('hstateen0', (1n << 64n) - 1n);
    without.set('vsiselect', 0x70n);
    assert.equal(without.access('VS', 'sireg'), 'virtual');
    assert.equal(without.access('VS', 'stopei'), 'virtual');
    machine.set('mstateen0', (1n << 64n) - 1n);
    assert.equal(machine.get('mstateen0') & (CSRIND | AIA | IMSIC), CSRIND | AIA | IMSIC);
  });
});
