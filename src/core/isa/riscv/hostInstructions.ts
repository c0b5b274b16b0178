/** Every instruction that TypeScript carries out, by mnemonic. */
import { alignedJumps } from './alignedJumps.ts';
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
