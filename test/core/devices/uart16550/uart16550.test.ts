import assert from 'node:assert/strict';
import { ConsoleChannel } from '../../../../src/core/base/console.ts';
import { UserError } from '../../../../src/core/base/userError.ts';
import { Uart16550 } from '../../../../src/core/devices/uart16550/uart16550.ts';
import * as r from '../../../../src/core/devices/uart16550/registers.ts';
import { type Access, Clock, firstDifference, generator, Line, Qtest } from '../qtest.ts';

function setUp() {
  const console = new ConsoleChannel('uart0');
  const line = new Line();
  const clock = new Clock();
  const uart = new Uart16550({
    name: 'uart0',
    console,
    line,
    time: clock,
    timebase: 10_000_000,
    clock: 3_686_400,
  });
  let sent = '';
  console.output.on((bytes) => (sent += new TextDecoder().decode(bytes)));
  return {
    ...{ console, line, clock, uart },
    type: (text: string) => console.feed(new TextEncoder().encode(text)),
    sent: () => {
      console.flush();
      return sent;
    },
    rd: (offset: number) => uart.read(offset, 1),
    wr: (offset: number, value: number) => uart.write(offset, 1, value),
  };
}

/** Random accesses in loopback mode, in which QEMU's UART needs no one at the other end. */
function* loopbackAccesses(seed: number, count: number): Generator<Access> {
  const random = generator(seed);
  const byte = (offset: number, value: number): Access => ({ write: offset, size: 1, value });
  yield byte(r.MCR, r.MCR_LOOP);
  for (let i = 0; i < count; i++) {
    const choice = random(12);
    if (choice < 4) yield byte(r.THR, random(256));
    else if (choice === 4) yield byte(r.IER, random(256));
    else if (choice === 5) yield byte(r.FCR, random(256));
    else if (choice === 6) yield byte(r.MCR, r.MCR_LOOP | random(256));
    else if (choice === 7) yield byte(r.SCR, random(256));
    else if (choice === 8) {
      yield byte(r.LCR, r.LCR_DLAB | random(64));
      yield byte(r.DLL, 1 + random(255));
      yield byte(r.DLM, random(256));
      yield { read: r.DLL, size: 1 };
      yield { read: r.DLM, size: 1 };
      yield { read: r.LCR, size: 1 };
      yield byte(r.LCR, random(64));
    } else {
      const offset = [r.IER, r.IIR, r.MCR, r.LSR, r.MSR, r.SCR][random(6)] ?? 0;
      yield { read: offset, size: 1 };
    }
  }
}

describe('uart16550', () => {
  it('answers as QEMU does in loopback mode', async () => {
    const qemu = new Qtest(['-serial', 'null']);
    try {
      for (let seed = 1; seed <= 4; seed++) {
        const { uart } = setUp();
        // Back to what both have after reset: FIFOs off and empty, nothing enabled.
        for (const [offset, value] of [
          [r.LCR, 0],
          [r.FCR, 1],
          [r.FCR, 0],
          [r.IER, 0],
          [r.SCR, 0],
        ] as const) {
          await qemu.write(0x10000000 + offset, 1, value);
          uart.write(offset, 1, value);
        }
        await qemu.read(0x10000000 + r.LSR, 1);
        const difference = await firstDifference(
          qemu,
          0x10000000,
          uart,
          loopbackAccesses(seed, 400),
        );
        assert.equal(difference, '', `seed ${seed}`);
      }
    } finally {
      qemu.close();
    }
  }).timeout(20000);

  it('loops a FIFO of bytes around in order, as QEMU does', async () => {
    const qemu = new Qtest(['-serial', 'null']);
    try {
      const { uart } = setUp();
      const accesses: Access[] = [
        { write: r.MCR, size: 1, value: r.MCR_LOOP | r.MCR_RTS },
        { write: r.FCR, size: 1, value: 0x81 },
        { write: r.IER, size: 1, value: 0x05 },
      ];
      for (let i = 0; i < 18; i++) {
        accesses.push({ write: r.THR, size: 1, value: 0x40 + i });
        accesses.push({ read: r.IIR, size: 1 });
      }
      accesses.push({ read: r.MSR, size: 1 }, { read: r.LSR, size: 1 }, { read: r.LSR, size: 1 });
      for (let i = 0; i < 17; i++) {
        accesses.push({ read: r.RBR, size: 1 }, { read: r.IIR, size: 1 }, { read: r.LSR, size: 1 });
      }
      assert.equal(await firstDifference(qemu, 0x10000000, uart, accesses), '');
    } finally {
      qemu.close();
    }
  }).timeout(20000);

  it('sends to the console at once and says that it is empty', () => {
    const { wr, rd, sent } = setUp();
    for (const c of 'hello') wr(r.THR, c.charCodeAt(0));
    assert.equal(sent(), 'hello');
    assert.equal(rd(r.LSR), r.LSR_THRE | r.LSR_TEMT);
  });

  it('interrupts when the transmitter is empty, until IIR was read', () => {
    const { wr, rd, line } = setUp();
    wr(r.IER, r.IER_ETBEI);
    assert.ok(line.level);
    assert.equal(rd(r.IIR), r.IIR_THR_EMPTY);
    assert.ok(!line.level);
    assert.equal(rd(r.IIR), r.IIR_NONE);
    wr(r.THR, 0x41);
    assert.ok(line.level);
  });

  it('takes more input than the FIFO holds without losing any', () => {
    const { wr, rd, type } = setUp();
    wr(r.FCR, r.FCR_ENABLE);
    const text = 'The quick brown fox jumps over the lazy dog';
    type(text);
    let got = '';
    while (rd(r.LSR) & r.LSR_DR) got += String.fromCharCode(rd(r.RBR));
    assert.equal(got, text);
  });

  it('leaves what is typed in the console until the guest reads it or wants interrupts', () => {
    const { wr, rd, type, console, line } = setUp();
    wr(r.FCR, r.FCR_ENABLE);
    type('abc');
    assert.equal(rd(r.LSR) & r.LSR_DR, r.LSR_DR);
    assert.equal(console.available, 3);
    assert.equal(rd(r.RBR), 0x61);
    assert.equal(console.available, 2);
    wr(r.IER, r.IER_ERBFI);
    assert.equal(console.available, 0);
    assert.ok(line.level);
    assert.equal(rd(r.RBR), 0x62);
    assert.equal(rd(r.RBR), 0x63);
    assert.equal(rd(r.LSR) & r.LSR_DR, 0);
    wr(r.MCR, r.MCR_LOOP);
    wr(r.IER, 0);
    type('d');
    assert.equal(rd(r.LSR) & r.LSR_DR, 0, 'the line is cut off in loopback mode');
  });

  it('interrupts at the trigger level, and below it after four character times', () => {
    const { wr, rd, type, line, clock, uart } = setUp();
    wr(r.LCR, r.LCR_DLAB);
    wr(r.DLL, 2); // 115200 baud
    wr(r.DLM, 0);
    wr(r.LCR, 3);
    wr(r.FCR, r.FCR_ENABLE | 0x40); // four bytes
    wr(r.IER, r.IER_ERBFI);
    type('abc');
    assert.ok(!line.level);
    // 4 characters of 10 bits at 115200 baud are 347.2 µs.
    assert.equal(uart.nextDeadline(), 3473n);
    clock.now = 3472n;
    uart.advance();
    assert.ok(!line.level);
    clock.now = 3473n;
    uart.advance();
    assert.equal(rd(r.IIR), r.IIR_FIFOS_ENABLED | r.IIR_CHARACTER_TIMEOUT);
    assert.equal(rd(r.RBR), 0x61);
    assert.ok(!line.level);
    type('de');
    assert.equal(rd(r.IIR), r.IIR_FIFOS_ENABLED | r.IIR_RECEIVED_DATA);
    for (const c of 'bcde') assert.equal(rd(r.RBR), c.charCodeAt(0));
    assert.equal(uart.nextDeadline(), undefined);
    assert.ok(!line.level);
  });

  it('refuses a saved state that does not fit, and stays as it was', () => {
    const { uart, wr } = setUp();
    wr(r.SCR, 0x5a);
    const state = uart.save();
    const bad = { ...state, scr: 0, received: new Array<number>(17).fill(0) };
    assert.throws(() => uart.restore(bad), UserError);
    assert.deepEqual(uart.save(), state);
  });
});
