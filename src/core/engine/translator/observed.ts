/** What the translator says of its modules to those who look on: dumps and profiles. */
import { defined } from '../../base/assert.ts';
import type { CodePages } from '../codePages.ts';
import { pageBytes } from '../layout.ts';
import { eachOf, pageOf } from './block.ts';
import type { Discovered } from './discover.ts';
import type { FlowGraph } from './flowGraph.ts';

export interface ObservedInstruction {
  /** Virtual address when it was translated. */
  readonly address: bigint;
  readonly length: number;
  /** Physical addresses of its halves, of two bytes each: they may be in pages that lie apart. */
  readonly halves: readonly number[];
}

export interface ObservedBlock {
  readonly instructions: readonly ObservedInstruction[];
  /** A kind of `BlockEnd`. */
  readonly end: string;
}

export interface ObservedRegion {
  /** Its function's name, in the module's exports and name section; no other has it. */
  readonly name: string;
  readonly entry: bigint;
  readonly blocks: readonly ObservedBlock[];
}

export interface ObservedModule {
  readonly bytes: Uint8Array;
  readonly regions: readonly ObservedRegion[];
}

export function observeRegion(
  name: string,
  { page, entry }: { readonly page: bigint; readonly entry: number },
  { pages }: Discovered,
  graph: FlowGraph,
  code: CodePages,
): ObservedRegion {
  const addressOf = (at: number): bigint => BigInt.asUintN(64, page + BigInt(at));
  const physicalOf = (at: number): number => {
    const number = pageOf(at);
    const base = defined(code.pageAt(pages.get(number)!), 'a page with records');
    return base + at - number * pageBytes;
  };
  const blocks = graph.nodes.map(({ block }) => ({
    instructions: eachOf(block).map(({ at, handler }) => ({
      address: addressOf(at),
      length: handler.length,
      halves: Array.from({ length: handler.length / 2 }, (_, i) => physicalOf(at + i * 2)),
    })),
    end: block.end.kind,
  }));
  return { name, entry: addressOf(entry), blocks };
}
