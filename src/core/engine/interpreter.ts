/** Instantiates the generated module and hands its calls to the hart they come from. */
import { defined } from '../base/assert.ts';
import type { EngineMemory } from './engineMemory.ts';
import type { ControlWord } from './translator/controlWord.ts';
import type { InterpreterImports, TierImports } from './interpreterImports.ts';
import type { Translator } from './translator/translator.ts';

/** What a hart does for generated code; arguments and results as in `InterpreterImports`. */
export interface InterpreterClient {
  resolve(record: number, budget: number): number;
  fetchMiss(budget: number): number;
  slowLoad(width: number, budget: number): number;
  slowStore(width: number, budget: number): number;
  slowAtomic(width: number, budget: number): number;
  host(record: number, handler: number, length: number, budget: number): number;
  control(record: number, handler: number, length: number, budget: number): number;
  deviceLoad(width: number, budget: number): number;
  deviceStore(width: number, budget: number): number;
  /**
   * Decodes for a record and gives its handler's number, or 0 where it has none that lasts. With the
   * records of the page `behind`, an instruction that goes on there, and only such a one: its record
   * is looked at each time all the same.
   */
  predecode(record: number, behind: number): number;
  /** What the `control` instruction of a record comes to in the present mode, if that is simple. */
  controlWord(record: number, handler: number): ControlWord | undefined;
  /** Finds memory that loads reach by adding a constant, if there is none known and it may pay. */
  findDirect(): void;
}

export class Interpreter {
  private readonly clients: InterpreterClient[] = [];
  /** run(hart area, budget) → remaining budget. */
  readonly run: (area: number, budget: number) => number;

  /**
   * decode(record, word, offset in the page) fills in the record: a number whose low half is the
   * handler's, or 0 where the word is not of an encoding that is `loadEncodings`' to decode.
   */
  readonly decode: (record: number, word: number, offset: number) => number;

  /** A device has answered an access that the interpreter made. */
  readonly deviceAnswered: (area: number) => void;

  /** A tiered module needs its `translator`. */
  constructor(module: WebAssembly.Module, memory: EngineMemory, translator?: Translator) {
    const client = (area: number): InterpreterClient => this.clients[memory.hartIndex(area)]!;
    const imports: InterpreterImports = {
      resolve: (area, record, budget) => client(area).resolve(record, budget),
      fetchMiss: (area, budget) => client(area).fetchMiss(budget),
      slowLoad: (area, width, budget) => client(area).slowLoad(width, budget),
      slowStore: (area, width, budget) => client(area).slowStore(width, budget),
      slowAtomic: (area, width, budget) => client(area).slowAtomic(width, budget),
      host: (area, record, handler, length, budget) =>
        client(area).host(record, handler, length, budget),
    };
    if (translator) {
      translator.predecode = (area, record, behind) => client(area).predecode(record, behind);
      translator.controlWord = (area, record, handler) => client(area).controlWord(record, handler);
      translator.directSites.find = (area) => client(area).findDirect();
      translator.imports = {
        control: (area, record, handler, length, budget) =>
          client(area).control(record, handler, length, budget),
        deviceLoad: (area, width, budget) => client(area).deviceLoad(width, budget),
        deviceStore: (area, width, budget) => client(area).deviceStore(width, budget),
      };
    }
    this.deviceAnswered = (area) => translator?.deviceAnswered(area);
    const tier: TierImports | undefined = translator && {
      hot: (area, record) => translator.hot(area, record),
    };
    const table = translator ? { table: translator.table } : {};
    const instance = new WebAssembly.Instance(module, {
      host: { ...imports, ...tier, ...table, memory: memory.memory },
    });
    this.run = defined(instance.exports['run'], 'run') as typeof this.run;
    this.decode = defined(instance.exports['decode'], 'decode') as typeof this.decode;
  }

  /** Harts are attached in the order of their areas. */
  attach(client: InterpreterClient): void {
    this.clients.push(client);
  }
}
