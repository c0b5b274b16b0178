/** Every instruction that TypeScript carries out, by mnemonic. */
import { fenceInstructions } from './fences.ts';
import { floatInstructions } from './floatInstructions.ts';
import { memoryInstructions } from './memoryInstructions.ts';
import { scalarCryptoInstructions } from './scalarCrypto.ts';
import { systemInstructions, type Execute } from './system.ts';

export const hostInstructions: Readonly<Record<string, Execute>> = {
  ...systemInstructions,
  ...fenceInstructions,
  ...memoryInstructions,
  ...scalarCryptoInstructions,
  ...floatInstructions,
};
