// Browser tests of consignments: made from the plan that was picked, told what happens, late by itself, planned anew, papers,
// both languages, phone.

import { command, PASSWORD, startDesk } from './desk.mjs';
import { axe, check, holds, matches, open, same, shoot } from './tools.mjs';

const COAL = 'from=GJM&to=QHDP&commodity=coal_thermal&amount=4000';

export async function consignmentChecks(browser) {
  const { url, token, stop } = await startDesk();
  await command(url, '', 'POST', '/api/v1/setup', { token, name: '管理员', password: PASSWORD });
  const admin = (await command(url, '', 'POST', '/api/v1/sessions', { name: '管理员', password: PASSWORD })).token;
  const withPage = async (hash, options, run) => {
    const view = await open(browser, url, hash, options);
    try {
      await view.page.fill('#sign-name', '周调度');
      await view.page.fill('#sign-password', PASSWORD);
      await view.page.click('form button[type=submit]');
      await run(view.page);
      same(view.complaints.filter((line) => !/status of 4(00|01|04|09|22)/.test(line)), [], 'complaints');
    } finally {
      await view.close();
    }
  };
  await command(url, admin, 'POST', '/api/v1/users', { name: '周调度', password: PASSWORD, roles: ['dispatcher'] });

  await check('consignments: without a plan the way to one is shown', () =>
    withPage('#page=freight&view=orders', {}, async (page) => {
      await page.waitForSelector('#fo-new');
      await page.click('#fo-new');
      matches(await page.innerText('form'), /先在“方案”里/);
    }),
  );

  let id = '';
  await check('consignments: made of the plan that was picked, then told what happened', () =>
    withPage(`#page=freight&view=orders&id=new&${COAL}`, {}, async (page) => {
      await page.fill('#fo-shipper', '古交煤业');
      await page.fill('input[type=tel] >> nth=0', '13812345678');
      await page.fill('#fo-consignee', '秦皇岛电厂');
      await page.click('#fo-send');
      await page.waitForSelector('#fo-timeline');
      id = /id=(CG-\d{4}-\d{6})/.exec(await page.evaluate(() => location.hash))?.[1] ?? '';
      holds(id, 'no number in the address');
      const one = await command(url, admin, 'GET', `/api/v1/consignments/${id}`);
      same(await page.locator('#fo-timeline tbody tr').count(), one.timeline.length, 'rows');
      matches(await page.innerText('#fo-next'), new RegExp(one.next_hand_over.place.name_zh));
      await page.selectOption('#fo-event', 'arrived');
      await page.click('#fo-tell');
      matches(await page.innerText('[role=alert]'), /departed|出发/);
      await page.selectOption('#fo-event', 'departed');
      await page.click('#fo-tell');
      await page.waitForSelector('#fo-timeline tr.done');
      matches(await page.innerText('article h2'), /运输中/);
      await shoot(page, 'consignment');
      same(await axe(page), [], 'axe');
    }),
  );

  await check('consignments: an alarm that comes while one looks', () =>
    withPage(`#page=freight&view=orders&id=${id}`, {}, async (page) => {
      await page.waitForSelector('#fo-timeline');
      const one = await command(url, admin, 'GET', `/api/v1/consignments/${id}`);
      await command(url, admin, 'POST', `/api/v1/consignments/${id}/change`, { promised: one.timeline[0].actual });
      await page.waitForSelector('p.alarm');
      matches(await page.innerText('p.alarm'), /承诺时间/);
      await page.fill('#fo-reason', '前方拥堵');
      await page.click('#fo-replan');
      await page.waitForFunction(() => document.querySelector('details')?.textContent?.includes('前方拥堵'));
    }),
  );

  await check('consignments: the list in English on a phone, with those that are late', () =>
    withPage('#page=freight&view=orders', { lang: 'en', size: 'phone' }, async (page) => {
      await page.waitForSelector('table');
      await page.check('#fo-late');
      await page.waitForFunction((number) => document.querySelector('table')?.textContent?.includes(number), id);
      holds(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'the page is wider than the phone');
      await shoot(page, 'consignments-phone');
    }),
  );
  await stop();
}
