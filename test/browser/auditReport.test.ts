import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { htmlReport } from '../../audit/report/html.ts';
import type { Report } from '../../audit/verify.ts';
import { hasChromium, startChromium } from '../support/chromium.ts';
import { needs } from '../support/needs.ts';
import { everyFinding, sampleReport } from '../support/sampleReport.ts';
import { temporaryFolders } from '../support/temporaryFolder.ts';

const folder = temporaryFolders();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const wrong = {
  verified: false,
  final: false,
  findings: everyFinding(),
  unchecked: [{ what: 'the global model was not made anew', why: `0x${'ab'.repeat(32)} is not here`, round: 2 }],
} satisfies Partial<Report>;

needs('Chromium', hasChromium())('a report in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await startChromium();
  });

  afterAll(async () => {
    await browser?.close();
  });

  /** Opens a report from disk, offline, and hands it over with whatever the browser complained of. */
  async function opened(
    report: Report,
    options: BrowserContextOptions,
    look: (page: Page, complaints: string[]) => Promise<void>,
  ): Promise<void> {
    const file = join(await folder(), 'report.html');
    writeFileSync(file, htmlReport(report, { version: '0.1.0', madeAt: 1_800_000_000 }));
    const context = await browser.newContext({ ...options, offline: true });
    try {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        if (request.url() !== pathToFileURL(file).href) complaints.push(`asks for ${request.url()}`);
      });
      await page.goto(pathToFileURL(file).href);
      await look(page, complaints);
    } finally {
      await context.close();
    }
  }

  test.each([
    ['VERIFIED', sampleReport({ members: 2, rounds: 2 })],
    ['NOT VERIFIED', sampleReport({ members: 10, rounds: 50 }, wrong)],
  ])('has %s as its heading, and breaks no rule of its own policy', async (verdict, report) => {
    await opened(report, {}, async (page, complaints) => {
      expect((await page.locator('h1').textContent())?.trim()).toBe(verdict);
      expect(await page.locator('main section > h2').count()).toBe(7);
      // Its style is let in by its hash: without, everything would stand in the browser's own font and colours.
      const border = await page.evaluate("getComputedStyle(document.querySelector('h2')).borderTopStyle");
      expect(border).toBe('solid');
      expect(complaints).toEqual([]);
    });
  });

  test.each([
    ['2 members in 2 rounds', sampleReport({ members: 2, rounds: 2 })],
    ['10 members in 50 rounds', sampleReport({ members: 10, rounds: 50 }, wrong)],
    ['300 members in 200 rounds', sampleReport({ members: 300, rounds: 200 })],
  ])('never scrolls sideways on a telephone: %s', async (_, report) => {
    await opened(report, { viewport: { width: 360, height: 740 } }, async (page) => {
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    });
  });

  test.each(['light', 'dark'] as const)('has no fault that axe finds, %s', async (colorScheme) => {
    await opened(sampleReport({ members: 10, rounds: 12 }, wrong), { colorScheme }, async (page) => {
      await page.evaluate(axe);
      const { violations, passes } = (await page.evaluate('axe.run()')) as AxeResults;
      expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
      expect(passes.map(({ id }) => id)).toContain('color-contrast');
    });
  });

  test('prints on pages of A4, dark or not', async () => {
    await opened(
      sampleReport({ members: 10, rounds: 50 }, wrong),
      { colorScheme: 'dark' },
      async (page, complaints) => {
        const pdf = await page.pdf({ preferCSSPageSize: true });
        expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
        const [, width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf.toString('latin1')) ?? [];
        expect([Number(width), Number(height)].map(Math.round)).toEqual([595, 842]);
        await page.emulateMedia({ media: 'print' });
        const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
        expect(paper).toBe('rgb(255, 255, 255)');
        expect(complaints).toEqual([]);
      },
    );
  });
});
