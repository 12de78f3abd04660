// The README's pictures, from the dashboard itself. In: the server's URL, the folder for the PNGs.
import path from 'node:path';
import { chromium } from 'playwright-core';

const [base, folder] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'] });
const page = await (await browser.newContext({ viewport: { width: 1200, height: 760 }, colorScheme: 'light' })).newPage();
const { items } = await (await fetch(new URL('api/v1/events?territory=KP&kind=upstream-new', base))).json();
for (const [name, hash, wait] of [['territory', '#/territory/KP', '.u-over'], ['world', '#/', '.land'], ['event', `#/event/${items[0].id}`, 'svg']]) {
  await page.goto(base + hash);
  await page.reload();
  await page.waitForSelector(wait);
  await page.waitForTimeout(800);
  if (name === 'event') await page.locator('input[type=range]').fill('3');
  await page.screenshot({ path: path.join(folder, name + '.png') });
}
await browser.close();
