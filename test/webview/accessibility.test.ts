/**
 * The views' pages for people without a mouse, with a screen reader, with large type, or whom
 * motion harms: what of it a browser can tell. `*.golden` is what a screen reader finds.
 */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { checkGolden } from '../dap/transcript.ts';
import { launchBrowser } from '../vscode/harness/browser.ts';
import { csrs, mappings, refusedWalk } from './contents.ts';
import { View } from './view.ts';

const pages = {
  csrs: {
    fill: async (view: View) => {
      await view.post(csrs('0x8000000000080210', true));
      await view.page.locator('[data-key="satp"]').focus();
      await view.press('ArrowRight', 'p');
    },
    stops: ['filter', 'changedOnly', 'sideBySide', 'satp'],
  },
  mappings: {
    fill: async (view: View) => {
      await view.post(mappings(3));
      await view.post({ type: 'focusExplain' });
      await view.page.keyboard.type('gpa:0x80200abc');
      await view.press('Enter');
      await view.post({ type: 'walk', walk: refusedWalk });
      await view.page.locator('#walkEnd.refused').waitFor();
    },
    stops: [
      ...['filter', 'stageGuest', 'explainToggle', 'logDirty', 'clearDirty'],
      ...['address', 'access', 'explainGo', 'walkCopy', 'walkClose', '0x80000000 0x1000'],
    ],
  },
} as const;

describe('views for everyone', () => {
  let browser: Browser;
  let view: View;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());
  afterEach(async () => {
    assert.deepEqual(view.problems, []);
    await view.page.close();
  });

  for (const name of ['csrs', 'mappings'] as const) {
    const { fill, stops } = pages[name];

    describe(`page ${name}`, () => {
      beforeEach(async () => {
        view = await View.open(browser, name);
        await fill(view);
      });

      it('has a role and a name for each thing', async () => {
        const found = await view.page.locator('body').ariaSnapshot();
        checkGolden(`test/webview/${name}.golden`, `${found}\n`);
        const nameless = await view.page.evaluate(`[...document.querySelectorAll(
          'button, input, select, [role=treeitem], [role=row], [role=tree], [role=grid], [role=toolbar]'
        )].filter((one) => !one.closest('[hidden]') && one.id !== 'header' && !(
          one.getAttribute('aria-label') || one.textContent.trim()
        )).map((one) => one.outerHTML)`);
        assert.deepEqual(nameless, []);
        const shownTwice = await view.page.evaluate(`[...document.querySelectorAll('[id]')]
          .map(({ id }) => id).filter((id, at, all) => all.indexOf(id) !== at)`);
        assert.deepEqual(shownTwice, []);
      });

      it('is gone through with Tab, each list being one stop', async () => {
        await view.page.evaluate('document.activeElement.blur(); window.scrollTo(0, 0)');
        await view.page.focus('#filter');
        const reached = [await view.focused()];
        for (let i = 1; i < stops.length; i++) {
          await view.press('Tab');
          reached.push(await view.focused());
        }
        assert.deepEqual(reached, [...stops]);
        // And what has the focus is seen to have it.
        await view.press('Shift+Tab');
        const outline = await view.page.evaluate(
          `getComputedStyle(document.activeElement).outlineStyle`,
        );
        assert.equal(outline, 'solid');
      });

      it('fits at 200 %, where half as much has room', async () => {
        for (const width of [340, 170]) {
          await view.page.setViewportSize({ width, height: 250 });
          const wide = await view.page.evaluate(`[...document.body.querySelectorAll(
            'button, input, select, p, .row'
          )].filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => one.id || one.className)`);
          assert.deepEqual(wide, [], `at ${width} pixels`);
          assert.ok(
            await view.page.evaluate('document.documentElement.scrollWidth <= innerWidth + 1'),
          );
        }
      });

      it('moves nothing by itself', async () => {
        const moving = await view.page
          .evaluate(`[...document.querySelectorAll('*')].filter((one) => {
          const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(one);
          return animationName !== 'none' || transitionDuration !== '0s' || scrollBehavior !== 'auto';
        }).map((one) => one.outerHTML)`);
        assert.deepEqual(moving, []);
      });

      it('is to be read in forced colours', async () => {
        await view.page.emulateMedia({ forcedColors: 'active' });
        await view.post({ type: 'status', status: 'running' });
        const opacity = await view.page.evaluate(
          `getComputedStyle(document.getElementById('content')).opacity`,
        );
        assert.equal(opacity, '1');
        const icon = await view.page.evaluate(
          `getComputedStyle(document.querySelector('button .codicon')).fill`,
        );
        const text = await view.page.evaluate(
          `getComputedStyle(document.querySelector('button:has(.codicon)')).color`,
        );
        assert.equal(icon, text);
      });
    });
  }
});
