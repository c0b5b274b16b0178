/**
 * Which interrupt comes first, and what mtopi, stopi and vstopi say: RISC-V AIA 1.0, sections 5.1,
 * 5.2, 5.4 and 6.3.
 */
import assert from 'node:assert/strict';
import { interrupt } from '../../../../../src/core/isa/riscv/trapCause.ts';
import { aiaRig, all, bit } from './aiaRig.ts';

const { SSI, VSSI, MSI, STI, VSTI, MTI, SEI, VSEI, MEI } = interrupt;
const VTI = 1n << 30n;
const IPRIOM = 1n << 8n;
const DPR = 1n << 9n;
const vgein = (file: number) => BigInt(file) << 12n;
const top = (code: number, priority: number): bigint => BigInt((code << 16) | priority);
/** The interrupt of a byte of an iprio array. */
const priority = (code: number, number: number) => BigInt(number) << BigInt((code & 7) * 8);

describe('iprio arrays', () => {
  it('can be set where the level can enable the interrupt, but for its external one', () => {
    const { indirect, set } = aiaRig();
    assert.equal(indirect('m', 0x30, all), 0xff00ff00ff00ff00n & ~0n, 'SSI, MSI, STI, MTI');
    assert.equal(indirect('m', 0x32, all), 0xff00n, 'SEI');
    for (let select = 0x34; select < 0x40; select += 2)
      assert.equal(indirect('m', select, all), 0n);
    // Nothing is delegated: what is left at S level are those for a guest.
    assert.equal(indirect('s', 0x30, all), 0x00ff_0000_00ff_0000n, 'VSSI, VSTI');
    assert.equal(indirect('s', 0x32, all), 0xff0000n, 'VSEI, and no SGEI without guest files');
    set('mideleg', all);
    assert.equal(indirect('s', 0x30, all), 0x00ff_ff00_00ff_ff00n);
    assert.equal(indirect('s', 0x32, all), 0xff0000n, 'the number of SEI is the controller’s');
    set('mvien', bit(35) | bit(63));
    assert.equal(indirect('s', 0x38, all), priority(35, 255));
    assert.equal(indirect('s', 0x3e, all), priority(63, 255));
  });

  it('are 32 bits wide on RV32', () => {
    const { indirect, set } = aiaRig({ isa: 'rv32imach_zicsr_smaia' });
    set('mideleg', all);
    assert.equal(indirect('s', 0x30, 0x2200n), 0x2200n);
    assert.equal(indirect('s', 0x31, 0x3300n), 0x3300n);
    assert.equal(indirect('s', 0x30), 0x2200n);
  });
});

describe('mtopi', () => {
  it('is zero unless an interrupt is pending and enabled and not delegated', () => {
    const { hart, get, set } = aiaRig();
    hart.setInterruptInput(MTI, true);
    assert.equal(get('mtopi'), 0n);
    set('mie', bit(MTI));
    assert.equal(get('mtopi'), top(MTI, 255), 'below MEI by default');
    set('mip', bit(SSI));
    set('mie', bit(SSI));
    assert.equal(get('mtopi'), top(SSI, 255));
    set('mideleg', bit(SSI));
    assert.equal(get('mtopi'), 0n);
  });

  it('follows the default order 11, 3, 7, 9, 1, 5, 13', () => {
    const { hart, get, set } = aiaRig({ isa: 'rv64imach_zicsr_smaia_sscofpmf' });
    set('mie', all);
    const software = [SEI, SSI, STI, interrupt.LCOFI];
    for (const code of [MEI, MSI, MTI]) hart.setInterruptInput(code, true);
    set(
      'mip',
      software.reduce((bits, code) => bits | bit(code), 0n),
    );
    const order = [MEI, MSI, MTI, ...software].map((code) => {
      const found = Number(get('mtopi') >> 16n);
      hart.setInterruptInput(code, false);
      set('mip', get('mip') & ~bit(code));
      return found;
    });
    assert.deepEqual(order, [MEI, MSI, MTI, ...software]);
    assert.equal(get('mtopi'), 0n);
  });

  it('compares priority numbers with the external interrupt’s identity', () => {
    const { imsic, hart, deliver, get, set, indirect } = aiaRig({ guests: 0 });
    deliver(imsic!.machine, 100);
    hart.setInterruptInput(MTI, true);
    set('mie', all);
    assert.equal(get('mtopi'), top(MEI, 100));
    indirect('m', 0x30, priority(MTI, 99));
    assert.equal(get('mtopi'), top(MTI, 99));
    indirect('m', 0x30, priority(MTI, 101));
    assert.equal(get('mtopi'), top(MEI, 100));
    // "When two interrupt causes have been assigned the same nominal priority, ties are broken by
    // the default priority order."
    indirect('m', 0x30, priority(MTI, 100));
    assert.equal(get('mtopi'), top(MEI, 100));
  });
});

describe('stopi', () => {
  it('has the number 256 for an SEI that no controller signals', () => {
    const { imsic, deliver, get, set, indirect } = aiaRig({ guests: 0 });
    set('mideleg', bit(SEI) | bit(SSI));
    set('sie', all);
    set('mvip', bit(SEI));
    assert.equal(get('stopi'), top(SEI, 255));
    set('mip', bit(SEI) | bit(SSI));
    indirect('s', 0x30, priority(SSI, 255));
    assert.equal(get('stopi'), top(SSI, 255), '255 comes before 256');
    deliver(imsic!.supervisor, 7);
    assert.equal(get('stopi'), top(SEI, 7));
  });

  it('has the interrupts for a guest that the hypervisor keeps', () => {
    const { get, set, indirect } = aiaRig();
    set('mideleg', all);
    set('hvip', bit(VSSI) | bit(VSTI) | bit(VSEI));
    set('hie', all);
    assert.equal(get('stopi'), top(VSEI, 255));
    indirect('s', 0x30, priority(VSTI, 9));
    assert.equal(get('stopi'), top(VSTI, 9));
    set('hideleg', bit(VSTI));
    assert.equal(get('stopi'), top(VSEI, 255));
    set('hideleg', all);
    assert.equal(get('stopi'), 0n);
  });

  it('has what M-mode raises through mvien and mvip', () => {
    const { get, set } = aiaRig();
    set('mvien', bit(SSI) | bit(SEI) | bit(20) | bit(45));
    set('mvip', all);
    assert.equal(get('sip'), bit(SSI) | bit(SEI) | bit(20) | bit(45));
    assert.equal(get('stopi'), 0n);
    set('sie', bit(20));
    assert.equal(get('stopi'), top(20, 0), 'above SEI by default');
    set('sie', bit(SSI) | bit(20) | bit(45));
    assert.equal(get('stopi'), top(45, 0));
    assert.equal(get('mie'), 0n, 'sie has bits of its own');
  });
});

describe('mvien and mvip', () => {
  it('have SSIP, STIP and SEIP of mip as aliases while they are not filtered', () => {
    const { get, set } = aiaRig();
    set('mvip', bit(SSI) | bit(STI) | bit(SEI));
    assert.equal(get('mip'), bit(SSI) | bit(STI) | bit(SEI));
    set('mip', bit(STI));
    assert.equal(get('mvip'), bit(STI));
    set('menvcfg', bit(63));
    // "When STIP is not writable in mip (such as when menvcfg.STCE = 1), bit 5 of mvip is
    // read-only zero."
    set('mvip', bit(STI));
    assert.equal(get('mvip'), 0n);
  });

  it('separate SSIP and SEIP from mip', () => {
    const { hart, get, set } = aiaRig();
    set('mip', bit(SSI) | bit(SEI));
    set('mvien', bit(SSI) | bit(SEI));
    // "changing the value of bit 9 of mvien does not affect the value of bit 9 of mvip"
    assert.equal(get('mvip') & bit(SEI), bit(SEI));
    assert.equal(get('mip') & bit(SEI), 0n, 'mip.SEIP is the controller’s signal');
    hart.setInterruptInput(SEI, true);
    assert.equal(get('mip') & bit(SEI), bit(SEI));
    set('mip', 0n);
    assert.equal(get('mvip') & bit(SEI), bit(SEI), 'mip.SEIP is read-only');
    assert.equal(get('mip') & bit(SSI), 0n);
    set('mvip', bit(SSI));
    assert.deepEqual([get('mip') & bit(SSI), get('mvip') & bit(SSI)], [0n, bit(SSI)]);
    assert.equal(get('sip'), bit(SSI));
    set('sip', 0n);
    assert.equal(get('mvip') & bit(SSI), 0n, 'sip is an alias of mvip');
    // Delegated, sip shows mip again.
    set('mideleg', bit(SEI));
    assert.equal(get('sip'), bit(SEI));
  });

  it('have no bits for other interrupts below 13', () => {
    const { get, set } = aiaRig();
    set('mvien', all);
    assert.equal(get('mvien'), (all & ~0x1fffn) | bit(SSI) | bit(SEI));
    set('mvip', all);
    assert.equal(get('mvip'), (all & ~0x1fffn) | bit(SSI) | bit(STI) | bit(SEI));
  });
});

describe('hvien, hvip and hideleg', () => {
  it('raise local interrupts for a guest', () => {
    const { get, set } = aiaRig();
    set('hvien', all);
    assert.equal(get('hvien'), all & ~0x1fffn);
    set('hvip', all);
    assert.equal(get('hvip'), (all & ~0x1fffn) | bit(VSSI) | bit(VSTI) | bit(VSEI));
    assert.equal(get('vsip'), all & ~0x1fffn);
    set('hvien', bit(13) | bit(40));
    set('vsie', all);
    assert.equal(get('vsie'), bit(13) | bit(40));
    assert.equal(get('sie'), 0n);
    set('vsip', 0n);
    assert.equal(get('hvip') & (bit(13) | bit(40) | bit(41)), bit(41), 'vsip is an alias of hvip');
  });

  it('delegate on only what S-mode has', () => {
    const { get, set } = aiaRig({ isa: 'rv64imach_zicsr_smaia_sscofpmf' });
    set('hideleg', all);
    assert.equal(get('hideleg'), bit(VSSI) | bit(VSTI) | bit(VSEI));
    set('mvien', bit(50));
    set('mideleg', bit(13));
    set('hideleg', all);
    assert.equal(get('hideleg'), bit(VSSI) | bit(VSTI) | bit(VSEI) | bit(13) | bit(50));
    set('mvip', bit(50));
    set('mip', bit(13));
    assert.equal(get('vsip'), bit(13) | bit(50), 'aliases of sip');
    set('vsie', bit(13) | bit(50));
    assert.equal(get('sie'), bit(13) | bit(50));
    assert.equal(get('mie'), bit(13));
    assert.equal(get('stopi'), 0n, 'delegated on');
    assert.equal(get('vstopi') >> 16n, 13n);
    set('vsip', 0n);
    assert.deepEqual([get('mip'), get('mvip')], [0n, 0n]);
  });
});

describe('vstopi', () => {
  function guest(guests?: number) {
    const machine = aiaRig(guests === undefined ? {} : { guests });
    machine.set('hideleg', all);
    machine.set('vsie', all);
    return machine;
  }

  it('has IPRIO 1 unless hvictl.IPRIOM is set', () => {
    const { get, set } = guest();
    set('hvip', bit(VSSI));
    assert.equal(get('vstopi'), top(SSI, 1));
    set('hvictl', IPRIOM);
    assert.equal(get('vstopi'), top(SSI, 255));
    set('hviprio1', 0x2a00n);
    assert.equal(get('vstopi'), top(SSI, 0x2a));
  });

  it('takes the external interrupt’s number from the guest file, hvictl or nowhere', () => {
    const { imsic, deliver, get, set } = guest(1);
    set('hvictl', IPRIOM);
    set('hvip', bit(VSEI) | bit(VSSI));
    set('hviprio1', 0x2a00n);
    assert.equal(get('vstopi'), top(SSI, 0x2a), 'VSEI has 256');
    set('hvictl', IPRIOM | (9n << 16n) | 5n);
    assert.equal(get('vstopi'), top(SEI, 5));
    set('hvictl', IPRIOM | (8n << 16n) | 5n);
    assert.equal(get('vstopi'), top(SSI, 0x2a), 'IID is not 9');
    set('hstatus', vgein(1));
    deliver(imsic!.guests[0]!, 17);
    assert.equal(get('vstopi'), top(SEI, 17));
  });

  it('has hvictl’s interrupt instead of the major ones with VTI', () => {
    const { get, set } = guest();
    set('hvip', bit(VSSI));
    set('hvictl', VTI | (40n << 16n));
    assert.equal(get('vstopi'), top(40, 1));
    set('hvictl', VTI | (9n << 16n));
    assert.equal(get('vstopi'), 0n, 'IID 9 is for none');
    set('hvip', bit(VSEI));
    assert.equal(get('vstopi'), top(SEI, 1));
    // DPR alone ranks it against the external interrupt.
    set('hvictl', VTI | (40n << 16n));
    assert.equal(get('vstopi') >> 16n, 40n);
    set('hvictl', VTI | (40n << 16n) | DPR);
    assert.equal(get('vstopi') >> 16n, 9n);
    set('hvictl', VTI | (40n << 16n) | DPR | IPRIOM | 255n);
    assert.equal(get('vstopi'), top(40, 255), '255 comes before 256');
    set('hvictl', VTI | (0xfffn << 16n) | IPRIOM | DPR);
    set('hvip', 0n);
    assert.equal(get('vstopi'), top(0xfff, 255));
  });

  it('is what traps to VS-mode', () => {
    const machine = aiaRig({}, '.rept 4\n nop\n .endr');
    const { hart, set, get } = machine;
    set('vstvec', 0x8000_0100n);
    set('pmpaddr0', all);
    set('pmpcfg0', 0x1fn);
    set('hvictl', VTI | (40n << 16n));
    hart.privilege = 1;
    hart.virtualized = true;
    hart.run(1);
    assert.equal(get('vscause'), 0n, 'vsstatus.SIE is 0');
    set('vsstatus', 2n);
    hart.run(1);
    assert.equal(get('vscause'), (1n << 63n) | 40n);
    assert.equal(hart.pc, 0x8000_0100n);
    assert.ok(hart.virtualized);
  });
});

describe('waiting', () => {
  it('ends with an interrupt that mip and mie say nothing of', () => {
    for (const [names, value] of [
      [['mvien', 'mvip', 'sie'], bit(20)],
      [['hvien', 'hvip', 'vsie'], bit(20)],
      [['hvictl'], VTI | (20n << 16n)],
    ] as const) {
      const { hart, set } = aiaRig({}, 'wfi\n nop');
      assert.equal(hart.run(10).stop, 'waiting');
      assert.ok(!hart.wouldWake);
      for (const name of names) set(name, value);
      assert.ok(hart.wouldWake, names.join());
    }
  });
});
