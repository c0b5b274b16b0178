/**
 * A handler module to begin with, and a handler for one call to add to it: text for a person to go
 * on with. What is written answers with NOT_SUPPORTED, as the guest is told without it.
 */

export interface SkeletonCall {
  readonly extension: number;
  readonly function: number;
  /** `DBCN` and `console_write`, or empty. */
  readonly extensionName: string;
  readonly functionName: string;
  readonly text: string;
  readonly args: readonly { readonly name: string }[];
}

/** A call to show how it is done where none waits: the vendor space with the id 1. */
const example: SkeletonCall = {
  extension: 0x09000001,
  function: 0,
  extensionName: '',
  functionName: '',
  text: '',
  args: [],
};

/** A whole module; `types` is where `trapline.d.ts` lies beside it. */
export function handlerModule(types: string, call: SkeletonCall = example): string {
  return `/**
 * Answers calls that the guest makes to its firmware. "handlers" in launch.json names this file.
 * Save a change while the guest runs or stands at a call: it counts from the next call on.
 */
import type { Answer, Call, Guest } from '${types}';
${handlerFunction(call)}`;
}

/** The name under which a module exports the handler of one call. */
export function handlerName({ extension, function: fn, ...names }: SkeletonCall): string {
  // Names that exports may have; the legacy calls have none.
  if (!/^[A-Z][A-Z0-9]{1,5}$/.test(names.extensionName)) {
    return `x${extension.toString(16).padStart(8, '0')}_${fn}`;
  }
  return `${names.extensionName}_${names.functionName === '' ? fn : names.functionName}`;
}

/** A handler for one call, to stand at the end of a module. */
export function handlerFunction(call: SkeletonCall): string {
  const shown = call.text === '' ? '' : `As in: ${call.text}. `;
  const args = call.args.map(({ name }, i) => `${localName(name, i)} = 0n`);
  const names = call.args.map(({ name }, i) => localName(name, i));
  const read = args.length > 0 ? `  const [${args.join(', ')}] = call.args;\n` : '';
  const words = names.map((name) => `${name} \${${name}}`).join(', ');
  return `
/** ${shown}A number is the value of a call that succeeds. */
export function ${handlerName(call)}(call: Call, _guest: Guest): Answer {
${read}  console.log(\`\${call.text}${words === '' ? '' : `: ${words}`}\`);
  return { error: 'NOT_SUPPORTED' };
}
`;
}

/** The specification's names are C's; those of no known call are a0 to a5. */
function localName(name: string, index: number): string {
  const words = name.split(/\W|_/).filter((word) => word !== '');
  const camel = words
    .map((word, i) => (i === 0 ? word : `${word.charAt(0).toUpperCase()}${word.slice(1)}`))
    .join('');
  return /^[a-zA-Z]/.test(camel) ? camel : `a${index}`;
}
