/**
 * Every entry of debug information with its depth, name and location, and every row of its line
 * tables, as llvm-dwarfdump gives them: our samples, and the C library of Debian for RISC-V.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DW_AT, DW_TAG, nameOf } from '../../../../src/core/formats/dwarf/constants.ts';
import { Dwarf } from '../../../../src/core/formats/dwarf/dwarf.ts';
import { expressionText } from '../../../../src/core/formats/dwarf/expressionText.ts';
import { lineTableOffsets, readLineHeader } from '../../../../src/core/formats/dwarf/lineHeader.ts';
import { runLineProgram } from '../../../../src/core/formats/dwarf/lineProgram.ts';
import type { Die } from '../../../../src/core/formats/dwarf/unit.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { debianPackage } from '../../../tools/debian.mjs';
import { build, fixtures, run } from './fixtures.ts';
import { smallFiles } from './smallFiles.ts';

const folder = path.resolve('out', `die-tree-${process.pid}`);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly offset: number;
  readonly depth: number;
  readonly tag: string;
  readonly name: string | undefined;
  readonly location: string | undefined;
}

/** `0x0000002d:   DW_TAG_base_type`, and its attributes below. */
function dumpedEntries(file: string): readonly Entry[] {
  const entries: { -readonly [K in keyof Entry]: Entry[K] }[] = [];
  let isTypes = false;
  for (const line of run('llvm-dwarfdump', ['--debug-info', file]).split('\n')) {
    const start = /^0x([0-9a-f]+): ( *)(DW_TAG_\w+)/.exec(line);
    // Type units of DWARF 4 have a section of their own.
    if (line.startsWith('.debug_')) isTypes = line.startsWith('.debug_types');
    if (isTypes) continue;
    if (start) {
      const depth = (start[2] ?? '').length / 2;
      const [offset, tag] = [parseInt(start[1] ?? '', 16), start[3] ?? ''];
      entries.push({ offset, depth, tag, name: undefined, location: undefined });
      continue;
    }
    const entry = entries.at(-1);
    const name = /^ +DW_AT_name\t\("(.*)"\)$/.exec(line)?.[1];
    if (entry && name !== undefined) entry.name = name;
    const location = /^ +DW_AT_location\t\((DW_OP.*)\)$/.exec(line)?.[1];
    if (entry && location !== undefined) entry.location = numbers(location);
  }
  return entries;
}

/** Registers by number alone, numbers in decimal. */
function numbers(text: string): string {
  return (
    text
      .replace(/(DW_OP_b?reg\d+) [A-Z]\w*/g, '$1')
      .replace(/(DW_OP_(?:GNU_)?(?:regx|bregx|regval_type)) [A-Z]\w*/g, '$1')
      .replace(/\(0x([0-9a-f]+)\)|<0x([0-9a-f]+)>/g, '')
      // It names types, where the expression has their offsets.
      .replace(/ "[^"]*"/g, '')
      .replace(/0x[0-9a-f]+/g, (hex) => `${BigInt(hex)}`)
      .replace(/\+(?=\d)/g, ' ')
      .replace(/(?<=reg\w*)-/g, ' -')
      .replace(/ +/g, ' ')
      .replace(/ (?=[,)]|$)/g, '')
  );
}

function ownEntries(bytes: Uint8Array, file: string): readonly Entry[] {
  const entries: Entry[] = [];
  const dwarf = new Dwarf(new ElfFile(bytes, file));
  const visit = (die: Die, depth: number): void => {
    const { offset, name } = die;
    const tag = nameOf('DW_TAG', DW_TAG, die.tag);
    const value = die.value(DW_AT.location);
    const location =
      value?.kind === 'block' && value.bytes.length > 0
        ? numbers(expressionText(value.bytes, die.unit.addressSize, () => ''))
        : undefined;
    entries.push({ offset, depth, tag, name, location });
    const children = [...die.children()];
    // Those of one tag are found without a look at the others.
    const last = children.at(-1)?.tag ?? 0;
    const own = children.filter((child) => child.tag === last).map((child) => child.offset);
    const found = [...die.children(new Set([last]))].map((child) => child.offset);
    assert.deepEqual(found, own);
    for (const child of children) visit(child, depth + 1);
  };
  const end = new Set(dwarf.units.map((u) => u.offset));
  for (const unit of dwarf.units) visit(unit.root, 0);
  assert.equal(end.size, dwarf.units.length);
  assert.deepEqual(dwarf.problems, []);
  return entries;
}

/** Of tags that nobody here asks for there is no name. */
function comparable(entries: readonly Entry[], known: ReadonlySet<string>): readonly string[] {
  return entries.map(({ offset, depth, tag, name, location }) =>
    [offset.toString(16), depth, known.has(tag) ? tag : '?', name ?? '', location ?? ''].join(' '),
  );
}

const knownTags = new Set(Object.keys(DW_TAG).map((name) => `DW_TAG_${name}`));

function check(file: string, bytes: Uint8Array = readFileSync(file), least = 20): void {
  const expected = comparable(dumpedEntries(file), knownTags);
  const actual = comparable(ownEntries(bytes, file), knownTags);
  assert.ok(actual.length >= least, `${actual.length} entries`);
  expected.forEach((entry, i) => assert.equal(actual[i], entry));
  assert.equal(actual.length, expected.length);
}

describe('entries of debug information', function () {
  this.timeout(120_000);

  for (const fixture of fixtures) {
    it(`are those that llvm-dwarfdump gives: ${fixture.name}`, () => check(build(fixture)));
  }

  it('are those that llvm-dwarfdump gives: small files', () => {
    mkdirSync(folder, { recursive: true });
    // llvm-dwarfdump 14 knows neither zstd nor how to relocate RISC-V's differences.
    for (const { name, bytes } of smallFiles().filter(
      (f) => !/zstd|not linked|split/.test(f.name),
    )) {
      const file = path.join(folder, `${name.replace(/\W+/g, '-')}.elf`);
      writeFileSync(file, bytes);
      check(file, bytes);
    }
  });
});

describe("the C library's debug file of Debian for RISC-V", function () {
  this.timeout(300_000);
  let file = '';
  before(() => {
    const root = debianPackage('trixie', 'libc6-dbg', 'riscv64');
    const ids = path.join(root, 'usr/lib/debug/.build-id');
    const all = readdirSync(ids).flatMap((id) =>
      readdirSync(path.join(ids, id)).map((name) => path.join(ids, id, name)),
    );
    // The thread library's successor, the mathematical one and the loader are smaller.
    const sizes = all.map((f) => ({ f, size: statSync(f).size })).sort((a, b) => b.size - a.size);
    file = sizes[1]?.f ?? '';
  });

  it('has the entries that llvm-dwarfdump gives', () => check(file, undefined, 10_000));

  it('has the line rows that llvm-dwarfdump gives', () => {
    const elf = new ElfFile(new Uint8Array(readFileSync(file)), file);
    const { sections } = new Dwarf(elf);
    const expected: string[] = [];
    for (const line of run('llvm-dwarfdump', ['--debug-line', file]).split('\n')) {
      const row = /^(0x[0-9a-f]+) +(\d+) +(\d+) +(\d+) +\d+ +\d+ *(.*)$/.exec(line);
      if (!row) continue;
      const isEnd = (row[5] ?? '').includes('end_sequence');
      const isStmt = (row[5] ?? '').includes('is_stmt');
      expected.push([BigInt(row[1] ?? 0), row[2], row[3], row[4], isStmt, isEnd].join(' '));
    }
    const actual: string[] = [];
    for (const offset of lineTableOffsets(sections)) {
      assert.ok(offset !== 'broken');
      const header = readLineHeader(sections, offset, 8, '');
      for (const { rows } of runLineProgram(sections, header)) {
        for (const r of rows) {
          actual.push([r.address, r.line, r.column, r.file, r.isStmt, r.endSequence].join(' '));
        }
      }
    }
    assert.ok(actual.length > 20_000, `${actual.length} rows`);
    expected.forEach((row, i) => assert.equal(actual[i], row));
    assert.equal(actual.length, expected.length);
  });
});
