/**
 * Fills in what a launch configuration leaves to the editor: relative paths become absolute, and
 * the panel is left to the guest's console. Checking values is the adapter's, which has the one
 * table of attributes and messages; a value of a wrong type passes through untouched.
 */
import path from 'node:path';

export type Configuration = Record<string, unknown>;

/** The configuration of a session that starts `program` with nothing else said. */
export function configurationFor(program: string): Configuration & { name: string } {
  return {
    type: 'trapline',
    request: 'launch',
    name: `Run ${program.slice(program.lastIndexOf('/') + 1)}`,
    program,
  };
}

/** Adds what a configuration of ours needs and its author may leave out. */
export function withDefaults(configuration: Configuration): Configuration {
  return {
    ...configuration,
    type: configuration['type'] ?? 'trapline',
    request: configuration['request'] ?? 'launch',
    name: configuration['name'] ?? 'Trapline',
    // Otherwise VS Code opens the Debug Console over the guest's console.
    internalConsoleOptions: configuration['internalConsoleOptions'] ?? 'neverOpen',
  };
}

/** Whether the author of the configuration named an image. */
export function namesProgram(configuration: Configuration): boolean {
  return configuration['program'] !== undefined && configuration['program'] !== '';
}

/**
 * The configuration with every path made absolute: relative ones start at `cwd` when it is given,
 * else at the workspace folder. Variables such as `${workspaceFolder}` are replaced before.
 */
export function withAbsolutePaths(
  configuration: Configuration,
  folder: string | undefined,
): Configuration {
  const result: Configuration = { ...configuration };
  const cwd = resolve(configuration['cwd'], folder);
  if (cwd !== undefined) result['cwd'] = cwd;
  const base = typeof cwd === 'string' ? cwd : folder;
  for (const key of pathAttributes) {
    if (key in configuration) result[key] = resolve(configuration[key], base);
  }
  for (const key of fileListAttributes) {
    const list = configuration[key];
    if (Array.isArray(list)) result[key] = list.map((item) => withAbsoluteFile(item, base));
  }
  const sourceMap = configuration['sourceMap'];
  if (isRecord(sourceMap)) {
    result['sourceMap'] = Object.fromEntries(
      Object.entries(sourceMap).map(([prefix, local]) => [prefix, resolve(local, base)]),
    );
  }
  return result;
}

const pathAttributes = ['program', 'firmware', 'initrd', 'dtb', 'handlers'];
const fileListAttributes = ['loadFiles', 'symbolFiles'];

function withAbsoluteFile(item: unknown, base: string | undefined): unknown {
  return isRecord(item) ? { ...item, file: resolve(item['file'], base) } : item;
}

function resolve(value: unknown, base: string | undefined): unknown {
  if (typeof value !== 'string' || value === '' || base === undefined) return value;
  return path.resolve(base, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
