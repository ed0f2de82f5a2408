// Consignments as the API gives them (docs/guide/consignments.md tells the shape).

import type { Mode, Node } from './freight';

export const POINTS = ['gate_in', 'loaded', 'departed', 'arrived', 'unloaded', 'handed_over', 'delivered', 'problem', 'position'] as const;
export type Point = (typeof POINTS)[number];
export type Place = Pick<Node, 'id' | 'name_zh' | 'name_en' | 'lat' | 'lon'>;

export interface Row {
  leg: number;
  mode: Mode;
  what: Point;
  place: Place;
  planned: string | null;
  estimated: string | null;
  actual: string | null;
  cutoff?: string | null;
}
export interface Alarm {
  kind: 'cutoff' | 'promise' | 'closed';
  leg: number | null;
  limit: string | null;
  estimate: string | null;
  closed_link: string | null;
  since: string;
  cleared: string | null;
}
export interface OrderLeg {
  number: number;
  mode: Mode;
  id: string;
  name: string;
  carrier: string | null;
  vehicle: string | null;
  from: Place;
  to: Place;
  estimated?: { depart: string | null; arrive: string | null };
  actual?: Partial<Record<Point, string>>;
  missed: boolean;
  closed: boolean;
}
export interface Party {
  name: string;
  phone?: string;
}
export interface HandOver {
  place: Place;
  from_mode: Mode;
  from_carrier: string | null;
  to_mode: Mode | null;
  to_carrier: string | null;
  estimated: string | null;
  cutoff: string | null;
}
export interface Consignment {
  id: string;
  state: string;
  state_name: { zh: string; en: string };
  version: number;
  shipper: Party;
  consignee: Party;
  reference?: string | null;
  begin?: string;
  goods: { commodity: string; name_zh: string; name_en: string; tonnes: number | null; boxes40: number; boxes?: { number: string; seal?: string }[] };
  from: Place;
  to: Place;
  promised: string | null;
  estimated: string | null;
  delivered: string | null;
  late: boolean;
  alarms: Alarm[];
  legs: OrderLeg[];
  position: { leg: number; at: string; lat?: number; lon?: number; eta?: string } | null;
  plan?: { number: number; hours: number; cny: number; co2e_kg: number } | null;
  weigh_lists?: { leg: number; train: string; at: string; net_t: number; declared_t: number; differs: boolean; rows: unknown[] }[];
  next_hand_over: HandOver | null;
  timeline?: Row[];
  history?: { at: string; by: string; what: string; note: string | null }[];
  replans?: { at: string; by: string; reason: string; from: Place }[];
}
export interface Kpi {
  consignments: number;
  delivered: number;
  transfers: number;
  within_hour_pct: number | null;
  container_direct_pct: number | null;
  direct_pct: number | null;
  mean_transfers: number | null;
  on_time_pct: number | null;
}

/** Papers and events of one: word, form, address, name of the file. */
export const papers = (id: string) =>
  (
    [
      ['fo_waybill', 'XML', 'waybill.xml'],
      ['fo_waybill', 'JSON', 'waybill'],
      ['fo_weigh', 'XML', 'weigh-list.xml'],
      ['fo_weigh', 'JSON', 'weigh-list'],
      ['fo_epcis', 'JSON', 'epcis'],
      ['fo_dcsa', 'JSON', 'dcsa'],
    ] as const
  ).map(([word, form, door]) => ({ word, form, path: `/api/v1/consignments/${id}/${door}`, file: `${id}-${door.replace('.xml', '')}.${form.toLowerCase()}` }));

/** The event that comes next on the way, as far as the timeline tells. */
export function nextPoint(timeline: Row[]): Point {
  return timeline.find((row) => row.actual === null)?.what ?? 'delivered';
}

/** Local wall clock of an instant of ours, in the city's offset that the order's own instants carry. */
function localOf(at: string, like: string): string {
  const offset = /([+-])(\d\d):(\d\d)$/.exec(like);
  if (!offset) return at;
  const minutes = (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]));
  return new Date(Date.parse(at) + minutes * 60_000).toISOString().slice(0, 19) + offset[0];
}

/**
 * From where and when the rest can be planned anew, and by which modes it goes now: where the leg under way ends, else where
 * the goods stand. Null when nothing is left behind it. The server decides by the same rule when it plans.
 */
export function restOf(one: Consignment, now: string): { from: Place; at: string; modes: Mode[] } | null {
  const current = one.legs.findIndex((leg) => !leg.actual?.arrived);
  const leg = one.legs[current];
  if (!leg) return null;
  const away = !!leg.actual?.departed;
  const free = (away ? leg.estimated?.arrive : current === 0 ? one.begin : null) ?? now;
  const at = localOf(Date.parse(free) > Date.parse(now) ? free : now, one.begin ?? free);
  const left = one.legs.slice(current + (away ? 1 : 0));
  if (!left.length) return null;
  return { from: away ? leg.to : leg.from, at, modes: [...new Set(left.map((part) => part.mode))].sort() };
}

/** A wagon a line: «wagon, gross, tare[, box]», in tonnes; null when a line is none. */
export function wagonsOf(text: string): { wagon: string; gross_t: number; tare_t: number; box?: string }[] | null {
  const out = [];
  for (const line of text.split('\n')) {
    if (!line.trim()) continue;
    const [wagon, gross, tare, box] = line.split(/[,，;；\t]/).map((part) => part.trim());
    if (!wagon || !gross || !tare || !Number.isFinite(Number(gross)) || !Number.isFinite(Number(tare))) return null;
    out.push({ wagon, gross_t: Number(gross), tare_t: Number(tare), ...(box ? { box } : {}) });
  }
  return out.length ? out : null;
}
