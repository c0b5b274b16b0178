/**
 * The same program with its debug information in other places and forms: whatever they are, the
 * answers are those of the plain file. The files are made by the GNU tools and LLVM.
 */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FileBytes } from '../../../../src/core/base/fileBytes.ts';
import { relocationsOf } from '../../../../src/core/registry.ts';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type {
  FrameContext,
  ProgramSymbols,
  Variable,
} from '../../../../src/core/debug/symbols/symbols.ts';
import { Definitions } from '../../../../src/core/formats/dwarf/definitions.ts';
import { Dwarf } from '../../../../src/core/formats/dwarf/dwarf.ts';
import type { Unit } from '../../../../src/core/formats/dwarf/unit.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { build, fixtures, run, sourceFolder, type Fixture } from './fixtures.ts';

/** What a debugger shows of the program, whatever its file looks like. */
async function digest(symbols: ProgramSymbols): Promise<unknown> {
  const functions = ['main', 'deep', 'sum'].flatMap((name) => symbols.functionsNamed(name));
  assert.equal(functions.length, 3);
  const lines = Array.from({ length: 60 }, (_, i) => symbols.locationsOfLine('main.c', i + 1));
  assert.ok(lines.some((line) => line !== undefined));
  const places: unknown[] = [];
  for (const { low, high } of functions) {
    for (let pc = low; pc < high; pc += 2n) {
      places.push(symbols.callsAt(pc), symbols.lineRangeAt(pc));
      if (pc % 8n === 0n) places.push(await variables(symbols, pc));
    }
  }
  return { functions, lines, places };
}

async function variables(symbols: ProgramSymbols, pc: bigint): Promise<unknown> {
  const context: FrameContext = {
    pc,
    cfa: 0x80001000n,
    readRegister: async (number) => 0x80000000n + BigInt(number) * 64n,
    readMemory: async (_, size) => Uint8Array.from({ length: size }, (_unused, i) => i & 0x3f),
  };
  const all = [...(await symbols.locals(context)), ...(await symbols.globals(context))];
  return Promise.all(all.map((variable) => plain(variable, 2)));
}

async function plain(variable: Variable, depth: number): Promise<unknown> {
  const { name, type, value, kind, size } = variable;
  const found = depth > 0 ? ((await variable.children?.(0, 4)) ?? []) : [];
  const children = await Promise.all(found.slice(0, 8).map((child) => plain(child, depth - 1)));
  return { name, type, value, kind, size, address: variable.address, children };
}

const opened: string[] = [];
function open(file: string): Uint8Array | undefined {
  if (!existsSync(file)) return undefined;
  opened.push(file);
  return readFileSync(file);
}

function symbolsOf(file: string): ProgramSymbols {
  return loadProgramSymbols([{ name: file, bytes: readFileSync(file), open }], relocationsOf);
}

function named(name: string): Fixture {
  const fixture = fixtures.find((f) => f.name === name);
  assert.ok(fixture, name);
  return fixture;
}

/** A file that is never read as a whole, and how much of it was. */
function inRanges(file: string): FileBytes & { most: number } {
  const bytes = new Uint8Array(readFileSync(file));
  return {
    size: bytes.length,
    most: 0,
    read(offset, size) {
      assert.ok(offset >= 0 && size >= 0 && offset + size <= bytes.length, 'inside of the file');
      this.most = Math.max(this.most, size);
      // Nothing but the range can be seen.
      return Uint8Array.from(bytes.subarray(offset, offset + size));
    },
  };
}

/** In .dwo files of DWARF 4, GCC's last entry of a location list ends two bytes early now and then. */
function comparable(answers: unknown): string {
  const text = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);
  return JSON.stringify(answers, text).replaceAll(': only its entry value was known', '');
}

const chosen = ['gcc -O2 DWARF 4', 'gcc -O2 DWARF 5', 'clang -O1 DWARF 4', 'clang -O1 DWARF 5'];

describe('debug information in other forms', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-dwarf-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const name of chosen) {
    for (const kind of ['zlib', 'zlib-gnu', 'zstd']) {
      it(`compressed as ${kind}: ${name}`, async () => {
        const file = build(named(name));
        const other = path.join(folder, `${kind}.elf`);
        run('riscv64-unknown-elf-objcopy', [`--compress-debug-sections=${kind}`, file, other]);
        const headers = run('riscv64-unknown-elf-readelf', ['-tW', other]);
        assert.match(headers, kind === 'zlib-gnu' ? /\.zdebug_info/ : /COMPRESSED/);
        const symbols = symbolsOf(other);
        assert.deepEqual(await digest(symbols), await digest(symbolsOf(file)));
        assert.deepEqual(symbols.problems, []);
      });
    }

    it(`read from the file in ranges: ${name}`, async () => {
      const file = build(named(name));
      const bytes = inRanges(file);
      const symbols = loadProgramSymbols([{ name: file, bytes }]);
      assert.deepEqual(await digest(symbols), await digest(symbolsOf(file)));
      assert.ok(bytes.most < bytes.size, `${bytes.most} of ${bytes.size} bytes at once`);
    });
  }

  /**
   * The program for x86-64: for RISC-V neither clang 14 nor GCC 12 makes whole .dwo files, because
   * they cannot have the relocations that relaxation needs.
   */
  function buildForHost(
    compiler: 'gcc' | 'clang',
    dwarf: number,
    extra: readonly string[],
    linkFlags: readonly string[] = [],
  ): string {
    const at = mkdtempSync(path.join(folder, 'host-'));
    const flags = ['-O1', '-g', `-gdwarf-${dwarf}`, '-ffreestanding', '-fno-pic', '-mcmodel=large'];
    const objects = ['main.c', 'other.c'].map((source) => {
      const object = path.join(at, `${source}.o`);
      const target =
        compiler === 'clang' ? ['--target=x86_64-linux-gnu'] : ['-fcf-protection=none'];
      const all = [...target, ...flags, ...extra, '-c', '-o', object];
      run(compiler, [...all, path.join(sourceFolder, source)]);
      return object;
    });
    const output = path.join(at, 'program.elf');
    const link = ['-Ttext=0x400000', '-e', 'main', '--unresolved-symbols=ignore-all'];
    run('ld.lld', [...link, ...linkFlags, '-o', output, ...objects]);
    return output;
  }

  for (const compiler of ['gcc', 'clang'] as const) {
    for (const dwarf of [4, 5]) {
      for (const types of [[], ['-fdebug-types-section']]) {
        const name = `${compiler} DWARF ${dwarf} ${types.join()}`;
        it(`split into .dwo files, and these packed: ${name}`, async () => {
          const expected = await digest(symbolsOf(buildForHost(compiler, dwarf, [])));
          const withTypes = symbolsOf(buildForHost(compiler, dwarf, types));
          assert.deepEqual(await digest(withTypes), expected);
          const file = buildForHost(compiler, dwarf, ['-gsplit-dwarf', ...types]);
          opened.length = 0;
          const symbols = symbolsOf(file);
          const actual = await digest(symbols);
          assert.deepEqual(symbols.problems, []);
          assert.deepEqual(comparable(actual), comparable(expected));
          assert.equal(opened.filter((f) => f.endsWith('.dwo')).length, 2);
          // With a package beside the program nobody needs the parts.
          run('llvm-dwp', ['-e', file, '-o', `${file}.dwp`]);
          const packed = loadProgramSymbols([
            {
              name: file,
              bytes: readFileSync(file),
              open: (wanted) => (wanted.endsWith('.dwp') ? open(wanted) : undefined),
            },
          ]);
          assert.deepEqual(comparable(await digest(packed)), comparable(expected));
          assert.deepEqual(packed.problems, []);
        });
      }
    }
  }

  describe('names are found', () => {
    const names = [
      'main',
      'deep',
      'checkpoint',
      'shared_counter',
      'sink',
      'node_t',
      'point',
      'int',
    ];

    function definitionsOf(file: string): Definitions {
      return new Definitions(new Dwarf(new ElfFile(new Uint8Array(readFileSync(file)), file)));
    }

    /** Names of the units that define each, functions and variables alone. */
    function found(file: string): unknown {
      const definitions = definitionsOf(file);
      return names
        .slice(0, 5)
        .map((name) => [
          name,
          [...definitions.units(name)].map((u) => path.basename(u.root.name ?? '')),
        ]);
    }

    const expected = [
      ['main', ['main.c']],
      ['deep', ['other.c']],
      ['checkpoint', ['other.c']],
      ['shared_counter', ['main.c']],
      ['sink', ['main.c']],
    ];

    it('by an index of our own, made in steps', () => {
      const file = buildForHost('gcc', 5, []);
      assert.deepEqual(found(file), expected);
      const definitions = definitionsOf(file);
      assert.deepEqual([...definitions.prepare()], [1]);
      for (const name of names.slice(5)) assert.ok([...definitions.units(name)].length > 0, name);
      assert.deepEqual([...definitions.units('no such name')], []);
    });

    it('by an index that is made only as far as somebody asks', () => {
      const file = buildForHost('gcc', 5, []);
      const dwarf = new Dwarf(new ElfFile(new Uint8Array(readFileSync(file)), file));
      const definitions = new Definitions(dwarf, 1);
      const first = definitions.units('main').next().value as Unit | undefined;
      assert.equal(path.basename(first?.root.name ?? ''), 'main.c');
      const place = dwarf.units.findIndex((u) => u === first);
      assert.ok(place < dwarf.units.length - 1);
      assert.equal([...definitions.prepare()].length, dwarf.units.length - 1 - place);
    });

    it('by .debug_names', () => {
      const file = buildForHost('clang', 5, ['-glldb', '-gpubnames']);
      assert.match(run('riscv64-unknown-elf-readelf', ['-SW', file]), /\.debug_names/);
      assert.deepEqual(found(file), expected);
      // Nothing is left for an index of our own.
      assert.deepEqual([...definitionsOf(file).prepare()], []);
    });

    for (const dwarf of [4, 5]) {
      it(`by .gdb_index, addresses as well: DWARF ${dwarf}`, async () => {
        const file = buildForHost('clang', dwarf, ['-ggnu-pubnames'], ['--gdb-index']);
        assert.match(run('riscv64-unknown-elf-readelf', ['-SW', file]), /\.gdb_index/);
        assert.deepEqual(found(file), expected);
        assert.deepEqual([...definitionsOf(file).prepare()], []);
        const plain = buildForHost('clang', dwarf, []);
        assert.deepEqual(await digest(symbolsOf(file)), await digest(symbolsOf(plain)));
      });
    }
  });

  it('names a .dwo file that is not there, and shows what the program itself has', () => {
    const file = build(named('gcc -O2 DWARF 5'), ['-gsplit-dwarf']);
    const symbols = loadProgramSymbols([{ name: file, bytes: readFileSync(file) }], relocationsOf);
    const main = symbols.functionsNamed('main')[0];
    assert.ok(main);
    assert.ok(symbols.positionAt(main.low)?.path.endsWith('main.c'));
    assert.match(symbols.problems.join('\n'), /is split into .*main\.c\.dwo, which is not there/);
  });

  describe('in a file of its own', () => {
    const fixture = 'gcc -O2 DWARF 5';

    function stripped(at: string, extra: readonly string[]): string {
      const file = path.join(at, 'program.elf');
      mkdirSync(at, { recursive: true });
      run('riscv64-unknown-elf-objcopy', ['--strip-all', ...extra, build(named(fixture)), file]);
      return file;
    }

    function debugFile(at: string, name: string): string {
      const file = path.join(at, name);
      mkdirSync(path.dirname(file), { recursive: true });
      run('riscv64-unknown-elf-objcopy', ['--only-keep-debug', build(named(fixture)), file]);
      return file;
    }

    for (const name of ['program.debug', '.debug/program.debug']) {
      it(`found by .gnu_debuglink as ${name}`, async () => {
        const at = path.join(folder, `link-${name.length}`);
        const debug = debugFile(at, name);
        const file = stripped(at, [`--add-gnu-debuglink=${debug}`]);
        const symbols = symbolsOf(file);
        assert.deepEqual(await digest(symbols), await digest(symbolsOf(build(named(fixture)))));
        assert.deepEqual(symbols.problems, []);
        assert.ok(symbols.frameRuleAt(symbols.functionsNamed('deep')[0]?.low ?? 0n));
        // Another file of that name is not taken.
        appendFileSync(debug, 'x');
        const other = symbolsOf(file);
        assert.deepEqual(other.functionsNamed('main'), []);
        assert.match(other.problems[0] ?? '', /program\.debug does not belong to .*checksum/);
      });
    }

    it('found by its build-id, in the layout of Debian', async () => {
      const id = 'abcdef0123456789abcdef0123456789abcdef01';
      const note = path.join(folder, 'note.bin');
      const bytes = [4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4e, 0x55, 0];
      appendFileSync(note, Buffer.from([...bytes, ...Buffer.from(id, 'hex')]));
      const add = [`--add-section=.note.gnu.build-id=${note}`];
      const flags = ['--set-section-flags', '.note.gnu.build-id=alloc,readonly'];
      const at = path.join(folder, 'id');
      const whole = path.join(folder, 'with-id.elf');
      run('riscv64-unknown-elf-objcopy', [...add, ...flags, build(named(fixture)), whole]);
      const debug = path.join(at, `.build-id/ab/${id.slice(2)}.debug`);
      mkdirSync(path.dirname(debug), { recursive: true });
      run('riscv64-unknown-elf-objcopy', ['--only-keep-debug', whole, debug]);
      const file = path.join(at, 'program.elf');
      run('riscv64-unknown-elf-objcopy', ['--strip-all', whole, file]);
      const symbols = symbolsOf(file);
      assert.deepEqual(await digest(symbols), await digest(symbolsOf(build(named(fixture)))));
      const global: string[] = [];
      loadProgramSymbols([
        {
          name: file,
          bytes: readFileSync(file),
          open: (wanted) => void global.push(wanted),
        },
      ]);
      assert.ok(global.includes(`/usr/lib/debug/.build-id/ab/${id.slice(2)}.debug`));
    });
  });

  describe('in a file that was not linked', () => {
    for (const [compiler, dwarf] of [
      ['riscv64-unknown-elf-gcc', 4],
      ['riscv64-unknown-elf-gcc', 5],
      ['riscv64-linux-gnu-gcc', 5],
    ] as const) {
      it(`gives the lines that objdump gives: ${compiler} DWARF ${dwarf}`, () => {
        const file = path.join(folder, `${compiler}${dwarf}.o`);
        const flags = ['-O2', '-ffreestanding', '-ffunction-sections', `-gdwarf-${dwarf}`];
        run(compiler, [...flags, '-c', '-o', file, path.join(sourceFolder, 'main.c')]);
        const relocations = run('riscv64-unknown-elf-readelf', ['-rW', file]);
        assert.match(relocations, /R_RISCV_SUB16|R_RISCV_SUB64|R_RISCV_SUB32/);
        const symbols = symbolsOf(file);
        assert.deepEqual(symbols.problems, []);
        // Each function has a section of its own, which objdump counts from 0.
        const table = run('riscv64-unknown-elf-objdump', ['--dwarf=decodedline', file]);
        const places = table
          .split('\n')
          .flatMap((line) => /^(\S+) +(\d+) +(0x[0-9a-f]+|0) .*x$/.exec(line)?.slice(1) ?? []);
        assert.ok(places.length > 60);
        const functions = ['main'].flatMap((name) => symbols.functionsNamed(name));
        assert.equal(functions.length, 1);
        for (const { name, low, high } of functions) {
          assert.ok(high > low);
          const [start, size] = symbolRange(file, name);
          assert.equal(high - low, size, name);
          assert.equal(start, 0n);
          for (let pc = low; pc < high; pc += 2n) {
            assert.equal(symbols.callsAt(pc).at(-1)?.functionName, name);
            const range = symbols.lineRangeAt(pc);
            assert.ok(range);
            const source = path.basename(range.path);
            const offset = range.start - low;
            const text = offset === 0n ? '0' : `0x${offset.toString(16)}`;
            const known = places.some(
              (part, i) =>
                part === source && places[i + 1] === `${range.line}` && places[i + 2] === text,
            );
            assert.ok(known, `${source}:${range.line} at ${name}+${text}`);
          }
          assert.ok(symbols.frameRuleAt(low), 'call frames are relocated too');
        }
      });
    }

    function symbolRange(file: string, name: string): [bigint, bigint] {
      const symbols = run('riscv64-unknown-elf-nm', ['-S', file]);
      const found = new RegExp(`^([0-9a-f]+) ([0-9a-f]+) T ${name}$`, 'm').exec(symbols);
      assert.ok(found);
      return [BigInt(`0x${found[1]}`), BigInt(`0x${found[2]}`)];
    }
  });
});
