/** package.json against what it speaks of: files, commands, and the parser of launch attributes. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseLaunchConfig } from '../../src/core/machine/parseLaunchConfig.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly pattern?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: { readonly properties: Readonly<Record<string, Schema>> };
  readonly markdownDescription?: string;
  readonly markdownEnumDescriptions?: readonly string[];
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { contributes } = manifest;
const [debuggerType] = contributes.debuggers;
const attributes: Record<string, Schema> = debuggerType.configurationAttributes.launch.properties;

const accepts = (attribute: string, value: unknown, more: object = {}): boolean => {
  try {
    parseLaunchConfig({ program: 'a.elf', [attribute]: value, ...more });
    return true;
  } catch {
    return false;
  }
};
const machine = (attribute: string): object =>
  ['firmware', 'aia'].includes(attribute) ? { mode: 'machine' } : {};

describe('package.json', () => {
  it('names files that exist', () => {
    const [{ steps }] = contributes.walkthroughs;
    const files = [
      manifest.icon,
      ...steps.map((step: { media: { markdown: string } }) => step.media.markdown),
      ...contributes.grammars.map((grammar: { path: string }) => grammar.path),
      ...contributes.languages.map((language: { configuration: string }) => language.configuration),
    ];
    for (const file of files) assert.ok(existsSync(file), file);
    assert.deepEqual(
      files
        .filter((file) => file.startsWith('media/walkthrough/'))
        .map((file) => file.slice(18))
        .sort(),
      readdirSync('media/walkthrough').sort(),
    );
  });

  it('has exactly the commands that the extension registers', () => {
    const source = readFileSync('src/extension/extension.ts', 'utf8');
    const registered = [...source.matchAll(/^ +'(trapline\.\w+)': /gm)].map(([, id]) => id);
    const contributed = contributes.commands.map((command: { command: string }) => command.command);
    assert.deepEqual(contributed.sort(), registered.sort());
    const used = JSON.stringify([
      contributes.menus,
      contributes.viewsWelcome,
      contributes.walkthroughs,
    ]);
    for (const [, id] of used.matchAll(/(?:command:|onCommand:|"command":")(trapline\.\w+)/g)) {
      assert.ok(contributed.includes(id), id);
    }
  });

  it('describes every attribute and every choice', () => {
    for (const [name, schema] of Object.entries(attributes)) {
      assert.ok(schema.markdownDescription, name);
      assert.equal(schema.markdownEnumDescriptions?.length, schema.enum?.length, name);
    }
  });

  it('has every attribute that the parser reads, and none that it refuses', () => {
    const everything = {
      ...{ program: 'a', mode: 'machine', firmware: 'b', initrd: 'c', dtb: 'd', bootargs: 'e' },
      maxInstructions: 1,
    };
    const read = Object.keys(parseLaunchConfig(everything));
    for (const name of read) assert.ok(name in attributes, name);
    for (const name of Object.keys(attributes)) {
      if (read.includes(name)) continue;
      assert.ok(accepts(name, undefined) && accepts(name, attributes[name]?.default), name);
    }
  });

  it('offers only values that the parser takes', () => {
    for (const [name, schema] of Object.entries(attributes)) {
      const values = [
        ...(schema.enum ?? []),
        ...(schema.default === undefined ? [] : [schema.default]),
      ];
      for (const value of values) {
        assert.ok(accepts(name, value, machine(name)), `${name}: ${JSON.stringify(value)}`);
      }
    }
    for (const { body } of debuggerType.configurationSnippets) parseLaunchConfig(body);
    for (const configuration of debuggerType.initialConfigurations)
      parseLaunchConfig(configuration);
  });

  it('underlines what the parser refuses', () => {
    const check = (attribute: string, schema: Schema | undefined, text: string): void => {
      const matches = [schema, ...(schema?.anyOf ?? [])].some(
        (one) => one?.pattern !== undefined && new RegExp(one.pattern).test(text),
      );
      assert.equal(matches, accepts(attribute, text), `${attribute}: ${text}`);
    };
    for (const text of ['256M', '1G', '4096K', '1.5G', '8MiB', '64MB', 'M', '1T', '-1M', '']) {
      check('memory', attributes['memory'], text);
    }
    const call = attributes['calls']?.items?.properties ?? {};
    for (const text of ['DBCN', '0x10', '16', '0x08000000-0x08ffffff', '1-2-3', '0xzz', '']) {
      const pattern = call['extension']?.anyOf?.find((one) => one.pattern)?.pattern ?? '';
      const rule = [{ extension: text, action: 'deny' }];
      assert.equal(new RegExp(pattern).test(text), accepts('calls', rule), text);
    }
    for (const action of call['action']?.enum ?? []) {
      assert.ok(accepts('calls', [{ extension: 1, action }]), String(action));
    }
  });
});
