// Browser tests of the staff's pages: a server of their own with a copy of the city, so that nothing stays behind.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { axe, check, holds, mapDrawn, matches, open, program, same, shoot, tabTo } from './tools.mjs';

const CITY = process.env.CITY ?? fileURLToPath(new URL('../../cities/taiyuan', import.meta.url));
export const PASSWORD = 'only for this test run';
const START_MS = 60_000;
// A street of the shipped city that both a drive and a bus line use.
const STREET = '阳兴大道';
const DRIVE = '/route/v1/car/112.635,38.0421;112.56,37.869?overview=full';
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** `tongqu serve` with a copy of the city; tells the one-time token that it printed. */
export async function startDesk() {
  const folder = mkdtempSync(join(tmpdir(), 'tongqu-desk-'));
  cpSync(CITY, folder, { recursive: true, filter: (path) => !/state\.db/.test(path) });
  const child = spawn(program, ['serve', folder, '--import', '--listen', '127.0.0.1', '--port', '0', '--lang', 'en'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  let ended = false;
  child.stdout.on('data', (bytes) => (told += bytes));
  child.stderr.on('data', (bytes) => (told += bytes));
  child.on('exit', () => (ended = true));
  const stop = async () => {
    child.kill('SIGTERM');
    for (let turn = 0; turn < 100 && !ended; turn++) await wait(50);
    if (!ended) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + START_MS;
  for (;;) {
    const url = told.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
    const token = told.match(/token (\w{16,})/)?.[1];
    if (url && token && (await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false))) return { url, token, stop };
    if (ended || Date.now() > until) {
      await stop();
      throw new Error(`no server for the desk: ${told.slice(-1000)}`);
    }
    await wait(100);
  }
}

/** A command as a program gives it, with a bearer token. */
export async function command(url, token, method, path, body) {
  const answer = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  });
  const json = await answer.json();
  holds(answer.ok, `${method} ${path} answered ${answer.status}: ${JSON.stringify(json).slice(0, 200)}`);
  return json;
}

export async function signIn(page, name) {
  await page.fill('#sign-name', name);
  await page.fill('#sign-password', PASSWORD);
  await page.click('form button[type=submit]');
  await page.waitForSelector('.desk nav');
}

/** A fresh browser of somebody who has signed in. Refusals (4xx) are no complaints: some are wanted. */
export async function desk(browser, url, name, hash = '', options = {}) {
  const view = await open(browser, url, '#page=desk', options);
  await signIn(view.page, name);
  if (hash) await view.page.evaluate((to) => (location.hash = to), `#page=desk&${hash}`);
  await view.page.waitForSelector('.desk h1');
  return { ...view, complaints: view.complaints };
}

export async function withDesk(browser, url, name, hash, options, run) {
  const view = await desk(browser, url, name, hash, options);
  try {
    await run(view.page);
    same(view.complaints.filter((line) => !/status of 4(00|01|04|09|22)/.test(line)), [], 'complaints');
  } finally {
    await view.close();
  }
}

const drive = async (url) => {
  const answer = await (await fetch(url + DRIVE)).json();
  return JSON.stringify(answer.routes?.[0] && [answer.routes[0].distance, answer.routes[0].ways]);
};

async function closureChecks(browser, url) {
  await check('desk: close a street in the editor; another browser sees it, the drive changes; reopen', async () => {
    const before = await drive(url);
    const other = await desk(browser, url, '甲调度', 'view=closures');
    try {
      await withDesk(browser, url, '甲调度', 'view=closures&id=new', {}, async (page) => {
        await page.fill('#stretch-street', STREET);
        await page.waitForSelector('.found');
        matches(await page.innerText('.found'), /阳兴大道.*公里/, 'what was found');
        await mapDrawn(page);
        await shoot(page, 'desk-closure-form');
        await page.fill('input[type=datetime-local] >> nth=1', '2035-01-01T08:00');
        await page.selectOption('select:has(option[value=crack])', 'crack');
        await page.click('button[value=publish]');
        await page.waitForSelector('article.one');
        matches(await page.innerText('article.one'), /已发布[\s\S]*全封闭/);
        const id = await page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('id'));
        matches(id, /^CL-\d{4}-\d+$/, 'the id in the address');
        await other.page.waitForSelector(`li:has-text("${STREET}")`);
        holds((await drive(url)) !== before, 'the drive goes through the closed street');
        await mapDrawn(page);
        await shoot(page, 'desk-closure');
        await page.click('text=结束封闭');
        await page.waitForFunction(() => document.querySelector('article.one')?.textContent.includes('已结束'));
        same(await drive(url), before, 'the drive after reopening');
        await other.page.waitForFunction((street) => !document.querySelector('.desk ul')?.textContent.includes(street), STREET);
      });
      same(other.complaints, [], 'complaints of the other browser');
    } finally {
      await other.close();
    }
  });

  await check('desk: a street that is none is refused at its field, by keyboard', () =>
    withDesk(browser, url, '甲调度', 'view=closures&id=new', {}, async (page) => {
      await tabTo(page, '#stretch-street');
      await page.keyboard.type('没有这条街的街');
      await page.waitForSelector('#stretch-street-note');
      same(await page.getAttribute('#stretch-street', 'aria-invalid'), 'true', 'aria-invalid');
      holds(await page.isDisabled('button[value=publish]'), 'it can be published without a stretch');
    }),
  );

  await check('desk: drawing on the map: clicks add points, undo takes them back', () =>
    withDesk(browser, url, '甲调度', 'view=closures&id=new', {}, async (page) => {
      await mapDrawn(page);
      await page.click('text=在地图上画');
      await page.mouse.click(800, 300);
      await page.waitForSelector('text=1 个点');
      await page.mouse.click(840, 420);
      await page.waitForSelector('text=2 个点');
      same(await page.locator('.pin').count(), 2, 'pins');
      await shoot(page, 'desk-draw');
      await page.click('text=撤销一点');
      await page.waitForSelector('text=1 个点');
    }),
  );
}

async function caseChecks(browser, url, admin) {
  await check('desk: a case from found to reported to closed in an emergency, with its closure', () =>
    withDesk(browser, url, '甲调度', 'view=cases&id=new', {}, async (page) => {
      await page.getByLabel('标题').fill('路面裂缝（测试）');
      await page.fill('#place', '尖草坪');
      await page.waitForSelector('#place-list [role=option]');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByLabel('病害类型').selectOption('crack');
      await page.click('form button[type=submit]');
      await page.waitForSelector('.states [aria-current=step]:has-text("发现")');
      await page.click('.moves button:text-is("上报")');
      await page.waitForSelector('.states [aria-current=step]:has-text("上报")');
      holds(await page.isDisabled('.moves button:text-is("紧急封闭")'), 'closed without a closure');
      matches(await page.innerText('.moves'), /还缺：封路方案/);
      await page.click('text=拟封闭方案');
      await page.fill('#stretch-street', STREET);
      await page.waitForSelector('.found');
      await page.fill('input[type=datetime-local] >> nth=1', '2035-01-01T08:00');
      await page.click('button[value=draft]');
      await page.waitForSelector('.moves');
      holds(await page.isDisabled('.moves button:text-is("紧急封闭")'), 'an emergency without a reason');
      await page.getByLabel('说明或理由').fill('路面正在下沉');
      await page.click('.moves button:text-is("紧急封闭")');
      await page.waitForSelector('.states [aria-current=step]:has-text("封闭")');
      matches(await page.innerText('article.one'), /紧急处置[\s\S]*路面正在下沉/);
      await mapDrawn(page);
      await shoot(page, 'desk-case');
      await page.getByLabel('新的检查项').fill('裂缝一号');
      await page.click('text=加一项');
      await page.check('label:has-text("裂缝一号") input');
      await page.waitForFunction(() => document.querySelector('article.one')?.textContent.includes('检查完成'));
    }),
  );

  await check('desk: a clerk sees what a clerk may do, and no more', () =>
    withDesk(browser, url, '丙接线', 'view=cases', {}, async (page) => {
      const views = await page.innerText('.desk nav');
      for (const gone of ['账号与审计', '演示', '上报与交换', '抢修班组']) holds(!views.includes(gone), `a clerk sees ${gone}`);
      await page.click('li.card button');
      await page.waitForSelector('article.one');
      same(await page.locator('.moves button').count(), 0, 'moves of a clerk');
      await page.evaluate(() => (location.hash = '#page=desk&view=closures'));
      await page.waitForSelector('.desk h1:has-text("封闭")');
      holds(!(await page.innerText('.desk')).includes('新建封闭'), 'a clerk may close streets');
    }),
  );

  await check('desk: a crew is found for the case, offered, accepts, arrives, is done', async () => {
    const { cases } = await command(url, admin, 'GET', '/api/v1/cases');
    await withDesk(browser, url, '甲调度', 'view=crews', {}, async (page) => {
      await page.getByLabel('班组名称').fill('抢修一班');
      await page.click('text=新增班组');
      await page.waitForSelector('li:has-text("抢修一班")');
      const { crews } = await command(url, admin, 'GET', '/api/v1/crews');
      await command(url, admin, 'POST', `/api/v1/crews/${crews[0].id}/position`, { lat: 37.87, lon: 112.56 });
      await page.fill('input[placeholder="CA-2026-0001"]', cases[0].id);
      await page.fill('form input[required] >> nth=1', '封缝');
      await page.click('form button[type=submit] >> nth=0');
      await page.waitForSelector('ol li:has-text("抢修一班")');
      await shoot(page, 'desk-crews');
      await page.click('ol li:has-text("抢修一班") button');
      for (const step of ['accept', 'arrive']) {
        await page.waitForSelector('li.item:has-text("封缝") button');
        await page.click('li.item:has-text("封缝") button >> nth=0');
        await page.waitForSelector(`li.item:has-text("封缝") .chip:text-matches("${step === 'accept' ? '已接' : '到场'}")`);
      }
      await page.fill('li.item:has-text("封缝") input', '已封好');
      await page.click('li.item:has-text("封缝") button >> nth=0');
      await page.waitForSelector('li.item:has-text("封缝")', { state: 'detached' });
    });
  });
}

async function otherChecks(browser, url, admin) {
  await check('desk: a point with its limits, readings and curve', () =>
    withDesk(browser, url, '甲调度', 'view=points&id=new', {}, async (page) => {
      const fill = (label, value) => page.locator(`label:has-text("${label}") input`).first().fill(value);
      await fill('名称', '边坡三号');
      await fill('纬度', '38.03');
      await fill('经度', '112.63');
      await page.locator('input[type=number][min="1"]').fill('60');
      await page.locator('label:has-text("报警限值") input').first().fill('10');
      await page.click('form button[type=submit]');
      await page.waitForSelector('article.one:has-text("边坡三号")');
      const { points } = await command(url, admin, 'GET', '/api/v1/points');
      const readings = Array.from({ length: 24 }, (_, n) => ({ at: new Date(Date.now() - (24 - n) * 3_600_000).toISOString(), value: n * n * 0.01 }));
      await command(url, admin, 'POST', `/api/v1/points/${points[0].id}/readings`, { readings });
      await page.waitForSelector('.curve canvas');
      await page.locator('input[type=number][step="0.001"]').fill('12');
      await page.click('article form button[type=submit] >> nth=0');
      await page.waitForSelector('.chip.seal');
      matches(await page.innerText('article.one'), /告警|报警/);
      await shoot(page, 'desk-point');
    }),
  );

  await check('desk: works are planned, assessed, published and ended', () =>
    withDesk(browser, url, '丁规划', 'view=roadworks&id=new', {}, async (page) => {
      await page.getByLabel('名称').fill('热力管道施工（测试）');
      await page.fill('#section-S1-street', STREET);
      await page.waitForSelector('.found');
      await page.selectOption('#phase-P1-effect', 'half_width');
      await page.fill('input[type=datetime-local] >> nth=1', '2035-01-01T08:00');
      await page.click('form > .row button[type=submit]');
      await page.waitForSelector('article.one:has-text("热力管道施工")');
      await page.click('text=评估影响');
      await page.waitForSelector('table', { timeout: 60_000 });
      matches(await page.innerText('table'), /按计划/);
      await page.click('article button:has-text("公告")');
      await page.waitForSelector('pre');
      matches(await page.innerText('pre >> nth=0'), /热力管道施工/);
      await shoot(page, 'desk-work');
      await page.click('article button:text-is("发布")');
      await page.waitForSelector('.chip.seal:has-text("已发布")');
      await page.getByLabel('结束的理由').fill('测试完');
      await page.click('text=结束施工');
      await page.waitForSelector('.chip:has-text("已结束")');
    }),
  );

  await check('desk: the audit chain is whole and names who did it', () =>
    withDesk(browser, url, '总管', 'view=people', {}, async (page) => {
      await page.waitForSelector('text=/审计链完整/');
      matches(await page.innerText('table'), /甲调度[\s\S]*closure\.create|closure\.create/);
    }),
  );

  await check('desk: the duty page, its log and the bulletin', () =>
    withDesk(browser, url, '甲调度', '', {}, async (page) => {
      await page.waitForSelector('.lines li.card');
      await page.fill('textarea', '夜班注意边坡');
      await page.click('form button[type=submit]');
      await page.waitForSelector('ol li:has-text("夜班注意边坡")');
      await page.click('text=24 小时');
      await page.waitForSelector('dl dt');
      await shoot(page, 'desk-duty');
    }),
  );
}

async function demoCheck(browser, url) {
  await check('desk: the demo closes a street, shows the change, and opens it again', () =>
    withDesk(browser, url, '甲调度', 'view=demo', {}, async (page) => {
      const before = await drive(url);
      await page.fill('#demo-road-street', STREET);
      await page.waitForSelector('.found');
      for (const [box, text] of [['#demo-from', '尖草坪'], ['#demo-to', '阳曲']]) {
        await page.fill(box, text);
        await page.waitForSelector(`${box}-list [role=option]`);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
      }
      await page.click('text=封路，看变化，再开放');
      await page.waitForFunction(() => document.querySelectorAll('tbody td:last-child .chip').length === 4);
      const told = await page.innerText('table');
      matches(told, /驾车[\s\S]*变了/);
      same(told.match(/逐字节还原/g)?.length, 4, 'answers restored');
      await shoot(page, 'desk-demo');
      same(await drive(url), before, 'the drive after the demo');
    }),
  );
}

async function everyView(browser, url, admin) {
  const views = ['duty', 'cases', 'cases&id=new', 'closures', 'closures&id=new', 'roadworks', 'roadworks&id=new', 'points', 'points&id=new', 'crews', 'exchange', 'people', 'demo'];
  for (const [view, list] of [['cases', 'cases'], ['closures', 'closures'], ['roadworks', 'works'], ['points', 'points']]) {
    const answer = await command(url, admin, 'GET', `/api/v1/${view}`);
    views.push(`${view}&id=${answer[list][0].id}`);
  }
  for (const lang of ['zh-CN', 'en'])
    for (const [size, scheme] of [['desktop', 'light'], ['phone', 'dark']])
      await check(`desk: axe and layout of every view, ${lang}, ${size}, ${scheme}`, () =>
        withDesk(browser, url, '总管', '', { lang, size, scheme }, async (page) => {
          const found = [];
          for (const view of views) {
            await page.evaluate((to) => (location.hash = to), `#page=desk&view=${view}`);
            await page.waitForTimeout(500);
            await shoot(page, `desk-${view.replace(/\W+/g, '-')}-${lang}-${size}-${scheme}`);
            for (const line of await axe(page)) found.push(`${view}: ${line}`);
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            if (over > 0) found.push(`${view}: ${over} px wider than the screen`);
          }
          same(found, [], 'found');
        }),
      );
}

export async function deskChecks(browser) {
  const server = await startDesk();
  try {
    const { url } = server;
    await check('desk: the first account with the printed token', async () => {
      const view = await open(browser, url, '#page=desk');
      try {
        await view.page.fill('#setup-token', server.token);
        await signIn(view.page, '总管');
        await view.page.click('text=账号与审计');
        await view.page.fill('form input[autocomplete=off]', '甲调度');
        await view.page.fill('form input[type=password]', PASSWORD);
        await view.page.click('form button[type=submit] >> nth=0');
        await view.page.waitForSelector('li:has-text("甲调度")');
        same(view.complaints, [], 'complaints');
      } finally {
        await view.close();
      }
    });
    const { token } = await command(url, '', 'POST', '/api/v1/sessions', { name: '总管', password: PASSWORD });
    await command(url, token, 'POST', '/api/v1/users', { name: '丙接线', password: PASSWORD, roles: ['clerk'] });
    await command(url, token, 'POST', '/api/v1/users', { name: '丁规划', password: PASSWORD, roles: ['planner', 'dispatcher'] });
    await closureChecks(browser, url);
    await demoCheck(browser, url);
    await caseChecks(browser, url, token);
    await otherChecks(browser, url, token);
    if (process.env.PAGES !== 'no') await everyView(browser, url, token);
  } finally {
    await server.stop();
  }
}
