/** `trapline run --profile`: what a profile viewer reads, and that it says where the guest was. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { hotAndWarm } from './hotAndWarm.ts';
import { assemble, scratchFolder, trapline } from './trapline.ts';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
    readonly hitCount: number;
    readonly children: readonly number[];
    readonly positionTicks: readonly { readonly line: number; readonly ticks: number }[];
  }[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function read(file: string): Profile {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  // What the protocol demands of all.
  const ids = new Set(profile.nodes.map(({ id }) => id));
  assert.equal(ids.size, profile.nodes.length);
  assert.equal(profile.samples.length, profile.timeDeltas.length);
  for (const id of [...profile.samples, ...profile.nodes.flatMap((node) => node.children)]) {
    assert.ok(ids.has(id));
  }
  const total = profile.nodes.reduce((sum, { hitCount }) => sum + hitCount, 0);
  assert.equal(total, profile.samples.length);
  assert.ok(profile.endTime >= profile.timeDeltas.reduce((sum, delta) => sum + delta, 0));
  return profile;
}

const hits = ({ nodes }: Profile, name: string): number =>
  nodes.reduce((sum, n) => sum + (n.callFrame.functionName === name ? n.hitCount : 0), 0);

describe('trapline run --profile', () => {
  const folder = scratchFolder();

  it('has guest functions by instructions, and by the time of the host', () => {
    const image = assemble(folder, 'profiled', hotAndWarm, 0x80000000);
    const file = path.join(folder, 'guest.cpuprofile');
    const args = ['--mode', 'machine', '--engine', 'jit', '--profile', file, image];
    const { code, stderr } = trapline(['run', ...args]);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /profile written to .*guest\.cpuprofile and .*guest\.instructions\.cpuprofile/,
    );

    const counted = read(path.join(folder, 'guest.instructions.cpuprofile'));
    const [hot, warm] = [hits(counted, 'hot'), hits(counted, 'warm')];
    assert.ok(hot + warm > 2000, `${hot} and ${warm} looks`);
    assert.ok(hot / warm > 2.5 && hot / warm < 3.5, `${hot} and ${warm} looks`);
    const node = counted.nodes.find(({ callFrame }) => callFrame.functionName === 'hot')!;
    assert.equal(node.callFrame.url, pathToFileURL(path.join(folder, 'profiled.S')).href);
    const lines = readFileSync(path.join(folder, 'profiled.S'), 'utf8').split('\n');
    for (const { line } of node.positionTicks)
      assert.match(lines[line - 1]!, /hot:|addi t0|bnez t0|ret/);

    const timed = read(file);
    assert.ok(hits(timed, 'hot') > 0);
    assert.ok(timed.nodes.some(({ callFrame }) => callFrame.functionName === '(trapline)'));
  });

  it('is the same by instructions in every run, and on the interpreter', () => {
    const image = assemble(folder, 'again', hotAndWarm.replace('300000', '30000'), 0x80000000);
    const [first, second] = ['jit', 'interpreter'].map((engine) => {
      const file = path.join(folder, `${engine}.cpuprofile`);
      const args = ['--mode', 'machine', '--engine', engine, '--profile', file, image];
      assert.equal(trapline(['run', ...args]).code, 0);
      return readFileSync(file.replace('.cpu', '.instructions.cpu'), 'utf8');
    });
    assert.equal(second, first);
  });

  it('is not of a traced run, and says where it cannot write', () => {
    const image = assemble(folder, 'refused', hotAndWarm, 0x80000000);
    const run = (...options: readonly string[]) =>
      trapline(['run', '--mode', 'machine', ...options, image]);
    assert.equal(run('--trace', 'instr', '--profile', path.join(folder, 'x')).code, 2);
    assert.equal(existsSync(path.join(folder, 'x')), false);
    const { code, stderr } = run('--profile', path.join(folder, 'none', 'x'));
    assert.equal(code, 2);
    assert.match(stderr, /--profile: .*none/);
  });
});
