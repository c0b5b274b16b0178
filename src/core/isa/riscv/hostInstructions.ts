/** Every instruction that TypeScript carries out, by mnemonic. */
import { special } from '../../engine/layout.ts';
import type { RegisterWidth } from '../../engine/semantics.ts';
import { alignedJumps } from './alignedJumps.ts';
import { engineTables } from './engineRows.ts';
import { fenceInstructions } from './fences.ts';
import { floatInstructions } from './floatInstructions.ts';
import { memoryInstructions } from './memoryInstructions.ts';
import { scalarCryptoInstructions } from './scalarCrypto.ts';
import { systemInstructions, type Execute } from './system.ts';

export const hostInstructions: Readonly<Record<string, Execute>> = {
  ...systemInstructions,
  ...fenceInstructions,
  ...alignedJumps,
  ...memoryInstructions,
  ...scalarCryptoInstructions,
  ...floatInstructions,
};

/** By the number of the handler. */
export const hostByHandler = (xlen: RegisterWidth): readonly (Execute | undefined)[] => [
  ...Array<undefined>(special.first),
  ...engineTables(xlen).handlers.handlers.map(({ row }) => hostInstructions[row.mnemonic]),
];

export const mnemonicOf = (xlen: RegisterWidth, handler: number): string =>
  engineTables(xlen).handlers.handlers[handler - special.first]!.row.mnemonic;
