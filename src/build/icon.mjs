// Draws media/icon.png from media/icon.svg with Chromium: node src/build/icon.mjs
// The marketplace takes no SVG. Run it after changing the drawing and commit both.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { root } from './bundle.mjs';

const size = 256;
const svg = readFileSync(path.join(root, 'media/icon.svg'), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block}</style>${svg}`);
  const file = path.join(root, 'media/icon.png');
  await page.screenshot({ path: file, omitBackground: true });
  console.log(`wrote ${path.relative(root, file)}`);
} finally {
  await browser.close();
}
