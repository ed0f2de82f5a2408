// The parts of the console that need no browser: dictionaries, times, colours, polylines, the address.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { check, holds, need, same } from './tools.mjs';

const source = fileURLToPath(new URL('../../web/src/', import.meta.url));

async function load(name) {
  const built = await need('esbuild').build({
    entryPoints: [`${source}${name}`],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'node18',
  });
  return import(`data:text/javascript;base64,${Buffer.from(built.outputFiles[0].contents).toString('base64')}`);
}

const parts = (text) => [...text.matchAll(/\{(\w+)[?}]/g)].map((one) => one[1]).sort();

export async function pureChecks() {
  const zh = JSON.parse(await readFile(`${source}text/zh-CN.json`, 'utf8'));
  const en = JSON.parse(await readFile(`${source}text/en.json`, 'utf8'));

  await check('dictionaries have the same keys', () => same(Object.keys(en).sort(), Object.keys(zh).sort()));
  await check('dictionaries have no empty text, no Chinese in English, and the same parts', () => {
    for (const key of Object.keys(zh)) {
      holds(zh[key] && en[key], `${key} is empty`);
      holds(!/[\u3400-\u9fff]/.test(en[key]), `${key} holds Chinese in the English dictionary`);
      if (!/^date|^month|^day/.test(key)) {
        // A sentence of one language may leave out a part, but never name one that the other does not know.
        const known = new Set(parts(zh[key]));
        for (const part of parts(en[key])) holds(known.has(part), `${key}: {${part}}`);
      }
    }
  });

  const worth = await load('lib/worth.ts');
  await check('a trip that walks for hours to save two yuan waits behind the button', () => {
    const trip = (minutes, walk_m, transfers, fare_fen) => ({ duration_s: minutes * 60, walk_m, transfers, fare_fen });
    const metro = trip(53, 1, 1, 600);
    const shortcut = trip(85, 2971, 1, 500);
    const hike = trip(139, 8074, 1, 400);
    same(worth.worthwhile([shortcut, hike, metro]), [shortcut, metro]);
    same(worth.worthwhile([hike]), [hike]);
    same(worth.worthwhile([]), []);
    const through = { ...trip(59, 185, 0, 300), departure: '2025-06-03T08:06:00+08:00', arrival: '2025-06-03T09:05:00+08:00' };
    const fussy = { ...trip(59, 161, 2, 300), departure: '2025-06-03T08:06:00+08:00', arrival: '2025-06-03T09:05:00+08:00' };
    same(worth.worthwhile([fussy, through]), [through]);
    same(worth.worthwhile([{ ...fussy, fare_fen: 200 }, through]).length, 2);
  });

  const time = await load('lib/time.ts');
  await check('times are read off the text, in the city\'s own clock', () => {
    same(time.clock('2025-06-03T22:31:00+08:00'), '22:31');
    same(time.minutesBetween('2025-06-03T23:50:00+08:00', '2025-06-04T00:10:00+08:00'), 20);
    same(time.moveLocal('2025-12-31T23:50', 20), '2026-01-01T00:10');
    same(time.localText(new Date('2025-06-03T16:05:00Z'), 'Asia/Shanghai'), '2025-06-04T00:05');
    same(time.weekday('2025-06-03'), 2);
    for (const bad of ['', '2025-06-03', '2025-13-03T00:00', '2025-06-03T25:00', '2025-06-03T08:00Z', "<script>"])
      same(time.isLocal(bad), false, bad);
  });

  const color = await load('lib/color.ts');
  await check('text on every line colour reads at 4.5 : 1 or better', () => {
    for (let at = 0; at < 4096; at++) {
      const hex = [at >> 8, (at >> 4) & 15, at & 15].map((digit) => (digit * 17).toString(16).padStart(2, '0')).join('');
      const { back, ink } = color.badge(hex);
      const read = color.contrast(color.luminance(back.slice(1)), color.luminance(ink.slice(1)));
      holds(/^#[0-9a-f]{6}$/.test(back) && read >= 4.5, `#${hex}: ${ink} on ${back} is ${read.toFixed(2)}`);
    }
    same(color.lineColor('2060FF', 'metro'), '2060FF');
    holds(/^[0-9A-F]{6}$/i.test(color.lineColor('red;', 'bus')), 'a colour that is none');
  });

  const line = await load('lib/polyline.ts');
  await check('polylines: the published example, and a text cut short', () => {
    same(line.decodePolyline('_p~iF~ps|U_ulLnnqC_mqNvxq`@'), [[-120.2, 38.5], [-120.95, 40.7], [-126.453, 43.252]]);
    same(line.decodePolyline('_p~iF~ps|U_ulLnnq').length, 1);
    same(line.decodePolyline(''), []);
  });

  const ask = await load('lib/question.ts');
  await check('a question comes back from its address', () => {
    const question = {
      ...ask.emptyQuestion(),
      from: { code: 'stop:A&B=#', name: '甲 & 乙' },
      to: { code: '37.870000,112.550000', name: '大南门附近' },
      time: '2025-06-03T22:00',
      arriveBy: true,
      profile: 'wheelchair',
      transfers: 0,
      rider: 'senior',
      card: true,
      onDemand: true,
      party: 3,
      pick: 2,
    };
    same(ask.readHash(ask.writeHash(question)), question);
    same(ask.writeHash(ask.emptyQuestion()), '');
    const stops = { ...ask.emptyQuestion(), page: 'stops', stop: { code: 'stop:X', name: '西桥' } };
    same(ask.readHash(ask.writeHash(stops)), stops);
  });
  await check('a damaged address falls back, never fails', () => {
    for (const bad of ['#%', '#from=%E0%A4%A', '#page=<b>&profile=rocket&transfers=99&pick=-1&depart=yesterday&rider=', '#=&&&=='])
      same({ ...ask.readHash(bad), from: null }, ask.emptyQuestion(), bad);
    for (const party of ['0', '9', '12', 'x']) same(ask.readHash(`#party=${party}`), ask.emptyQuestion(), party);
  });
  await check('taxis and custom buses are asked for with the party, where there is a timetable to join', () => {
    const question = { ...ask.emptyQuestion(), from: { code: 'a', name: 'a' }, to: { code: 'b', name: 'b' }, party: 3 };
    const asked = (change) => ask.planParams({ ...question, ...change }, '2025-06-03T08:00');
    same([asked({}).on_demand, asked({}).party], [undefined, undefined]);
    same([asked({ onDemand: true }).on_demand, asked({ onDemand: true }).party], ['taxi,custom', 3]);
    same(asked({ onDemand: true, profile: 'car' }).on_demand, undefined);
  });
}
