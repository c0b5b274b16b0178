/** The declaration file of handler modules, made of src/handlers/api.ts. */

export const handlerApi = 'src/handlers/api.ts';
export const handlerDeclarations = 'media/samples/trapline.d.ts';

/** The types are declarations and nothing else, so they are their own declaration file. */
export function handlerTypes(source: string): string {
  return `// Types of Trapline's handler modules, for: import type { … } from './trapline.d.ts'\n\n${source}`;
}
