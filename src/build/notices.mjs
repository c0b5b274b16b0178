// The licences of the npm packages that end up in our bundles, as one text that ships with them:
// each of these licences asks for its notice to go with every copy.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './bundle.mjs';

/** Names of the packages that esbuild's metafiles say were bundled. */
function packagesIn(metafiles) {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const names = inputs.map((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function noticeOf(name) {
  const dir = path.join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8'));
  const file = readdirSync(dir).find((entry) => /^(licen[cs]e|notice|thirdparty)/i.test(entry));
  const text = file ? readFileSync(path.join(dir, file), 'utf8').trim() : '';
  return `\n${name} ${version} (${license})\n\n${text}\n`;
}

/** Of what is no package's code: src/webview/codicons.ts has pictures from one. */
const pictures = `
Icons of the views: from @vscode/codicons 0.0.45 (CC-BY-4.0)

Copyright (c) Microsoft Corporation. https://github.com/microsoft/vscode-codicons
The icons are used unchanged, under the Creative Commons Attribution 4.0 International Public
License: https://creativecommons.org/licenses/by/4.0/legalcode
`;

/** Writes dist/ThirdPartyNotices.txt and, for the test that checks it, the list of packages. */
export function writeNotices(metafiles) {
  const names = packagesIn(metafiles).filter((name) =>
    existsSync(path.join(root, 'node_modules', name, 'package.json')),
  );
  const rule = `\n${'-'.repeat(78)}\n`;
  const notices = [...names.map(noticeOf), pictures].map((notice) => rule + notice).join('');
  const text = `Trapline contains code and pictures of these packages.\n${notices}`;
  writeFileSync(path.join(root, 'dist/ThirdPartyNotices.txt'), text);
  writeFileSync(path.join(root, 'dist/bundledPackages.json'), `${JSON.stringify(names)}\n`);
  return names;
}
