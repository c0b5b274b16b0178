import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ElfError, ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import { build, fixtures, run, sourceFolder, type Fixture } from '../../formats/dwarf/fixtures.ts';
import { symbolsOf } from './observed.ts';

interface GdbBreakpoints {
  readonly functions: Readonly<Record<string, readonly string[]>>;
  /** By source; the first line is at index 0. */
  readonly lines: Readonly<Record<string, readonly (readonly string[])[]>>;
}

function gdbBreakpoints(fixture: Fixture): GdbBreakpoints {
  const script = path.join(sourceFolder, 'breakpoints.py');
  const text = run('gdb-multiarch', ['-nx', '-q', '-batch', '-x', script, build(fixture)]);
  const line = text.split('\n').find((l) => l.startsWith('BREAKPOINTS ')) ?? '';
  return JSON.parse(line.slice('BREAKPOINTS '.length)) as GdbBreakpoints;
}

function named(name: string): Fixture {
  const fixture = fixtures.find((f) => f.name === name);
  assert.ok(fixture);
  return fixture;
}

function recorded(source: string): string {
  return path.join(sourceFolder, source);
}

describe('ProgramSymbols', () => {
  for (const fixture of fixtures.filter((f) => f.bits === 64)) {
    it(`puts breakpoints where gdb puts them: ${fixture.name}`, () => {
      const symbols = symbolsOf(fixture);
      const gdb = gdbBreakpoints(fixture);
      for (const [name, expected] of Object.entries(gdb.functions)) {
        const actual = symbols.functionsNamed(name).map((f) => f.afterPrologue.toString());
        assert.deepEqual(actual, expected, name);
      }
      let exact = 0;
      for (const [source, lines] of Object.entries(gdb.lines)) {
        lines.forEach((expected, index) => {
          const found = symbols.locationsOfLine(recorded(source), index + 1);
          const actual = found?.addresses.map(String) ?? [];
          const where = `${source}:${index + 1}`;
          // Of a line that GCC spread over a function, gdb takes a place in each block of it, and it
          // goes behind inlined calls; we take the first place in the function.
          if (fixture.compiler === 'gcc' && fixture.level === 'O2') {
            assert.equal(actual.length > 0, expected.length > 0, where);
            assert.ok(BigInt(actual[0] ?? 0) <= BigInt(expected[0] ?? 0), where);
            if (actual[0] === expected[0]) exact++;
          } else {
            assert.deepEqual(actual, expected, where);
            exact++;
          }
        });
      }
      assert.ok(exact > 120);
    });

    it(`knows the calls at an address as llvm-symbolizer does: ${fixture.name}`, () => {
      const symbols = symbolsOf(fixture);
      const addresses = Array.from({ length: 0x260 }, (_, i) => 0x80000000n + BigInt(2 * i));
      const text = run('llvm-symbolizer', [
        `--obj=${build(fixture)}`,
        '--inlines',
        ...addresses.map((address) => `0x${address.toString(16)}`),
      ]);
      const blocks = text.split('\n\n');
      let known = 0;
      let chosen = 0;
      addresses.forEach((address, i) => {
        const expected = (blocks[i] ?? '')
          .split('\n')
          .filter((l) => l !== '')
          .map((l) => l.replace(/\.constprop\.0$/, ''));
        // Code of no line has no position.
        if (expected.some((line) => /^\?\?|:0:|:0$/.test(line))) return;
        const calls = symbols.callsAt(address).flatMap((call) => {
          const at = call.position;
          return [call.functionName, `${at?.path}:${at?.line}:${at?.column}`];
        });
        // It takes local labels that compilers leave behind for functions.
        const named = expected.map((line, k) => (line.startsWith('.L') ? (calls[k] ?? '') : line));
        // Of several rows at an address it takes the last; we, as gdb, the last that begins a
        // statement (test/gdb/comparison).
        if (calls[1] !== named[1] && calls[0] === named[0]) {
          named[1] = calls[1] ?? '';
          chosen++;
        }
        assert.deepEqual(calls, named, address.toString(16));
        known++;
      });
      assert.ok(chosen < known / 4, `${chosen} of ${known} addresses have another line`);
      assert.ok(known > 200, `${known} addresses`);
    });
  }

  it('gives ranges of a line that meet without gap or overlap', () => {
    for (const fixture of fixtures) {
      const symbols = symbolsOf(fixture);
      const main = symbols.functionsNamed('main')[0];
      assert.ok(main);
      let address = main.low;
      let lines = 0;
      while (address < main.high) {
        const range = symbols.lineRangeAt(address);
        assert.ok(range, address.toString(16));
        assert.equal(range.start, address);
        assert.ok(range.end > address);
        const inside = symbols.lineRangeAt(range.end - 1n);
        assert.deepEqual(inside, range);
        address = range.end;
        lines++;
      }
      assert.equal(address, main.high);
      assert.ok(lines > 5, `${fixture.name}: ${lines} lines`);
    }
  });

  it('moves a line without code to the next one with code, and ends with the source', () => {
    const symbols = symbolsOf(named('gcc -O0 DWARF 5'));
    const other = recorded('other.c');
    const moved = symbols.locationsOfLine(other, 1);
    assert.deepEqual([moved?.path, moved?.line], [other, 9]);
    assert.equal(symbols.locationsOfLine(other, 500), undefined);
    assert.equal(symbols.locationsOfLine('/elsewhere/absent.c', 1), undefined);
    assert.deepEqual(symbols.linesWithCode(other, 9, 16), [9, 10, 11, 12, 14, 15, 16]);
    // A function of a header is in each unit that uses it.
    assert.equal(symbols.locationsOfLine('shapes.h', 34)?.addresses.length, 2);
  });

  it('finds a source by what its path ends with', () => {
    const symbols = symbolsOf(named('gcc -O0 DWARF 5'));
    assert.equal(symbols.findSource(recorded('main.c')), recorded('main.c'));
    assert.equal(symbols.findSource('D:\\work\\dwarf\\main.c'), recorded('main.c'));
    assert.equal(symbols.findSource('/x/../y/./main.c'), recorded('main.c'));
    assert.equal(symbols.findSource('/x/domain.c'), undefined);
    assert.ok(symbols.sources.includes(recorded('shapes.h')));
  });

  it('knows symbols where there is no debug information', () => {
    const file = build(named('gcc -O0 DWARF 5'));
    const stripped = `${file}.stripped`;
    run('riscv64-unknown-elf-objcopy', ['--strip-debug', file, stripped]);
    const symbols = loadProgramSymbols([{ name: stripped, bytes: readFileSync(stripped) }]);
    const full = symbolsOf(named('gcc -O0 DWARF 5'));
    const main = full.functionsNamed('main')[0];
    assert.ok(main);
    assert.deepEqual(symbols.functionAt(main.low + 6n), {
      name: 'main',
      low: main.low,
      high: main.high,
      afterPrologue: main.low,
    });
    assert.deepEqual(symbols.symbolAt(main.low + 6n), {
      name: 'main',
      address: main.low,
      size: main.high - main.low,
      offset: 6n,
      kind: 'function',
    });
    assert.equal(symbols.symbolNamed('shared_counter')?.kind, 'object');
    // _start has no size: it reaches to the next symbol.
    assert.equal(symbols.functionAt(0x80000010n)?.name, '_start');
    assert.deepEqual(symbols.callsAt(main.low + 6n), [
      { functionName: 'main', position: undefined, inlined: false },
    ]);
    assert.deepEqual(symbols.sources, []);
    assert.deepEqual(symbols.callsAt(0n), []);
    assert.equal(symbols.positionAt(main.low), undefined);
  });

  it('adds the load offset of each file and asks them in order', () => {
    const file = build(named('gcc -O0 DWARF 5'));
    const bytes = readFileSync(file);
    const offset = 0x4000_0000n;
    const once = loadProgramSymbols([{ name: file, bytes }]);
    const both = loadProgramSymbols([
      { name: 'first', bytes },
      { name: 'second', bytes, offset },
    ]);
    const main = once.functionsNamed('main')[0];
    assert.ok(main);
    assert.deepEqual(
      both.functionsNamed('main').map((f) => f.low),
      [main.low, main.low + offset],
    );
    assert.deepEqual(both.positionAt(main.low + offset), once.positionAt(main.low));
    assert.deepEqual(both.callsAt(main.low + offset), once.callsAt(main.low));
    const line = both.locationsOfLine('main.c', 41);
    const single = once.locationsOfLine('main.c', 41)?.addresses ?? [];
    assert.deepEqual(line?.addresses, [...single, ...single.map((a) => a + offset)]);
    assert.equal(both.symbolAt(main.low + offset + 4n)?.offset, 4n);
    assert.equal(both.frameRuleAt(main.low + offset)?.returnAddressRegister, 1);
  });

  it('says what it cannot read and goes on with the rest', () => {
    const [fixture] = fixtures;
    assert.ok(fixture);
    const file = build(fixture);
    const bytes = new Uint8Array(readFileSync(file));
    const section = new ElfFile(bytes, file).section('.debug_info');
    assert.ok(section);
    bytes.set([7, 0], section.offset + 4);
    const symbols = loadProgramSymbols([{ name: 'a.elf', bytes }]);
    assert.match(
      symbols.problems[0] ?? '',
      /^a\.elf: \.debug_info: DWARF version 7 is not supported \(at offset 0x0\)/,
    );
    assert.equal(symbols.functionsNamed('main').length, 1);
    assert.throws(
      () => loadProgramSymbols([{ name: 'b.elf', bytes: new Uint8Array(100) }]),
      (error) => error instanceof ElfError && error.subject === 'b.elf',
    );
  });

  it('reads split functions, type units, 64-bit DWARF and relaxed sections alike', () => {
    for (const extra of [
      ['-gdwarf64'],
      ['-fdebug-types-section'],
      ['-gno-column-info', '-gstrict-dwarf'],
      ['-gno-as-loc-support'],
      ['-freorder-blocks-and-partition'],
    ]) {
      for (const version of [4, 5]) {
        const file = build(named(`gcc -O2 DWARF ${version}`), extra);
        const symbols = loadProgramSymbols([{ name: file, bytes: readFileSync(file) }]);
        const main = symbols.functionsNamed('main')[0];
        assert.ok(main, extra.join());
        assert.equal(symbols.positionAt(main.low)?.path, recorded('main.c'), extra.join());
        assert.equal(main.declared?.line, 39, extra.join());
        assert.deepEqual(symbols.problems, [], extra.join());
      }
    }
  });
});
