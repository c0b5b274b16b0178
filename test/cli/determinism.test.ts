/** The same guest with the same input: the same bytes and instructions, again and on another Node. */
import assert from 'node:assert/strict';
import { trapline } from './trapline.ts';

interface Run {
  readonly console: string;
  readonly instructions: number;
}

const samples: readonly { readonly args: readonly string[]; readonly input?: string }[] = [
  { args: ['media/samples/hello-dbcn/hello-dbcn.elf'], input: 'Ada\r' },
  { args: ['media/samples/unknown-call/unknown-call.elf'] },
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

    it(`${name} runs the same on Node 20 and 24`, function () {
      const other = process.env.TRAPLINE_OTHER_NODE;
      assert.ok(other, 'name the other Node in TRAPLINE_OTHER_NODE, or run npm test cli');
      assert.deepEqual(observe(sample, other), observe(sample));
    });
  }
});
