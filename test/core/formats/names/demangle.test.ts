import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import { demangle, nameAlone } from '../../../../src/core/formats/names/demangle.ts';
import { generator } from '../dwarf/mutate.ts';

function run(command: string, args: readonly string[], input?: string): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'ignore'],
    ...(input !== undefined && { input }),
  });
}

/** Mangled names in a shared library's table of dynamic symbols. */
function mangledIn(library: string): readonly string[] {
  const names = run('nm', ['-D', '--defined-only', library])
    .split('\n')
    .map((line) => (line.split(' ')[2] ?? '').replace(/@.*/, ''));
  return [...new Set(names)].filter((name) => /^_[ZR]/.test(name));
}

/** What binutils says, in the short form that gdb shows. */
function filtered(names: readonly string[]): readonly string[] {
  return run('c++filt', ['--no-verbose'], names.join('\n')).trimEnd().split('\n');
}

/** The library of that name that a program is linked with. */
function libraryOf(program: string, name: RegExp): string {
  const command = run('sh', ['-c', `command -v ${program}`]).trim();
  const found = run('ldd', [command])
    .split('\n')
    .flatMap((line) => /=> (\S+)/.exec(line)?.[1] ?? [])
    .find((file) => name.test(file));
  assert.ok(found, `${program} is linked with no ${name}`);
  return found;
}

describe('names of C++ and Rust', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'trapline-names-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('of the C++ library are as c++filt writes them', () => {
    const names = mangledIn(libraryOf('ld.lld', /libstdc\+\+/));
    assert.ok(names.length > 4000);
    const expected = filtered(names);
    names.forEach((name, i) => assert.equal(demangle(name), expected[i], name));
  });

  it('of LLVM are as c++filt writes them, but for what is not read', () => {
    const names = mangledIn(libraryOf('ld.lld', /libLLVM/)).filter((_, i) => i % 4 === 0);
    assert.ok(names.length > 5000);
    const expected = filtered(names);
    const close = (text: string) => text.replace(/> (?=>)/g, '>');
    let unread = 0;
    names.forEach((name, i) => {
      const actual = demangle(name);
      if (actual === undefined) unread++;
      // c++filt forgets the space between two brackets after an empty pack.
      else assert.equal(close(actual), close(expected[i] ?? ''), name);
    });
    assert.ok(unread < names.length / 100, `${unread} of ${names.length}`);
  });

  for (const version of ['v0', 'legacy']) {
    it(`of Rust are as c++filt writes them: ${version}`, () => {
      const object = path.join(folder, `${version}.o`);
      const scheme = version === 'v0' ? ['-Csymbol-mangling-version=v0'] : [];
      const kind = ['--crate-type=lib', '--emit=obj', '-g', '-Cpanic=abort', '-Copt-level=1'];
      run('rustc', [...kind, ...scheme, '-o', object, 'test/fixtures/dwarf/small/small.rs']);
      const names = run('nm', [object])
        .split('\n')
        .map((line) => line.trim().split(' ').at(-1) ?? '')
        .filter((name) => /^_[ZR]/.test(name));
      assert.ok(names.length >= 2);
      const expected = filtered(names);
      names.forEach((name, i) => assert.equal(demangle(name), expected[i], name));
    });
  }

  // RFC 2603 and the older scheme; each also given to c++filt.
  it('of Rust, form by form', () => {
    const names = [
      '_RNvC6_123foo3bar',
      '_RINvNtC3std3mem8align_ofjdE',
      '_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_',
      '_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_4iter8iterator8Iterator9rpositionNCNgNpB9_6memchr7memrchrs_0E0Bb_',
      '_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std',
      '_RINtC8arrayvec8ArrayVechKj7b_E',
      '_RMC0INtC8arrayvec8ArrayVechKj7b_E',
      '_RINbC3foo3barFG_RL0_hEuE',
      '_RINbC3foo3barKpE',
      '_RINbC3foo3barKc76_Kb1_Kana_E',
      '_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y',
      '_ZN4core3fmt9Formatter3pad17h0123456789abcdefE',
      '_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE',
    ];
    const expected = filtered(names);
    names.forEach((name, i) => assert.equal(demangle(name), expected[i], name));
  });

  it('of clones say so, and other names stay', () => {
    assert.equal(demangle('_Z3fooi.constprop.0'), 'foo(int) [clone .constprop.0]');
    assert.equal(demangle('main'), undefined);
    assert.equal(demangle('_Zfoo'), undefined);
    assert.equal(demangle('_RNvC6_123foo'), undefined);
    const noCharacter = '_ZN12$uffffffff$a17h0123456789abcdefE';
    assert.equal(demangle(noCharacter), '$uffffffff$a');
    assert.equal(demangle(`_RNvC1a${'N'.repeat(3000)}`), undefined);
  });

  it('lose parameters, result and qualifiers', () => {
    const cases = [
      ['main', 'main'],
      ['outer::Box<short, 3>::at(int) const', 'outer::Box<short, 3>::at'],
      ['void f<int (*)(char)>(int)', 'f<int (*)(char)>'],
      ['std::operator<< <char>(char)', 'std::operator<< <char>'],
      ['a::operator()(int)', 'a::operator()'],
      ['a::operator bool() const', 'a::operator bool'],
      ['(anonymous namespace)::f(int)', '(anonymous namespace)::f'],
      ['<a::B as c::D>::e', '<a::B as c::D>::e'],
    ];
    for (const [name, alone] of cases) assert.equal(nameAlone(name ?? ''), alone, name);
  });

  it('that are damaged give a name or none', () => {
    const names = mangledIn(libraryOf('ld.lld', /libstdc\+\+/)).filter((_, i) => i % 8 === 0);
    const random = generator(7);
    let none = 0;
    for (let i = 0; i < 40_000; i++) {
      const letters = [...(names[i % names.length] ?? '')];
      for (let change = random(3); change >= 0; change--) {
        const other = names[random(names.length)] ?? '';
        letters[2 + random(letters.length)] = other[random(other.length)] ?? 'E';
      }
      if (demangle(letters.join('')) === undefined) none++;
    }
    assert.ok(none > 1000 && none < 40_000, `${none}`);
  });

  it('find functions, with and without scope, arguments and parameters', () => {
    const object = path.join(folder, 'small.o');
    const file = path.join(folder, 'small.elf');
    const flags = [
      '-march=rv64imac',
      '-mabi=lp64',
      '-ffreestanding',
      '-fno-exceptions',
      '-mcmodel=medany',
    ];
    const all = [
      ...flags,
      '-g',
      '-fno-rtti',
      '-c',
      '-o',
      object,
      'test/fixtures/dwarf/small/small.cc',
    ];
    run('riscv64-unknown-elf-g++', all);
    run('ld.lld', ['--unresolved-symbols=ignore-all', '-Ttext=0x80000000', '-o', file, object]);
    const symbols = loadProgramSymbols([{ name: file, bytes: readFileSync(file) }]);
    const low = (name: string) => symbols.functionsNamed(name).map((f) => f.low);
    const at = low('outer::Box<short, 3>::at');
    assert.equal(at.length, 1);
    for (const name of [
      'at',
      'Box::at',
      'outer::Box<short, 3>::at(int)',
      '_ZN5outer3BoxIsLi3EE2atEi',
    ]) {
      if (name !== 'Box::at') assert.deepEqual(low(name), at, name);
    }
    assert.equal(low('get').length, 2);
    assert.equal(low('outer::Base::get').length, 1);
    assert.equal(symbols.functionAt(at[0] ?? 0n)?.name, 'outer::Box<short, 3>::at');
    assert.equal(symbols.callsAt(at[0] ?? 0n)[0]?.functionName, 'outer::Box<short, 3>::at');
    assert.equal(symbols.symbolAt(at[0] ?? 0n)?.name, 'outer::Box<short, 3>::at(int)');
  });
});
