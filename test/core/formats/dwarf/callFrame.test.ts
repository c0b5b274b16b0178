import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CallFrames } from '../../../../src/core/formats/dwarf/callFrame.ts';
import {
  frameRowAt,
  type FrameRow,
  type RegisterRule,
} from '../../../../src/core/formats/dwarf/callFrameProgram.ts';
import { DwarfSections } from '../../../../src/core/formats/dwarf/sections.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { build, fixtures, run } from './fixtures.ts';

// prettier-ignore
const names = [
  'zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 's0', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5',
  'a6', 'a7', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6',
];

interface DumpedEntry {
  readonly low: bigint;
  readonly high: bigint;
  readonly columns: readonly string[];
  /** The last row of each address counts. */
  readonly rows: Map<bigint, readonly string[]>;
}

/** The entries with rows that `readelf --debug-dump=frames-interp` prints. */
function dumpEntries(file: string): readonly DumpedEntry[] {
  const entries: DumpedEntry[] = [];
  let current: DumpedEntry | undefined;
  const text = run('riscv64-unknown-elf-readelf', ['--debug-dump=frames-interp', file]);
  for (const line of text.split('\n')) {
    const fde = / FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)/.exec(line);
    if (fde) {
      const [low, high] = [BigInt(`0x${fde[1]}`), BigInt(`0x${fde[2]}`)];
      current = { low, high, columns: [], rows: new Map() };
    } else if (/ CIE /.test(line)) {
      current = undefined;
    }
    const cells = line
      .replace(/ \((\w+)\)/g, '($1)')
      .trim()
      .split(/ +/);
    if (cells[0] === 'LOC' && current) {
      current = { ...current, columns: cells.slice(1) };
      if (current.low >= 0x80000000n) entries.push(current);
    } else if (
      /^[0-9a-f]{8,16}$/.test(cells[0] ?? '') &&
      cells.length > 1 &&
      !/=|ZERO/.test(line)
    ) {
      current?.rows.set(BigInt(`0x${cells[0]}`), cells.slice(1));
    }
  }
  return entries;
}

function cfaText(row: FrameRow): string {
  if (row.cfa?.kind !== 'register') return 'exp';
  const sign = row.cfa.offset < 0 ? '' : '+';
  return `${names[row.cfa.register]}${sign}${row.cfa.offset}`;
}

function ruleText(rule: RegisterRule | undefined): string {
  const signed = (n: number) => (n < 0 ? `${n}` : `+${n}`);
  switch (rule?.kind) {
    case undefined:
    case 'undefined':
      return 'u';
    case 'sameValue':
      return 's';
    case 'offset':
      return `c${signed(rule.offset)}`;
    case 'valOffset':
      return `v${signed(rule.offset)}`;
    case 'register':
      return `r${rule.register}(${names[rule.register]})`;
    case 'expression':
      return 'exp';
    case 'valExpression':
      return 'vexp';
  }
}

describe('call-frame information', () => {
  for (const fixture of fixtures) {
    it(`gives the rows that readelf gives: ${fixture.name}`, () => {
      const file = build(fixture);
      const frames = new CallFrames(new DwarfSections(new ElfFile(readFileSync(file), file)));
      assert.deepEqual(frames.problems, []);
      const entries = dumpEntries(file);
      assert.ok(entries.length >= 4);
      assert.ok(entries.some((e) => [...e.rows.values()].some((r) => r.includes('vexp'))));
      for (const entry of entries) {
        const fde = frames.find(entry.low);
        assert.ok(fde);
        assert.deepEqual([fde.low, fde.high], [entry.low, entry.high]);
        for (const [address, expected] of entry.rows) {
          const row = frameRowAt(fde, address);
          assert.ok(row);
          const actual = entry.columns.map((column) =>
            column === 'CFA' ? cfaText(row) : ruleText(row.registers.get(names.indexOf(column))),
          );
          assert.deepEqual(actual, expected, `at 0x${address.toString(16)}`);
        }
      }
    });
  }

  it('finds nothing outside of functions', () => {
    const fixture = fixtures[0];
    assert.ok(fixture);
    const file = build(fixture);
    const frames = new CallFrames(new DwarfSections(new ElfFile(readFileSync(file), file)));
    // _start has no call-frame information, and nothing is at 0.
    assert.equal(frames.find(0x80000000n), undefined);
    assert.equal(frames.find(0n), undefined);
    assert.equal(frames.find(0xffff_ffff_ffff_ffffn), undefined);
  });
});
