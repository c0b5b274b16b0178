/** The core in a worker of a real Chromium: the same bytes and instructions as in this Node. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { SmallKernels } from '../bench/smallKernel.ts';
import { launchBrowser, openPage } from '../vscode/harness/browser.ts';
import { runGuest, type Guest, type Ran } from './guest.ts';

/** What of a browser the function below meets that Node does not have. */
declare const Worker: new (url: string) => {
  onmessage: (event: { data: Answer }) => void;
  onerror: (event: { message: string }) => void;
  postMessage(message: unknown): void;
  terminate(): void;
};
interface Answer {
  readonly ran?: Ran;
  readonly error?: string;
}

const sample = (name: string): string => `media/samples/${name}/${name}.elf`;

describe('the core in Chromium', function () {
  this.timeout(120_000);
  const kernels = new SmallKernels();
  let browser: Browser | undefined;
  let page!: Page;
  let script = '';

  before(async () => {
    const { outputFiles } = await esbuild.build({
      bundle: true,
      target: 'es2023',
      platform: 'browser',
      format: 'iife',
      entryPoints: ['test/browser/worker.ts'],
      loader: { '.wasm': 'binary', '.bin': 'binary' },
      alias: { '#generated': path.resolve('dist/generated') },
      write: false,
    });
    script = outputFiles[0]!.text;
    browser = await launchBrowser();
    page = await openPage(browser);
  });
  after(async () => {
    await browser?.close();
    kernels.remove();
  });

  /** In a worker of its own, as a machine is in the product. */
  async function inChromium({ launch, bytes, input }: Guest): Promise<Ran> {
    const answer = await page.evaluate(
      ([source, attributes, base64, typed]) =>
        new Promise<Answer>((resolve) => {
          const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
          const worker = new Worker(url);
          const done = (result: Answer): void => {
            worker.terminate();
            resolve(result);
          };
          worker.onmessage = ({ data }) => done(data);
          worker.onerror = ({ message }) => done({ error: message });
          const program = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
          worker.postMessage({ launch: attributes, bytes: program, input: typed });
        }),
      [script, launch, Buffer.from(bytes).toString('base64'), input] as const,
    );
    if (!answer.ran) throw new Error(`in Chromium: ${answer.error}`);
    return answer.ran;
  }

  async function same(launch: Record<string, unknown>, file: string, input = ''): Promise<Ran> {
    const guest = { launch: { ...launch, program: file }, bytes: readFileSync(file), input };
    const { features: _, ...here } = runGuest(guest);
    const ran = await inChromium(guest);
    const { features, ...there } = ran;
    assert.deepEqual(there, here);
    assert.ok(here.console.length > 10 && here.instructions > 1000, JSON.stringify(here));
    for (const name of ['tailCalls', 'simd']) assert.equal(features[name], true, name);
    return ran;
  }

  for (const engine of ['interpreter', 'jit', 'lockstep'] as const) {
    it(`greets under the hypervisor as in Node: ${engine}`, async () => {
      const { console } = await same({ engine, mode: 'guest' }, sample('hello-dbcn'), 'Ada\r');
      assert.match(String.fromCharCode(...console), /Nice to meet you, Ada!/);
    });

    it(`takes traps and timer interrupts as in Node: ${engine}`, async () => {
      await same({ engine, mode: 'machine' }, sample('machine-hello'));
    });
  }

  for (const [name, repetitions, world] of [
    // Multiply-add in one step where the host has that.
    ['nbody', 4000, 0],
    ['sha256', 400, 0],
    ['bytecode', 3, 1],
    ['rewrite', 60, 0],
    ['thrash', 40_000, 2],
  ] as const) {
    it(`translates ${name} in world ${world} as in Node`, async () => {
      const elf = kernels.build(name, repetitions, world);
      const { regions, console } = await same({ engine: 'jit', mode: 'machine' }, elf);
      assert.ok(regions > 0);
      assert.match(String.fromCharCode(...console), /checksum [0-9a-f]{16}/);
    });
  }
});
