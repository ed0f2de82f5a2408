// Browser tests of the freight page against the shipped city: shipment form, front as picture, map and table, legs, why
// not, no plan, export, both languages, phone, print.

import { readFileSync } from 'node:fs';
import { axe, check, holds, matches, open, same, shoot, tabTo } from './tools.mjs';

const COAL = '#page=freight&from=GJM&to=QHDP&commodity=coal_thermal&amount=4000&depart=2026-12-07T08:00';

async function withPage(browser, url, hash, options, run) {
  const view = await open(browser, url, hash, options);
  try {
    await run(view.page);
    same(view.complaints.filter((line) => !(options.mayFail && /status of 4\d\d/.test(line))), [], 'complaints');
  } finally {
    await view.close();
  }
}

/** The page scrolls inside; a picture of all of it needs a tall window. */
const TALL = { more: { viewport: { width: 1280, height: 1900 } } };

const answered = (page) => page.waitForSelector('input[name=fr-plan]');

export async function freightChecks(browser, url) {
  const direct = async (more = '') => (await fetch(`${url}/api/v1/freight/plan?from=GJM&to=QHDP&commodity=coal_thermal&tonnes=4000&depart=2026-12-07T08:00${more}`)).json();

  await check('freight: a shipment by keyboard, from the form to the plans', () =>
    withPage(browser, url, '#page=freight', {}, async (page) => {
      await page.waitForSelector('#fr-from');
      await tabTo(page, '#fr-from');
      await page.keyboard.type('古交公路煤场');
      await tabTo(page, '#fr-to');
      await page.keyboard.type('秦皇岛港');
      await page.selectOption('#fr-goods', 'coal_thermal');
      await tabTo(page, '#fr-amount');
      await page.keyboard.type('4000');
      await page.keyboard.press('Enter');
      await answered(page);
      matches(await page.evaluate(() => location.hash), /from=GJM&to=QHDP&commodity=coal_thermal&amount=4000/, 'address');
    }),
  );

  await check('freight: what is missing or unknown is named, and nothing is asked', () =>
    withPage(browser, url, '#page=freight', {}, async (page) => {
      await page.waitForSelector('#fr-from');
      await page.click('form button[type=submit]');
      matches(await page.innerText('form [role=alert]'), /起运地/);
      await page.fill('#fr-from', '无此地');
      await page.fill('#fr-to', 'QHDP');
      await page.click('form button[type=submit]');
      matches(await page.innerText('form [role=alert]'), /无此地/);
      await page.fill('#fr-from', 'GJM');
      await page.selectOption('#fr-goods', 'coal_thermal');
      await page.fill('#fr-amount', '0');
      await page.click('form button[type=submit]');
      matches(await page.innerText('form [role=alert]'), /吨数/);
    }),
  );

  await check('freight: the front as picture and table says what the API says; legs with given or assumed prices', () =>
    withPage(browser, url, COAL, TALL, async (page) => {
      await answered(page);
      const want = await direct();
      same(await page.locator('input[name=fr-plan]').count(), want.plans.length, 'rows');
      same(await page.locator('svg g.point').count(), want.plans.length, 'points');
      for (const [at, plan] of want.plans.entries()) {
        const row = await page.locator('tr:has(input[name=fr-plan])').nth(at).innerText();
        holds(row.includes(plan.hours.toFixed(2)) && row.replaceAll(',', '').includes(String(Math.round(plan.cny))), `row ${at}: ${row}`);
      }
      const last = want.plans.at(-1);
      const point = page.locator('svg g.point').last();
      await point.focus();
      await page.keyboard.press('Enter');
      await page.waitForFunction((number) => document.querySelector('input[name=fr-plan]:checked')?.value === String(number), last.number);
      const legs = await page.locator('.legs tbody tr').allInnerTexts();
      same(legs.length, last.legs.length, 'legs');
      holds(legs.some((text) => text.includes('公布')) && legs.some((text) => text.includes('估计')), 'given and assumed');
      matches(await page.innerText('.legs'), /准时把握/);
      const bill = await (await fetch(`${url}/api/v1/freight/bill?from=GJM&to=QHDP&commodity=coal_thermal&tonnes=4000&depart=2026-12-07T08:00&plan=${last.number}`)).json();
      await page.waitForSelector('.bill tfoot');
      holds((await page.innerText('.bill tfoot')).replaceAll(',', '').includes(bill.chains[0].total_cny.toFixed(1)), 'the bill');
      matches(await page.innerText('.bill'), /铁路建设基金[\s\S]*印花税/);
      matches(await page.innerText('.legs'), /来源 S\d+[\s\S]*来源 S12 \+ 本项目估计/, 'sources in words');
      const [items] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("账单 CSV")')]);
      same(readFileSync(await items.path(), 'utf8').trim().split('\r\n').length, 1 + bill.chains.reduce((sum, chain) => sum + chain.items.length + 1, 0), 'rows of the bill as a file');
      await page.waitForSelector('.carbon tbody tr:nth-child(3)');
      matches(await page.innerText('.carbon'), /英国 2025[\s\S]*GLEC/);
      await shoot(page, 'freight-desktop-zh');
      same(await axe(page), [], 'axe');
    }),
  );

  await check('freight: why not by a port, in hours, yuan and CO2, and what would turn it', () =>
    withPage(browser, url, COAL, { lang: 'en' }, async (page) => {
      await answered(page);
      await page.selectOption('#fr-why', 'TSNP');
      await page.click('button:has-text("Ask")');
      const want = await (await fetch(`${url}/api/v1/freight/why-not?from=GJM&to=QHDP&commodity=coal_thermal&tonnes=4000&depart=2026-12-07T08:00&node=TSNP`)).json();
      await page.waitForSelector('.answer');
      const said = await page.innerText('.answer');
      matches(said, want.possible ? (want.on_front ? /already/ : /beaten by plan/) : /no plan through/);
      matches(await page.evaluate(() => location.hash), /whyNot=TSNP/, 'address');
    }),
  );

  await check('freight: no plan names what forbids it', () =>
    withPage(browser, url, `${COAL}&modes=sea`, {}, async (page) => {
      await page.waitForSelector('.card.none');
      matches(await page.innerText('.card.none'), /没有可行的方案[\s\S]*运输方式/);
    }),
  );

  await check('freight: of latest starts the first is called so, not the soonest', () =>
    withPage(browser, url, COAL.replace('depart=2026-12-07T08:00', 'arrive=2026-12-20T08:00'), {}, async (page) => {
      await answered(page);
      const rows = await page.locator('table tbody tr').filter({ has: page.locator('input[name=fr-plan]') }).allInnerTexts();
      matches(rows[0], /最晚出发/, 'the first row');
      same(rows.filter((text) => /最快/.test(text)), [], 'called the soonest');
    }),
  );

  await check('freight: the whole front, and the table as a file', () =>
    withPage(browser, url, COAL, {}, async (page) => {
      await answered(page);
      await page.check('.all input');
      const want = await direct('&all=true');
      await page.waitForFunction((count) => document.querySelectorAll('input[name=fr-plan]').length === count, want.plans.length);
      const [file] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("CSV")')]);
      const text = readFileSync(await file.path(), 'utf8');
      same(text.trim().split('\r\n').length, 1 + want.plans.reduce((sum, plan) => sum + plan.legs.length, 0), 'rows of the file');
      matches(text, /price_kind/);
    }),
  );

  await check('freight: on a phone, in English, in the dark; nothing wider than the screen', () =>
    withPage(browser, url, COAL, { lang: 'en', scheme: 'dark', more: { viewport: { width: 390, height: 2600 } } }, async (page) => {
      await answered(page);
      holds(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the screen');
      await shoot(page, 'freight-phone-en');
      same(await axe(page), [], 'axe');
    }),
  );

  await check('freight: an empty form stands over no older plans', () =>
    withPage(browser, url, COAL, {}, async (page) => {
      await answered(page);
      await page.evaluate(() => (location.hash = '#page=freight'));
      await page.waitForFunction(() => document.querySelector('#fr-from')?.value === '');
      same(await page.locator('input[name=fr-plan]').count(), 0, 'plans of the question before');
    }),
  );

  await check('freight: printed without the form', () =>
    withPage(browser, url, COAL, {}, async (page) => {
      await answered(page);
      await page.emulateMedia({ media: 'print' });
      same(await page.locator('#fr-from').isVisible(), false, 'the form');
      same(await page.locator('.legs table').isVisible(), true, 'the legs');
      await shoot(page, 'freight-print');
    }),
  );
}
