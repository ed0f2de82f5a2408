// The part of the address that belongs to the roads page: vehicle, points between, limits, reach, and what the street
// layer shows. A damaged address never fails: what cannot be read falls back to the default.

import { oneOf, readEnd, writeEnd, type End } from './question';

export const VIEWS = ['way', 'reach', 'streets'] as const;
export const AVOIDS = ['motorway', 'toll', 'ferry', 'unpaved'] as const;
export const PAINTS = ['none', 'class', 'speed'] as const;

export type View = (typeof VIEWS)[number];
export type Avoid = (typeof AVOIDS)[number];
export type Paint = (typeof PAINTS)[number];

/** The sizes that a question can give, with the largest value the server takes (docs/api/openapi.yaml). */
export const SIZES = { height_m: 20, width_m: 20, length_m: 100, weight_t: 600, axle_t: 100 } as const;
export type Size = keyof typeof SIZES;

export const VIAS_MAX = 8;
export const MINUTES_MAX = 240;
export const LIMITS_MAX = 5;

export interface Roads {
  view: View;
  vehicle: string;
  vias: End[];
  avoid: Avoid[];
  sizes: Partial<Record<Size, number>>;
  plate: string;
  /** Reach: where from (or to), how many minutes, ascending. */
  place: End | null;
  minutes: number[];
  towards: boolean;
  /** Street layer. */
  paint: Paint;
  closures: boolean;
  bans: boolean;
}

export function emptyRoads(): Roads {
  return {
    view: 'way',
    vehicle: 'car',
    vias: [],
    avoid: [],
    sizes: {},
    plate: '',
    place: null,
    minutes: [5, 10, 15],
    towards: false,
    paint: 'none',
    closures: false,
    bans: false,
  };
}

/** "10, 5 15" -> [5, 10, 15]; null if that is not one to five numbers of minutes. */
export function readMinutes(text: string): number[] | null {
  const parts = text.split(/[\s,，、;]+/).filter(Boolean);
  const numbers = [...new Set(parts.map(Number))].sort((a, b) => a - b);
  const good = numbers.every((one) => Number.isInteger(one) && one >= 1 && one <= MINUTES_MAX);
  return good && numbers.length > 0 && numbers.length <= LIMITS_MAX ? numbers : null;
}

export function readRoads(params: URLSearchParams): Roads {
  const roads = emptyRoads();
  roads.view = oneOf(VIEWS, params.get('view'), 'way');
  const vehicle = params.get('vehicle') ?? '';
  if (/^[a-z][a-z0-9_]{0,39}$/.test(vehicle)) roads.vehicle = vehicle;
  const names = params.getAll('via_name');
  roads.vias = params
    .getAll('via')
    .map((code, at) => ({ code: code.slice(0, 200), name: (names[at] ?? '').slice(0, 200) || code.slice(0, 200) }))
    .filter((end) => end.code)
    .slice(0, VIAS_MAX);
  const avoid = (params.get('avoid') ?? '').split(',');
  roads.avoid = AVOIDS.filter((one) => avoid.includes(one));
  for (const [size, most] of Object.entries(SIZES)) {
    const value = Number(params.get(size));
    if (value > 0 && value <= most) roads.sizes[size as Size] = value;
  }
  roads.plate = (params.get('plate') ?? '').slice(0, 20);
  roads.place = readEnd(params, 'place');
  roads.minutes = readMinutes(params.get('minutes') ?? '') ?? roads.minutes;
  roads.towards = params.get('direction') === 'to';
  roads.paint = oneOf(PAINTS, params.get('paint'), 'none');
  const show = (params.get('show') ?? '').split(',');
  roads.closures = show.includes('closures');
  roads.bans = show.includes('bans');
  return roads;
}

export function writeRoads(params: URLSearchParams, roads: Roads): void {
  const usual = emptyRoads();
  if (roads.view !== usual.view) params.set('view', roads.view);
  if (roads.vehicle !== usual.vehicle) params.set('vehicle', roads.vehicle);
  for (const via of roads.vias) {
    params.append('via', via.code);
    params.append('via_name', via.name);
  }
  if (roads.avoid.length) params.set('avoid', roads.avoid.join(','));
  for (const size of Object.keys(SIZES) as Size[]) if (roads.sizes[size]) params.set(size, String(roads.sizes[size]));
  if (roads.plate) params.set('plate', roads.plate);
  writeEnd(params, 'place', roads.place);
  if (roads.minutes.join() !== usual.minutes.join()) params.set('minutes', roads.minutes.join());
  if (roads.towards) params.set('direction', 'to');
  if (roads.paint !== usual.paint) params.set('paint', roads.paint);
  const show = [roads.closures ? 'closures' : '', roads.bans ? 'bans' : ''].filter(Boolean);
  if (show.length) params.set('show', show.join());
}

/** What every question about streets sends along: limits of the vehicle, what to avoid, the time. */
export function vehicleParams(roads: Roads, time: string): Record<string, string | number> {
  const params: Record<string, string | number> = { ...roads.sizes };
  if (roads.avoid.length) params.avoid = roads.avoid.join(',');
  if (roads.plate) params.plate = roads.plate;
  if (time) params.time = time;
  return params;
}
