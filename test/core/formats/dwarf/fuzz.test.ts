/**
 * 200,000 damaged files, the same ones each time: bytes changed, ends cut off, hostile lengths and
 * LEB128 numbers, references that go in circles. Each is read as a debugger reads it, one part a
 * case; what comes out is a result or a FormatError that says where. A reader that never ends fails by
 * mocha's timeout.
 */
import assert from 'node:assert/strict';
import { FormatError } from '../../../../src/core/base/byteReader.ts';
import { UserError } from '../../../../src/core/base/userError.ts';
import { LineTable } from '../../../../src/core/debug/symbols/lineTable.ts';
import { relocationsOf } from '../../../../src/core/registry.ts';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type { FrameContext } from '../../../../src/core/debug/symbols/symbols.ts';
import { listedRanges } from '../../../../src/core/formats/dwarf/addressRanges.ts';
import { CallFrames } from '../../../../src/core/formats/dwarf/callFrame.ts';
import { frameRows } from '../../../../src/core/formats/dwarf/callFrameProgram.ts';
import { DW_AT } from '../../../../src/core/formats/dwarf/constants.ts';
import { Definitions } from '../../../../src/core/formats/dwarf/definitions.ts';
import { Dwarf } from '../../../../src/core/formats/dwarf/dwarf.ts';
import { lineTableOffsets } from '../../../../src/core/formats/dwarf/lineHeader.ts';
import { expressionAt } from '../../../../src/core/formats/dwarf/locations.ts';
import { rangesOf } from '../../../../src/core/formats/dwarf/ranges.ts';
import { SplitUnits } from '../../../../src/core/formats/dwarf/splitUnits.ts';
import type { Die } from '../../../../src/core/formats/dwarf/unit.ts';
import { buildId, debugLink } from '../../../../src/core/formats/elf/debugFile.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';
import { generator } from './mutate.ts';
import { smallFiles, type SmallFile } from './smallFiles.ts';

const CASES = 200_000;

/** What a case reads, the sections that are damaged most for it, and of 100 cases how many. */
const parts = {
  elf: { share: 20, sections: /^\.(symtab|strtab|shstrtab|rela|note)/, read: readElf },
  units: { share: 26, sections: /info|abbrev|str|addr|types|list|loc|ranges/, read: readUnits },
  lines: { share: 22, sections: /line/, read: readLines },
  frames: { share: 16, sections: /frame/, read: readFrames },
  indexes: { share: 10, sections: /names|aranges|gdb_index|info|abbrev/, read: readIndexes },
  symbols: { share: 6, sections: /debug/, read: readSymbols },
} as const;

type Part = keyof typeof parts;

/** A damaged file and what it names. */
interface Damaged {
  readonly elf: ElfFile;
  readonly bytes: Uint8Array;
  readonly open: (path: string) => Uint8Array | undefined;
}

function dwarfOf({ elf, open }: Damaged): Dwarf {
  const split = new SplitUnits(open, elf.name);
  return new Dwarf(elf, { splitUnitOf: (unit) => split.of(unit) });
}

function readElf({ elf }: Damaged): number {
  for (const segment of elf.loadable) elf.segmentBytes(segment);
  buildId(elf);
  debugLink(elf);
  return elf.symbols.length;
}

function readUnits(file: Damaged): number {
  const dwarf = dwarfOf(file);
  let count = 0;
  for (const unit of dwarf.units.slice(0, 3)) {
    // More entries than any of the seeds has are left: they would only take time.
    const visit = (die: Die, depth: number): void => {
      if (++count > 120) return;
      readEntry(die);
      if (depth < 8) for (const child of die.children()) if (count <= 120) visit(child, depth + 1);
    };
    visit(unit.full.root, 0);
  }
  return count;
}

const attributes = Object.values(DW_AT);

function readEntry(die: Die): void {
  for (const attribute of attributes) {
    if (!die.has(attribute)) continue;
    const value = die.value(attribute);
    if (value?.kind === 'unitReference' || value?.kind === 'typeSignature') {
      die.reference(attribute);
    }
  }
  void die.name;
  die.address(DW_AT.low_pc);
  rangesOf(die);
  expressionAt(die, DW_AT.location, 0x400010n);
  expressionAt(die, DW_AT.frame_base, 0x400010n);
}

function readLines(file: Damaged): number {
  const { sections } = dwarfOf(file);
  let rows = 0;
  for (const found of lineTableOffsets(sections)) {
    const offset = found === 'broken' ? 0 : found;
    const table = new LineTable(sections, offset, 8, '/somewhere');
    for (const number of table.fileNumbers()) table.path(number);
    rows += table.statements(new Set([0, 1]), 1).length;
    rows += table.sequences.reduce((sum, s) => sum + s.rows.length, 0);
    table.lineAt(0x400010n);
  }
  return rows;
}

function readFrames(file: Damaged): number {
  const frames = new CallFrames(dwarfOf(file).sections);
  checkProblems(frames.problems);
  return frames.entries.reduce((sum, entry) => sum + frameRows(entry).length, 0);
}

function readIndexes(file: Damaged): number {
  const dwarf = dwarfOf(file);
  const definitions = new Definitions(dwarf);
  return listedRanges(dwarf).length + [...definitions.units('apply')].length;
}

async function readSymbols({ bytes, open }: Damaged): Promise<number> {
  const symbols = loadProgramSymbols([{ name: 'a.elf', bytes, open }], relocationsOf);
  let answers = symbols.functionsNamed('apply').length + symbols.sources.length;
  answers += symbols.locationsOfLine('small.c', 15)?.addresses.length ?? 0;
  const pc = 0x400010n;
  symbols.callsAt(pc);
  symbols.lineRangeAt(pc);
  symbols.frameRuleAt(pc);
  const context: FrameContext = {
    pc,
    cfa: 0x1000n,
    readRegister: async (number) => BigInt(number),
    readMemory: async (_, size) => new Uint8Array(Math.min(size, 64)),
  };
  const variables = [...(await symbols.locals(context)), ...(await symbols.globals(context))];
  for (const { children } of variables.slice(0, 3)) await children?.(0, 3);
  checkProblems(symbols.problems);
  return answers + variables.length;
}

/** Problems are told to people: a sentence each, and the place of what is broken. */
function checkProblems(problems: readonly string[]): void {
  for (const problem of problems) {
    assert.match(problem, /\(at offset 0x[0-9a-f]+\)\.$|which is not there|does not belong/);
  }
}

type Random = (bound: number) => number;

/** Numbers that lengths, counts and offsets should better not be. */
const hostile = [0xffffffff, 0xfffffff0, 0x7fffffff, 0x80000000, 0, 1, 0xffff, 0x10000000];

function damage(bytes: Uint8Array, random: Random, start: number, size: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  const place = (width: number) =>
    Math.min(start + random(Math.max(1, size)), Math.max(0, copy.length - width));
  for (let change = random(3); change >= 0; change--) {
    switch (random(8)) {
      case 0:
      case 1:
        copy[place(1)] = random(256);
        break;
      case 2:
      case 3: {
        const at = place(1);
        copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
        break;
      }
      case 4:
        view.setUint32(place(4), hostile[random(hostile.length)] ?? 0, true);
        break;
      case 5: {
        // A LEB128 number that is longer than any number.
        const at = place(20);
        copy.fill(0x80, at, at + 1 + random(20));
        break;
      }
      case 6: {
        // Some bytes again in another place: references that meet themselves.
        const [from, to, count] = [place(16), place(16), 1 + random(16)];
        copy.copyWithin(to, from, from + count);
        break;
      }
      default:
        if (random(4) === 0) return copy.slice(0, random(copy.length));
        copy.fill(random(2) === 0 ? 0 : 0xff, place(4), place(4) + random(8));
    }
  }
  return copy;
}

/** The files of a case: one of them is damaged. */
function makeCase(file: SmallFile, part: Part, random: Random, regions: Regions): Damaged {
  const others = [...file.others];
  const victim = others.length > 0 && random(3) > 0 ? random(others.length) : undefined;
  const chosen = victim === undefined ? file.bytes : (others[victim]?.[1] ?? file.bytes);
  const known = victim === undefined ? regions.get(part) : undefined;
  const region = random(8) > 0 ? known?.[random(known.length)] : undefined;
  const broken = damage(chosen, random, region?.start ?? 0, region?.size ?? chosen.length);
  const bytes = victim === undefined ? broken : file.bytes;
  const open = (path: string) => {
    const index = others.findIndex(([name]) => name === path);
    return index >= 0 && index === victim ? broken : others[index]?.[1];
  };
  return { elf: new ElfFile(bytes, 'a.elf', { relocationsOf }), bytes, open };
}

type Regions = ReadonlyMap<Part, readonly { start: number; size: number }[]>;

function regionsOf(file: SmallFile): Regions {
  const { sections } = new ElfFile(file.bytes, file.name);
  const names = Object.keys(parts) as Part[];
  return new Map(
    names.map((part) => {
      const own = sections.filter((s) => s.size > 0 && parts[part].sections.test(s.name));
      return [part, own.map((s) => ({ start: s.offset, size: s.size }))];
    }),
  );
}

describe('damaged ELF files and debug information', function () {
  this.timeout(300_000);
  let files: readonly SmallFile[] = [];
  before(() => {
    files = smallFiles();
  });

  it('are read whole while they are whole', async () => {
    for (const { name, bytes, others } of files) {
      const open = (path: string) => others.get(path);
      const whole: Damaged = { elf: new ElfFile(bytes, name, { relocationsOf }), bytes, open };
      assert.ok(readElf(whole) > 3, name);
      assert.ok(readUnits(whole) > 20, name);
      assert.ok(readLines(whole) > 10, name);
      assert.ok((await readSymbols(whole)) > 1, name);
      const hasFrames = whole.elf.sections.some((s) => /^\.(eh_frame|debug_frame)$/.test(s.name));
      assert.equal(readFrames(whole) > 0, hasFrames, name);
      readIndexes(whole);
    }
  });

  let total = 0;
  for (const [part, { share }] of Object.entries(parts)) {
    const count = (CASES * share) / 100;
    total += count;
    it(`give a result or a located error: ${part}, ${count} cases`, async () => {
      const random = generator(share + count);
      const regions = files.map(regionsOf);
      let results = 0;
      let errors = 0;
      for (let i = 0; i < count; i++) {
        const number = i % files.length;
        const [file, own] = [files[number], regions[number]];
        assert.ok(file && own);
        try {
          const damaged = makeCase(file, part as Part, random, own);
          const read: number | Promise<number> = parts[part as Part].read(damaged);
          // Waiting costs more than most cases.
          if (typeof read === 'number') results++;
          else results += Math.min(1, 1 + (await read));
        } catch (error) {
          if (!(error instanceof UserError))
            throw new Error(`case ${i} of ${file.name}`, { cause: error });
          errors++;
          if (error instanceof FormatError) assert.match(error.message, /at offset 0x[0-9a-f]+\)$/);
        }
      }
      assert.equal(results + errors, count);
      // Most damage is small: both outcomes are common.
      assert.ok(results > count / 20, `${results} results`);
      assert.ok(errors > 0, 'no error');
    });
  }

  it('are as many as they should be', () => {
    assert.equal(total, CASES);
  });
});
