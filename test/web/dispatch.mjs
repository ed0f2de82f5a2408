// Browser tests of the call desk, dispatch and the driver's page: a server of their own, a few cars round the middle of
// the town, and callers who phone.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, PASSWORD, startDesk, withDesk } from './desk.mjs';
import { axe, check, holds, mapDrawn, matches, open, same, shoot, tabTo } from './tools.mjs';

const HOME = { name: '王奶奶家', lat: 37.8705, lon: 112.56 };
const CLINIC = { name: '鼓楼街诊所', lat: 37.8585, lon: 112.551 };
const PHONE = '13812345678';
const CARS = 6;
const NAMED_MS = 10_000;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** A page of its own, signed in. */
async function withPage(browser, url, name, hash, options, run) {
  const view = await open(browser, url, hash, options);
  try {
    await view.page.fill('#sign-name', name);
    await view.page.fill('#sign-password', PASSWORD);
    await view.page.click('form button[type=submit]');
    await view.page.waitForSelector('main .page');
    await run(view.page, view);
    same(view.complaints.filter((line) => !/status of 4(00|01|04|09|22)/.test(line) && !(options.denied && /status of 403/.test(line))), [], 'complaints');
  } finally {
    await view.close();
  }
}

/** Cars of a company round the middle, with drivers at the wheel. */
async function makeFleet(url, admin) {
  const cars = [];
  for (let n = 0; n < CARS; n++) {
    const car = await command(url, admin, 'POST', '/api/v1/fleet', { plate: `晋A·T10${n}5`, class: n % 2 ? 'ride_hailing' : 'taxi', company: n % 2 ? '汾河出行' : '并州出租', permits: [n % 2 ? 'ride_hailing' : 'taxi'], colour: '蓝白', seats: 4, generated: true });
    const driver = await command(url, admin, 'POST', '/api/v1/drivers', { name: `司机${n + 1}`, phone: `1390000000${n}`, company: car.company, vehicle: car.id, ...(n === 0 ? { user: '戊司机' } : {}) });
    cars.push({ id: car.id, plate: car.plate, driver: driver.id, lat: HOME.lat + 0.004 * (n - 2), lon: HOME.lon + 0.003 * ((n % 3) - 1) });
  }
  await command(url, admin, 'POST', '/api/v1/fleet/positions', { positions: cars.map(({ id, lat, lon }) => ({ id, lat, lon, at: new Date().toISOString(), state: 'vacant' })) });
  for (const car of cars) await command(url, admin, 'POST', `/api/v1/fleet/${car.id}/duty`, { duty: 'free' });
  return cars;
}

const beat = (url, admin, cars) => command(url, admin, 'POST', '/api/v1/fleet/positions', { positions: cars.map(({ id, lat, lon }) => ({ id, lat, lon, at: new Date().toISOString(), state: 'vacant' })) });

const ring = (url, admin, phone) => command(url, admin, 'POST', '/api/v1/calls', { phone });

/** Each press is counted. */
function counting(page) {
  const keys = [];
  return {
    keys,
    press: async (key) => {
      keys.push(key);
      await page.keyboard.press(key);
    },
  };
}

async function callChecks(browser, url, admin, cars) {
  // A caller with a habit: from home to the clinic, three times, cancelled again.
  for (let n = 0; n < 3; n++) {
    const order = await command(url, admin, 'POST', '/api/v1/orders', { phone: PHONE, name: '王奶奶', born: 1948, from: HOME, to: CLINIC, needs: ['helper'] });
    await command(url, admin, 'POST', `/api/v1/orders/${order.id}/cancel`, { by: 'passenger', why: 'test' });
  }
  await wait(1500);

  await check('call desk: a known caller has an order in three keys, and the car is named within 10 s', () =>
    withPage(browser, url, '丙接线', '#page=call', {}, async (page) => {
      const { keys, press } = counting(page);
      await page.waitForSelector('.idle');
      await beat(url, admin, cars);
      await ring(url, admin, '13900001111');
      await ring(url, admin, PHONE);
      await page.waitForSelector('ol li:nth-child(2)');
      matches(await page.innerText('ol li:first-child'), /王奶奶[\s\S]*老人/, 'the elder is first');
      await page.waitForFunction(() => document.activeElement?.id === 'answer-first');
      await shoot(page, 'call-waiting');
      await press('Enter');
      await page.waitForSelector('.quick button');
      matches(await page.innerText('.who'), /王奶奶[\s\S]*岁[\s\S]*需搀扶/, 'the caller');
      await press('1');
      await page.waitForSelector('.estimate dl');
      matches(await page.innerText('.estimate'), /大约要等[\s\S]*车费大约[\s\S]*元/, 'the estimate');
      await shoot(page, 'call-estimate');
      const at = Date.now();
      await press('Enter');
      await page.waitForSelector('.result .plate', { timeout: NAMED_MS }).catch(async () => {
        const { orders } = await command(url, admin, 'GET', '/api/v1/orders?limit=1');
        throw new Error(`no plate: ${await page.innerText('.work')} · ${JSON.stringify(orders)}`);
      });
      holds(Date.now() - at <= NAMED_MS, `named after ${Date.now() - at} ms`);
      same(keys, ['Enter', '1', 'Enter'], 'keys');
      console.log(`      ${keys.length} keys, named ${Date.now() - at} ms after the last`);
      matches(await page.innerText('.result'), /晋A·T10\d5[\s\S]*到/);
      await page.waitForSelector('.spoken');
      matches(await page.innerText('.spoken'), /车牌/);
      await shoot(page, 'call-named');
      await page.click('.result button:has-text("派车原因")');
      await page.waitForSelector('.why table, .why details');
      matches(await page.innerText('.why'), /派给[\s\S]*批次/, 'why');
      await page.click('.why button:has-text("重算验证")');
      await page.waitForSelector('.why .chip:has-text("重算结果一致")');
      await shoot(page, 'call-why');
      await page.keyboard.press('Escape');
      await page.focus('.who h2');
      await page.keyboard.press('e');
      await page.waitForSelector('.work', { state: 'detached' });
    }),
  );

  await check('call desk: «where is my car» stands on top of the next call of the same person', () =>
    withPage(browser, url, '丙接线', '#page=call', {}, async (page) => {
      await ring(url, admin, PHONE);
      await page.waitForSelector('ol li:has-text("王奶奶")');
      await page.click('ol li:has-text("王奶奶") button');
      await page.waitForSelector('.result .plate');
      await page.keyboard.press('w');
      await page.waitForSelector('.spoken');
      await page.click('.result button:text-is("取消")');
      await page.fill('.acts form input', '家人来接');
      await shoot(page, 'call-where');
      await page.click('.acts form button[type=submit]');
      await page.waitForSelector('.result .chip:has-text("已取消")');
      await page.focus('.who h2');
      await page.keyboard.press('e');
      await page.waitForSelector('.work', { state: 'detached' });
    }),
  );

  await check('call desk: a new caller by keyboard alone: number, landmark by pinyin with its cross streets, booking', () =>
    withPage(browser, url, '丙接线', '#page=call', {}, async (page) => {
      await tabTo(page, '#call-phone');
      await page.keyboard.type('03511234567');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.work');
      await page.waitForFunction(() => document.activeElement?.matches('.who h2'));
      await page.keyboard.press('f');
      await page.keyboard.type('wuyiguangchang');
      await page.waitForSelector('#call-from-list [role=option]');
      await page.waitForSelector('#call-from-list [role=option]:has-text("近")');
      await shoot(page, 'call-landmark');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement?.id === 'call-to');
      await page.keyboard.type('taiyuannanzhan');
      await page.waitForSelector('#call-to-list [role=option]');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement?.id === 'call-order');
      await page.waitForSelector('.estimate dl');
      await page.waitForSelector('.transit .trip');
      await page.waitForFunction(() => /公里/.test(document.querySelector('.estimate')?.textContent ?? ''));
      matches(await page.innerText('.trains'), /末班车 \d\d:\d\d/, 'the last trains');
      await page.keyboard.press('b');
      await page.waitForSelector('#call-at');
      const at = await page.evaluate(() => document.querySelector('#call-at').min);
      await page.fill('#call-at', `${at.slice(0, 8)}28T08:30` > at ? `${at.slice(0, 8)}28T08:30` : at);
      await page.keyboard.press('Escape');
      await shoot(page, 'call-new');
      await page.keyboard.press('Enter');
      await page.waitForSelector('.result');
      matches(await page.innerText('.result'), /已预约|正在派车|车在路上/);
      await page.focus('.who h2');
      await page.keyboard.press('e');
      await page.waitForSelector('.work', { state: 'detached' });
    }),
  );

  await check('call desk: the caller is edited, an order changed while it waits, and one from elsewhere handed over', () =>
    withPage(browser, url, '丙接线', '#page=call', {}, async (page) => {
      await ring(url, admin, '13900003333');
      await page.waitForSelector('ol li:has-text("13900003333") button, ol li:has-text("3333") button');
      await page.click('ol li:has-text("3333") button');
      await page.click('#caller-edit');
      await page.fill('#caller-name', '赵大爷');
      await page.fill('form[aria-label="改来电人资料"] input[type=number]', '1945');
      await page.check('form[aria-label="改来电人资料"] input[value=wheelchair]');
      await shoot(page, 'call-edit');
      await page.click('form[aria-label="改来电人资料"] button[type=submit]');
      await page.waitForSelector('.who h2:has-text("赵大爷")');
      matches(await page.innerText('.who'), /岁[\s\S]*轮椅/, 'the caller after the change');
      await page.click('#call-away');
      await page.fill('#call-from', '忻州西站');
      await page.fill('#call-city', '忻州');
      await page.waitForSelector('#call-order:has-text("转给忻州"):not([disabled])');
      await page.click('#call-order');
      await page.waitForSelector('.result .chip:has-text("已转")');
      await shoot(page, 'call-away');
      await page.focus('.who h2');
      await page.keyboard.press('e');
      await page.waitForSelector('.work', { state: 'detached' });
      // Booked for later: everything of it can change.
      const tomorrow = new Date(Date.now() + 20 * 3_600_000).toISOString().replace(/\.\d+Z/, 'Z');
      const order = await command(url, admin, 'POST', '/api/v1/orders', { phone: '13900003333', from: HOME, to: CLINIC, at: tomorrow });
      await ring(url, admin, '13900003333');
      await page.click('ol li:has-text("赵大爷") button');
      await page.waitForSelector('.result .chip:has-text("已预约")');
      await page.keyboard.press('w');
      await page.click('.result button:text-is("改单")');
      await page.fill('.acts input[type=number]', '3');
      await page.fill('.acts form label.wide input', '带药箱');
      await shoot(page, 'call-change');
      await page.click('.acts form button[type=submit]');
      await page.waitForSelector('.acts form', { state: 'detached' });
      const after = await command(url, admin, 'GET', `/api/v1/orders/${order.id}`);
      same([after.party, after.note], [3, '带药箱'], 'the order');
      await page.focus('.who h2');
      await page.keyboard.press('e');
      await page.waitForSelector('.work', { state: 'detached' });
    }),
  );

  await check('call desk: nobody can take a wheelchair: the order says why, what would help, and asks for a call back', () =>
    withPage(browser, url, '丙接线', '#page=call', {}, async (page) => {
      const order = await command(url, admin, 'POST', '/api/v1/orders', { phone: '13700002222', name: '李先生', from: CLINIC, to: HOME, needs: ['wheelchair'] });
      await wait(9000);
      await page.click('nav button:has-text("订单") >> nth=-1');
      await page.waitForSelector(`li:has-text("${order.id}")`);
      await page.click(`li:has-text("${order.id}") .line`);
      await page.click('.acts button:has-text("派车原因")');
      await page.waitForSelector('.why details, .why .soft');
      matches(await page.innerText('.why'), /没有派出|卡在/);
      await shoot(page, 'call-nobody');
    }),
  );

  await check('call desk: figures of the day and staffing by Erlang C', () =>
    withPage(browser, url, '丙接线', '#page=call', {}, async (page) => {
      await page.click('nav button:has-text("统计")');
      await page.waitForSelector('.staffing tbody tr');
      matches(await page.innerText('.stats'), /接通率[\s\S]*来电 → 订单 → 送达/);
      matches(await page.innerText('.staffing'), /要 \d+ 人在线/);
      await shoot(page, 'call-stats');
    }),
  );
}

async function dispatchViewChecks(browser, url, admin, cars) {
  await check('dispatch: the queue, an order by hand with a reason, why, the policy with a bonus', () =>
    withDesk(browser, url, '甲调度', 'view=dispatch', {}, async (page) => {
      await beat(url, admin, cars);
      await page.waitForSelector('.queue li.card');
      matches(await page.innerText('.queue'), /轮椅[\s\S]*鼓楼街诊所/, 'what is waited for, and where');
      await mapDrawn(page);
      await shoot(page, 'dispatch-queue');
      await page.click('.policy summary');
      await page.selectOption('.policy select', 'snow');
      await page.getByLabel('每单奖励（分）').fill('800');
      await page.locator('.policy label:has-text("理由") input').fill('大雪');
      await page.click('.policy button[type=submit]');
      await page.waitForSelector('.policy .chip:has-text("8 元")');
      await page.click('.queue li.card button');
      await page.waitForSelector('article.one');
      await mapDrawn(page);
      await shoot(page, 'dispatch-order');
      await page.locator('article form input').first().fill(cars[3].plate);
      await page.fill('#assign-reason', '熟悉路线');
      await page.click('article form button[type=submit]');
      await page.waitForSelector('article .note, article .chip:has-text("车在路上"), .desk .note');
      // No car has a place for a wheelchair: a person cannot overrule that.
      matches(await page.innerText('.desk'), /wheelchair|轮椅/);
    }),
  );

  await check('dispatch: a vehicle and a driver are made, changed and found', () =>
    withDesk(browser, url, '甲调度', 'view=vehicles', {}, async (page) => {
      await page.click('header .button:has-text("新增车辆")');
      const fill = (label, value) => page.locator(`#fleet-form label:has-text("${label}") input`).first().fill(value);
      await fill('车牌', '晋A·W0001');
      await fill('公司', '并州出租');
      await page.selectOption('#fleet-form select', 'access');
      await fill('轮椅位', '1');
      await page.click('#fleet-form button[type=submit]');
      await page.waitForSelector('tr:has-text("晋A·W0001")');
      await page.fill('input[type=search]', 'w0001');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      await page.click('tbody button:has-text("修改")');
      await fill('颜色', '白');
      await page.click('#fleet-form button[type=submit]');
      await page.waitForSelector('#fleet-form', { state: 'detached' });
      await page.click('.switch button:has-text("司机")');
      await page.fill('input[type=search]', '');
      await page.waitForSelector('tr:has-text("司机1")');
      await shoot(page, 'dispatch-drivers');
    }),
  );

  await check('dispatch: conduct as a table and as a file', () =>
    withDesk(browser, url, '甲调度', 'view=conduct', {}, async (page) => {
      await page.waitForSelector('tbody th[scope=row]');
      const [file] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("CSV")')]);
      matches(file.suggestedFilename(), /^conduct-.*\.csv$/);
      await shoot(page, 'dispatch-conduct');
    }),
  );

  await check('lines: a request, lines proposed, one kept as a draft and opened for collecting', () =>
    withDesk(browser, url, '甲调度', 'view=lines', {}, async (page) => {
      for (let n = 0; n < 6; n++)
        await command(url, admin, 'POST', '/api/v1/requests', { from: { name: `小区${n}`, lat: HOME.lat + n * 0.0004, lon: HOME.lon }, to: { name: '园区', lat: 37.8405, lon: 112.552 + n * 0.0003 }, window: { from: '07:00', to: '08:00' }, by: 'leave', days: ['mon', 'tue', 'wed', 'thu', 'fri'] });
      await page.waitForSelector('.runs li:has-text("小区5")');
      await command(url, admin, 'POST', '/api/v1/requests', { from: { name: '不去了', lat: HOME.lat, lon: HOME.lon }, to: { name: '园区', lat: 37.8405, lon: 112.552 }, window: { from: '07:00', to: '08:00' }, by: 'leave', days: ['mon'] });
      await page.click('.runs li:has-text("不去了") button');
      await page.waitForSelector('.runs li:has-text("不去了")', { state: 'detached' });
      await page.click('form button:has-text("生成")');
      await page.waitForSelector('.draft, form .soft:has-text("太少"), .note');
      await mapDrawn(page);
      await shoot(page, 'lines-propose');
      await page.click('.draft button:has-text("存为草案")');
      await page.waitForSelector('article.one .stops li');
      await page.click('button:has-text("开始征集")');
      await page.waitForSelector('article .chip:has-text("征集中")');
      await page.click('button:has-text("按规则评估")');
      matches(await page.locator('.decision').first().innerText(), /0 \/ \d+ 座（0\.0 %）/);
      await mapDrawn(page);
      await shoot(page, 'lines-one');
    }),
  );

  await check('lines: a booking says that it is booked, and of a full bus at which place it waits', async () => {
    const { drafts } = await command(url, admin, 'POST', '/api/v1/lines/propose', { vehicles: { count: 1, seats: 10 }, rule: 'community' });
    const { lines } = await command(url, admin, 'GET', '/api/v1/lines');
    let line = drafts[0] ? await command(url, admin, 'POST', '/api/v1/lines', drafts[0]) : lines[0];
    for (let turn = 0; turn < 2 && line.state !== 'open'; turn++) line = await command(url, admin, 'POST', `/api/v1/lines/${line.id}/open`, { version: line.version, anyway: true, reason: 'test' });
    const { runs } = await command(url, admin, 'GET', `/api/v1/lines/${line.id}/runs?days=3`);
    const run = runs.find((one) => one.bookable);
    const [from, to] = [line.stops[0].id, line.stops.at(-1).id];
    const seats = (phone, party) => command(url, admin, 'POST', '/api/v1/bookings', { line: line.id, ticket: 'single', day: run.day, trip: run.trip, from_stop: from, to_stop: to, party, phone, wait: true });
    for (let left = line.seats - 1, n = 0; left > 0; n++) left -= (await seats(`1390000888${n}`, Math.min(5, left))).party;
    await withDesk(browser, url, '丙接线', `view=lines&id=${line.id}`, {}, async (page) => {
      const book = async (phone) => {
        await page.locator('.runs li button', { hasText: '订座' }).first().click();
        await page.locator('form:has(#book-name) input[inputmode=tel]').fill(phone);
        await page.locator('form:has(#book-name) button[type=submit]').click();
      };
      await page.waitForSelector('article.one .runs li button');
      for (const [phone, said] of [['13900007771', '已订 BK'], ['13900007772', '第 1 位'], ['13900007773', '第 2 位']]) {
        await book(phone);
        await page.waitForSelector(`p.decision:has-text("${said}")`);
      }
      await shoot(page, 'lines-full');
    });
  });

  await check('simulation: a report is opened; one that is none is refused by name', () =>
    withDesk(browser, url, '甲调度', 'view=simulation', {}, async (page) => {
      const folder = mkdtempSync(join(tmpdir(), 'tongqu-report-'));
      try {
        const hour = (base) => Array.from({ length: 24 }, (_, n) => ({ hour: n, orders: 900 + n * 90, served: Math.round((900 + n * 90) * base), wait_s: 150 + 9 * n }));
        const policy = (name, base, more) => ({ name, served: Math.round(60000 * base), wait_mean_s: 180, wait_p95_s: 560, pickup_km: 1.2, empty_km: 114000, gini: 0.21, elder_wait_s: 170, other_wait_s: 182, by_hour: hour(base), ...more });
        writeFileSync(join(folder, 'good.json'), JSON.stringify({ generated: true, seed: 7, vehicles: 3000, orders: 60000, measured: { batch: { decision_ms: 4.1 }, nearest: { decision_ms: 3.9 } }, policies: [policy('batch', 0.909, {}), policy('nearest', 0.882, { wait_mean_s: 220, wait_p95_s: 805, pickup_km: 1.46, elder_wait_s: 225, other_wait_s: 219 })] }));
        writeFileSync(join(folder, 'bad.json'), '{"orders":3}');
        await page.setInputFiles('input[type=file]', join(folder, 'bad.json'));
        matches(await page.innerText('[role=alert]'), /bad\.json[\s\S]*policies/);
        await page.setInputFiles('input[type=file]', join(folder, 'good.json'));
        await page.waitForSelector('figure svg rect');
        matches(await page.innerText('.desk'), /模拟生成，不是实际运营[\s\S]*90\.9 %/);
        same(await page.locator('figure').count(), 7, 'charts');
        same(await axe(page), [], 'axe');
        await shoot(page, 'dispatch-simulation');
        await page.locator('figure').nth(3).scrollIntoViewIfNeeded();
        await shoot(page, 'dispatch-simulation-charts');
        await page.locator('figure').last().scrollIntoViewIfNeeded();
        await shoot(page, 'dispatch-simulation-hours');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
  );
}

async function driverChecks(browser, url, admin, cars) {
  await check('driver: on duty, an offer with its time running, accept, arrive, on board, done; position sent', async () => {
    await command(url, admin, 'POST', '/api/v1/policy', { name: 'batch', overrides: { offer: 'ask', elder_offer: 'ask', offer_s: 60 }, reason: 'test' });
    for (const car of cars.slice(1)) await command(url, admin, 'POST', `/api/v1/fleet/${car.id}/duty`, { duty: 'off' }).catch(() => null);
    const more = { geolocation: { latitude: cars[0].lat, longitude: cars[0].lon }, permissions: ['geolocation'], hasTouch: true, isMobile: true };
    await withPage(browser, url, '戊司机', '#page=driver', { size: 'phone', more }, async (page) => {
      await page.waitForSelector('.state');
      if (await page.locator('button:text-is("上班")').count()) await page.click('button:text-is("上班")');
      await page.waitForSelector('.state.free');
      await page.waitForSelector('text=正在发送位置');
      await shoot(page, 'driver-free');
      await command(url, admin, 'POST', '/api/v1/orders', { phone: '13600003333', name: '赵女士', from: HOME, to: CLINIC, needs: ['luggage'], note: '北门等' });
      await page.waitForSelector('.ride.offer', { timeout: 20_000 });
      matches(await page.innerText('.ride'), /王奶奶家[\s\S]*鼓楼街诊所[\s\S]*行李多/);
      await shoot(page, 'driver-offer');
      const size = await page.locator('button:text-is("接单")').boundingBox();
      holds(size.height >= 72, `the button is ${size.height} px high`);
      for (const [label, state] of [['接单', '车在路上'], ['已到上车点', '车已到'], ['乘客已上车', '已上车']]) {
        await page.click(`button:text-is("${label}")`);
        await page.waitForSelector(`.ride .chip:has-text("${state}")`);
        await shoot(page, `driver-${state === '车在路上' ? 'way' : state === '车已到' ? 'there' : 'aboard'}`);
      }
      await page.fill('#driver-fare', '17.5');
      await page.click('button:has-text("送达")');
      await page.waitForSelector('.ride', { state: 'detached' });
      await page.waitForFunction(() => /今天 1 单/.test(document.querySelector('.state')?.textContent ?? ''));
      matches(await page.innerText('.state'), /17\.5 元/);
    });
  });

  await check('driver: refuses with a reason; the order goes on', async () => {
    await withPage(browser, url, '戊司机', '#page=driver', { size: 'phone', more: { geolocation: { latitude: cars[0].lat, longitude: cars[0].lon }, permissions: ['geolocation'] } }, async (page) => {
      await page.waitForSelector('.state.free');
      await page.waitForSelector('text=正在发送位置');
      const order = await command(url, admin, 'POST', '/api/v1/orders', { phone: '13600003334', from: HOME, to: CLINIC });
      await page.waitForSelector('.ride.offer', { timeout: 20_000 });
      await page.click('button:text-is("不接")');
      await page.waitForSelector('.reasons button');
      await shoot(page, 'driver-refuse');
      await page.click('.reasons button:has-text("交班")');
      await page.waitForSelector('.ride', { state: 'detached' });
      const now = await command(url, admin, 'GET', `/api/v1/orders/${order.id}`);
      matches(JSON.stringify(now.refusals), /交班/);
      await command(url, admin, 'POST', `/api/v1/orders/${order.id}/cancel`, { by: 'passenger' });
    });
  });
}

async function strangerChecks(browser, url) {
  await check('driver: who is no driver is told what to do, and nothing is asked in vain', () =>
    withPage(browser, url, '甲调度', '#page=driver', { size: 'phone' }, async (page, view) => {
      await page.waitForSelector('.empty');
      matches(await page.innerText('.empty'), /甲调度 不是司机账号[\s\S]*司机角色/);
      same(view.complaints.filter((line) => /403/.test(line)), [], 'asked in vain');
      await shoot(page, 'driver-stranger');
    }),
  );
  await check('driver: an account that no driver has is told who can tie it', () =>
    withPage(browser, url, '庚司机', '#page=driver', { size: 'phone', denied: true }, async (page) => {
      await page.waitForSelector('.empty');
      matches(await page.innerText('.empty'), /庚司机 还没有对应的司机资料[\s\S]*车辆与司机/);
    }),
  );
  await check('dispatch: a refused order stands in the conduct with its reason; errors of one order stay with it', () =>
    withDesk(browser, url, '甲调度', 'view=conduct', {}, async (page) => {
      await page.waitForSelector('.entries tbody tr');
      matches(await page.innerText('.entries'), /司机1[\s\S]*OR-\d{4}-\d+[\s\S]*拒绝[\s\S]*交班/);
      await page.evaluate(() => (location.hash = '#page=desk&view=dispatch&id=OR-2020-9999'));
      await page.waitForSelector('.desk .note');
      await page.click('.back');
      await page.waitForSelector('.now');
      same(await page.locator('.desk .note').count(), 0, 'errors of the order before');
    }),
  );
}

async function everyPage(browser, url, admin) {
  const { orders } = await command(url, admin, 'GET', '/api/v1/orders?limit=50');
  const views = ['dispatch', `dispatch&id=${orders[0].id}`, 'vehicles', 'lines', 'conduct', 'simulation'];
  const { lines } = await command(url, admin, 'GET', '/api/v1/lines');
  if (lines[0]) views.push(`lines&id=${lines[0].id}`);
  for (const lang of ['zh-CN', 'en'])
    for (const [size, scheme] of [['desktop', 'light'], ['phone', 'dark']])
      await check(`dispatch: axe and layout of every page, ${lang}, ${size}, ${scheme}`, async () => {
        const found = [];
        const look = async (page, name) => {
          await shoot(page, `dispatch-${name.replace(/\W+/g, '-')}-${lang}-${size}-${scheme}`);
          for (const line of await axe(page)) found.push(`${name}: ${line}`);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (over > 0) found.push(`${name}: ${over} px wider than the screen`);
          const cards = await page.evaluate(() => [...document.querySelectorAll('article.card, .why')].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => `${one.className} ${one.scrollWidth} > ${one.clientWidth}`));
          if (cards.length) found.push(`${name}: ${cards}`);
        };
        await withDesk(browser, url, '总管', '', { lang, size, scheme }, async (page) => {
          for (const view of views) {
            await page.evaluate((to) => (location.hash = to), `#page=desk&view=${view}`);
            await page.waitForTimeout(900);
            await look(page, view);
          }
          await ring(url, admin, PHONE);
          await page.evaluate(() => (location.hash = '#page=call'));
          await page.waitForSelector('ol li button');
          await look(page, 'call');
          await page.click('#answer-first');
          await page.waitForSelector('.work');
          await page.keyboard.press('1');
          await page.waitForSelector('.estimate dl');
          await page.waitForTimeout(600);
          await look(page, 'call-work');
          await page.focus('.who h2');
          await page.keyboard.press('e');
          await page.waitForSelector('.work', { state: 'detached' });
          await page.locator('.bar nav button').nth(1).click();
          await page.waitForTimeout(400);
          await look(page, 'call-orders');
          await page.locator('.bar nav button').nth(2).click();
          await page.waitForSelector('.staffing tbody tr');
          await look(page, 'call-stats');
        });
        await withPage(browser, url, '戊司机', '#page=driver', { lang, size, scheme }, async (page) => {
          await page.waitForSelector('.state');
          await look(page, 'driver');
        });
        same(found, [], 'found');
      });
}

export async function dispatchChecks(browser) {
  const server = await startDesk();
  try {
    const { url } = server;
    await command(url, '', 'POST', '/api/v1/setup', { token: server.token, name: '总管', password: PASSWORD });
    const { token } = await command(url, '', 'POST', '/api/v1/sessions', { name: '总管', password: PASSWORD });
    for (const [name, roles] of [['甲调度', ['dispatcher', 'planner']], ['丙接线', ['clerk']], ['戊司机', ['driver']], ['庚司机', ['driver']]]) await command(url, token, 'POST', '/api/v1/users', { name, password: PASSWORD, roles });
    const cars = await makeFleet(url, token);
    await callChecks(browser, url, token, cars);
    await dispatchViewChecks(browser, url, token, cars);
    await driverChecks(browser, url, token, cars);
    await strangerChecks(browser, url);
    if (process.env.PAGES !== 'no') await everyPage(browser, url, token);
  } finally {
    await server.stop();
  }
}
