/** The command `snapshot`: the whole machine kept, and put back to where it was. */
import { UserError } from '../../base/userError.ts';
import type { SnapshotInfo, Snapshots } from '../target.ts';
import type { CommandScope } from './scope.ts';

export const snapshotActions = ['take', 'list', 'restore', 'drop', 'save', 'load'] as const;
type Action = (typeof snapshotActions)[number];

export async function snapshot(args: string, scope: CommandScope): Promise<string> {
  const { snapshots } = scope.target;
  if (!snapshots) throw new UserError('snapshot: this machine cannot be put back to where it was');
  const [, word = '', name = ''] = /^(\S*)\s*([^]*)$/.exec(args) ?? [];
  const action: string = word === '' ? 'take' : word;
  switch (action as Action) {
    case 'take':
      return `taken: ${line(await snapshots.take(name === '' ? undefined : name))}`;
    case 'list': {
      if (name !== '') throw new UserError(`snapshot list takes nothing, not '${name}'`);
      const all = await snapshots.list();
      return all.length === 0 ? 'no snapshots' : all.map(line).join('\n');
    }
    case 'restore': {
      const found = await named(snapshots, 'restore', name);
      await snapshots.restore(found.id);
      return `at ${line(found)}`;
    }
    case 'drop': {
      const found = await named(snapshots, 'drop', name);
      await snapshots.drop(found.id);
      return `dropped: ${line(found)}`;
    }
    case 'save': {
      const files = filesFor('save', name, scope);
      const taken = await snapshots.take(name);
      const bytes = await snapshots.save(taken.id);
      await snapshots.drop(taken.id);
      await files.write(name, bytes);
      return `written: ${line(taken)}`;
    }
    case 'load': {
      const files = filesFor('load', name, scope);
      const loaded = await snapshots.load(await files.read(name), name);
      await snapshots.restore(loaded.id);
      return `at ${line(loaded)}`;
    }
    default:
      throw new UserError(`snapshot: '${action}' is none of ${snapshotActions.join(', ')}`);
  }
}

/** Actions, and behind those that want one the names that there are. */
export async function snapshotWords(args: string, { target }: CommandScope): Promise<string[]> {
  if (!/^(?:restore|drop)\s/.test(args)) return [...snapshotActions];
  return ((await target.snapshots?.list()) ?? []).map(({ name }) => name);
}

function filesFor(action: Action, name: string, { files }: CommandScope) {
  if (name === '') throw new UserError(`snapshot ${action}: a file is missing`);
  if (!files) throw new UserError(`snapshot ${action}: this console has no files`);
  return files;
}

async function named(snapshots: Snapshots, action: Action, name: string): Promise<SnapshotInfo> {
  if (name === '') throw new UserError(`snapshot ${action}: of which? ('snapshot list')`);
  const found = (await snapshots.list()).find((each) => each.name === name);
  if (!found) throw new UserError(`snapshot ${action}: there is no snapshot '${name}'`);
  return found;
}

function line({ name, instructions, bytes }: SnapshotInfo): string {
  return `${name}, after ${instructions} instructions, ${Math.ceil(bytes / 1024)} KiB`;
}
