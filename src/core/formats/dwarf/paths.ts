/** Source paths as compilers record them: joined and made plain without asking any file system. */

/** `directory/name`, or `name` alone when it is absolute. */
export function joinPath(directory: string, name: string): string {
  if (directory === '' || isAbsolute(name)) return name;
  if (name === '') return directory;
  return /[/\\]$/.test(directory) ? directory + name : `${directory}/${name}`;
}

/** Removes `.`, `..` and repeated slashes; `\` becomes `/`. */
export function normalizePath(path: string): string {
  const slashed = path.replace(/\\/g, '/');
  const root = /^([A-Za-z]:)?\//.exec(slashed)?.[0] ?? '';
  const parts: string[] = [];
  for (const part of slashed.slice(root.length).split('/')) {
    if (part === '' || part === '.') continue;
    const last = parts.at(-1);
    if (part !== '..') parts.push(part);
    else if (last !== undefined && last !== '..') parts.pop();
    else if (root === '') parts.push(part);
  }
  return root + parts.join('/');
}

function isAbsolute(path: string): boolean {
  return /^([A-Za-z]:)?[/\\]/.test(path);
}
