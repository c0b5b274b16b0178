import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { FormatError } from '../../../../src/core/base/byteReader.ts';
import { machineName } from '../../../../src/core/formats/elf/constants.ts';
import { ElfError, ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { build, fixtures, run } from '../dwarf/fixtures.ts';
import { mutations } from '../dwarf/mutate.ts';

const readelf = 'riscv64-unknown-elf-readelf';
const types = ['NOTYPE', 'OBJECT', 'FUNC', 'SECTION', 'FILE'];
const bindings = ['LOCAL', 'GLOBAL', 'WEAK'];
const chosen = fixtures.filter((f) => f.level === 'O2' || f.compiler === 'clang' || f.bits === 32);

function open(file: string): ElfFile {
  return new ElfFile(readFileSync(file), file);
}

function hex(value: bigint | number): string {
  return value.toString(16);
}

describe('ElfFile', () => {
  for (const fixture of chosen) {
    it(`gives the symbols that readelf gives: ${fixture.name}`, () => {
      const file = build(fixture);
      const expected = run(readelf, ['-sW', file])
        .split('\n')
        .map((line) => /^ +\d+: ([0-9a-f]+) +(\d+) (\w+) +(\w+) +\w+ +(\w+) ?(.*)$/.exec(line))
        .filter((match) => match !== null)
        .map(([, value, size, type, binding, section, name]) => {
          // readelf shows a section symbol by its section's name.
          const shown = type === 'SECTION' ? '' : name;
          const index = section === 'UND' ? 0 : section === 'ABS' ? 0xfff1 : Number(section);
          return `${hex(BigInt(`0x${value}`))} ${size} ${type} ${binding} ${index} ${shown}`;
        });
      const actual = open(file).symbols.map(
        (s) =>
          `${hex(s.value)} ${s.size} ${types[s.type]} ${bindings[s.binding]} ` +
          `${s.sectionIndex} ${s.name}`,
      );
      assert.ok(actual.length > 20);
      assert.deepEqual(actual, expected);
    });

    it(`gives the sections and segments that readelf gives: ${fixture.name}`, () => {
      const file = build(fixture);
      const elf = open(file);
      const expected = run(readelf, ['-SW', file])
        .split('\n')
        .map((line) =>
          /^ +\[ *(\d+)\] (\S*) +\w+ +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)/.exec(line),
        )
        .filter((match) => match !== null)
        .map(([, index, name, address, offset, size, entrySize]) =>
          [
            index,
            name,
            ...[address, offset, size, entrySize].map((h) => parseInt(h ?? '', 16)),
          ].join(),
        );
      const actual = elf.sections.map((s) =>
        [s.index, s.name, s.address, s.offset, s.size, s.entrySize].join(),
      );
      // readelf prints no name for the null section, which the pattern takes for its type.
      assert.deepEqual(actual.slice(1), expected.slice(-actual.length + 1));
      const loads = run(readelf, ['-lW', file])
        .split('\n')
        .filter((line) => /^ +LOAD/.test(line))
        .map((line) => (line.match(/0x[0-9a-f]+/g) ?? []).slice(0, 5).map((h) => BigInt(h)));
      assert.deepEqual(
        elf.loadable.map((s) =>
          [s.offset, s.virtualAddress, s.physicalAddress, s.fileSize, s.memorySize].map(BigInt),
        ),
        loads,
      );
      const entry = /Entry point address: +(0x[0-9a-f]+)/.exec(run(readelf, ['-h', file]))?.[1];
      assert.equal(elf.entry, BigInt(entry ?? 0));
      assert.equal(machineName(elf.machine), 'RISC-V');
      assert.equal(elf.is64, fixture.bits === 64);
    });
  }

  it('reads bytes of sections as they are in the file', () => {
    const [fixture] = fixtures;
    assert.ok(fixture);
    const file = build(fixture);
    const elf = open(file);
    const section = elf.section('.rodata');
    assert.ok(section);
    const dump = run(readelf, ['-x', '.rodata', file])
      .split('\n')
      .map(
        (line) => /^ +0x[0-9a-f]+ ((?:[0-9a-f]+ ){1,4})/.exec(line)?.[1]?.replaceAll(' ', '') ?? '',
      )
      .join('');
    assert.equal(Buffer.from(elf.sectionBytes(section)).toString('hex'), dump);
    assert.ok(elf.covers(section.address));
    assert.equal(elf.sectionAt(section.address), section);
    assert.equal(elf.covers(0n), false);
  });

  describe('names what is wrong and where', () => {
    const bytes = () => {
      const [fixture] = fixtures;
      assert.ok(fixture);
      return new Uint8Array(readFileSync(build(fixture)));
    };
    const check = (broken: Uint8Array, expected: RegExp) =>
      assert.throws(
        () => new ElfFile(broken, 'a.elf'),
        (error) => error instanceof ElfError && expected.test(error.message),
      );

    it('not ELF', () => check(Uint8Array.from([1, 2, 3]), /^a\.elf: not an ELF file/));
    it('empty', () => check(new Uint8Array(0), /^a\.elf: not an ELF file/));
    it('header cut', () => check(bytes().subarray(0, 40), /truncated inside its ELF header/));
    it('contents cut', () => {
      const whole = bytes();
      check(
        whole.subarray(0, 0x1200),
        /^a\.elf: the file is truncated: loadable segment 1 needs 0x[0-9a-f]+ bytes, the file has 0x1200 \(at offset 0x1000\)$/,
      );
      check(whole.subarray(0, whole.length - 1), /truncated: the section header table/);
    });
    it('big-endian', () => {
      const broken = bytes();
      broken[5] = 2;
      check(broken, /big-endian/);
    });
    it('unknown class', () => {
      const broken = bytes();
      broken[4] = 7;
      check(broken, /ELF class 7/);
    });
  });

  it('answers any damage with a result or an error of its own', () => {
    for (const fixture of fixtures.filter((f) => f.name === 'gcc -O0 DWARF 5' || f.bits === 32)) {
      const whole = new Uint8Array(readFileSync(build(fixture)));
      let opened = 0;
      for (const broken of mutations(whole, 400, 1, { end: 0x200 })) {
        try {
          const elf = new ElfFile(broken, 'a.elf');
          for (const section of elf.sections) elf.sectionBytes(section);
          assert.ok(elf.symbols.length >= 0);
          opened++;
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }
      assert.ok(opened > 0 && opened < 400);
    }
  });
});
