/** A headless Chromium of the system, driven by playwright-core, that talks to nobody outside. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const candidates = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const switches = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--password-store=basic',
];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = candidates.find((file) => file !== undefined && existsSync(file));
  if (!executablePath) {
    throw new Error('no Chromium found: install chromium, or name one in CHROMIUM');
  }
  return chromium.launch({ executablePath, headless: true, args: switches });
}

export const viewport = { width: 1400, height: 900 };

/** A page that reaches this machine only. By host name: a webview's address mentions other hosts. */
export async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const isHere = (host: string) => host === '' || /(^|\.)(localhost|127\.0\.0\.1)$/.test(host);
  await page.route(
    (url) => !isHere(url.hostname),
    (route) => route.abort(),
  );
  return page;
}
