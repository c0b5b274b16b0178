/** Statics of a Rust program, read from its own file: nothing has to run for them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProgramSymbols } from '../../../../src/core/debug/symbols/programSymbols.ts';
import type { FrameContext, Variable } from '../../../../src/core/debug/symbols/symbols.ts';
import { ElfFile } from '../../../../src/core/formats/elf/elf.ts';

const source = `
pub enum Shape { Empty, Circle(f64), Named { width: u16, name: &'static str } }
pub struct Point { x: i32, y: i32 }
pub struct Metres(u32);
#[derive(Clone, Copy)] pub enum Colour { Red = 1, Green = 7 }
#[used] #[no_mangle] pub static SHAPES: [Shape; 3] =
    [Shape::Empty, Shape::Circle(1.5), Shape::Named { width: 4, name: "four" }];
#[used] #[no_mangle] pub static SOME: Option<u32> = Some(7);
#[used] #[no_mangle] pub static NONE: Option<u32> = None;
#[used] #[no_mangle] pub static REFERENCE: Option<&'static Point> = Some(&Point { x: 1, y: -2 });
#[used] #[no_mangle] pub static NOTHING: Option<&'static Point> = None;
#[used] #[no_mangle] pub static TEXT: &'static str = "h\\u{e9}llo";
#[used] #[no_mangle] pub static SLICE: &'static [i16] = &[1, -2, 3];
#[used] #[no_mangle] pub static POINT: Point = Point { x: 3, y: 4 };
#[used] #[no_mangle] pub static TUPLE: (u8, bool, char) = (9, true, 'q');
#[used] #[no_mangle] pub static LENGTH: Metres = Metres(12);
#[used] #[no_mangle] pub static COLOUR: Colour = Colour::Green;
#[used] #[no_mangle] pub static RESULT: Result<u8, &'static str> = Err("broken");
#[used] #[no_mangle] pub static ARRAY: [i32; 3] = [1, -2, 3];
#[used] #[no_mangle] pub static MATRIX: [[u8; 2]; 2] = [[1, 2], [3, 4]];
#[used] #[no_mangle] pub static PAIRS: [(u8, bool); 2] = [(1, true), (2, false)];
#[used] #[no_mangle] pub static EMPTY: [u64; 0] = [];
#[used] #[no_mangle] pub static BYTES: [u8; 4] = *b"ab\\0c";
#[used] #[no_mangle] pub static TEXTS: [&'static str; 2] = ["x", "y"];
#[used] #[no_mangle] pub static TO_ARRAY: &'static [i32; 3] = &ARRAY;
fn keep<T>(value: &'static T) { unsafe { std::ptr::read_volatile(&value); } }
fn main() {
    keep(&SHAPES); keep(&SOME); keep(&NONE); keep(&REFERENCE); keep(&NOTHING); keep(&TEXT);
    keep(&SLICE); keep(&POINT); keep(&TUPLE); keep(&LENGTH); keep(&COLOUR); keep(&RESULT);
    keep(&ARRAY); keep(&MATRIX); keep(&PAIRS); keep(&EMPTY); keep(&BYTES); keep(&TEXTS);
    keep(&TO_ARRAY);
}
`;

/** What is looked at, and what gdb prints of arrays and their types. */
interface Compiled {
  readonly bytes: Uint8Array;
  readonly printed: readonly string[];
}

const arrays = ['ARRAY', 'MATRIX', 'PAIRS', 'EMPTY', 'BYTES', 'TEXTS'];

function compiled(): Compiled {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapline-rust-'));
  try {
    writeFileSync(path.join(folder, 'statics.rs'), source);
    const flags = ['-g', '-O', '-C', 'relocation-model=static', '-A', 'warnings'];
    execFileSync('rustc', [...flags, '-o', 'statics', 'statics.rs'], { cwd: folder });
    const asked = arrays.flatMap((name) =>
      ['output', 'whatis'].map((c) => `${c} statics::${name}`),
    );
    const commands = asked.flatMap((command) => ['-ex', command, '-ex', 'echo \\n']);
    const gdb = ['-nx', '-q', '-batch', '-ex', 'set language rust', ...commands, 'statics'];
    const text = execFileSync('gdb-multiarch', gdb, {
      cwd: folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const printed = text.split('\n').filter((line) => line !== '');
    return { bytes: readFileSync(path.join(folder, 'statics')), printed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('values of Rust', function () {
  this.timeout(120_000);
  let find: (name: string) => Promise<Variable>;
  let printed: readonly string[] = [];

  before(() => {
    const { bytes, ...said } = compiled();
    ({ printed } = said);
    const elf = new ElfFile(bytes, 'statics');
    const symbols = loadProgramSymbols([{ name: 'statics', bytes }]);
    const context: FrameContext = {
      pc: symbols.functionsNamed('main')[0]?.low ?? 0n,
      cfa: undefined,
      readRegister: async () => undefined,
      async readMemory(address, size) {
        const segment = elf.loadable.find(
          (s) => address >= s.virtualAddress && address < s.virtualAddress + BigInt(s.fileSize),
        );
        if (!segment) return new Uint8Array(0);
        const at = segment.offset + Number(address - segment.virtualAddress);
        return bytes.subarray(at, at + size);
      },
    };
    find = async (name) => {
      const variable = await symbols.variableNamed(context, name);
      assert.ok(variable, `no ${name}`);
      return variable;
    };
  });

  it('are written as Rust writes them', async () => {
    const value = async (name: string) => (await find(name)).value;
    assert.equal(await value('SHAPES'), '[Empty, Circle(1.5), Named {width: 4, name: "four"}]');
    assert.equal(await value('SOME'), 'Some(7)');
    assert.equal(await value('NONE'), 'None');
    assert.match(await value('REFERENCE'), /^Some\(0x[\da-f]+\)$/);
    assert.equal(await value('NOTHING'), 'None');
    assert.equal(await value('TEXT'), '"héllo"');
    assert.equal(await value('SLICE'), '[1, -2, 3]');
    assert.equal(await value('POINT'), 'Point {x: 3, y: 4}');
    assert.equal(await value('TUPLE'), "(9, true, 'q')");
    assert.equal(await value('LENGTH'), 'Metres(12)');
    assert.equal(await value('COLOUR'), 'Green');
    assert.equal(await value('RESULT'), 'Err("broken")');
  });

  it('have brackets around arrays, and types, as gdb writes them', async () => {
    const own: string[] = [];
    for (const name of arrays) {
      const { value, type } = await find(name);
      own.push(value, `type = ${type}`);
    }
    assert.deepEqual(own, printed);
    const { type, children } = await find('TO_ARRAY');
    assert.equal(type, '&[i32; 3]');
    const [array] = (await children?.()) ?? [];
    assert.equal(array?.value, '[1, -2, 3]');
    const [first] = (await array?.children?.(0, 1)) ?? [];
    assert.equal(first?.expression, '(*TO_ARRAY)[0]');
  });

  it('open to the members of the shape they have, and to elements', async () => {
    const rows = async (variable: Variable) =>
      ((await variable.children?.()) ?? []).map(({ name, value }) => `${name} = ${value}`);
    const shapes = (await (await find('SHAPES')).children?.()) ?? [];
    assert.deepEqual(await rows(shapes[0]!), []);
    assert.deepEqual(await rows(shapes[1]!), ['__0 = 1.5']);
    assert.deepEqual((await rows(shapes[2]!)).sort(), ['name = "four"', 'width = 4']);
    assert.deepEqual(await rows(await find('SLICE')), ['[0] = 1', '[1] = -2', '[2] = 3']);
    assert.deepEqual(await rows(await find('SOME')), ['__0 = 7']);
    assert.equal((await find('POINT')).type, 'Point');
  });
});
