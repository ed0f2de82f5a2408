// A town drawn by hand for the street layer: a square block with a crossing in its middle, where turning left from the
// south is banned, a street of the name 北街 that tests close, a low gate, and an island that nothing reaches.
//
//    7---8---9     北街 7-8-9
//    |   |   |
//    4---5-#-6     中街 4-5-6, 5 is the crossing, # = 2.5 m high
//    |   |   |
//    1---2---3     南街 1-2-3; 10---11 is the island

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LAT = 37.86;
const LON = 112.55;
const STEP = 0.004;
const NODES = { 1: [0, 0], 2: [1, 0], 3: [2, 0], 4: [0, 1], 5: [1, 1], 6: [2, 1], 7: [0, 2], 8: [1, 2], 9: [2, 2], 10: [9, 9], 11: [10, 9] };
const WAYS = {
  101: [[1, 2], { highway: 'residential', name: '南街', 'name:en': 'South Street' }],
  102: [[2, 3], { highway: 'residential', name: '南街', 'name:en': 'South Street' }],
  103: [[4, 5], { highway: 'primary', name: '中街', 'name:en': 'Middle Street' }],
  104: [[5, 6], { highway: 'primary', name: '中街', 'name:en': 'Middle Street', maxheight: '2.5' }],
  105: [[7, 8], { highway: 'secondary', name: '北街', 'name:en': 'North Street' }],
  106: [[8, 9], { highway: 'secondary', name: '北街', 'name:en': 'North Street' }],
  107: [[1, 4, 7], { highway: 'tertiary', name: '西路', 'name:en': 'West Road' }],
  108: [[2, 5], { highway: 'secondary', name: '中路', 'name:en': 'Middle Road' }],
  109: [[5, 8], { highway: 'secondary', name: '中路', 'name:en': 'Middle Road' }],
  110: [[3, 6, 9], { highway: 'tertiary', name: '东路', 'name:en': 'East Road' }],
  111: [[10, 11], { highway: 'residential', name: '岛路' }],
};
/** The way to close: the east half of 北街. */
export const CLOSED_WAY = 106;

const at = (node) => ({ lon: LON + NODES[node][0] * STEP, lat: LAT + NODES[node][1] * STEP });

/** A node, or a place on the way to another, as the address holds it. */
export function code(node, to = node, share = 0) {
  const [a, b] = [at(node), at(to)];
  return `${(a.lat + (b.lat - a.lat) * share).toFixed(6)},${(a.lon + (b.lon - a.lon) * share).toFixed(6)}`;
}

/** An initialised city folder of the town, its data marked as generated. */
export function makeTown(program) {
  const folder = mkdtempSync(join(tmpdir(), 'tongqu-web-'));
  const tags = (all) => Object.entries(all).map(([key, value]) => `<tag k="${key}" v="${value}"/>`).join('');
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">'];
  for (const node of Object.keys(NODES)) {
    const { lat, lon } = at(node);
    lines.push(`<node id="${node}" lat="${lat.toFixed(7)}" lon="${lon.toFixed(7)}" version="1"/>`);
  }
  for (const [way, [nodes, told]] of Object.entries(WAYS))
    lines.push(`<way id="${way}" version="1">${nodes.map((node) => `<nd ref="${node}"/>`).join('')}${tags(told)}</way>`);
  const member = (type, ref, role) => `<member type="${type}" ref="${ref}" role="${role}"/>`;
  lines.push(
    `<relation id="1" version="1">${member('way', 108, 'from')}${member('node', 5, 'via')}${member('way', 103, 'to')}${tags({ type: 'restriction', restriction: 'no_left_turn' })}</relation>`,
    '</osm>',
  );
  const osm = join(folder, 'town.osm');
  writeFileSync(osm, lines.join('\n'));
  const city = join(folder, 'city');
  execFileSync(program, ['init', city, '--osm', osm, '--timezone', 'Asia/Shanghai', '--quiet']);
  const settings = join(city, 'tongqu.yaml');
  const told = { 'id: city': 'id: town', 'name: "city"': 'name: "画城"', 'name_en: "city"': 'name_en: "Drawn Town"', 'generated: no': 'generated: yes' };
  let text = readFileSync(settings, 'utf8');
  for (const [before, after] of Object.entries(told)) {
    if (!text.includes(before)) throw new Error(`${settings} has no «${before}»`);
    text = text.replace(before, after);
  }
  writeFileSync(settings, text.replace('attribution: []', 'attribution: ["© OpenStreetMap contributors, ODbL 1.0"]'));
  return city;
}
