// Browser tests of consignments: made from the plan that was picked, told what happens, late by itself, planned anew, papers,
// weigh list, files, print, who may do what, both languages, phone.

import { readFileSync } from 'node:fs';
import { command, PASSWORD, startDesk } from './desk.mjs';
import { axe, check, holds, matches, open, same, shoot } from './tools.mjs';

const COAL = 'from=GJM&to=QHDP&commodity=coal_thermal&amount=4000';
const TALL = { more: { viewport: { width: 1280, height: 2400 } } };
const PHONE = { more: { viewport: { width: 390, height: 2400 } } };

async function signIn(page, name) {
  await page.fill('#sign-name', name);
  await page.fill('#sign-password', PASSWORD);
  await page.click('form button[type=submit]');
}

/** Click what downloads and read the file. */
async function download(page, selector) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

export async function consignmentChecks(browser) {
  const { url, token, stop } = await startDesk();
  await command(url, '', 'POST', '/api/v1/setup', { token, name: '管理员', password: PASSWORD });
  const admin = (await command(url, '', 'POST', '/api/v1/sessions', { name: '管理员', password: PASSWORD })).token;
  await command(url, admin, 'POST', '/api/v1/users', { name: '周调度', password: PASSWORD, roles: ['dispatcher'] });
  await command(url, admin, 'POST', '/api/v1/users', { name: '吴审计', password: PASSWORD, roles: ['auditor'] });
  const call = (method, path, body) => command(url, admin, method, `/api/v1/consignments${path}`, body);
  const withPage = async (hash, options, run, name = '周调度') => {
    const view = await open(browser, url, hash, options);
    try {
      if (!hash.includes('view=plan')) await signIn(view.page, name);
      await run(view.page);
      same(view.complaints.filter((line) => !/status of 4(00|01|04|09|22)/.test(line)), [], 'complaints');
    } finally {
      await view.close();
    }
  };

  await check('consignments: without a plan the way to one is shown', () =>
    withPage('#page=freight&view=orders', {}, async (page) => {
      await page.waitForSelector('#fo-new');
      await page.click('#fo-new');
      matches(await page.innerText('form'), /先在“方案”里/);
      await page.click('form .button >> nth=0');
      await page.waitForSelector('#fr-from');
    }),
  );

  let id = '';
  await check('consignments: from a plan by rail to its order, in names and not in codes', () =>
    withPage(`#page=freight&view=plan&${COAL}`, TALL, async (page) => {
      await page.waitForSelector('input[name=fr-plan]');
      const row = page.locator('tr:has(input[name=fr-plan])', { hasText: '铁路' }).first();
      const number = await row.locator('input').getAttribute('value');
      await row.locator('input').check();
      await page.click('#fr-order');
      await signIn(page, '周调度');
      await page.waitForSelector('form input[name=fr-plan]:checked');
      same(await page.inputValue('form input[name=fr-plan]:checked'), number, 'the plan picked before');
      const form = await page.innerText('form');
      matches(form, /古交公路煤场 → 秦皇岛港 · 动力煤 · 4000 吨/);
      holds(!/GJM|QHDP|coal_thermal/.test(form), 'codes in the form');
      same(await axe(page), [], 'axe of the form');
      await page.fill('#fo-shipper', '古交煤业');
      await page.fill('input[type=tel] >> nth=0', '13812345678');
      await page.fill('#fo-consignee', '秦皇岛电厂');
      await page.click('#fo-send');
      await page.waitForSelector('#fo-timeline');
      id = /id=(CG-\d{4}-\d{6})/.exec(await page.evaluate(() => location.hash))?.[1] ?? '';
      holds(id, 'no number in the address');
      const one = await call('GET', `/${id}`);
      same(String(one.plan.number), number, 'the plan of the order');
      same(one.legs.at(-1).mode, 'rail', 'last leg');
      same(await page.locator('#fo-timeline tbody tr').count(), one.timeline.length, 'rows');
      matches(await page.innerText('#fo-next'), new RegExp(`${one.next_hand_over.place.name_zh.replace(/[()]/g, '\\$&')}[\\s\\S]*公路 → 铁路`));
      same(await page.locator('svg[role=img] circle').count(), one.legs.length + 1, 'places on the map');
    }),
  );

  await check('consignments: told what happens, in order; what is out of order is refused beside the form', () =>
    withPage(`#page=freight&view=orders&id=${id}`, TALL, async (page) => {
      await page.waitForSelector('#fo-timeline');
      same(await page.inputValue('#fo-event'), 'departed', 'what comes next is offered');
      await page.selectOption('#fo-event', 'arrived');
      await page.click('#fo-tell');
      await page.waitForSelector('.doing .note');
      matches(await page.innerText('.doing .note'), /departed|出发/);
      await page.selectOption('#fo-event', 'departed');
      await page.click('#fo-tell');
      await page.waitForSelector('#fo-timeline tr.done');
      matches(await page.innerText('article h2'), /运输中/);
      same(await page.inputValue('#fo-event'), 'arrived', 'what comes next now');
      same(await page.locator('.doing .note').count(), 0, 'the old refusal');
      await page.fill('#fo-carrier', '晋运物流');
      await page.click('#fo-change');
      await page.waitForFunction(() => document.querySelector('#fo-next')?.textContent?.includes('晋运物流'));
      same((await call('GET', `/${id}`)).legs[0].carrier, '晋运物流', 'carrier');
      await call('POST', `/${id}/event`, { event: 'position', lat: 37.9, lon: 112.3 });
      await page.waitForSelector('svg[role=img] .goods');
      matches(await page.innerText('article dl'), /37\.9000, 112\.3000/);
      await shoot(page, 'consignment');
      same(await axe(page), [], 'axe');
    }),
  );

  await check('consignments: papers as XML and JSON, the weigh list when a train was weighed, the timeline as a file', () =>
    withPage(`#page=freight&view=orders&id=${id}`, TALL, async (page) => {
      await page.waitForSelector('#fo-papers');
      const xml = await download(page, 'a[download$="waybill.xml"]');
      same(xml.name, `${id}-waybill.xml`, 'file');
      matches(xml.text, new RegExp(`<ElectronicWaybill[\\s\\S]*<WaybillNumber>${id}</WaybillNumber>[\\s\\S]*13812345678[\\s\\S]*<TransportMode>rail</TransportMode>`));
      const json = await download(page, 'a[download$="waybill.json"]');
      same(json.name, `${id}-waybill.json`, 'file');
      same([JSON.parse(json.text).WaybillNumber, JSON.parse(json.text).TransportLeg.length], [id, (await call('GET', `/${id}`)).legs.length], 'waybill');
      const epcis = JSON.parse((await download(page, 'a[download$="epcis.json"]')).text);
      same(epcis.epcisBody.eventList[0].bizStep, 'departing', 'EPCIS');
      holds(JSON.parse((await download(page, 'a[download$="dcsa.json"]')).text).some((event) => event.eventClassifierCode === 'EST'), 'DCSA');
      same(await page.locator('a[download*="weigh-list"]').count(), 0, 'weigh lists before weighing');
      await page.fill('#fo-train', 'X9041');
      await page.fill('#fo-wagons', 'C70 4701234, 93.6');
      await page.click('#fo-weigh');
      matches(await page.innerText('.wrong'), /车号, 毛重, 皮重/);
      await page.fill('#fo-wagons', 'C70 4701234, 93.6, 23.6\nC70 4701235，94.1，23.6\n');
      await page.click('#fo-weigh');
      await page.waitForSelector('a[download$="weigh-list.json"]');
      const list = JSON.parse((await download(page, 'a[download$="weigh-list.json"]')).text);
      same([list.Train[0].TrainNumber, list.Train[0].WagonCount, list.Train[0].NetWeightTonnes, list.Train[0].Differs], ['X9041', 2, 140.5, true], 'weigh list');
      matches((await download(page, 'a[download$="weigh-list.xml"]')).text, /<TrainWeighList[\s\S]*<WagonNumber>C70 4701235<\/WagonNumber>/);
      matches(await page.innerText('section[aria-labelledby=fo-papers]'), /X9041[\s\S]*140\.50 吨[\s\S]*与申报不符/);
      const timeline = await download(page, 'button:has-text("时间线 CSV")');
      same(timeline.text.trim().split('\r\n').length, 1 + (await call('GET', `/${id}`)).timeline.length, 'rows of the file');
    }),
  );

  await check('consignments: an alarm that comes while one looks; planned anew; the history in words', () =>
    withPage(`#page=freight&view=orders&id=${id}`, {}, async (page) => {
      await page.waitForSelector('#fo-timeline');
      same(await page.locator('p.alarm').count(), 0, 'alarms before');
      const one = await call('GET', `/${id}`);
      await call('POST', `/${id}/change`, { promised: one.timeline[0].actual });
      await page.waitForSelector('p.alarm');
      matches(await page.innerText('p.alarm'), /将超过承诺时间 .*预计/);
      same(await page.isDisabled('#fo-replan'), true, 'planned anew unseen');
      await page.fill('#fo-reason', '前方拥堵');
      await page.click('#fo-look');
      await page.waitForSelector('input[name=fr-plan]:checked');
      // The plan like the old chain is picked first, not the soonest of all.
      const rest = one.legs[0].to;
      matches(await page.innerText('tr.on'), new RegExp(`${rest.name_zh.replace(/[()]/g, '\\$&')} —铁路→`));
      const wanted = await page.inputValue('input[name=fr-plan]:checked');
      await page.click('#fo-replan');
      await page.waitForFunction(() => document.querySelector('details')?.textContent?.includes('前方拥堵'));
      await page.click('details summary');
      const history = await page.innerText('details ul');
      matches(history, /建单[\s\S]*出发[\s\S]*变更[\s\S]*过磅[\s\S]*晚点: 将超过承诺时间[\s\S]*重新规划/);
      holds(!/promise|limit|estimate|T\d\d:/.test(history), `raw words in the history: ${history}`);
      const again = await call('GET', `/${id}`);
      same([again.replans.length, again.replans[0].from.id, String(again.plan.number), again.legs.map((leg) => leg.mode)], [1, rest.id, wanted, ['road', 'rail']], 'planned anew');
    }),
  );

  await check('consignments: printed as the order, its timeline and map, without forms', () =>
    withPage(`#page=freight&view=orders&id=${id}`, {}, async (page) => {
      await page.waitForSelector('#fo-timeline');
      await page.emulateMedia({ media: 'print' });
      for (const gone of ['#fo-tell', '#fo-replan', '#fo-back', '#fo-papers']) same(await page.locator(gone).isVisible(), false, gone);
      for (const there of ['article dl', '#fo-timeline', 'svg[role=img]']) same(await page.locator(there).isVisible(), true, there);
      await page.screenshot({ path: new URL('./shots/consignment-print.png', import.meta.url).pathname, fullPage: true });
    }),
  );

  await check('consignments: an auditor reads with masked phones and changes nothing', () =>
    withPage(`#page=freight&view=orders&id=${id}`, { lang: 'en' }, async (page) => {
      await page.waitForSelector('#fo-timeline');
      const said = await page.innerText('article');
      holds(said.includes('***5678') && !said.includes('13812345678'), said);
      same(await page.locator('.doing').count(), 0, 'forms');
      matches((await download(page, 'a[download$="waybill.xml"]')).text, /\*\*\*5678/);
    }, '吴审计'),
  );

  await check('consignments: boxes with numbers; a wrong one is named and marked', () =>
    withPage('#page=freight&view=orders&id=new&from=WSB&to=VOR&commodity=general_box&amount=2', { lang: 'en' }, async (page) => {
      await page.waitForSelector('#fo-boxes');
      await page.fill('#fo-shipper', 'Wusu zone');
      await page.fill('#fo-consignee', 'Vorsino');
      await page.fill('#fo-boxes', 'CSQU3054380, msku6011672');
      await page.click('#fo-send');
      await page.waitForSelector('form .note');
      matches(await page.innerText('form .note'), /CSQU3054380/);
      same(await page.getAttribute('#fo-boxes', 'aria-invalid'), 'true', 'marked');
      await page.fill('#fo-boxes', 'CSQU3054383, msku6011672');
      await page.click('#fo-send');
      await page.waitForSelector('#fo-timeline');
      matches(await page.innerText('article'), /2 boxes of 40 feet[\s\S]*CSQU3054383, MSKU6011672/);
      await page.fill('#fo-reason', 'withdrawn');
      await page.click('#fo-cancel');
      await page.waitForFunction(() => !document.querySelector('.doing'));
      same(await page.locator('#fo-next').count(), 0, 'next hand-over of a cancelled one');
    }),
  );

  await check('consignments: the list, only those that are late, as a file; figures as the API gives them', () =>
    withPage('#page=freight&view=orders', {}, async (page) => {
      await page.waitForSelector('#fo-list');
      same(await page.locator('#fo-list tbody tr').count(), 2, 'rows');
      const file = await download(page, 'button:has-text("CSV")');
      same(file.text.trim().split('\r\n').length, 3, 'rows of the file');
      await page.check('#fo-late');
      await page.waitForFunction(() => document.querySelectorAll('#fo-list tbody tr').length === 1);
      matches(await page.innerText('#fo-list tbody'), new RegExp(`${id}[\\s\\S]*晚点`));
      const kpi = await call('GET', '/kpi');
      matches(await page.innerText('dl.kpi'), new RegExp(`平均转运次数\\s*${kpi.mean_transfers === null ? '–' : kpi.mean_transfers.toFixed(2)}`));
      await page.click('#fo-list .link');
      await page.waitForSelector('#fo-timeline');
      await page.click('#fo-back');
      await page.waitForSelector('#fo-list');
      await page.waitForTimeout(1000);
      let asked = 0;
      page.on('request', (request) => (asked += request.url().includes('/consignments') ? 1 : 0));
      await page.waitForTimeout(2000);
      same(asked, 0, 'requests while nothing happens');
    }),
  );

  for (const lang of ['zh-CN', 'en'])
    await check(`consignments: list and sheet on a phone, ${lang}, in the dark`, () =>
      withPage('#page=freight&view=orders', { lang, scheme: 'dark', ...PHONE }, async (page) => {
        await page.waitForSelector('#fo-list');
        holds((await wide(page)) <= 0, 'the list is wider than the phone');
        await shoot(page, `consignments-phone-${lang}`);
        same(await axe(page), [], 'axe of the list');
        await page.click(`#fo-list button:has-text("${id}")`);
        await page.waitForSelector('#fo-timeline');
        holds((await wide(page)) <= 0, 'the sheet is wider than the phone');
        holds(await page.evaluate(() => { const box = document.querySelector('#fo-timeline').parentElement; return box.scrollWidth <= box.clientWidth + 1; }), 'the timeline is cut off');
        await shoot(page, `consignment-phone-${lang}`);
        same(await axe(page), [], 'axe of the sheet');
      }),
    );
  await stop();
}
