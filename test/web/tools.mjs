// What the browser tests share: the program under test on a private port, the browser, and the count of checks.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const web = createRequire(new URL('../../web/package.json', import.meta.url));
export const need = (name) => web(name);
export const pathOf = (name) => web.resolve(name);

const root = fileURLToPath(new URL('../../', import.meta.url));
const shots = fileURLToPath(new URL('./shots/', import.meta.url));
mkdirSync(shots, { recursive: true });

const START_MS = 60_000;

let passed = 0;
let failed = 0;

/** Run one check and print its line; a check that throws has failed, and the run goes on. */
export async function check(name, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (cause) {
    failed += 1;
    console.log(`FAIL  ${name}: ${String(cause?.message ?? cause).split('\n').slice(0, 6).join(' | ')}`);
  }
}

export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  return failed || !passed ? 1 : 0;
}

export function same(actual, expected, what = 'value') {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}

export function matches(text, pattern, what = 'text') {
  if (!pattern.test(text ?? '')) throw new Error(`${what} ${JSON.stringify(text)} does not match ${pattern}`);
}

function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

export const program = process.env.TONGQU ?? `${root}build/release/tongqu`;

/** Start `tongqu serve` (or take TONGQU_URL, a server that runs already); stop() ends it by its own pid. */
export async function startServer(city = process.env.CITY ?? `${root}cities/taiyuan`) {
  if (process.env.TONGQU_URL && !arguments.length) return { url: process.env.TONGQU_URL.replace(/\/$/, ''), stop: async () => {} };
  const port = await freePort();
  const child = spawn(program, ['serve', city, '--import', '--listen', '127.0.0.1', '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  let ended = null;
  const tell = (bytes) => (told = (told + bytes).slice(-2000));
  child.stdout.on('data', tell);
  child.stderr.on('data', tell);
  child.on('error', (cause) => (ended = cause.message));
  child.on('exit', (code, signal) => (ended ??= `ended with ${code ?? signal}`));
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + START_MS;
  for (;;) {
    if (ended) throw new Error(`${program} serve ${city}: ${ended}\n${told}`);
    const ready = await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) break;
    if (Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`${program} serve ${city}: not ready after ${START_MS / 1000} s\n${told}`);
    }
    await wait(100);
  }
  const stop = async () => {
    if (ended) return;
    child.kill('SIGTERM');
    for (let turn = 0; turn < 100 && !ended; turn++) await wait(50);
    if (!ended) child.kill('SIGKILL');
  };
  return { url, stop };
}

export async function startBrowser() {
  const { chromium } = need('playwright-core');
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--headless',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--ignore-gpu-blocklist',
    ],
  });
}

export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/**
 * A fresh page (nothing remembered) at an address. `complaints` collects script errors, console errors, and requests
 * to anyone but our own server.
 */
export async function open(browser, url, hash, { lang = 'zh-CN', size = 'desktop', scheme = 'light', more = {} } = {}) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    locale: lang,
    colorScheme: scheme,
    reducedMotion: 'reduce',
    timezoneId: 'America/New_York',
    ...more,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (cause) => complaints.push(`script: ${cause.message}`));
  page.on('console', (line) => {
    if (line.type() === 'error') complaints.push(`console: ${line.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(`${url}/${hash}`);
  await page.waitForSelector('main h1', { state: 'attached' });
  return { page, complaints, close: () => context.close() };
}

/** The map has drawn everything it has. */
export async function mapDrawn(page) {
  await page.waitForSelector('[data-map=idle]', { timeout: 30_000 });
  await page.waitForTimeout(300);
  await page.waitForSelector('[data-map=idle]', { timeout: 30_000 });
}

export async function shoot(page, name) {
  await page.screenshot({ path: `${shots}${name}.png` });
}

/** What axe finds on the page as it is, as lines. */
export async function axe(page) {
  if (!(await page.evaluate(() => 'axe' in window))) {
    // Evaluated rather than added as a script element, which the page's own security policy would refuse.
    const { source } = need('axe-core');
    await page.evaluate(source);
  }
  return page.evaluate(async () => {
    const found = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return found.violations.map((one) => `${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 140)} ${one.nodes[0].any[0]?.message ?? ''}`);
  });
}

/** Press Tab until the focus is on something that matches; at most `most` times. */
export async function tabTo(page, selector, most = 60) {
  for (let turn = 0; turn < most; turn++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no way by Tab to ${selector}`);
}
