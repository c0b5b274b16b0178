/** The same guest with the same input: the same bytes and instructions, again and on another Node. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { trapline } from './trapline.ts';

interface Run {
  readonly console: string;
  readonly instructions: number;
}

const samples: readonly { readonly args: readonly string[]; readonly input?: string }[] = [
  { args: ['media/samples/hello-dbcn/hello-dbcn.elf'], input: 'Ada\r' },
  { args: ['media/samples/unknown-call/unknown-call.elf'] },
  // Multiply-add in one step on some hosts, and in several on others.
  {
    args: ['--mode', 'machine', '--engine', 'jit', 'test/bench/kernels/nbody.elf'],
  },
  { args: ['--mode', 'machine', 'media/samples/machine-hello/machine-hello.elf'] },
];

function observe(sample: (typeof samples)[number], node = process.execPath): Run {
  const { code, stdout, stderr } = trapline(['run', '--json', ...sample.args], {
    node,
    ...(sample.input === undefined ? {} : { input: sample.input }),
  });
  assert.equal(code, 0, stderr);
  const at = stdout.trimEnd().lastIndexOf('\n');
  const { instructions } = JSON.parse(stdout.slice(at + 1)) as { instructions: number };
  return { console: stdout.slice(0, at), instructions };
}

describe('determinism', () => {
  for (const sample of samples) {
    const name = sample.args.at(-1) ?? '';
    it(`${name} runs the same twice`, () => {
      const first = observe(sample);
      assert.ok(first.instructions > 100 && first.console.length > 10, JSON.stringify(first));
      assert.deepEqual(observe(sample), first);
    });

    it(`${name} runs the same on Node 20, 22 and 24`, function () {
      this.timeout(120_000);
      const others = (process.env.TRAPLINE_OTHER_NODES ?? '').split(path.delimiter);
      assert.equal(others.length, 2, 'name them in TRAPLINE_OTHER_NODES, or run npm test cli');
      const here = observe(sample);
      for (const other of others) assert.deepEqual(observe(sample, other), here, other);
    });
  }
});
