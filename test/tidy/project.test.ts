/** House rules that hold for the repository as a whole. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { projectFiles, read, scan } from './scan.ts';

const text =
  /\.(ts|mjs|js|cjs|json|md|css|html|svg|c|h|S|s|ld|mk|sh|yml|yaml|txt|dts)$|(^|\/)(Makefile|LICENSE|run)$/;

/** A tool of node_modules, run by this very Node. */
function runTool(
  script: string,
  args: readonly string[],
): { status: number | null; output: string } {
  const run = spawnSync(process.execPath, [path.resolve('node_modules', script), ...args], {
    encoding: 'utf8',
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

describe('compilers and formatter', () => {
  for (const project of ['.', 'src/core', 'src/webview']) {
    it(`tsc -p ${project} finds nothing`, () => {
      const { status, output } = runTool('typescript/bin/tsc', ['-p', project]);
      assert.equal(status, 0, output);
    });
  }

  it('prettier finds nothing to change', function () {
    // A minute is not enough for all files on a machine that is busy with other things.
    this.timeout(300_000);
    const { status, output } = runTool('prettier/bin/prettier.cjs', ['--check', '.']);
    assert.equal(status, 0, output);
  });
});

describe('documents', () => {
  for (const file of projectFiles(/(^|\/)(README|CHANGELOG)\.md$/)) {
    it(`links of ${file} lead somewhere`, () => {
      const markdown = read(file).replace(/```[^]*?```/g, '');
      const links = [...markdown.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(
        (match) => match[1] ?? match[2] ?? '',
      );
      const broken = links
        .filter((link) => !/^(https?:|mailto:|#)/.test(link))
        .filter((link) => !existsSync(path.join(path.dirname(file), link.replace(/#.*/, ''))));
      assert.deepEqual(broken, []);
    });
  }

  it('paths that src/README.md names in backticks exist', () => {
    const named = [...read('src/README.md').matchAll(/`((?:src|test|media)\/[\w./-]+)`/g)].map(
      (match) => match[1] ?? '',
    );
    assert.ok(named.length > 0, 'it names no file');
    assert.deepEqual(
      named.filter((file) => !existsSync(file)),
      [],
    );
  });
});

describe('tests', () => {
  it('none is singled out or switched off', () => {
    const found = projectFiles(/^test\/.*\.test\.ts$/).flatMap((file) => {
      const tokens = scan(read(file));
      return tokens
        .filter((token, i) => {
          const isSwitch = token.text === 'only' || token.text === 'skip';
          const owner = tokens[i - 2]?.text ?? '';
          return (
            isSwitch && tokens[i - 1]?.text === '.' && /^(describe|it|suite|test)$/.test(owner)
          );
        })
        .map((token) => `${file}:${token.line}`);
    });
    assert.deepEqual(found, []);
  });

  it('every golden file belongs to a test', () => {
    const sources = projectFiles(/^test\/.*\.(ts|mjs)$/)
      .map(read)
      .join('\n');
    const goldens = projectFiles(/^test\/.*(\/goldens?\/|\.golden(\.|$)|\.expected$)/);
    const orphans = goldens.filter((file) => {
      const stem = path.basename(file).replace(/\..*/, '');
      return !sources.includes(path.basename(file)) && !sources.includes(`'${stem}'`);
    });
    assert.deepEqual(orphans, []);
  });
});

describe('what is committed', () => {
  const files = projectFiles().filter((file) => existsSync(file) && statSync(file).isFile());

  it('names no folder of the machine it was made on', () => {
    const folders = /(?:^|[\s"'`=(:])\/(?:work|farm|root|home)\/[\w.-]/;
    const found = files
      .filter((file) => text.test(file))
      .flatMap((file) => linesMatching(file, folders));
    assert.deepEqual(found, []);
  });

  it('binaries name none either', () => {
    const found = files
      .filter((file) => /\.(elf|bin|o|wasm|dtb)$/.test(file))
      .filter((file) => /\/(?:work|farm|root|home)\/\w/.test(readFileSync(file, 'latin1')));
    assert.deepEqual(found, []);
  });

  it('names no package registry or mirror', () => {
    const hosts = /https?:\/\/[a-z0-9.-]*(?:registry|mirror|deb\.)[a-z0-9.-]*/i;
    const found = files
      .filter((file) => text.test(file) && file !== 'package-lock.json')
      .flatMap((file) => linesMatching(file, hosts));
    assert.deepEqual(found, []);
    assert.ok(!/"resolved": "https?:/.test(read('package-lock.json')), 'package-lock.json does');
  });
});

describe('licences', () => {
  const allowed = [
    'MIT',
    'ISC',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'Apache-2.0',
    '0BSD',
    'BlueOak-1.0.0',
  ];

  it('of every package we depend on at run time let us ship it', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; license?: string }>;
    };
    const shipped = Object.entries(lock.packages).filter(
      ([name, entry]) => name.startsWith('node_modules/') && !entry.dev,
    );
    assert.ok(shipped.length > 0, 'package-lock.json lists no dependency');
    const wrong = shipped
      .filter(([, entry]) => !allowed.includes(entry.license ?? ''))
      .map(([name, entry]) => `${name}: ${entry.license}`);
    assert.deepEqual(wrong, []);
  });

  it('every bundled package stands in the notices that ship with it', () => {
    const notices = read('dist/ThirdPartyNotices.txt');
    const bundled = JSON.parse(read('dist/bundledPackages.json')) as string[];
    assert.ok(bundled.includes('@vscode/debugadapter'), `bundled: ${bundled.join(', ')}`);
    for (const name of bundled) {
      const license = (JSON.parse(read(`node_modules/${name}/package.json`)) as { license: string })
        .license;
      assert.ok(allowed.includes(license), `${name}: ${license}`);
      assert.ok(notices.includes(`\n${name} `), `${name} is missing`);
    }
  });
});

function linesMatching(file: string, pattern: RegExp): string[] {
  return read(file)
    .split('\n')
    .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1} ${line.trim()}`] : []));
}
