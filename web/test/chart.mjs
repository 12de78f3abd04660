// How long from the click on a country to its chart on screen. In: the server's URL, a country's code, how often. Out: the times in ms.
import { chromium } from 'playwright-core';

const [base, id = 'KP', times = '9'] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'] });
const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
const taken = [];
for (let i = 0; i < Number(times); i++) {
  await page.goto(base + '#/compare');
  await page.waitForSelector('h1');
  taken.push(await page.evaluate((who) => new Promise((done) => {
    const start = performance.now();
    const look = () => (document.querySelector('.u-over') ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start))) : requestAnimationFrame(look));
    location.hash = '#/territory/' + who;
    look();
  }), id));
}
await browser.close();
taken.sort((a, b) => a - b);
console.log(`chart of ${id}: median ${taken[Math.floor(taken.length / 2)].toFixed(0)} ms, longest ${taken.at(-1).toFixed(0)} ms of ${taken.length}`);
