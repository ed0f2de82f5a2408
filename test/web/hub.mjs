// Browser tests of the land-air hub: the latest safe collection with its steps, one regime, a wrong question, feeder tours,
// files, both languages, phone.

import { readFileSync } from 'node:fs';
import { axe, check, holds, matches, open, same, shoot, tabTo } from './tools.mjs';

// A Tuesday far enough ahead that everything can be reached, and the day before it.
const dayAt = (ms) => new Date(ms).toISOString().slice(0, 10);
const DAY_MS = 86_400_000;
const TUESDAY = (() => {
  let at = Date.now() + 14 * DAY_MS;
  while (new Date(at).getUTCDay() !== 2) at += DAY_MS;
  return at;
})();
const DAY = dayAt(TUESDAY);
const PAST = dayAt(Date.now() - DAY_MS);
const READY = `${dayAt(TUESDAY - DAY_MS)}T09:00`;
const HUB = '#page=freight&view=hub&from=GJM';
const when = (instant) => `${instant.slice(5, 10)} ${instant.slice(11, 16)}`;

async function withPage(browser, url, hash, options, run) {
  const view = await open(browser, url, hash, options);
  try {
    await run(view.page);
    same(view.complaints.filter((line) => !(options.mayFail && /status of 4\d\d/.test(line))), [], 'complaints');
  } finally {
    await view.close();
  }
}

/** Press the button and wait until its answer stands. */
async function send(page) {
  await Promise.all([page.waitForResponse((got) => got.url().includes('/freight/uplift')), page.click('.hub form button[type=submit] >> nth=0')]);
  await page.waitForSelector('.hub form button[type=submit]:not([disabled]) >> nth=0');
}

async function asked(page) {
  await page.waitForSelector('#fh-flights');
  await page.fill('#fh-date', DAY);
  await send(page);
}

export async function hubChecks(browser, url) {
  const direct = async (more = '') => (await fetch(`${url}/api/v1/freight/uplift?from=GJM&mass_kg=100&date=${DAY}${more}`)).json();

  await check('hub: flights with the latest safe collection say what the API says, what can be reached first', () =>
    withPage(browser, url, HUB, { more: { viewport: { width: 1280, height: 1900 } } }, async (page) => {
      await asked(page);
      const want = (await direct()).uplifts;
      const rows = await page.locator('#fh-flights tbody tr').allInnerTexts();
      same(rows.length, want.length, 'rows');
      for (const one of want) holds(rows.some((text) => text.includes(`${one.flight.id} →`) && text.includes(one.regime.name_zh) && text.includes(when(one.flight.departs)) && (!one.collect_by || text.includes(when(one.collect_by)))), `${one.flight.id} ${one.regime.id} is not there`);
      const reached = want.filter((one) => one.state === 'ok' || one.state === 'tight').sort((a, b) => a.collect_by.localeCompare(b.collect_by));
      holds(reached.length > 1, 'none can be reached');
      reached.forEach((one, at) => holds(rows[at].includes(when(one.collect_by)), `row ${at} is not the next to be collected`));
      matches(rows.join(' '), /估计/, 'assumed flights are labelled');
      await shoot(page, 'hub-flights');
      same(await axe(page), [], 'axe');
    }),
  );

  await check('hub: the steps of a flight, backwards, each with minutes, given or assumed, and its source', () =>
    withPage(browser, url, HUB, { lang: 'en' }, async (page) => {
      await asked(page);
      const first = (await direct()).uplifts.filter((one) => one.state === 'ok' || one.state === 'tight').sort((a, b) => a.collect_by.localeCompare(b.collect_by))[0];
      await tabTo(page, '#fh-flights [aria-expanded]', 80);
      await page.keyboard.press('Enter');
      const steps = await page.locator('.steps li').allInnerTexts();
      same(steps.length, first.steps.length, 'steps');
      first.steps.forEach((step, at) => {
        holds(steps[at].includes(when(step.begin)) && steps[at].includes(String(Math.round(step.minutes_p90))), `step ${at}: ${steps[at]}`);
        matches(steps[at], { given: /given/, assumed: /assumed/, live: /live/ }[step.kind]);
        matches(steps[at], /our estimate|source S\d+|live streets/);
      });
      matches(steps[0], /^Road/);
      same(await page.getAttribute('#fh-flights [aria-expanded]', 'aria-expanded'), 'true', 'expanded');
    }),
  );

  await check('hub: one regime; a place that is none is named', () =>
    withPage(browser, url, HUB, { mayFail: true }, async (page) => {
      await asked(page);
      await page.selectOption('#fh-regime', 'express');
      await send(page);
      await page.waitForFunction(() => !document.querySelector('#fh-flights')?.textContent?.includes('国际邮件') && document.querySelector('#fh-flights')?.textContent?.includes('国际快件'));
      same(await page.locator('#fh-flights tbody tr').count(), (await direct('&regime=express')).uplifts.length, 'rows');
      await page.fill('#fh-from', '无此地方无此地方');
      await send(page);
      await page.waitForSelector('.hub > .note');
      matches(await page.innerText('.hub > .note'), /无此地方/);
      same(await page.locator('#fh-flights').count(), 0, 'the old answer');
    }),
  );

  await check('hub: what cannot be reached any more stands behind a click', () =>
    withPage(browser, url, HUB, {}, async (page) => {
      await page.waitForSelector('#fh-flights');
      await page.fill('#fh-date', PAST);
      await send(page);
      const want = (await (await fetch(`${url}/api/v1/freight/uplift?from=GJM&mass_kg=100&date=${PAST}`)).json()).uplifts;
      const gone = want.filter((one) => one.state !== 'ok' && one.state !== 'tight').length;
      holds(gone > 0, 'all of a day that is past can be reached');
      if (gone < want.length) {
        same(await page.locator('#fh-flights tbody tr').count(), want.length - gone, 'rows at first');
        await page.click('#fh-late');
      }
      same(await page.locator('#fh-flights tbody tr').count(), want.length, 'all rows');
      matches(await page.innerText('#fh-flights tr.gone'), /已晚[\s\S]*下一班 /);
    }),
  );

  await check('hub: flights as a file', () =>
    withPage(browser, url, HUB, {}, async (page) => {
      await asked(page);
      const [file] = await Promise.all([page.waitForEvent('download'), page.click('.hub button:has-text("CSV") >> nth=0')]);
      const lines = readFileSync(await file.path(), 'utf8').trim().split('\r\n');
      same(lines.length, 1 + (await direct()).uplifts.length, 'rows of the file');
      matches(lines[0], /collect_by.*flight_kind/);
    }),
  );

  await check('hub: feeder tours to the cut-off of a flight, as the API plans them; what is left out says why', () =>
    withPage(browser, url, HUB, { lang: 'en', more: { viewport: { width: 1280, height: 2400 } } }, async (page) => {
      await asked(page);
      const first = (await direct()).uplifts.find((one) => one.flight.id === 'AB01' && one.regime.id === 'mail');
      holds(first, 'no AB01 mail');
      await page.fill('.ff-at', 'GJM');
      await page.fill('#ff-capacity', '1000');
      await page.fill('fieldset input[type=datetime-local]', READY);
      await page.selectOption('.ff-for', 'AB01/mail');
      await page.click('#ff-more');
      await page.fill('.ff-at >> nth=1', 'TYC');
      await page.fill('.ff-kg >> nth=1', '1200');
      await page.click('#ff-go');
      await page.waitForSelector('#ff-points');
      const points = [
        { id: '1', at: 'GJM', ready: READY, kg: 100, flight: 'AB01', regime: 'mail' },
        { id: '2', at: 'TYC', ready: READY, kg: 1200, flight: 'AB01', regime: 'mail' },
      ];
      const want = await (
        await fetch(`${url}/api/v1/freight/feeders`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ lorries: 1, capacity_kg: 1000, points }) })
      ).json();
      same(want.points.map((one) => one.state), ['planned', 'capacity'], 'states');
      same(await page.locator('.tour').count(), want.tours.length, 'tours');
      const stops = await page.locator('.tour tbody tr').allInnerTexts();
      same(stops.length, want.tours[0].stops.length, 'stops');
      want.tours[0].stops.forEach((stop, at) => holds(stops[at].includes(when(stop.arrive)), `stop ${at}: ${stops[at]}`));
      const deliver = want.tours[0].stops.find((stop) => stop.what === 'deliver');
      holds(deliver.spare_minutes >= 0 && stops.at(-1).includes(when(deliver.cutoff)), 'cut-off of the delivery');
      const list = await page.locator('#ff-points li').allInnerTexts();
      matches(list[0], /planned[\s\S]*GJM[\s\S]*AB01/);
      matches(list[1], /too heavy[\s\S]*TYC/);
      const [file] = await Promise.all([page.waitForEvent('download'), page.click('section[aria-labelledby=ff-title] button:has-text("CSV")')]);
      same(readFileSync(await file.path(), 'utf8').trim().split('\r\n').length, 1 + want.tours.reduce((sum, tour) => sum + tour.stops.length, 0), 'rows of the file');
      await page.click('fieldset >> nth=1 >> button');
      same(await page.locator('fieldset').count(), 1, 'collections after one was dropped');
      await shoot(page, 'hub-feeders');
      same(await axe(page), [], 'axe');
    }),
  );

  for (const lang of ['zh-CN', 'en'])
    await check(`hub: on a phone, ${lang}, in the dark; a row is a card, nothing wider than the screen`, () =>
      withPage(browser, url, HUB, { lang, scheme: 'dark', more: { viewport: { width: 390, height: 2600 } } }, async (page) => {
        await page.waitForSelector('#fh-flights');
        await page.click('#fh-flights [aria-expanded] >> nth=0');
        holds(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the screen');
        holds(await page.evaluate(() => { const box = document.querySelector('#fh-flights').parentElement; return box.scrollWidth <= box.clientWidth + 1; }), 'the flights are cut off');
        matches(await page.evaluate(() => getComputedStyle(document.querySelector('#fh-flights td'), '::before').content), lang === 'en' ? /Collect by/ : /最晚取件/, 'label of a cell');
        await shoot(page, `hub-phone-${lang}`);
        same(await axe(page), [], 'axe');
      }),
    );
}
