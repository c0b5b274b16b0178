/** The walk of an address as rows of the mappings view: steps, which bit refuses, the end. Pure. */
import type { WalkBody } from '../adapter/protocol.ts';

export interface BitText {
  readonly letter: string;
  readonly set: boolean;
  readonly refuses: boolean;
}

export interface WalkRow {
  readonly key: string;
  readonly kind: 'step' | 'result' | 'refused';
  /** `VS-stage`, `G-stage`; empty for the end. */
  readonly stage: string;
  /** The G-stage's walk for an entry of the other stage, which stands below it. */
  readonly inner: boolean;
  readonly text: string;
  /** What the entry holds, and its low bits from 7 to 0; empty where there is no entry. */
  readonly entry: string;
  readonly bits: readonly BitText[];
  /** The row in words, for a screen reader. */
  readonly spoken: string;
}

/** Bits 7 to 0 of an entry (privileged manual, Sv32: Addressing and Memory Protection). */
const letters = [...'DAGUXWRV'];
const words = [
  'dirty',
  'accessed',
  'global',
  'user',
  'executable',
  'writable',
  'readable',
  'valid',
];

export function walkRows({ address, steps, result, refusal }: WalkBody): WalkRow[] {
  const ofEntry = refusal?.text.includes("the VS-stage's entry") ?? false;
  const lastVirtual = ofEntry
    ? steps.length
    : steps.findLastIndex(({ stage }) => stage === 'VS-stage');
  const lastEntry = steps.findLastIndex(({ flags }) => flags !== undefined);
  const rows = steps.map(({ stage, text, entry = '', flags = '' }, index): WalkRow => {
    const refusing = refusal && index === lastEntry ? bitsNamed(refusal.text) : [];
    const bits = bitsOf(flags, refusing);
    const inner = stage === 'G-stage' && index < lastVirtual;
    const spoken = `${stage}: ${text}${entry === '' ? '' : `, holds ${entry}, ${inWords(bits)}`}`;
    return { key: `${index}`, kind: 'step', stage, inner, text, entry, bits, spoken };
  });
  return [...rows, endOf(address, result, refusal)];
}

function endOf(address: string, result: string | undefined, refusal: WalkBody['refusal']): WalkRow {
  const none = { key: 'end', stage: '', inner: false, entry: '', bits: [] };
  if (!refusal) {
    const text = `${address} is at ${result ?? '0x0'}`;
    return { ...none, kind: 'result', text, spoken: text };
  }
  const about = `exception ${refusal.cause}; specification: ${refusal.section}`;
  const text = `Refused. ${refusal.text} (${about})`;
  return { ...none, kind: 'refused', text, spoken: text };
}

/** Numbers of the bits that a refusal names: `V (bit 0) is 0`, `D, A and U (bits 7, 6 and 4)`. */
function bitsNamed(refusal: string): number[] {
  const groups = [...refusal.matchAll(/\(bits? ([^)]*)\)/g)];
  return groups.flatMap(([, numbers]) => [...numbers!.matchAll(/\d+/g)].map(Number));
}

function bitsOf(flags: string, refusing: readonly number[]): BitText[] {
  return [...flags].map((flag, index) => ({
    letter: letters[index] ?? flag,
    set: flag !== '-',
    refuses: refusing.includes(letters.length - 1 - index),
  }));
}

function inWords(bits: readonly BitText[]): string {
  const set = words.filter((_, index) => bits[index]?.set);
  return set.length === 0 ? 'no bit set' : set.join(' ');
}
