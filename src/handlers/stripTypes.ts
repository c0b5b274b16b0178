/**
 * TypeScript or modern JavaScript to what a script may be made of: types and `import` statements
 * gone, every line where it was. In a bundle of its own, read with the first handler module.
 */
import { transform } from 'sucrase';

export function toCommonJs(source: string, file: string): string {
  const typescript = /\.[mc]?ts$/.test(file);
  return transform(source, {
    transforms: typescript ? ['typescript', 'imports'] : ['imports'],
    disableESTransforms: true,
  }).code;
}
