/** `q` and `Q` packets: what both sides can do, documents, threads, `monitor`. */
import { mostPacketBytes } from './packets.ts';
import { runMonitor } from './monitor.ts';
import { failure, ok, unsupported, type Reply } from './reply.ts';
import type { GdbStub } from './stub.ts';
import { hexOfText, latin1, parseCount, textOfHex } from './text.ts';
import { hasHart, parseThread, threadOf, threadsDocument } from './threads.ts';

type Query = (stub: GdbStub, rest: string) => Promise<Reply> | Reply;

/** By the name up to the first `:`, `,` or `;`; what follows is `rest`. */
const queries: Readonly<Record<string, Query>> = {
  qSupported,
  qXfer: readDocument,
  qRcmd: monitor,
  qfThreadInfo: threadList,
  qsThreadInfo: () => 'l',
  qThreadExtraInfo: describeThread,
  qC: (stub) => `QC${threadOf(stub.lastStop.hart)}`,
  // It was there before the debugger came: leaving it alone is the default.
  qAttached: () => '1',
  qSymbol: () => ok,
  qHostInfo: hostInfo,
  qProcessInfo: processInfo,
  qGDBServerVersion: () => 'name:trapline;',
  qWatchpointSupportInfo: () => 'num:1024;',
  'qqemu.PhyMemMode': ({ physical }) => (physical ? '1' : '0'),
};

const settings: Readonly<Record<string, Query>> = {
  QStartNoAckMode(stub) {
    stub.stopAcknowledging();
    return ok;
  },
  QEnableErrorStrings(stub) {
    stub.errors = 'lldbText';
    return ok;
  },
  'Qqemu.PhyMemMode'(stub, rest) {
    stub.physical = rest === '1';
    return ok;
  },
};

export const generalQuery = (stub: GdbStub, packet: string) => look(queries, stub, packet);
export const generalSet = (stub: GdbStub, packet: string) => look(settings, stub, packet);

function look(
  table: Readonly<Record<string, Query>>,
  stub: GdbStub,
  packet: string,
): Promise<Reply> | Reply {
  const [name = ''] = /^[^:,;]*/.exec(packet) ?? [];
  const query = Object.hasOwn(table, name) ? table[name] : undefined;
  return query ? query(stub, packet.slice(name.length + 1)) : unsupported;
}

function qSupported(stub: GdbStub, rest: string): Reply {
  const said = new Set(rest.split(';'));
  stub.abilities.swbreak = said.has('swbreak+');
  stub.abilities.hwbreak = said.has('hwbreak+');
  if (said.has('error-message+')) stub.errors = 'gdbText';
  const features = [
    `PacketSize=${(mostPacketBytes / 2).toString(16)}`,
    'QStartNoAckMode+',
    'qXfer:features:read+',
    'qXfer:threads:read+',
    'vContSupported+',
    'ReverseStep+',
    'ReverseContinue+',
  ];
  if (said.has('swbreak+')) features.push('swbreak+', 'binary-upload+');
  if (said.has('hwbreak+')) features.push('hwbreak+');
  return features.join(';');
}

/** `qXfer:object:read:annex:offset,length`, answered with `m` and more to come, or `l`. */
async function readDocument(stub: GdbStub, rest: string): Promise<Reply> {
  const [object, operation, annex, range = ''] = rest.split(':');
  if (operation !== 'read') return unsupported;
  const [first, second] = range.split(',');
  const offset = parseCount(first);
  const length = parseCount(second);
  if (offset === undefined || length === undefined) return failure('invalid', 'no such range');
  let text: string;
  if (object === 'features') {
    if (annex !== 'target.xml') return failure('noEntry', `there is no '${annex}'`);
    text = (await stub.describe()).xml;
  } else if (object === 'threads') {
    text = await threadsDocument(stub);
  } else return unsupported;
  const bytes = latin1(new TextEncoder().encode(text));
  const part = bytes.slice(offset, offset + Math.min(length, mostPacketBytes / 2 - 16));
  return `${offset + part.length < bytes.length ? 'm' : 'l'}${part}`;
}

async function monitor(stub: GdbStub, rest: string): Promise<Reply> {
  const line = textOfHex(rest);
  if (line === undefined) return failure('invalid', 'qRcmd wants hexadecimal digits');
  const answer = await runMonitor(stub, line);
  return answer === '' ? ok : hexOfText(answer);
}

async function threadList({ target }: GdbStub): Promise<Reply> {
  const { harts } = await target.info();
  return `m${Array.from({ length: harts }, (_, hart) => threadOf(hart)).join(',')}`;
}

async function describeThread(stub: GdbStub, rest: string): Promise<Reply> {
  const choice = parseThread(rest);
  if (typeof choice !== 'number' || !(await hasHart(stub, choice))) {
    return failure('noThread', 'there is no such hart');
  }
  const hart = (await stub.target.harts())[choice];
  return hexOfText(`hart ${choice} · ${hart?.mode ?? ''}`);
}

/** lldb's: what runs here, and that a watchpoint stops before the access. */
async function hostInfo(stub: GdbStub): Promise<Reply> {
  const { triple } = await stub.describe();
  const bytes = stub.isa.xlen / 8;
  return (
    `triple:${hexOfText(triple)};endian:little;ptrsize:${bytes};` +
    'watchpoint_exceptions_received:before;default_packet_timeout:10;'
  );
}

async function processInfo(stub: GdbStub): Promise<Reply> {
  const { triple } = await stub.describe();
  return `pid:1;triple:${hexOfText(triple)};endian:little;ptrsize:${stub.isa.xlen / 8};`;
}
