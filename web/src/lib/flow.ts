// Flows of goods over limited corridors: the question as the form edits it, the answer as the API gives it
// (src/freight/flow_read.c and flow_say.c tell the shapes), and the table for other programs.

import type { Mode } from './freight';

export interface Named {
  id: string;
  name_zh: string | null;
  name_en: string | null;
}
export interface FlowLink {
  id: string;
  name_zh: string | null;
  mode: Mode;
  from: string;
  to: string;
  capacity_mt_y: number | null;
}
export interface Change {
  link: string;
  capacity_mt_y?: number;
  add_mt_y?: number;
  closed?: boolean;
}
export interface Lot {
  id?: string;
  commodity: string;
  from: string;
  to: string;
  mt_y?: number;
  t_y?: number;
  t_week?: number;
}
export interface Question {
  name?: string;
  day?: string;
  weeks?: number;
  lots: Lot[];
  changes?: Change[];
  against?: { name?: string; changes?: Change[] };
  train_t?: number;
  truck_t?: number;
  whole_trains?: boolean;
  train_cny_km?: number;
}
export interface Example {
  version: string;
  question: Question | null;
  links: FlowLink[];
  limits: { seconds: number; lots: number; changes: number };
}
export interface Which {
  kind: 'link' | 'handling' | 'corridor';
  id: string | null;
  name_zh: string | null;
  mode: Mode | null;
  from_mode?: Mode | null;
  from: Named;
  to: Named;
}
export interface Row extends Which {
  year_t: number;
  day_t: number;
  capacity_t: number | null;
  use_pct: number | null;
  full_weeks: number;
  price_cny: number;
  price_most_cny: number;
  changed: boolean;
  trains_day: number | null;
  /** Whole trains, mean of the weeks. */
  trains_week: number | null;
  trucks_day: number | null;
}
export interface Hub extends Named {
  kind: string;
  confidence: string | null;
  source: string | null;
  out_t: number;
  in_t: number;
  through_t: number;
  crossing: Partial<Record<Mode, number>>;
  busiest_t: number;
  tkm: number;
  full: number;
}
export interface FlowPlan {
  name: string | null;
  day: string;
  weeks: number;
  cost_year_cny: number;
  gap: number;
  lots: { id: string | null; commodity: { code: string; name_zh: string; name_en: string }; from: Named; to: Named; year_t: number; brought_t: number; unserved_t: number }[];
  corridors: Row[];
  bottlenecks: number[];
  hubs: Hub[];
}
export interface Moved extends Which {
  plan_t: number;
  against_t: number;
  more_t: number;
  more_day_t: number;
  trains_day: number | null;
  trucks_day: number | null;
}
export interface Difference {
  more_cost_year_cny: number;
  more_unserved_t: number;
  rows: Moved[];
  hubs: (Named & { kind: string; more_crossing: Partial<Record<Mode, number>>; trains_day: number; trucks_day: number })[];
}
export interface FlowAnswer {
  version: string;
  plan: FlowPlan;
  against?: FlowPlan;
  difference?: Difference;
}

/** A lot as it is typed: text, so that an empty or half-written number can stand there. */
export interface LotField {
  key: number;
  id: string;
  commodity: string;
  from: string;
  to: string;
  mt: string;
}
/** A capacity as it is typed, in the plan and in what it is compared with; empty = as the tables say, 0 = closed. */
export interface RoomField {
  key: number;
  link: string;
  plan: string;
  against: string;
}

let keys = 0;
export const newKey = (): number => (keys += 1);

const tidy = (value: number): string => String(Math.round(value * 1000) / 1000);

export function lotFields(question: Question): LotField[] {
  return question.lots.map((lot) => ({
    key: newKey(),
    id: lot.id ?? '',
    commodity: lot.commodity,
    from: lot.from,
    to: lot.to,
    mt: tidy(lot.mt_y ?? (lot.t_y ?? ((lot.t_week ?? 0) * 365) / 7) / 1e6),
  }));
}

export function roomFields(question: Question, links: FlowLink[]): RoomField[] {
  const value = (change: Change): string =>
    change.closed ? '0' : tidy(change.capacity_mt_y ?? Math.max(0, (links.find((one) => one.id === change.link)?.capacity_mt_y ?? 0) + (change.add_mt_y ?? 0)));
  const out = new Map<string, RoomField>();
  const field = (link: string): RoomField => {
    let one = out.get(link);
    if (!one) out.set(link, (one = { key: newKey(), link, plan: '', against: '' }));
    return one;
  };
  for (const change of question.changes ?? []) if (change.link) field(change.link).plan = value(change);
  for (const change of question.against?.changes ?? []) if (change.link) field(change.link).against = value(change);
  return [...out.values()];
}

/** Where a field is wrong: its name for the sentence. null = the question can be asked. */
export interface Wrong {
  key: 'flow_wrong_lot' | 'flow_wrong_mt' | 'flow_wrong_link' | 'flow_wrong_room' | 'flow_wrong_none' | 'flow_wrong_twice';
  n: number;
  what: string;
}

const isRoom = (text: string): boolean => text.trim() === '' || (/^\d{1,6}(\.\d{1,3})?$/.test(text.trim()) && Number(text) <= 1000);

export function wrongIn(lots: LotField[], rooms: RoomField[], links: FlowLink[]): Wrong | null {
  if (!lots.length) return { key: 'flow_wrong_none', n: 0, what: '' };
  for (const [at, lot] of lots.entries()) {
    if (!lot.commodity || !lot.from.trim() || !lot.to.trim()) return { key: 'flow_wrong_lot', n: at + 1, what: '' };
    const mt = Number(lot.mt);
    if (!lot.mt.trim() || !(mt >= 0.001 && mt <= 1000)) return { key: 'flow_wrong_mt', n: at + 1, what: lot.mt };
  }
  for (const [at, room] of rooms.entries()) {
    if (!links.some((one) => one.id === room.link.trim())) return { key: 'flow_wrong_link', n: at + 1, what: room.link };
    if (rooms.some((other, k) => k < at && other.link.trim() === room.link.trim())) return { key: 'flow_wrong_twice', n: at + 1, what: room.link };
    for (const text of [room.plan, room.against]) if (!isRoom(text)) return { key: 'flow_wrong_room', n: at + 1, what: text };
  }
  return null;
}

export interface More {
  day: string;
  weeks: string;
  train: string;
  truck: string;
  whole: boolean;
  trainKm: string;
  name: string;
  other: string;
}

export function questionOf(lots: LotField[], rooms: RoomField[], compare: boolean, more: More, seconds: number): Record<string, unknown> {
  const changes = (which: 'plan' | 'against'): Change[] =>
    rooms.filter((room) => room[which].trim() !== '').map((room) => ({ link: room.link.trim(), capacity_mt_y: Number(room[which]) }));
  const out: Record<string, unknown> = {
    lots: lots.map((lot) => ({ ...(lot.id ? { id: lot.id } : {}), commodity: lot.commodity, from: lot.from.trim(), to: lot.to.trim(), mt_y: Number(lot.mt) })),
    changes: changes('plan'),
    weeks: Number(more.weeks) || 1,
    train_t: Number(more.train) || 5500,
    truck_t: Number(more.truck) || 30,
    seconds,
  };
  if (more.whole) {
    out.whole_trains = true;
    out.train_cny_km = Number(more.trainKm) || 0;
  }
  if (more.name) out.name = more.name;
  if (more.day) out.day = more.day;
  if (compare) out.against = { changes: changes('against'), ...(more.other ? { name: more.other } : {}) };
  return out;
}

const cell = (value: unknown): string => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** All corridors of both plans; the names stand in both languages. */
export function flowCsv(answer: FlowAnswer): string {
  const rows: unknown[][] = [
    ['question', 'kind', 'id', 'name_zh', 'from_mode', 'mode', 'from', 'from_zh', 'to', 'to_zh', 'year_t', 'day_t', 'capacity_t', 'use_pct', 'full_weeks', 'price_cny', 'trains_day', 'trains_week', 'trucks_day', 'changed'],
  ];
  for (const [question, plan] of [['plan', answer.plan], ['against', answer.against]] as const)
    for (const row of plan?.corridors ?? [])
      rows.push([question, row.kind, row.id, row.name_zh, row.from_mode ?? '', row.mode, row.from.name_en ?? row.from.id, row.from.name_zh, row.to.name_en ?? row.to.id, row.to.name_zh, row.year_t, row.day_t, row.capacity_t, row.use_pct, row.full_weeks, row.price_cny, row.trains_day, row.trains_week, row.trucks_day, row.changed ? 1 : 0]);
  return `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}
