/**
 * Split DWARF for RISC-V. A .dwo file has no relocations, and compilers for RISC-V leave distances over
 * branches to the linker, so that whole ones come only of code without: GCC 12 and clang 14 make none.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type { FrameContext, Variable } from '../../../../src/core/debug/symbols/symbols.ts';
import { debianPackage } from '../../../tools/debian.mjs';
import { run } from './fixtures.ts';

const source = `
struct point { int x; short y; const char *name; };
int seen = 5;
extern int other(int);
static inline int sum(const struct point *p) { return p->x + p->y; }
__attribute__((noinline)) int mix(int a, int b) {
  struct point p = { other(a), (short)b, "mixed" };
  int both = sum(&p);
  seen += both;
  return other(both) + a;
}
int twice(int value) {
  int first = mix(value, 2);
  return mix(first, value) + seen;
}
`;

/** Not installed, but the libraries that it needs are, with the debugger of its release. */
const clang = () => path.join(debianPackage('bookworm', 'clang-19'), 'usr/lib/llvm-19/bin/clang');

/** Functions, lines, frames of inlined calls and variables at every place of the code. */
async function digest(file: string, opened: string[]): Promise<unknown> {
  const open = (name: string) => {
    opened.push(name);
    return name.endsWith('.dwo') ? readFileSync(name) : undefined;
  };
  const symbols = loadProgramSymbols([{ name: file, bytes: readFileSync(file), open }]);
  const places: unknown[] = [];
  for (const name of ['mix', 'twice']) {
    const [info] = symbols.functionsNamed(name);
    assert.ok(info);
    places.push({ ...info });
    for (let pc = info.low; pc < info.high; pc += 2n) {
      const context: FrameContext = {
        pc,
        cfa: 0x1000n,
        readRegister: async (number) => BigInt(number) * 0x100n,
        readMemory: async (address, size) =>
          Uint8Array.from({ length: size }, (_, i) => Number((address + BigInt(i)) & 0xffn)),
      };
      const calls = symbols.callsAt(pc);
      const locals = await Promise.all(
        calls.map((_, depth) => symbols.locals(context, calls.length - 1 - depth)),
      );
      const globals = await symbols.globals(context);
      places.push([symbols.positionAt(pc), calls, [...locals.flat(), ...globals].map(shown)]);
    }
  }
  assert.deepEqual(symbols.problems, []);
  return places;
}

function shown({ name, type, value, address, register }: Variable) {
  return { name, type, value, address, register };
}

describe('split DWARF for RISC-V', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-split-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const dwarf of [4, 5]) {
    it(`says what the whole file says: DWARF ${dwarf}`, async () => {
      const file = path.join(folder, 'straight.c');
      writeFileSync(file, source);
      const build = (name: string, extra: readonly string[]) => {
        const object = path.join(folder, `${name}${dwarf}.o`);
        const target = ['--target=riscv64-unknown-elf', '-march=rv64gc', '-mabi=lp64d'];
        const code = ['-mcmodel=medany', '-mno-relax', '-O1', '-ffreestanding', `-gdwarf-${dwarf}`];
        run(clang(), [...target, ...code, ...extra, '-c', '-o', object, file]);
        const link = ['-Ttext=0x400000', '-e', 'twice', '--unresolved-symbols=ignore-all'];
        run('ld.lld', [...link, '-o', `${object}.elf`, object]);
        return `${object}.elf`;
      };
      const opened: string[] = [];
      const split = await digest(build('split', ['-gsplit-dwarf']), opened);
      assert.equal(new Set(opened.filter((name) => name.endsWith('.dwo'))).size, 1);
      const whole = await digest(build('whole', []), []);
      const text = JSON.stringify(whole, (_, value) =>
        typeof value === 'bigint' ? `${value}` : value,
      );
      for (const name of ['"both"', '"sum"', '"struct point"', '"seen"'])
        assert.ok(text.includes(name));
      assert.deepEqual(split, whole);
    });
  }
});
