// Browser tests of the console against the real program with the shipped city.
//   node test/web/run.mjs            TONGQU=path of the program, CITY=city folder, CHROMIUM=path of the browser
// Prints a line a check and ends with «N passed, N failed»; pictures of every page go to test/web/shots.

import { axe, check, finish, holds, mapDrawn, matches, open, same, shoot, startBrowser, startServer, tabTo } from './tools.mjs';
import { consignmentChecks } from './consignments.mjs';
import { deskChecks } from './desk.mjs';
import { dispatchChecks } from './dispatch.mjs';
import { flowChecks } from './flow.mjs';
import { freightChecks } from './freight.mjs';
import { hubChecks } from './hub.mjs';
import { pureChecks } from './pure.mjs';
import { roadChecks, roadPages } from './roads.mjs';

// A Tuesday inside the timetables.
const DAY = '2025-06-03';

const server = await startServer();
const url = server.url;
const browser = await startBrowser();

async function stopId(name) {
  const answer = await (await fetch(`${url}/api/v1/places?q=${encodeURIComponent(name)}&limit=20`)).json();
  const place = answer.places.find((one) => one.stop_id && one.name === name) ?? answer.places.find((one) => one.stop_id);
  holds(place, `no stop ${name} in the city`);
  return place.stop_id;
}

const hashOf = (from, to, more) =>
  `#from=stop:${from.id}&from_name=${encodeURIComponent(from.name)}&to=stop:${to.id}&to_name=${encodeURIComponent(to.name)}&${more}`;

async function withPage(hash, options, run) {
  const view = await open(browser, url, hash, options);
  try {
    await run(view.page);
    same(view.complaints, [], 'complaints');
  } finally {
    await view.close();
  }
}

/** Wait until the plan page has an answer of some kind. */
const answered = (page) => page.waitForSelector('section[aria-busy=false] :is(.trip, .empty, .note)');

async function flows(airport, north, hub, south) {
  await check('search by pinyin, choose by keyboard, plan, results', () =>
    withPage('', {}, async (page) => {
      await tabTo(page, '#from');
      await page.keyboard.type('taiyuannanzhan');
      await page.waitForSelector('#from-list [role=option]');
      same(await page.getAttribute('#from', 'aria-expanded'), 'true', 'aria-expanded');
      const options = await page.locator('#from-list [role=option]').allInnerTexts();
      const place = options.findIndex((text) => text.includes(south.name));
      holds(place >= 0, `${south.name} is not among ${JSON.stringify(options)}`);
      matches(options[place], /拼音/, 'why it matched');
      for (let at = 0; at <= place; at++) await page.keyboard.press('ArrowDown');
      same(await page.getAttribute('#from', 'aria-activedescendant'), `from-${place}`, 'active descendant');
      await page.keyboard.press('Enter');
      same(await page.inputValue('#from'), south.name);
      await tabTo(page, '#to');
      await page.keyboard.type('jcp');
      await page.waitForSelector('#to-list [role=option]');
      await shoot(page, 'search-initials');
      const ends = await page.locator('#to-list [role=option]').allInnerTexts();
      const end = ends.findIndex((text) => text.includes(north.name));
      holds(end >= 0, `${north.name} is not among ${JSON.stringify(ends)}`);
      for (let at = 0; at <= end; at++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      // A fixed time, so that the run does not depend on the hour at which it is made.
      await page.selectOption('#when', 'depart');
      await page.fill('#day', DAY);
      await page.fill('#hour', '09:00');
      await page.waitForSelector('#trip-0');
      const first = await page.innerText('#trip-0');
      matches(first, /\d\d:\d\d/);
      matches(first, /1号线/);
      matches(first, /2号线/);
      matches(first, /元|免费|票价未知/);
      matches(await page.evaluate(() => location.hash), /from=stop:.*to=stop:.*depart=2025-06-03T09:00/);
    }),
  );

  await check('search says why: former name and alias', () =>
    withPage('', {}, async (page) => {
      await page.fill('#from', '客运西站');
      await page.waitForSelector('#from-list [role=option]');
      matches(await page.innerText('#from-list'), /西客站[\s\S]*(曾用名|又名)/);
      await shoot(page, 'search-former-name');
      await page.keyboard.press('Escape');
      same(await page.getAttribute('#from', 'aria-expanded'), 'false', 'after Escape');
    }),
  );

  const day = hashOf(airport, north, `depart=${DAY}T09:00`);
  await check('a shared address gives the same trips; the steps tell lines, direction, stops', () =>
    withPage(day, {}, async (page) => {
      await page.waitForSelector('#trip-0[aria-expanded=true]');
      const steps = await page.innerText('#steps-0');
      matches(steps, /1号线/);
      matches(steps, /往\s*河龙湾/);
      matches(steps, /往\s*尖草坪/);
      matches(steps, /大南门/);
      matches(steps, /途经 \d+ 站/);
      matches(await page.innerText('#trip-0'), /末班提醒：最晚 21:\d\d 出发/);
      await mapDrawn(page);
      await shoot(page, 'plan-desktop-zh');
    }),
  );

  await check('an address with codes only gets its names from the answer', () =>
    withPage(`#from=stop:${airport.id}&to=stop:${north.id}&depart=${DAY}T09:00`, {}, async (page) => {
      await page.waitForSelector('#trip-0');
      same(await page.inputValue('#from'), airport.name);
      same(await page.inputValue('#to'), north.name);
      await page.waitForTimeout(300);
      same(await page.locator('.trip[class*=chosen]').count(), 1, 'chosen trips');
    }),
  );

  await check('from point to point by taxi: the ends keep the names of the question', () =>
    withPage(`#from=37.870000,112.500000&from_name=${encodeURIComponent('甲地')}&to=37.800000,112.570000&to_name=${encodeURIComponent('乙地')}&depart=${DAY}T09:00&profile=taxi`, {}, async (page) => {
      await page.waitForSelector('#trip-0');
      matches(await page.innerText('#steps-0'), /甲地[\s\S]*乘出租车[\s\S]*乙地/);
      matches(await page.innerText('#trip-0'), /\d+(\.\d+)? 元（推算）/);
    }),
  );

  await check('a taxi as the first mile: asked for by a tick, with wait, price and the number to call', () =>
    withPage(`#from=37.873500,112.563900&to=37.800000,112.600000&depart=${DAY}T08:00`, {}, async (page) => {
      await page.waitForSelector('#trip-0');
      const plain = await page.locator('.trip').count();
      await page.click('button.more');
      await page.check('#demand');
      await page.waitForFunction((had) => document.querySelectorAll('.trip').length > had, plain);
      matches(await page.evaluate(() => location.hash), /demand=1/);
      const texts = await page.locator('.trip').allInnerTexts();
      for (let at = 0; at < texts.length; at += 1) {
        if ((await page.getAttribute(`#trip-${at}`, 'aria-expanded')) !== 'true') await page.click(`#trip-${at}`);
        const steps = await page.innerText(`#steps-${at}`);
        if (!/乘出租车/.test(steps) || !/1号线/.test(steps)) continue;
        matches(steps, /叫车后约/);
        matches(steps, /等车时间为估计/);
        matches(steps, /约 \d+\.\d\d 元/);
        holds(await page.isVisible(`#steps-${at} a[href="tel:95128"]`), 'no number to call');
        same(await axe(page), [], 'axe');
        await shoot(page, 'plan-taxi-first');
        return;
      }
      throw new Error(`no taxi to the metro: ${texts.join(' | ')}`);
    }),
  );

  await check('up and down move through the trips; the chosen one is in the address', () =>
    withPage(day, {}, async (page) => {
      await page.waitForSelector('#trip-1');
      await page.focus('#trip-0');
      await page.keyboard.press('ArrowDown');
      same(await page.evaluate(() => document.activeElement.id), 'trip-1');
      same(await page.getAttribute('#trip-1', 'aria-expanded'), 'true');
      same(await page.getAttribute('#trip-0', 'aria-expanded'), 'false');
      matches(await page.evaluate(() => location.hash), /pick=1/);
    }),
  );

  await check('22:00 from the airport to 尖草坪: the missed last train, by one minute', () =>
    withPage(hashOf(airport, north, `depart=${DAY}T22:00`), {}, async (page) => {
      await page.waitForSelector('.missed');
      const told = await page.innerText('.missed');
      matches(told, /2号线 往尖草坪 末班 22:31 已从大南门开走，差 1 分钟/);
      matches(told, /最晚 21:5\d 出发/);
      await mapDrawn(page);
      await shoot(page, 'missed-desktop-zh');
    }),
  );
  await check('the same in English', () =>
    withPage(hashOf(airport, north, `depart=${DAY}T22:00`), { lang: 'en' }, async (page) => {
      await page.waitForSelector('.missed');
      matches(await page.innerText('.missed'), /22:31, 1 min before you get there/);
      await shoot(page, 'missed-desktop-en');
    }),
  );

  await check('swap, rider and changes ask anew; back restores the question', () =>
    withPage(day, {}, async (page) => {
      await page.waitForSelector('#trip-0');
      await page.click('.swap');
      same(await page.inputValue('#from'), north.name);
      await page.waitForFunction(() => document.querySelector('#steps-0 .where')?.textContent.includes('尖草坪'));
      await page.click('button[aria-controls=options]');
      await page.selectOption('#rider', 'senior');
      await page.waitForFunction(() => document.querySelector('#trip-0')?.textContent.includes('免费'));
      await page.goBack();
      await page.goBack();
      same(await page.inputValue('#from'), airport.name, 'after going back twice');
      await page.waitForFunction(() => !document.querySelector('#trip-0')?.textContent.includes('免费'));
    }),
  );

  await check('arrive by: the answer arrives in time', () =>
    withPage(hashOf(airport, north, `arrive=${DAY}T12:00`), {}, async (page) => {
      await page.waitForSelector('#trip-0');
      for (const text of await page.locator('.times').allInnerTexts()) {
        const arrival = text.match(/(\d\d:\d\d)\s*$/)?.[1];
        holds(arrival && arrival <= '12:00', `arrives at ${text}`);
      }
    }),
  );

  await check('a name that is none: the server\'s words, and a way to try again', async () => {
    const view = await open(browser, url, `#from=${encodeURIComponent('没有这个地方的')}&to=stop:${north.id}&depart=${DAY}T09:00`);
    try {
      await view.page.waitForSelector('.results [role=alert]');
      holds((await view.page.innerText('.results [role=alert]')).length > 8, 'an error without words');
      await shoot(view.page, 'problem-desktop-zh');
      const others = view.complaints.filter((line) => !/status of 4\d\d/.test(line));
      same(others, [], 'complaints');
    } finally {
      await view.close();
    }
  });

  await check('no server: said in plain words', async () => {
    const view = await open(browser, url, '');
    try {
      await view.page.context().setOffline(true);
      await view.page.evaluate((hash) => (location.hash = hash), day);
      await view.page.waitForSelector('.results [role=alert]');
      matches(await view.page.innerText('.results [role=alert]'), /连不上服务器/);
    } finally {
      await view.close();
    }
  });

  await check('departures of a station, with the last one of the night', () =>
    withPage(`#page=stops&stop=stop:${hub.id}&stop_name=${encodeURIComponent(hub.name)}&depart=${DAY}T21:50`, {}, async (page) => {
      await page.waitForSelector('.board article');
      const told = await page.innerText('.board');
      matches(told, /1号线/);
      matches(told, /2号线/);
      for (const last of ['22:31', '22:13', '22:18', '22:32']) matches(told, new RegExp(`${last}[\\s\\S]{0,12}末班|末班 ${last}`), 'last trains');
      await mapDrawn(page);
      await shoot(page, 'departures-desktop-zh');
    }),
  );

  await check('departures: search by English, then start a trip there', () =>
    withPage('#page=stops', { lang: 'en' }, async (page) => {
      await tabTo(page, '#stop');
      await page.keyboard.type('dananmen');
      await page.waitForSelector('#stop-list [role=option]');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.board h2');
      await page.click('text=Start from this stop');
      await page.waitForSelector('#from');
      holds((await page.inputValue('#from')).length > 0, 'no start');
    }),
  );

  await check('register of works: filter and day', () =>
    withPage('#page=works&day=2025-04-01', {}, async (page) => {
      await page.waitForSelector('li.card');
      const all = await page.locator('li.card').count();
      holds(all >= 10, `${all} works`);
      matches(await page.innerText('main'), /太古联线/);
      await shoot(page, 'works-desktop-zh');
      await page.click('label:has-text("在建")');
      const building = await page.locator('li.card').count();
      holds(building > 0 && building < all, `${building} of ${all} are building`);
    }),
  );

  await check('language switch: every word, html lang, remembered', () =>
    withPage('', {}, async (page) => {
      same(await page.getAttribute('html', 'lang'), 'zh-CN');
      await page.click('text=English');
      same(await page.getAttribute('html', 'lang'), 'en');
      same(await page.innerText('label[for=from]'), 'From');
      await page.reload();
      await page.waitForSelector('#from');
      same(await page.getAttribute('html', 'lang'), 'en', 'after a reload');
      const left = await page.evaluate(() => {
        const texts = [];
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node = walk.nextNode(); node; node = walk.nextNode())
          if (/[\u3400-\u9fff]/.test(node.data) && !node.parentElement.closest('[lang=zh-CN], script, noscript')) texts.push(node.data.trim());
        return texts;
      });
      same(left, [], 'Chinese without its language said');
    }),
  );

  await check('pick on the map by keyboard: the centre, named by reverse lookup', () =>
    withPage('', {}, async (page) => {
      await page.waitForSelector('[data-map=idle]');
      await tabTo(page, '#from');
      await tabTo(page, 'button[aria-label="起点在地图上选"]');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.picking');
      await shoot(page, 'picking-desktop-zh');
      await tabTo(page, '.picking .button');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.querySelector('#from').value.length > 0);
      matches(await page.evaluate(() => location.hash), /from=\d+\.\d+,\d+\.\d+/);
    }),
  );

  await check('click on the map: what is there, and start or end here', () =>
    withPage('', {}, async (page) => {
      await mapDrawn(page);
      await page.mouse.click(800, 420);
      await page.waitForSelector('.spot .button');
      await shoot(page, 'spot-desktop-zh');
      await page.click('text=到这里去');
      holds((await page.inputValue('#to')).length > 0, 'no end');
    }),
  );

  await check('my position', () =>
    withPage('', { more: { geolocation: { latitude: 37.8596, longitude: 112.5556 }, permissions: ['geolocation'] } }, async (page) => {
      await page.click('button[aria-label="起点用我的位置"]');
      await page.waitForFunction(() => document.querySelector('#from').value.length > 0);
      matches(await page.evaluate(() => location.hash), /from=37\.8596/);
    }),
  );

  await check('printing shows the trip and nothing else', () =>
    withPage(day, {}, async (page) => {
      await page.waitForSelector('#trip-0');
      await page.emulateMedia({ media: 'print' });
      holds(await page.isVisible('.head-print'), 'no heading');
      holds(await page.isVisible('#steps-0'), 'no steps');
      for (const gone of ['header', '.map', '.question', '#trip-1']) holds(!(await page.isVisible(gone)), `${gone} is printed`);
      await page.screenshot({ path: new URL('./shots/print.png', import.meta.url).pathname, fullPage: true });
    }),
  );
}

async function easy(airport, north) {
  for (const lang of ['zh-CN', 'en'])
    await check(`easy version by keyboard only, ${lang}`, () =>
      withPage('', { lang }, async (page) => {
        await tabTo(page, '.easy-switch');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#easy-place');
        await tabTo(page, '#easy-place');
        await page.keyboard.type('taiyuannanzhan');
        await page.waitForSelector('#easy-place-list [role=option]');
        await shoot(page, `easy-from-desktop-${lang}`);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => /step=to/.test(location.hash));
        same(await page.evaluate(() => document.activeElement.tagName), 'H1', 'focus on the new question');
        await tabTo(page, '#easy-place');
        await page.keyboard.type(north.name);
        await page.waitForSelector('#easy-place-list [role=option]');
        await page.keyboard.press('Enter');
        await page.waitForFunction(() => /step=when/.test(location.hash));
        await shoot(page, `easy-when-desktop-${lang}`);
        await tabTo(page, '.choices button:nth-child(3)');
        await page.keyboard.press('Enter');
        await page.waitForSelector('.answer ol li');
        const told = await page.innerText('.answer');
        matches(told, lang === 'en' ? /get off at/ : /坐.*号线，往.*方向，坐 \d+ 站，到.*下车/);
        matches(told, lang === 'en' ? /Free for people over 65/ : /65 岁以上老人乘车免费/);
        await page.goBack();
        await page.waitForFunction(() => /step=when/.test(location.hash));
        const small = await page.evaluate(() =>
          [...document.querySelectorAll('body *')]
            .filter((one) => one.getClientRects().length && !one.closest('.hidden, .skip') && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
            .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 24)
            .map((one) => one.textContent.trim()),
        );
        same(small, [], 'text under 24 px');
      }),
    );
  await check('easy version: too late, said in plain words', () =>
    withPage(`${hashOf(airport, north, `depart=${DAY}T22:00`)}&easy=1&step=answer`, { size: 'phone' }, async (page) => {
      await page.waitForSelector('.answer .warn');
      matches(await page.innerText('.answer'), /末班 22:31/);
      await shoot(page, 'easy-missed-phone-zh');
    }),
  );
}

/** Every page, language, size and mode: axe finds nothing, nothing sticks out sideways, and a picture. */
async function everyPage(airport, north, hub) {
  const day = `depart=${DAY}T09:00`;
  const stop = `stop=stop:${hub.id}&stop_name=${encodeURIComponent(hub.name)}&depart=${DAY}T21:50`;
  const pages = {
    home: ['', '#from'],
    plan: [hashOf(airport, north, day), '#trip-0'],
    missed: [hashOf(airport, north, `depart=${DAY}T22:00`), '.missed'],
    stops: [`#page=stops&${stop}`, '.board article'],
    works: ['#page=works', 'li.card'],
    'easy-from': ['#easy=1', '#easy-place'],
    'easy-when': [`${hashOf(airport, north, day)}&easy=1&step=when`, '.choices button'],
    'easy-answer': [`${hashOf(airport, north, day)}&easy=1&step=answer`, '.answer ol li'],
  };
  for (const [name, [hash, sign]] of Object.entries(pages))
    for (const lang of ['zh-CN', 'en'])
      for (const [size, scheme] of [['desktop', 'light'], ['phone', 'light'], ['desktop', 'dark']])
        await check(`axe and layout: ${name}, ${lang}, ${size}, ${scheme}`, () =>
          withPage(hash, { lang, size, scheme }, async (page) => {
            await page.waitForSelector(sign);
            if (await page.$('.canvas')) await mapDrawn(page);
            await shoot(page, `page-${name}-${lang}-${size}-${scheme}`);
            same(await axe(page), [], 'axe');
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            holds(over <= 0, `${over} px wider than the screen`);
          }),
        );
}

let code = 1;
try {
  await pureChecks();
  const airport = { name: '武宿1号2号航站楼', id: await stopId('武宿1号2号航站楼') };
  const north = { name: '尖草坪', id: await stopId('尖草坪') };
  const hub = { name: '大南门', id: await stopId('大南门') };
  const south = { name: '太原南站', id: await stopId('太原南站') };
  await flows(airport, north, hub, south);
  await easy(airport, north);
  await roadChecks(browser, url);
  await freightChecks(browser, url);
  await hubChecks(browser, url);
  await flowChecks(browser, url);
  await consignmentChecks(browser);
  await deskChecks(browser);
  await dispatchChecks(browser);
  if (process.env.PAGES !== "no") {
    await everyPage(airport, north, hub);
    await roadPages(browser, url);
  }
  code = finish();
} catch (cause) {
  console.log(`FAIL  the run itself: ${cause?.stack ?? cause}`);
  finish();
} finally {
  await browser.close();
  await server.stop();
}
process.exit(code);
