/** Packets and their answers, as the GDB manual's appendix on the remote protocol has them. */
import assert from 'node:assert/strict';
import { riscvIsa } from '../../src/core/isa/riscv/riscv.ts';
import { hexOfText, textOfHex } from '../../src/gdb/text.ts';
import { Client } from './client.ts';
import { sample, symbolsOf, targetOf, type Launched } from './serving.ts';

const word = (value: bigint): string =>
  Array.from({ length: 8 }, (_, i) =>
    Number((value >> BigInt(8 * i)) & 255n)
      .toString(16)
      .padStart(2, '0'),
  ).join('');

describe('gdb stub', () => {
  let guest: Launched;
  let client: Client;
  const hex = (name: string) => symbolsOf('hello-dbcn')(name).toString(16);

  async function attach(attributes: object = {}) {
    guest = await targetOf({ program: sample('hello-dbcn'), ...attributes });
    client = new Client(guest.target, riscvIsa(64));
    assert.equal(await client.ask('QStartNoAckMode'), 'OK');
  }

  beforeEach(() => attach());
  afterEach(async () => {
    assert.deepEqual(client.defects, []);
    await client.stub.disconnected();
    await guest.target.dispose();
  });

  it('says what it can, more to those who can more', async () => {
    const plain = await client.ask('qSupported:multiprocess+;xmlRegisters=i386');
    assert.match(plain, /^PacketSize=4000;/);
    assert.match(plain, /qXfer:features:read\+/);
    assert.match(plain, /ReverseStep\+;ReverseContinue\+/);
    assert.doesNotMatch(plain, /swbreak/);
    const gdb = await client.ask('qSupported:swbreak+;hwbreak+');
    assert.match(gdb, /swbreak\+;binary-upload\+;hwbreak\+$/);
  });

  it('acknowledges until it is asked not to', async () => {
    const other = new Client(guest.target, riscvIsa(64));
    other.raw('$qC#b4');
    assert.equal(await other.next(), 'QC1');
    other.raw('$qC#b4+$qC#00');
    await other.stub.settled();
    assert.deepEqual(
      other.received.map(({ kind }) => kind),
      ['acknowledged', 'rejected', 'packet'],
    );
    await other.next();
    // The last packet once more.
    other.raw('-');
    assert.equal(await other.next(), 'QC1');
    assert.equal(await other.ask('QStartNoAckMode'), 'OK');
    other.received.length = 0;
    other.raw('$qC#b4$qC#00');
    assert.equal(await other.next(), 'QC1');
    await other.stub.settled();
    assert.deepEqual(other.received, []);
  });

  it('answers nothing to what it does not know', async () => {
    for (const packet of ['vMustReplyEmpty', 'qUnknown:1', 'QUnknown', 'y', '']) {
      assert.equal(await client.ask(packet), '', packet);
    }
    assert.equal(await client.ask('qtoString'), '');
  });

  it('describes the registers there are, and only those', async () => {
    const read = async () => {
      let text = '';
      for (;;) {
        const part = await client.ask(
          `qXfer:features:read:target.xml:${text.length.toString(16)},800`,
        );
        text += part.slice(1);
        if (part[0] === 'l') return text;
        assert.equal(part[0], 'm');
        assert.equal(part.length, 0x801);
      }
    };
    const whole = await read();
    assert.match(whole, /<architecture>riscv:rv64<\/architecture>/);
    for (const name of ['cpu', 'fpu', 'virtual', 'csr']) {
      assert.ok(whole.includes(`<feature name="org.gnu.gdb.riscv.${name}">`), name);
    }
    assert.match(whole, /<reg name="pc" bitsize="64" regnum="32" type="code_ptr"/);
    // 65 and the number of the CSR, as gdb numbers them.
    assert.match(whole, /<reg name="hgatp" bitsize="64" regnum="1729" type="hgatp_fields"/);
    assert.match(whole, /<field name="MODE" start="60" end="63" type="hgatp_MODE"\/>/);
    assert.equal(await client.ask('qXfer:features:read:other.xml:0,10'), 'E02');
    await client.stub.disconnected();
    await guest.target.dispose();
    await attach({ isa: 'rv64imac', mode: 'machine' });
    const small = await read();
    assert.doesNotMatch(small, /riscv\.fpu|name="hgatp"/);
  });

  it('reads and writes registers', async () => {
    assert.equal(await client.ask('p20'), word(0x80200000n));
    assert.equal(await client.ask('Pa=8877665544332211'), 'OK');
    assert.equal(await client.ask('pa'), '8877665544332211');
    const all = await client.ask('g');
    assert.equal(all.length, 33 * 16);
    assert.equal(all.slice(10 * 16, 11 * 16), '8877665544332211');
    assert.equal(await client.ask(`G${'11'.repeat(8 * 32)}${word(0x80200000n)}`), 'OK');
    assert.equal(await client.ask('p0'), word(0n), 'x0 stays zero');
    assert.equal(await client.ask('p1f'), '11'.repeat(8));
    // satp takes no mode that the hart does not have (WARL): 65 + 0x180.
    assert.equal(await client.ask(`P1c1=${word(0xf000000000000000n)}`), 'OK');
    assert.equal(await client.ask('p1c1'), word(0n));
    // VS-mode is privilege level 1, virtual; neither is to be written.
    assert.equal(await client.ask('p1041'), '01');
    assert.equal(await client.ask('p1081'), '01');
    assert.equal(await client.ask('P1041=00'), 'E16');
    for (const packet of ['pfff', 'p', 'Pfff=00', 'pzz']) {
      assert.equal(await client.ask(packet), 'E02', packet);
    }
    for (const packet of ['G', 'G00', 'Pa=00', 'Pa']) {
      assert.equal(await client.ask(packet), 'E16', packet);
    }
  });

  it('reads and writes memory, as hexadecimal digits and as it is', async () => {
    const at = hex('kernel_main');
    const before = await client.ask(`m${at},8`);
    assert.match(before, /^[0-9a-f]{16}$/);
    assert.equal(await client.ask(`M${at},3:010203`), 'OK');
    assert.equal(await client.ask(`m${at},4`), `010203${before.slice(6, 8)}`);
    assert.equal(await client.ask(`X${at},4:}#*`), 'E16', 'three bytes, not four');
    assert.equal(await client.ask(`X${at},4:}#$*`), 'OK');
    assert.equal(await client.ask(`m${at},4`), '7d23242a');
    assert.equal(await client.ask(`x${at},4`), '}#$*');
    assert.equal(await client.ask('x0,0'), 'OK');
    assert.equal(await client.ask(`X${at},0:`), 'OK');
    await client.ask('qSupported:swbreak+');
    assert.equal(await client.ask(`x${at},4`), 'b}#$*');
    for (const packet of ['m0,8', 'mffffffffffffffff,10', 'x0,8', 'M0,1:00']) {
      assert.equal(await client.ask(packet), 'E0e', packet);
    }
    for (const packet of ['m', 'm0', 'm0,8,8', 'mzz,1', 'M0,1', 'M', 'X', 'M0,2:00']) {
      assert.equal(await client.ask(packet), 'E16', packet);
    }
    // The guest's RAM ends at 0x90000000; what can be read comes.
    assert.equal((await client.ask('m8ffffffe,8')).length, 4);
  });

  it('says what is wrong in words to who can read them', async () => {
    assert.equal(await client.ask('m0,8'), 'E0e');
    assert.equal(await client.ask('QEnableErrorStrings'), 'OK');
    assert.equal(await client.ask('m0,8'), `E0e;${hexOfText('cannot read 0x0')}`);
    await client.ask('qSupported:error-message+');
    assert.equal(await client.ask('m0,8'), 'E.cannot read 0x0');
  });

  it('stops at breakpoints, in the words that the debugger knows', async () => {
    assert.match(await client.ask('?'), /^T05thread:1;core:0;/);
    assert.equal(await client.ask(`Z0,${hex('kernel_main')},2`), 'OK');
    assert.match(await client.ask('vCont;c'), /^T05thread:1;.*20:/);
    assert.equal(await client.ask(`z0,${hex('kernel_main')},2`), 'OK');
    await client.ask('qSupported:swbreak+;hwbreak+');
    assert.equal(await client.ask(`Z1,${hex('factorial')},2`), 'OK');
    assert.match(await client.ask('c'), /^T05hwbreak:;thread:1;/);
    assert.equal(await client.ask('p20'), word(symbolsOf('hello-dbcn')('factorial')));
    assert.equal(await client.ask('Z5,0,1'), '');
    for (const packet of ['Z0', 'Z0,zz,1', 'Z2,0,0', 'Z2,0,ffffffff']) {
      assert.equal(await client.ask(packet), 'E16', packet);
    }
  });

  it('steps, from an address and through a range', async () => {
    const pc = async () =>
      BigInt(`0x${(await client.ask('p20')).match(/../g)?.reverse().join('')}`);
    const start = await pc();
    assert.match(await client.ask('s'), /^T05thread:1;/);
    assert.notEqual(await pc(), start);
    assert.match(await client.ask('vCont;s:1;c'), /^T05/);
    assert.match(
      await client.ask(`vCont;r${start.toString(16)},${(start + 64n).toString(16)}:1`),
      /^T05/,
    );
    const after = await pc();
    assert.ok(after < start || after >= start + 64n);
    assert.match(await client.ask(`s${start.toString(16)}`), /^T05/);
    assert.ok((await pc()) > start && (await pc()) < start + 8n);
    assert.match(await client.ask('S05'), /^T05/);
    for (const packet of ['vCont;x', 'vCont;', 'vCont;c:zz', 'vCont;r1', 'czz']) {
      assert.equal(await client.ask(packet), 'E16', packet);
    }
    assert.equal(await client.ask('vCont;c:9'), 'E03');
  });

  it('stops before an access that is watched, and goes on without taking the watchpoint out', async () => {
    const at = hex('timer_ticks');
    assert.equal(await client.ask(`Z2,${at},4`), 'OK');
    // The first write sets it to zero, which it was.
    for (let hit = 0; hit < 2; hit++) {
      assert.match(await client.ask('vCont;c'), new RegExp(`^T05watch:${at};`));
    }
    const value = await client.ask(`m${at},4`);
    assert.match(await client.ask('s'), /^T05/);
    assert.notEqual(await client.ask(`m${at},4`), value, 'the access comes with the next step');
    assert.match(await client.ask('vCont;c'), new RegExp(`^T05watch:${at};`));
    assert.equal(await client.ask(`z2,${at},4`), 'OK');
    assert.equal(await client.ask(`Z3,${at},4`), 'OK');
    assert.match(await client.ask('vCont;c'), new RegExp(`^T05rwatch:${at};`));
    assert.equal(await client.ask(`z3,${at},4`), 'OK');
    assert.equal(await client.ask(`Z4,${at},4`), 'OK');
    assert.match(await client.ask('vCont;c'), new RegExp(`^T05awatch:${at};`));
  });

  it('is interrupted, ends with the exit code, and starts anew', async () => {
    client.send('vCont;c');
    client.raw('\x03');
    assert.match(await client.next(), /^T02thread:1;/);
    assert.equal(textOfHex((await client.ask('c')).slice(1)), 'SRST system_reset(0, 0)\n');
    assert.equal(await client.next(), 'W00');
    assert.equal(await client.ask('?'), 'W00');
    assert.equal(await client.ask('c'), 'E16');
    assert.equal(await client.ask('!'), 'OK');
    assert.match(await client.ask('vRun;'), /^T05/);
    assert.equal(await client.ask('p20'), word(0x80200000n));
    client.send('R00');
    assert.match(await client.ask('?'), /^T05/);
    assert.match(await client.ask('s'), /^T05/);
    client.send('k');
    assert.match(await client.ask('?'), /^T05/);
    assert.equal(await client.ask('p20'), word(0x80200000n), 'in extended mode a kill starts anew');
    assert.equal(client.kills, 0);
    assert.equal(await client.ask('vKill;1'), 'OK');
    assert.match(await client.ask('vAttach;1'), /^T05/);
  });

  it('has harts for threads', async () => {
    await client.stub.disconnected();
    await guest.target.dispose();
    await attach({ harts: 3 });
    assert.equal(await client.ask('qfThreadInfo'), 'm1,2,3');
    assert.equal(await client.ask('qsThreadInfo'), 'l');
    assert.equal(textOfHex(await client.ask('qThreadExtraInfo,2')), 'hart 1 · VS-mode');
    assert.equal(await client.ask('qThreadExtraInfo,9'), 'E03');
    assert.match(await client.ask('qXfer:threads:read::0,1000'), /^l<\?xml[^]*id="3" core="2"/);
    assert.equal(await client.ask('T3'), 'OK');
    assert.equal(await client.ask('T4'), 'E03');
    assert.equal(await client.ask('Hg2'), 'OK');
    assert.equal(await client.ask('Pb=0102030405060708'), 'OK');
    assert.equal(await client.ask('Hgp1.1'), 'OK');
    assert.notEqual(await client.ask('pb'), '0102030405060708');
    assert.equal(await client.ask('Hg0'), 'OK');
    assert.equal(await client.ask('Hc-1'), 'OK');
    assert.equal(await client.ask('Hg4'), 'E03');
    for (const packet of ['H', 'Hx1', 'Hgzz', 'Hg'])
      assert.equal(await client.ask(packet), 'E16', packet);
  });

  it('lets the guest go on when it is detached from, and the next one attach', async () => {
    assert.equal(await client.ask(`Z0,${hex('factorial')},2`), 'OK');
    const ended = new Promise((resolve) => guest.target.onEnd(resolve));
    assert.equal(await client.ask('D'), 'OK');
    await ended;
    assert.match(guest.output(), /hart/i);
  });

  it('has commands for monitor', async () => {
    assert.match(await client.monitor('help'), /^help .*\nreset /);
    assert.match(await client.monitor('nonsense'), /^There is no 'nonsense'/);
    // Those of the debug console, with registers for names.
    assert.match(await client.monitor('csr hgatp'), /hgatp[^]*MODE[^]*Sv39x4/);
    assert.match(await client.monitor('walk $pc'), /0x80200000/);
    assert.match(await client.monitor('info stage2'), /Sv39x4/);
    assert.match(await client.monitor('calls'), /DBCN/);
    assert.match(await client.monitor('x/2i $pc'), /80200000/);
    assert.match(await client.monitor('walk nowhere'), /nowhere/);
    assert.equal(await client.monitor('phys on'), 'Addresses are physical.\n');
    assert.match(await client.monitor('phys maybe'), /neither on nor off/);
    assert.match(await client.ask('s'), /^T05/);
    assert.match(await client.monitor('reset'), /first instruction/);
    assert.equal(await client.ask('p20'), word(0x80200000n));
    assert.equal(await client.ask('qRcmd,zz'), 'E16');
  });
});
