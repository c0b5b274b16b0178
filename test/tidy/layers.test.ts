/**
 * The order of the layers, lowest first, and what each may know of its surroundings. Do not relax
 * these tables to make a change pass: move the code to where it belongs.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { importsOf, projectFiles, read, scan } from './scan.ts';

/**
 * A file may import from its own layer and from those before it. Layers on one line don't know
 * each other.
 */
const layers: readonly (readonly string[])[] = [
  ['core/base'],
  ['core/formats'],
  ['core/memory'],
  ['core/devices'],
  ['core/wasm'],
  ['core/isa'],
  ['core/engine'],
  ['core/isa/riscv'],
  ['core/hypervisor'],
  ['core/hypervisor/riscv'],
  ['core/machine'],
  ['core/machine/boards'],
  ['core/debug'],
  ['core/registry.ts'],
  ['handlers'],
  ['worker'],
  ['host'],
  ['gdb', 'language'],
  // A session opens gdb's door beside the editor.
  ['adapter'],
  ['cli'],
  ['webview'],
  ['extension'],
  ['build'],
];

/** Pure contracts, which anyone in the core may import as types. */
const contracts = ['core/debug/target.ts', 'core/devices/device.ts'];

/** Layers that are one package each inside: `core/machine` builds boards and boards use it. */
const onePackage: readonly (readonly string[])[] = [
  ['core/machine', 'core/machine/boards'],
  ['core/hypervisor', 'core/hypervisor/riscv'],
  ['core/memory', 'core/devices'],
];

/** npm packages and Node's own modules, and who may import them. */
const outside: readonly { readonly name: RegExp; readonly by: RegExp }[] = [
  { name: /^vscode$/, by: /^extension\// },
  { name: /^vscode-languageclient(\/|$)/, by: /^extension\// },
  { name: /^vscode-languageserver/, by: /^language\// },
  { name: /^fflate$/, by: /^core\/formats\/elf\/compression\.ts$/ },
  { name: /^sucrase$/, by: /^handlers\/stripTypes\.ts$/ },
  { name: /^@vscode\/debug(adapter|protocol)/, by: /^(adapter|extension)\// },
  { name: /^(esbuild|playwright-core)$/, by: /^build\// },
  {
    name: /^node:/,
    by: /^(handlers|worker|host\/node|adapter|gdb|language|cli|extension|build)\//,
  },
];

/** Who may name an instruction set's packages. */
const isaPackages = /^core\/(isa|hypervisor)\/riscv\//;
const mayNameIsa =
  /^core\/(isa|hypervisor)\/riscv\/|^core\/registry\.ts$|^core\/machine\/boards\/|^build\/generate/;

/** The one file outside src that code may import: the version stands there. */
const manifest = '../package.json';

/** Names that only one instruction set has. Generic words among them (`time`, `cycle`) are left out. */
const isaWords = new Set(
  `mstatus misa medeleg mideleg mtvec mcounteren menvcfg mscratch mepc mcause mtval mtval2 mtinst
   mhartid mvendorid marchid mimpid pmpcfg0 pmpaddr0 sstatus stvec scounteren senvcfg sscratch sepc
   scause stval stimecmp satp hstatus hedeleg hideleg hcounteren hgeie hgeip htval htinst hgatp
   henvcfg htimedelta vsstatus vsie vsip vstvec vsscratch vsepc vscause vstval vsatp vstimecmp
   a0 a1 a2 a3 a4 a5 a6 a7`.split(/\s+/),
);

const files = projectFiles(/^src\/.*\.(ts|mjs)$/);
const inSrc = (file: string) => path.posix.relative('src', file);

/** The innermost layer that a path under src belongs to. */
function layerOf(file: string): string | undefined {
  return layers
    .flat()
    .filter((layer) => file === layer || file.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function rankOf(layer: string): number {
  return layers.findIndex((row) => row.includes(layer));
}

interface Resolved {
  readonly target: string;
  readonly relative: boolean;
  readonly line: number;
  readonly typeOnly: boolean;
}

/** Relative imports of a file as paths under src, others as they are. */
function resolved(file: string): Resolved[] {
  return importsOf(read(file)).map(({ specifier, line, typeOnly }) => {
    const relative = specifier.startsWith('.');
    const target = relative
      ? inSrc(path.posix.join(path.posix.dirname(file), specifier))
      : specifier;
    return { target, relative, line, typeOnly };
  });
}

/** Two files of one folder may need each other's types; at run time neither needs the other. */
function isInnerType(file: string, { target, typeOnly }: Resolved): boolean {
  return typeOnly && path.posix.dirname(inSrc(file)) === path.posix.dirname(target);
}

function mayImport(from: string, to: string, target: string): boolean {
  if (from === to || rankOf(to) < rankOf(from)) return true;
  if (contracts.includes(target) && from.startsWith('core/')) return true;
  return onePackage.some((group) => group.includes(from) && group.includes(to));
}

describe('layers', () => {
  it('reads imports of every form', () => {
    const source = `import a from './a.ts'; import type { B } from "./b.ts";
      // import no from './comment.ts';
      export * from './c.ts'; const d = await import('./d.ts'); import './e.ts';
      const text = 'import x from'; const f = /'/; const g = \`import './no.ts'\`;`;
    assert.deepEqual(
      importsOf(source).map(({ specifier, typeOnly }) => [specifier, typeOnly]),
      [
        ['./a.ts', false],
        ['./b.ts', true],
        ['./c.ts', false],
        ['./d.ts', false],
        ['./e.ts', false],
      ],
    );
  });

  it('every file of src belongs to a layer', () => {
    const homeless = files.map(inSrc).filter((file) => layerOf(file) === undefined);
    assert.deepEqual(homeless, []);
    assert.ok(files.length > 20, 'too few files: the list of files must be wrong');
  });

  it('imports go downwards only', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const from = layerOf(inSrc(file));
      for (const { target, relative, line } of resolved(file)) {
        if (!relative || from === undefined || target === manifest) continue;
        const to = layerOf(target);
        if (to === undefined || !mayImport(from, to, target)) {
          wrong.push(`${file}:${line} (${from}) imports ${target}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('relative imports name a file that exists', () => {
    const known = new Set([manifest, ...projectFiles(/^src\//).map(inSrc)]);
    const wrong = files.flatMap((file) =>
      resolved(file)
        .filter(({ target, relative }) => relative && !known.has(target))
        .map(({ target, line }) => `${file}:${line} imports ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('nothing is imported in a circle', () => {
    const graph = new Map(
      files.map((file) => [
        inSrc(file),
        resolved(file)
          .filter((found) => found.relative && !isInnerType(file, found))
          .map((found) => found.target)
          .filter((target) => target !== manifest && !contracts.includes(target)),
      ]),
    );
    assert.deepEqual(findCycles(graph), []);
  });

  it('packages and Node are imported only where the table says', () => {
    const wrong: string[] = [];
    for (const file of files) {
      for (const { target, relative, line } of resolved(file)) {
        if (relative || target.startsWith('#generated/')) continue;
        const rule = outside.find(({ name }) => name.test(target));
        if (!rule?.by.test(inSrc(file))) wrong.push(`${file}:${line} imports ${target}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('only the registry, boards and the packages themselves import an instruction set', () => {
    const wrong = files
      .filter((file) => !mayNameIsa.test(inSrc(file)))
      .flatMap((file) =>
        resolved(file)
          .filter(({ target, relative }) => relative && isaPackages.test(target))
          .map(({ target, line }) => `${file}:${line} imports ${target}`),
      );
    assert.deepEqual(wrong, []);
  });

  it('no register of an instruction set is named outside its packages', () => {
    const wrong: string[] = [];
    for (const file of files.filter((name) => !mayNameIsa.test(inSrc(name)))) {
      for (const token of scan(read(file))) {
        if (token.kind !== 'mark' && isaWords.has(token.text)) {
          wrong.push(`${file}:${token.line} names ${token.text}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });
});

describe('findCycles', () => {
  it('finds a circle and nothing else', () => {
    const tree = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', []],
    ]);
    assert.deepEqual(findCycles(tree), []);
    assert.deepEqual(findCycles(new Map([...tree, ['c', ['a']]])), [['a', 'b', 'c', 'a']]);
  });
});

/** Circles of imports, each as a path that ends where it starts. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (node: string, trail: readonly string[]): void => {
    if (trail.includes(node)) {
      cycles.push([...trail.slice(trail.indexOf(node)), node]);
      return;
    }
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return cycles;
}
