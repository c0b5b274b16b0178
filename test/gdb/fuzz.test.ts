/**
 * Hostile debuggers: bytes, packets and mutated packets without sense. Allowed is an answer of the
 * protocol's form; not allowed are a defect, a stub that falls silent, or one that hangs.
 */
import assert from 'node:assert/strict';
import { riscvIsa } from '../../src/core/isa/riscv/riscv.ts';
import { Client } from './client.ts';
import { sample, targetOf, type Launched } from './serving.ts';

const letters = '0123456789abcdefgGpPmMxXzZHTcCsSvqQDkR?!,;:=-+$#*}. \x00\x03\xff';

/** What debuggers send, to be changed. */
const seeds = [
  'qSupported:multiprocess+;swbreak+;hwbreak+;error-message+',
  'qXfer:features:read:target.xml:0,800',
  'qXfer:threads:read::0,ffff',
  'qXfer:memory-map:read::0,100',
  'qRcmd,68656c70',
  'qRcmd,7265736574',
  'qThreadExtraInfo,1',
  'qfThreadInfo',
  'QStartNoAckMode',
  'QEnableErrorStrings',
  'Qqemu.PhyMemMode:1',
  'Hg1',
  'Hc-1',
  'T1',
  'g',
  `G${'00'.repeat(264)}`,
  'p20',
  'P20=0000208000000000',
  'P1c1=ffffffffffffffff',
  'm80200000,40',
  'M80200000,4:13000000',
  'x80200000,40',
  'X80200000,4:\x13\x00\x00\x00',
  'Z0,80200000,2',
  'z0,80200000,2',
  'Z2,80203000,8',
  'Z4,ffffffffffffffff,8',
  'vCont;s:1;c',
  'vCont;r80200000,80200040:1',
  'vCont;c',
  'vCont?',
  's',
  'c80200000',
  'S05;80200000',
  'vRun;',
  'R00',
  'vKill;1',
  'k',
  '?',
  '!',
];

function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function mutated(text: string, random: (below: number) => number): string {
  let result = text;
  for (let changes = random(4); changes > 0; changes--) {
    const at = random(result.length + 1);
    const letter = letters[random(letters.length)] ?? '';
    const rest = result.slice(at + random(3));
    result = result.slice(0, at) + (random(3) === 0 ? '' : letter) + rest;
  }
  return random(10) === 0 ? result.slice(0, random(result.length + 1)) : result;
}

/** Answers that the manual allows. */
const answer =
  /^$|^(OK|PacketSize=|l|m|b|[TWSO][0-9a-f]{2}|E[0-9a-f]{2}|E\.|QC|vCont|[0-9a-fx]{2})/;

describe('gdb stub under hostile packets', function () {
  this.timeout(300_000);
  let guest: Launched;
  let client: Client;

  before(async () => {
    guest = await targetOf({ program: sample('hello-dbcn') });
  });
  after(() => guest.target.dispose());

  /** Whatever was sent, the machine can be stopped and the stub asked. */
  async function isAlive(): Promise<void> {
    client.raw('\x03');
    await client.stub.settled();
    client.received.length = 0;
    client.stub.errors = 'number';
    client.send('qC');
    const said = [];
    for (let turn = 0; turn < 3; turn++) {
      said.push(await client.next());
      if (said.includes('QC1')) break;
    }
    assert.ok(said.includes('QC1'), said.join(' '));
  }

  it('answers mutated packets in the protocol’s forms', async () => {
    const random = randomNumbers(20261121);
    client = new Client(guest.target, riscvIsa(64));
    for (let round = 0; round < 4000; round++) {
      const packet = mutated(seeds[random(seeds.length)] ?? '', random);
      client.send(packet);
      await client.stub.settled();
      for (const incoming of client.received.splice(0)) {
        if (incoming.kind !== 'packet') continue;
        const text = Buffer.from(incoming.data).toString('latin1');
        const isBinary = packet.startsWith('x');
        assert.ok(isBinary || answer.test(text), `${packet} → ${text}`);
      }
      if (round % 100 === 99) await isAlive();
      if (client.stub.end) {
        client.send('vRun;');
        await client.stub.settled();
      }
    }
    assert.deepEqual(client.defects, []);
    await client.stub.disconnected();
  });

  it('survives streams of bytes', async () => {
    const random = randomNumbers(7);
    client = new Client(guest.target, riscvIsa(64));
    for (let round = 0; round < 300; round++) {
      const text = Array.from({ length: random(200) }, () => letters[random(letters.length)]);
      client.raw(text.join(''));
      client.raw(Uint8Array.from({ length: random(200) }, () => random(256)));
    }
    // Ends whatever packet was begun.
    client.raw('#00');
    await client.stub.settled();
    await isAlive();
    assert.deepEqual(client.defects, []);
    await client.stub.disconnected();
  });
});
