import assert from 'node:assert/strict';
import path from 'node:path';
import { launch, lineOf, rows, sample, withTranscript } from './machine.ts';
import type { Transcript } from './transcript.ts';

const folder = sample('hello-dbcn');
const program = path.join(folder, 'hello-dbcn.elf');
const main = path.join(folder, 'main.c');

const stopInPlanets = async (t: Transcript) => {
  await launch(t, { program });
  await t.request('setBreakpoints', {
    source: { path: main },
    breakpoints: [{ line: lineOf(main, 'moons += p->moons'), condition: 'p == &planets[2]' }],
  });
  await t.request('configurationDone');
  await t.request('trapline/consoleInput', { console: 'sbi', text: '\r' });
  await t.event('stopped');
};
const evaluate = (t: Transcript, expression: string) =>
  t.request('evaluate', { expression, context: 'watch' });
const value = async (t: Transcript, expression: string) =>
  (await evaluate(t, expression))['result'] as string;

describe('expressions at a stop', () => {
  it('cast, follow, count and measure as in C', () =>
    withTranscript(async (t) => {
      await stopInPlanets(t);
      const pairs: [expression: string, value: RegExp | string][] = [
        ['((struct planet *)$s0)->name', /^(?!undefined)/],
        ['((struct planet *)&planets[1])->name', /"Venus"/],
        ['(*(struct planet *)p).moons', '1'],
        ['(p + 1)->name', /"Mars"/],
        ['p[1].moons', '2'],
        ['p[-1].name', /"Venus"/],
        ['*(p - 2)', /Mercury/],
        ['(&planets[0])[3].moons', '2'],
        ['*distance', '58'],
        ['*(distance + 3)', '228'],
        ['p - planets', '0x2 (2)'],
        ['(uint8_t)distance[3] + 1', '0xe5 (229)'],
        ['(unsigned char)distance[3]', /^228 /],
        ['(enum phase)2', 'PHASE_PAGING'],
        ['(int)-1 < 0', '0x1 (1)'],
        ['(double)distance[1] / 7', '15.428571428571429'],
        ['(float)1 / 3', '0.33333334'],
        ['1.5 * 2 + distance[0]', '61'],
        ['sizeof planets', '0x60 (96)'],
        ['sizeof(struct planet)', '0x18 (24)'],
        ['sizeof(*p) == sizeof(struct planet)', '0x1 (1)'],
        ['sizeof(u16[3])', '0x6 (6)'],
        ['sizeof $satp.PPN', '0x6 (6)'],
        ['*distance@2', '{58, 108}'],
        ['(planets[2].name)[0]', "69 'E'"],
        ['*(char *)planets[2].name@5', '"Earth"'],
        ['(const char *)planets[3].name', /"Mars"/],
        ['*(unsigned *)$sp == *(unsigned *)gva:$sp', '0x1 (1)'],
        ['$sp == (unsigned long)$x2', '0x1 (1)'],
        ['$sstatus.FS', /\(/],
      ];
      for (const [expression, wanted] of pairs) {
        const shown = await value(t, expression);
        if (typeof wanted === 'string') assert.equal(shown, wanted, expression);
        else assert.match(String(shown), wanted, expression);
      }
      t.note('what a cast gives can be opened');
      const cast = await evaluate(t, '(struct planet *)p');
      await rows(t, cast['variablesReference']);
      const array = await evaluate(t, '*p@2');
      await rows(t, array['variablesReference']);
      t.note('what is wrong is said');
      for (const expression of [
        '(struct nothing *)p',
        'sizeof(nothing)',
        '*1.5',
        '1.5 % 2',
        '~f',
      ]) {
        await evaluate(t, expression);
      }
      await t.request('terminate');
      t.check('expressionsOfC');
    }));

  it('read and write the memory they name: physical, guest-physical, as the hart sees it', () =>
    withTranscript(async (t) => {
      await stopInPlanets(t);
      const address = await value(t, '&planets[2].moons');
      t.note(`the guest sees ${address}; its pages map addresses to themselves`);
      assert.equal(await value(t, '*(unsigned *)gpa:&planets[2].moons'), '1');
      const { rows: mapped } = await t.request('trapline/mappings', { hart: 0, stage: 'guest' });
      const at = BigInt(address.split(' ')[0]!);
      const row = mapped.find(
        ({ input, size }: { input: string; size: string }) =>
          at >= BigInt(input) && at < BigInt(input) + BigInt(size),
      );
      const physical = `0x${(at - BigInt(row.input) + BigInt(row.output)).toString(16)}`;
      assert.equal(await value(t, `*(unsigned *)phys:${physical}`), '1');
      await t.request('setExpression', {
        expression: `*(unsigned *)phys:${physical}`,
        value: '77',
      });
      assert.equal(await value(t, 'planets[2].moons'), '77');
      await t.request('setExpression', {
        expression: '((struct planet *)gpa:p)->moons',
        value: '3',
      });
      assert.equal(await value(t, 'p->moons'), '3');
      const inSpace = await evaluate(t, `*(struct planet *)phys:${physical}`);
      const read = await t.request('readMemory', {
        memoryReference: inSpace['memoryReference'],
        count: 4,
      });
      assert.equal(read['data'], 'AwAAAA==');
      await evaluate(t, 'phys:0x80000000 + 8');
      await evaluate(t, '*phys:0x10');
      await t.request('terminate');
      t.check('expressionsOfSpaces');
    }));

  it('complete names, members, registers and fields', () =>
    withTranscript(async (t) => {
      await stopInPlanets(t);
      const complete = async (text: string) => {
        const { targets } = await t.request('completions', { text, column: text.length + 1 });
        return targets.map(({ label }: { label: string }) => label) as string[];
      };
      assert.deepEqual(await complete('dist'), ['distance']);
      assert.deepEqual(await complete('p->'), ['name', 'moons', 'visited', 'next']);
      assert.deepEqual(await complete('1 + planets[1].m'), ['moons']);
      assert.deepEqual(await complete('((struct planet *)p)->next->n'), ['name', 'next']);
      assert.ok((await complete('$vsatp.')).includes('MODE'));
      assert.ok((await complete('$a')).includes('$a0'));
      assert.ok((await complete('plan')).includes('planets'));
      assert.deepEqual(await complete('nothing.'), []);
      assert.deepEqual(await complete('(((.'), []);
      await t.request('terminate');
      t.check('expressionsCompleted');
    }));
});
