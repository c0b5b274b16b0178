import assert from 'node:assert/strict';
import { UserError } from '../../src/core/base/userError.ts';
import { ModuleLoader } from '../../src/handlers/moduleLoader.ts';
import { toCommonJs } from '../../src/handlers/stripTypes.ts';
import { userStack } from '../../src/handlers/userStack.ts';
import { scratch } from './scratch.ts';

describe('handler modules', () => {
  const { write, file } = scratch();
  const load = (name: string) => {
    const loader = new ModuleLoader(toCommonJs, console);
    return { exports: loader.load(file(name)), files: [...loader.files] };
  };

  it('may be TypeScript: types, enums, parameter properties, satisfies, decorationless classes', () => {
    write(
      'types.ts',
      `import type { Missing } from './trapline.d.ts';
       import { type AlsoMissing } from './trapline.d.ts';
       enum Colour { Red, Green = 5 }
       abstract class Base<T extends object = {}> { constructor(protected readonly value: T) {} }
       class Derived extends Base<{ n: bigint }> { get n(): bigint { return this.value!.n as bigint; } }
       const table = { a: 1 } satisfies Record<string, number>;
       export function answer(this: void, x?: Missing | AlsoMissing): bigint {
         return new Derived({ n: 40n }).n + BigInt(table.a) + BigInt(Colour.Green) - 4n;
       }
       export default <const T,>(x: T): T => x;`,
    );
    const { exports } = load('types.ts');
    assert.equal((exports['answer'] as () => bigint)(), 42n);
    assert.equal((exports['default'] as (x: string) => string)('same'), 'same');
  });

  it('import each other with and without endings, JSON, folders, Node and in circles', () => {
    write(
      'graph/main.ts',
      `import { a } from './a'; import b from './b.js';
      import data from './data.json'; import { c } from './folder'; import path from 'node:path';
      import * as all from './a.ts'; const { d } = require('./d.cjs');
      export { a as again } from './a'; export * from './folder';
      export const sum = [a(), b, data.x, c, path.basename('/x/y'), Object.keys(all).join(), d].join(' ');`,
    );
    write(
      'graph/a.ts',
      `import { sum } from './main'; export function a() { return 'a' + typeof sum; }`,
    );
    write('graph/b.ts', `export default 'b';`);
    write('graph/data.json', `{ "x": 7 }`);
    write('graph/folder/index.mts', `export const c: string = 'c';`);
    write('graph/d.cjs', `module.exports = { d: 'd' };`);
    const { exports, files } = load('graph/main.ts');
    assert.equal(exports['sum'], 'aundefined b 7 c y a d');
    assert.equal(typeof exports['again'], 'function');
    assert.equal(exports['c'], 'c');
    assert.equal(files.length, 6);
  });

  const refused = (name: string, source: string, message: RegExp) =>
    it(`are refused with the place: ${name}`, () => {
      write('wrong.ts', source);
      assert.throws(
        () => load('wrong.ts'),
        (error) => {
          assert(error instanceof UserError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    });
  refused('a syntax error of TypeScript', 'const a = 1;\nconst b: = 2;', /wrong\.ts:2:10: /);
  refused(
    'one that only V8 sees',
    'const a = 1;\nconst a = 2;\n',
    /wrong\.ts:2: .*'a' has already/,
  );
  refused('await outside of a function', 'const a = await 1;', /wrong\.ts/);
  refused(
    'an import of nothing',
    "import x from './nothing';x",
    /wrong\.ts: there is no '\.\/nothing'/,
  );

  it('that are not there are named', () =>
    assert.throws(() => load('absent.ts'), /cannot read '.*absent\.ts': there is no such file/));

  it('keep their lines: a stack tells where the source is', () => {
    write(
      'lines.ts',
      `import type { Call } from './trapline.d.ts';

interface Gone {
  readonly a: number;
}

export function fail(
  call: Call | undefined,
  gone?: Gone,
): never {
  throw new TypeError('on line 11');
}
export const indirect = (): void => fail(undefined);
`,
    );
    const { exports, files } = load('lines.ts');
    try {
      (exports['indirect'] as () => void)();
      assert.fail();
    } catch (error) {
      assert.equal(
        userStack(error, new Set(files)),
        `TypeError: on line 11
    at fail (${file('lines.ts')}:11)
    at indirect (${file('lines.ts')}:13)`,
      );
    }
    assert.equal(userStack('text', new Set()), 'threw text');
  });
});
