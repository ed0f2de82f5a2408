// Browser tests of the view of flows against the shipped city: the worked question, edited tonnes and capacities, bars and
// table, what the siding is worth, totals by hub tag, export, both languages, keyboard, phone, print.

import { readFileSync } from 'node:fs';
import { axe, check, holds, matches, open, same, shoot, tabTo } from './tools.mjs';

const VIEW = '#page=freight&view=flow';
const TALL = { more: { viewport: { width: 1280, height: 3000 } } };

async function withPage(browser, url, options, run) {
  const view = await open(browser, url, VIEW, options);
  try {
    await view.page.waitForSelector('#flow-run');
    await run(view.page);
    same(view.complaints.filter((line) => !(options.mayFail && /status of 4\d\d/.test(line))), [], 'complaints');
  } finally {
    await view.close();
  }
}

async function solve(page) {
  await page.click('#flow-run');
  await page.waitForSelector('#flow-corridors');
  await page.waitForSelector('#flow-run:not([disabled])');
}

export async function flowChecks(browser, url) {
  const direct = async (question) =>
    (await fetch(`${url}/api/v1/freight/flow`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(question) })).json();
  const worked = (await (await fetch(`${url}/api/v1/freight/flow`)).json()).question;

  await check('flow: the worked question says what the API says; the siding is the bottleneck', () =>
    withPage(browser, url, TALL, async (page) => {
      await solve(page);
      const want = await direct(worked);
      const first = await page.locator('#flow-corridors tbody tr').first().innerText();
      const full = want.plan.corridors[want.plan.bottlenecks[0]];
      matches(first, /晋煤专用线/);
      holds(first.includes(full.price_cny.toFixed(2)), `${first} has no ${full.price_cny}`);
      matches(first, /6\.00[\s\S]*6\.00[\s\S]*100 %[\s\S]*3 列/);
      same(await page.locator('#flow-corridors .fill.full').count() > 0, true, 'a bottleneck in the picture');
      matches(await page.innerText('.felt'), /晋煤铁路物流园[\s\S]*-3 列，\+548 车/);
      matches(await page.innerText('#flow-moved tbody tr >> nth=0'), /晋煤专用线[\s\S]*-6\.00[\s\S]*-16,438[\s\S]*-3 列/);
      same(await page.locator('#flow-hubs tbody tr:not(.kind)').count(), want.plan.hubs.length, 'tags');
      await shoot(page, 'flow-desktop-zh');
      same(await axe(page), [], 'axe');
    }),
  );

  await check('flow: by keyboard; more tonnes and a wider siding, without the other', () =>
    withPage(browser, url, {}, async (page) => {
      await tabTo(page, '.lot:first-child .num');
      await page.keyboard.press('Control+A');
      await page.keyboard.type('5');
      await tabTo(page, '.room:first-child label:nth-of-type(2) .num');
      await page.keyboard.type('8');
      await tabTo(page, '#flow-compare');
      await page.keyboard.press('Space');
      await tabTo(page, '#flow-run');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#flow-corridors');
      const want = await direct({ ...worked, lots: worked.lots.map((lot, at) => (at ? lot : { ...lot, mt_y: 5 })), changes: [{ link: 'L087', capacity_mt_y: 8 }], against: undefined });
      const row = want.plan.corridors.find((one) => one.id === 'L087');
      const shown = await page.locator('#flow-corridors tbody tr', { hasText: '晋煤专用线' }).innerText();
      holds(shown.includes((row.year_t / 1e6).toFixed(2)) && shown.includes('8.00') && shown.includes('已改'), shown);
      same(await page.locator('#flow-difference').count(), 0, 'no difference');
    }),
  );

  await check('flow: whole trains, whose gap and number a week are told', () =>
    withPage(browser, url, {}, async (page) => {
      await page.click('summary:has-text("更多")');
      await page.check('#flow-whole');
      await page.uncheck('#flow-compare');
      await solve(page);
      const want = await direct({ ...worked, against: undefined, changes: [], whole_trains: true });
      const row = want.plan.corridors.find((one) => one.id === 'L087');
      matches(await page.locator('#flow-corridors tbody tr', { hasText: '晋煤专用线' }).innerText(), new RegExp(`每周 ${row.trains_week} 列`));
    }),
  );

  await check('flow: a row added and one removed; the city’s example comes back', () =>
    withPage(browser, url, {}, async (page) => {
      const rows = await page.locator('.lot').count();
      await page.click('button:has-text("加一条货流")');
      same(await page.locator('.lot').count(), rows + 1, 'one more');
      await page.click('[aria-label="删除第 1 条货流"]');
      await page.click('#flow-run');
      matches(await page.innerText('[role=alert]'), new RegExp(`第 ${rows} 条货流`));
      await page.click('#flow-example');
      same(await page.locator('.lot').count(), rows, 'as before');
      same(await page.locator('[role=alert]').count(), 0, 'nothing wrong');
    }),
  );

  await check('flow: what is wrong is named before asking, and what the server refuses is said', () =>
    withPage(browser, url, { mayFail: true }, async (page) => {
      await page.fill('.lot .num >> nth=0', 'viel');
      await page.click('#flow-run');
      matches(await page.innerText('[role=alert]'), /第 1 条货流：“viel”/);
      await page.fill('.lot .num >> nth=0', '3');
      await page.fill('.room input >> nth=0', 'L999');
      await page.click('#flow-run');
      matches(await page.innerText('[role=alert]'), /“L999”不是线路/);
      await page.fill('.room input >> nth=0', 'L087');
      await page.fill('.lot input[list=flow-places] >> nth=0', 'NOPE');
      await page.click('#flow-run');
      await page.waitForFunction(() => document.body.innerText.includes('NOPE') && document.body.innerText.includes('lots[0].from'));
    }),
  );

  await check('flow: the corridors as a file', () =>
    withPage(browser, url, {}, async (page) => {
      await solve(page);
      const [file] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("CSV")')]);
      const text = readFileSync(await file.path(), 'utf8');
      const want = await direct(worked);
      same(text.trim().split('\r\n').length, 1 + want.plan.corridors.length + want.against.corridors.length, 'rows of the file');
      matches(text, /plan,link,L087,晋煤专用线/);
    }),
  );

  await check('flow: on a phone, in English, in the dark; nothing wider than the screen', () =>
    withPage(browser, url, { lang: 'en', scheme: 'dark', more: { viewport: { width: 390, height: 4200 } } }, async (page) => {
      await solve(page);
      holds(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the screen');
      matches(await page.innerText('.felt'), /-3 trains, \+548 lorries/);
      await shoot(page, 'flow-phone-en');
      same(await axe(page), [], 'axe');
    }),
  );

  await check('flow: printed without the form', () =>
    withPage(browser, url, TALL, async (page) => {
      await solve(page);
      await page.emulateMedia({ media: 'print' });
      same(await page.locator('#flow-run').isVisible(), false, 'the form');
      same(await page.locator('#flow-corridors').isVisible(), true, 'the corridors');
      await shoot(page, 'flow-print');
    }),
  );
}
