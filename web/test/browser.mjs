// Browser tests of the dashboard in Debian's Chromium, against a running `isthmus serve`. In: the server's URL and a folder for screenshots.
// Each check says what a person would see; the last line counts them. Exit 1 where one failed.
import { exec } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';

const [base, screens] = process.argv.slice(2);
if (!base) throw new Error('usage: browser.mjs URL [SCREENSHOT-FOLDER]');
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const api = async (question) => (await fetch(new URL('api/v1/' + question, base))).json();
const quiet = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet });

let passed = 0;
const failures = [];
const check = (ok, what) => { if (ok) passed++; else { failures.push(what); console.log('FAILED: ' + what); } };
const percent = (v, digits) => (v * 100).toFixed(digits) + ' %';

/** A page of its own; console errors and requests to elsewhere are failures. */
async function open(hash, { width = 1280, theme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
  const page = await context.newPage();
  page.on('console', (m) => m.type() === 'error' && check(false, `${hash}: console error: ${m.text()}`));
  page.on('pageerror', (e) => check(false, `${hash}: ${e.message}`));
  page.on('request', (r) => { if (/^https?:/.test(r.url()) && !r.url().startsWith(base)) check(false, `${hash}: asks outside: ${r.url()}`); });
  await page.goto(base + hash);
  await page.waitForSelector('main h1');
  return page;
}

async function sound(page, name) {
  await page.waitForTimeout(400);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const v of violations.filter((x) => ['serious', 'critical'].includes(x.impact))) check(false, `${name}: axe: ${v.id}: ${v.nodes[0].html.slice(0, 160)}`);
  check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name}: nothing sticks out sideways`);
  if (screens) await page.screenshot({ path: path.join(screens, name + '.png'), fullPage: true });
}

if (process.env.GROW) { // the store grows while a page is open: its events arrive without a reload
  const page = await open('#/live');
  await page.waitForFunction(() => document.querySelector('main').innerText.includes('Connected'));
  const grown = new Promise((done) => exec(process.env.GROW, (error, _, said) => { check(!error, 'the store grows: ' + said); done(); }));
  await page.waitForFunction(() => document.querySelector('[data-test=live]').innerText.includes('TransTeleCom'), null, { timeout: 60000 }).catch(() => {});
  check((await page.innerText('[data-test=live]')).includes('New carrier'), 'live: the new carrier appears without a reload');
  await grown;
  await page.waitForTimeout(600);
  await page.context().close();
}

const report = await api('report/KP?family=4'), events = (await api('events?territory=KP&limit=200')).items, series = await api('series/KP?family=4');

for (const width of [1280, 360])
  for (const theme of ['light', 'dark'])
    for (const [name, hash] of [['world', '#/'], ['territory', '#/territory/KP'], ['event', `#/event/${events[0].id}`], ['events', '#/events'], ['compare', '#/compare?with=KP,CN'], ['live', '#/live'], ['method', '#/method']]) {
      const page = await open(hash, { width, theme });
      check(!(await page.$('[role=alert]')), `${name}: no error shown`);
      await sound(page, `${name}-${width}-${theme}`);
      await page.context().close();
    }

{ // the territory's numbers are the API's
  const page = await open('#/territory/KP');
  await page.waitForSelector('[data-test=carriers] tbody tr');
  const rows = await page.$$eval('[data-test=carriers] tbody tr', (trs) => trs.map((tr) => [...tr.cells].map((c) => c.innerText.trim())));
  check(rows.length === Math.min(20, report.upstreams.length), 'carriers: one row each');
  report.upstreams.slice(0, 20).forEach((u, i) => {
    check(rows[i]?.[0].includes('AS' + u.asn), `carriers: row ${i} is AS${u.asn}`);
    check(rows[i]?.[2] === percent(u.share, 1), `carriers: AS${u.asn} ${rows[i]?.[2]} is ${percent(u.share, 1)}`);
  });
  const resilience = await page.innerText('[data-test=resilience]');
  check(resilience.includes(report.resilience.class) && resilience.includes(report.resilience.effective.toFixed(2)), 'resilience: class and effective carriers');
  const list = await page.innerText('section[aria-label=Events]');
  check(events.slice(0, 5).every((e) => list.includes(e.why.slice(0, 40))), 'events beside the chart');

  // the chart as a table holds every step of the series
  const chart = page.locator('figure[aria-label="Carriers over time"]');
  await chart.getByRole('button', { name: 'Table' }).click();
  check((await chart.locator('tbody tr').count()) === series.times.length, 'chart as a table: a row a change');
  await chart.getByRole('button', { name: 'Table' }).click();

  // zoom by button, by keyboard, by mouse; the address carries it
  await chart.getByRole('button', { name: '1 h' }).click();
  await page.waitForFunction(() => location.hash.includes('from='));
  const hour = new URLSearchParams((await page.evaluate(() => location.hash)).split('?')[1]);
  check(Date.parse(hour.get('to')) - Date.parse(hour.get('from')) <= 3600e3 + 2000, 'zoom: an hour is an hour');
  await page.locator('.area').focus();
  await page.keyboard.press('-');
  await page.waitForTimeout(300);
  const wider = new URLSearchParams((await page.evaluate(() => location.hash)).split('?')[1]);
  check(Date.parse(wider.get('from') ?? 0) < Date.parse(hour.get('from')), 'zoom: minus widens');
  await chart.getByRole('button', { name: 'All' }).click();
  await page.waitForFunction(() => !location.hash.includes('from='));
  const area = await page.locator('.u-over').boundingBox();
  await page.mouse.move(area.x + area.width * 0.2, area.y + 40);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * 0.5, area.y + 40, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction(() => location.hash.includes('from='));
  check(true, 'zoom: dragging');
  const shared = await page.evaluate(() => location.href);
  await page.reload();
  await page.waitForSelector('.u-over');
  check((await page.evaluate(() => location.href)) === shared, 'zoom: the address brings it back');

  // downloads
  for (const kind of ['SVG', 'PNG', 'CSV']) {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: `Carriers over time: download as ${kind}` }).click()]);
    const text = fs.readFileSync(await file.path());
    check(kind === 'SVG' ? text.toString().startsWith('<svg') : kind === 'PNG' ? text.subarray(1, 4).toString() === 'PNG' : text.toString().startsWith('from,'), `download: ${kind}`);
  }
  await page.context().close();
}

{ // search by keyboard: country, AS, prefix
  const page = await open('#/');
  for (const [text, id] of [['north kor', 'KP'], ['AS131279', 'KP'], ['175.45.176.0/24', 'KP']]) {
    await page.getByRole('combobox', { name: /Search/ }).fill(text);
    await page.waitForSelector('#hits li[aria-selected=true]');
    await page.keyboard.press('Enter');
    await page.waitForFunction((w) => decodeURIComponent(location.hash).includes(w), id);
    check(true, `search: ${text} finds ${id}`);
  }
  // keyboard alone: the first tab stop leads past the header
  await page.goto(base + '#/');
  await page.reload();
  await page.keyboard.press('Tab');
  check((await page.evaluate(() => document.activeElement.textContent)) === 'Skip to the content', 'keyboard: skip link first');
  // theme is kept
  await page.getByRole('button', { name: /dark theme/ }).click();
  await page.reload();
  check((await page.evaluate(() => document.documentElement.dataset.theme)) === 'dark', 'theme: dark is kept');
  await page.context().close();
}

{ // an event: its paths play
  const played = events.find((e) => e.evidence?.length) ?? events[0];
  const page = await open(`#/event/${played.id}`);
  check((await page.innerText('[data-test=why]')) === played.why, 'event: why');
  if (await page.$('input[type=range]')) {
    await page.getByRole('button', { name: 'Play' }).click();
    await page.waitForSelector('path.after');
    check(true, 'event: the paths play');
  }
  await page.context().close();
}

{ // what is on screen soon enough, and how much it takes to get there
  const page = await open('#/territory/KP');
  await page.waitForSelector('.u-over');
  const taken = await page.evaluate(() => performance.getEntriesByType('resource').filter((r) => /assets\/index/.test(r.name)).reduce((sum, r) => sum + r.encodedBodySize, 0));
  check(taken > 0 && taken < 300e3, `first load: ${(taken / 1000).toFixed(0)} kB of scripts and styles, below 300`);
  await page.context().close();
}

await browser.close();
console.log(`browser: ${passed} checks passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
