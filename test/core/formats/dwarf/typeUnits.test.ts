/**
 * Types in units of their own, which others name by signature, declarations among them: values are
 * those of the same program without such units. Types that name each other in circles end.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type { FrameContext, Variable } from '../../../../src/core/debug/symbols/symbols.ts';
import { run } from './fixtures.ts';

const source = `
namespace n {
struct Base { short kind; };
struct Empty {};
struct S : Base, Empty {
  int a;
  struct In { int q; S *up; } in;
  S *next;
  static int f(S s);
};
}
int n::S::f(S s) { return s.a + s.in.q + s.kind; }
n::S object;
n::S::In inner;
int use(n::S *p) { return n::S::f(*p) + inner.q; }
`;

async function shown(file: string): Promise<unknown> {
  const bytes = new Uint8Array(readFileSync(file));
  const symbols = loadProgramSymbols([{ name: file, bytes }]);
  const [use] = symbols.functionsNamed('use');
  assert.ok(use);
  const context: FrameContext = {
    pc: use.low,
    cfa: 0x1000n,
    readRegister: async () => 0x2000n,
    readMemory: async (_, size) => Uint8Array.from({ length: size }, (_unused, i) => i & 0x1f),
  };
  const found: unknown[] = [];
  for (const name of ['object', 'inner', 'p']) {
    const variable = await symbols.variableNamed(context, name);
    assert.ok(variable, name);
    found.push(await plain(variable, 4));
  }
  assert.deepEqual(symbols.problems, []);
  return found;
}

async function plain(variable: Variable, depth: number): Promise<unknown> {
  const { name, type, value, size } = variable;
  const children = depth > 0 ? ((await variable.children?.()) ?? []) : [];
  return [name, type, value, size, await Promise.all(children.map((c) => plain(c, depth - 1)))];
}

describe('types in units of their own', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-types-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const compiler of ['g++', 'clang++']) {
    for (const dwarf of [4, 5]) {
      it(`are known by their signatures: ${compiler} DWARF ${dwarf}`, async () => {
        const file = path.join(folder, 'types.cc');
        writeFileSync(file, source);
        const build = (name: string, extra: readonly string[]) => {
          const object = path.join(folder, `${name}.o`);
          const flags = ['-O0', `-gdwarf-${dwarf}`, '-fno-pic', '-mcmodel=large', ...extra];
          run(compiler, [...flags, '-c', '-o', object, file]);
          const link = [
            '-Ttext=0x400000',
            '-e',
            '_Z3usePN1n1SE',
            '--unresolved-symbols=ignore-all',
          ];
          run('ld.lld', [...link, '-o', `${object}.elf`, object]);
          return `${object}.elf`;
        };
        const whole = await shown(build('whole', []));
        assert.match(JSON.stringify(whole), /"kind","short".*"q","int"/);
        assert.deepEqual(await shown(build('units', ['-fdebug-types-section'])), whole);
      });
    }
  }
});
