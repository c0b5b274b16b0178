/** The part of a stack that is the user's own: the message, and frames in files of their module. */

/** Columns are left out: taking types away moves them. */
export function userStack(error: unknown, files: ReadonlySet<string>): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  const frames = (error.stack ?? '').split('\n').flatMap((line) => {
    const match = /^\s*at (?:(.*) \()?(?:file:\/\/)?(.*?):(\d+):\d+\)?$/.exec(line);
    if (!match) return [];
    const [, called = '', file = '', number = ''] = match;
    const name = called.replace(/^(Object|exports)\./, '');
    if (!files.has(file)) return [];
    const where = `${file}:${number}`;
    return [name === '' ? `    at ${where}` : `    at ${name} (${where})`];
  });
  return [`${error.name}: ${error.message}`, ...frames].join('\n');
}
