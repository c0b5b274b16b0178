import assert from 'node:assert/strict';
import { makeMachine } from '../../../firmware/machine.ts';

describe('a machine with a profile', () => {
  for (const [mode, program] of [
    ['machine', 'media/samples/machine-hello/machine-hello.elf'],
    ['guest', 'media/samples/hello-dbcn/hello-dbcn.elf'],
  ] as const) {
    it(`says once what is missing, in mode ${mode}`, () => {
      const said = (isa: string): readonly string[] => {
        const machine = makeMachine({ mode, program, isa });
        const lines: string[] = [];
        machine.log.on((line) => lines.push(line));
        for (let i = 0; i < 2; i++) machine.run(1000);
        return lines;
      };
      assert.deepEqual(said('rva23s64'), [
        'isa: the profile is there without v, zvfhmin, zvbb, zvkt, which Trapline does not have',
      ]);
      assert.deepEqual(said('rva22s64'), []);
    });
  }
});
