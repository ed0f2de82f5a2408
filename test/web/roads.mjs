// The roads page: ways, reach, and the street layer, against the shipped city and against a small drawn town whose
// answers are known (town.mjs).

import { axe, check, holds, mapDrawn, matches, open, program, same, shoot, startServer, tabTo } from './tools.mjs';
import { CLOSED_WAY, code, makeTown } from './town.mjs';

const TIME = 'depart=2025-06-03T08:00';
const encode = encodeURIComponent;
const WAY = `#page=roads&from=37.870600,112.548900&from_name=${encode('甲地')}&to=37.857100,112.570200&to_name=${encode('乙地')}&${TIME}`;
const REACH = `#page=roads&view=reach&place=37.870600,112.548900&place_name=${encode('甲地')}&${TIME}`;
const STREETS = `#page=roads&view=streets&paint=speed&show=closures,bans&${TIME}`;

const townWay = (from, to) => `#page=roads&from=${from}&to=${to}&${TIME}`;

async function withPage(browser, url, hash, options, run) {
  const view = await open(browser, url, hash, options);
  try {
    await run(view.page);
    const known = options.mayFail ? view.complaints.filter((line) => !/status of 4\d\d/.test(line)) : view.complaints;
    same(known, [], 'complaints');
  } finally {
    await view.close();
  }
}

const found = (page) => page.waitForSelector('section[aria-busy=false] label:has(input[name=way])');
const steps = (page) => page.locator('section ol.no-print li').allInnerTexts();
const hashOf = (page) => page.evaluate(() => location.hash);

/** Where a point of the earth is on the screen, by the pin of that place. */
async function pinAt(page, selector) {
  const box = await page.locator(selector).boundingBox();
  holds(box, `no ${selector}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function ways(browser, url) {
  await check('roads: up to three ways with time, length and difference; steps in Chinese', () =>
    withPage(browser, url, WAY, {}, async (page) => {
      await found(page);
      const count = await page.locator('input[name=way]').count();
      holds(count >= 2 && count <= 3, `${count} ways`);
      const told = await page.locator('label:has(input[name=way])').allInnerTexts();
      for (const text of told) matches(text, /\d+ 分钟 · [\d.]+ 公里\s*\d\d:\d\d 到/);
      matches(told[1], /与路线 1 相比：(多|少|用时相同)/);
      const list = await steps(page);
      holds(list.length >= 4, `${list.length} steps`);
      matches(list[0], /出发/);
      matches(list.at(-1), /到达目的地/);
      await mapDrawn(page);
      await shoot(page, 'roads-way-desktop-zh');
    }),
  );

  await check('roads: choosing another way by keyboard changes steps and address', () =>
    withPage(browser, url, WAY, {}, async (page) => {
      await found(page);
      const before = await steps(page);
      await page.focus('input[name=way][value="0"]');
      await page.keyboard.press('ArrowDown');
      matches(await hashOf(page), /pick=1/);
      holds(JSON.stringify(await steps(page)) !== JSON.stringify(before), 'the same steps');
    }),
  );

  await check('roads: steps follow the language; Chinese names in them say so', () =>
    withPage(browser, url, WAY, { lang: 'en' }, async (page) => {
      await found(page);
      const list = await steps(page);
      matches(list[0], /^Head /);
      matches(list.at(-1), /arrived/);
      const left = await page.evaluate(() =>
        [...document.querySelectorAll('ol li, label')].flatMap((one) => {
          const texts = [];
          const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
          for (let node = walk.nextNode(); node; node = walk.nextNode())
            if (/[\u3400-\u9fff]/.test(node.data) && !node.parentElement.closest('[lang=zh-CN]')) texts.push(node.data);
          return texts;
        }),
      );
      same(left, [], 'Chinese without its language said');
      await page.click('text=中文');
      await page.waitForFunction(() => /出发/.test(document.querySelector('section ol.no-print li')?.textContent ?? ''));
    }),
  );

  await check('roads: two clicks on the map make a way, undo takes the last point back', () =>
    withPage(browser, url, '#page=roads', {}, async (page) => {
      await mapDrawn(page);
      await page.mouse.click(817, 420);
      await page.waitForFunction(() => document.querySelector('#from')?.value);
      await page.mouse.click(860, 470);
      await page.waitForFunction(() => document.querySelector('#to')?.value);
      await found(page);
      await page.click('text=撤销');
      await page.waitForFunction(() => !document.querySelector('#to')?.value);
      holds(await page.inputValue('#from'), 'the first point went too');
      await page.locator('body').press('Control+z');
      await page.waitForFunction(() => !document.querySelector('#from')?.value);
    }),
  );

  await check('roads: a third click asks what the point is for; by way of it', () =>
    withPage(browser, url, WAY, {}, async (page) => {
      await found(page);
      await mapDrawn(page);
      const [a, b] = [await pinAt(page, '.pin.from'), await pinAt(page, '.pin.to')];
      await page.mouse.click((a.x + 2 * b.x) / 3 + 60, (2 * a.y + b.y) / 3 - 60);
      await page.click('.spot >> text=经过这里');
      await page.waitForSelector('#via0');
      matches(await hashOf(page), /via=37\.\d+,112\.\d+/);
      await found(page);
      matches((await steps(page)).join(), /途经点/);
    }),
  );

  await check('roads: a pin is dragged; the way follows', () =>
    withPage(browser, url, WAY, {}, async (page) => {
      await found(page);
      await mapDrawn(page);
      const pin = await pinAt(page, '.pin.to');
      await page.mouse.move(pin.x, pin.y);
      await page.mouse.down();
      await page.mouse.move(pin.x - 40, pin.y + 20, { steps: 5 });
      await page.mouse.up();
      await page.waitForFunction(() => !/to=37\.857100/.test(location.hash));
      await found(page);
      await page.click('text=撤销');
      await page.waitForFunction(() => /to=37\.857100/.test(location.hash));
    }),
  );

  await check('roads: a pin is moved with the arrow keys, and taken away with Delete', () =>
    withPage(browser, url, WAY, {}, async (page) => {
      await found(page);
      await page.focus('.pin.to');
      for (let turn = 0; turn < 4; turn++) await page.keyboard.press('ArrowRight');
      await page.waitForFunction(() => !/to=37\.\d+,112\.570200/.test(location.hash));
      await page.focus('.pin.to');
      await page.keyboard.press('Delete');
      await page.waitForFunction(() => !document.querySelector('.pin.to'));
    }),
  );

  await check('roads: the way itself is pulled aside', () =>
    withPage(browser, url, WAY, {}, async (page) => {
      await found(page);
      await mapDrawn(page);
      // A point on the line drawn, away from its ends: found by the cursor that the map gives it.
      const map = await page.locator('.canvas').boundingBox();
      const [a, b] = [await pinAt(page, '.pin.from'), await pinAt(page, '.pin.to')];
      let on = null;
      for (let y = Math.min(a.y, b.y) + 40; y < Math.max(a.y, b.y) - 40 && !on; y += 30)
        for (let x = map.x + 80; x < map.x + map.width - 80 && !on; x += 5) {
          await page.mouse.move(x, y);
          if ((await page.evaluate(() => document.querySelector('canvas').style.cursor)) === 'move') on = { x, y };
        }
      holds(on, 'the way was not met');
      await page.mouse.move(on.x, on.y);
      await page.mouse.down();
      await page.mouse.move(on.x + 50, on.y + 25, { steps: 5 });
      await page.mouse.up();
      await page.waitForFunction(() => /via=/.test(location.hash));
      await found(page);
    }),
  );

  await check('roads: keyboard only: search, via, swap', () =>
    withPage(browser, url, `#page=roads&${TIME}`, {}, async (page) => {
      const choose = async (id, text) => {
        await tabTo(page, id);
        await page.keyboard.type(text);
        await page.waitForSelector(`${id}-list [role=option]`);
        await page.keyboard.press('Enter');
      };
      await choose('#from', 'dananmen');
      await choose('#to', 'tyg');
      await found(page);
      await tabTo(page, '#add-via');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement?.id === 'via-new');
      await choose('#via-new', 'kaihuasi');
      await page.waitForSelector('#via0');
      await found(page);
      matches(await hashOf(page), /from=3\d\.\d+,11\d\.\d+.*via=3\d\./);
      const before = await page.inputValue('#from');
      await page.focus('#from');
      await tabTo(page, 'button[aria-label^="起点与"]');
      await page.keyboard.press('Enter');
      await page.waitForFunction((name) => document.querySelector('#via0')?.value === name, before);
    }),
  );

  await check('roads: an address with a stop and with a plain name is understood', () =>
    withPage(browser, url, `#page=roads&from=${encode('大南门')}&to=37.857100,112.570200&${TIME}`, {}, async (page) => {
      await found(page);
      matches(await hashOf(page), /from=37\.\d+,112\.\d+/);
    }),
  );

  await check('roads: a place far off any street is named in the problem', () =>
    withPage(browser, url, `#page=roads&from=20.000000,112.500000&from_name=${encode('海上')}&to=37.857100,112.570200`, { mayFail: true }, async (page) => {
      await page.waitForSelector('[role=alert]');
      matches(await page.innerText('[role=alert]'), /“海上”周围 500 米内没有/);
    }),
  );

  await check('roads: the printed sheet holds places, sums, steps, sketch, date, datum, source; nothing else', () =>
    withPage(browser, url, WAY, {}, async (page) => {
      await found(page);
      const onScreen = await steps(page);
      await page.emulateMedia({ media: 'print' });
      const sheet = await page.innerText('article.sheet');
      for (const part of [/路单 · 太原/, /甲地/, /乙地/, /37\.870600,112\.548900/, /公里 · \d+ 分钟/, /2025年6月3日/, /WGS-84/, /© OpenStreetMap contributors, ODbL 1\.0/]) matches(sheet, part);
      same(await page.locator('article.sheet ol li').count(), onScreen.length, 'steps on paper');
      holds(await page.isVisible('article.sheet svg[role=img]'), 'no sketch');
      for (const gone of ['header', '.map', '.views', 'section ol.no-print', '#vehicle']) holds(!(await page.isVisible(gone)), `${gone} is printed`);
      await page.screenshot({ path: new URL('./shots/roads-print.png', import.meta.url).pathname, fullPage: true });
    }),
  );

  await check('roads: reach: areas, table, minutes that are none, direction', () =>
    withPage(browser, url, REACH, {}, async (page) => {
      await page.waitForSelector('table tbody tr:nth-child(3)');
      const rows = await page.locator('tbody tr').allInnerTexts();
      const lengths = rows.map((row) => Number(row.match(/([\d.]+) 公里/)?.[1]));
      holds(lengths[0] < lengths[1] && lengths[1] < lengths[2], `lengths ${lengths}`);
      await mapDrawn(page);
      await shoot(page, 'roads-reach-desktop-zh');
      await page.fill('#minutes', '7, x');
      await page.locator('#minutes').blur();
      same(await page.getAttribute('#minutes', 'aria-invalid'), 'true');
      await page.fill('#minutes', '12 4');
      await page.locator('#minutes').blur();
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 2);
      await page.selectOption('#direction', 'to');
      await page.waitForFunction(() => /direction=to/.test(location.hash) && document.querySelector('caption')?.textContent.includes('到“甲地”'));
      matches(await hashOf(page), /minutes=4,12/);
    }),
  );

  await check('roads: the easy version does not show the page', () =>
    withPage(browser, url, WAY, {}, async (page) => {
      await page.click('.easy-switch');
      await page.waitForSelector('#easy-place, .answer, .choices');
      holds(!(await page.$('.views')), 'the roads page is still there');
    }),
  );
}

async function tell(url, states) {
  const answer = await fetch(`${url}/api/v1/live/roads`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ states }),
  });
  holds(answer.ok, `live state refused: ${await answer.text()}`);
}

/** The map comes near a place by looking at a way there first. */
const layerAt = (node, more = '') => `#page=roads&view=reach&place=${code(node)}&minutes=1&paint=speed&show=closures,bans&${TIME}${more}`;

async function town(browser, url) {
  await check('roads: the banned left turn is driven round', () =>
    withPage(browser, url, townWay(code(2, 5, 0.8), code(5, 4, 0.8)), {}, async (page) => {
      await found(page);
      const list = (await steps(page)).join();
      holds(!/左转进入中街/.test(list), `turns left from 中路 into 中街: ${list}`);
      matches(await page.innerText('section[aria-label=路线]'), /数据为生成/);
    }),
  );

  await check('roads: a high lorry keeps off the low gate', () =>
    withPage(browser, url, townWay(code(4, 5, 0.7), code(6)), {}, async (page) => {
      await found(page);
      matches((await steps(page)).join(), /沿中街/);
      same((await steps(page)).length, 2, 'steps of a car straight on');
      await page.selectOption('#vehicle', 'lorry_light');
      await page.waitForFunction(() => /vehicle=lorry_light/.test(location.hash));
      await page.waitForFunction(() => /转/.test(document.querySelector('section ol.no-print')?.textContent ?? ''));
      await page.click('text=回避与车辆尺寸');
      await page.fill('#height_m', '2.2');
      await page.locator('#height_m').blur();
      await page.waitForFunction(() => !/转/.test(document.querySelector('section ol.no-print')?.textContent ?? ''));
      matches(await hashOf(page), /height_m=2\.2/);
      await page.fill('#height_m', '99');
      await page.locator('#height_m').blur();
      matches(await hashOf(page), /height_m=2\.2/);
      await page.check('text=收费道路');
      await page.waitForFunction(() => /avoid=toll/.test(location.hash));
      await shoot(page, 'roads-lorry-desktop-zh');
    }),
  );

  await check('roads: an island is told as not connected', () =>
    withPage(browser, url, townWay(code(1), code(11)), { mayFail: true }, async (page) => {
      await page.waitForSelector('[role=alert]');
      matches(await page.innerText('[role=alert]'), /走不通|没有可走的街道/);
    }),
  );

  await check('roads: a live closure is seen without a reload: way, layer, words', () =>
    withPage(browser, url, townWay(code(8), code(9)), {}, async (page) => {
      await found(page);
      const before = await page.innerText('label:has(input[name=way])');
      await tell(url, [{ way: CLOSED_WAY, closed: true }, { way: CLOSED_WAY, direction: 'backward', closed: true }]);
      await page.waitForFunction((text) => {
        const now = document.querySelector('label:has(input[name=way])')?.innerText;
        return now && now !== text;
      }, before, { timeout: 25_000 });
      matches((await steps(page)).join(), /中街|东路/);
    }),
  );

  for (const [lang, scheme] of [['zh-CN', 'light'], ['en', 'dark']])
    await check(`roads: the street layer draws speeds, the closure and the banned turn; legend and words, ${lang}`, () =>
      withPage(browser, url, layerAt(5), { lang, scheme }, async (page) => {
        await page.waitForSelector('tbody tr');
        await mapDrawn(page);
        await page.click(lang === 'en' ? '.views label:has-text("Street layer")' : '.views label:has-text("街道图层")');
        await mapDrawn(page);
        await page.waitForTimeout(500);
        await page.click(lang === 'en' ? 'text=Look at the centre' : 'text=查看地图中心');
        await page.waitForSelector('.here li');
        const told = await page.innerText('.here');
        matches(told, lang === 'en' ? /Middle Street \(primary\), (east|west)bound: \d+ km\/h/ : /中街（主干路）向(东|西)：\d+ 公里\/小时/);
        matches(told, lang === 'en' ? /Arriving northbound: no left turn/ : /向北到路口：禁止左转/);
        const legend = await page.innerText('.legend');
        matches(legend, lang === 'en' ? /speed now \(km\/h\)/ : /当前车速 \(km\/h\)/);
        matches(legend, lang === 'en' ? /no-entry sign/ : /禁行标志/);
        matches(legend, lang === 'en' ? /no left turn/ : /禁止左转/);
        await shoot(page, `roads-streets-desktop-${lang}-${scheme}`);
        await page.click(lang === 'en' ? 'label:has-text("class")' : 'label:has-text("道路等级")');
        await mapDrawn(page);
        await shoot(page, `roads-class-desktop-${lang}-${scheme}`);
        matches(await page.innerText('.legend'), lang === 'en' ? /motorway, trunk/ : /高速、快速路/);
        await page.uncheck('#show-bans');
        holds(!/no left turn|禁止左转/.test(await page.innerText('.legend')), 'the legend names what is not shown');
      }),
    );

  await check('roads: reach of a generated town says so', () =>
    withPage(browser, url, layerAt(5), {}, async (page) => {
      await page.waitForSelector('tbody tr');
      matches(await page.innerText('main'), /数据为生成/);
    }),
  );
}

export async function roadChecks(browser, url) {
  await ways(browser, url);
  const drawn = await startServer(makeTown(program));
  try {
    await town(browser, drawn.url);
  } finally {
    await drawn.stop();
  }
}

/** axe, no sideways scrolling, and a picture: each view in both languages, sizes and schemes. */
export async function roadPages(browser, url) {
  const views = { way: [WAY, 'input[name=way]'], reach: [REACH, 'tbody tr'], streets: [STREETS, '.legend'] };
  for (const [name, [hash, sign]] of Object.entries(views))
    for (const lang of ['zh-CN', 'en'])
      for (const [size, scheme] of [['desktop', 'light'], ['phone', 'light'], ['desktop', 'dark'], ['phone', 'dark']])
        await check(`axe and layout: roads ${name}, ${lang}, ${size}, ${scheme}`, () =>
          withPage(browser, url, hash, { lang, size, scheme }, async (page) => {
            await page.waitForSelector(sign, { state: 'attached' });
            await mapDrawn(page);
            if (name === 'way') await page.click(lang === 'en' ? 'text=Avoid, sizes' : 'text=回避与车辆尺寸');
            await shoot(page, `page-roads-${name}-${lang}-${size}-${scheme}`);
            same(await axe(page), [], 'axe');
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            holds(over <= 0, `${over} px wider than the screen`);
          }),
        );
}
