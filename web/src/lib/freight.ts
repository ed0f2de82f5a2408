// Freight as the API gives it (src/freight/json.c tells the shape), and what the page makes of it.

import type { Freight } from './freight_question';

export const MODES = ['road', 'rail', 'sea', 'river', 'air'] as const;
export type Mode = (typeof MODES)[number];

export interface Node {
  id: string;
  name_zh: string;
  name_en: string;
  kind: string;
  region?: string;
  lat: number;
  lon: number;
}
export interface Commodity {
  code: string;
  name_zh: string;
  name_en: string;
  cargo: 'bulk' | 'container' | 'general' | 'mail';
  dg_class: string | null;
}
export interface Nodes {
  version: string;
  nodes: Node[];
  commodities: Commodity[];
}
export interface Price {
  id: string;
  kind: 'given' | 'assumed';
  from: string | null;
  to: string | null;
  source: string | null;
}
export interface Leg {
  kind: 'load' | 'tranship' | 'unload' | 'link' | 'service';
  mode: Mode;
  from_mode?: Mode;
  id?: string;
  name_zh?: string | null;
  from: Node;
  to: Node;
  begin: string;
  wait_hours: number;
  end: string;
  hours: number;
  cny: number;
  base_cny: number;
  co2e_kg: number;
  km: number | null;
  price: Price;
}
export interface Odds {
  on_time_pct: number;
  p50_hours: number;
  p90_hours: number;
  weakest_leg: number | null;
  weakest_share_pct: number;
}
export interface Plan {
  number: number;
  marks: string[];
  modes: Mode[];
  depart: string;
  arrive: string;
  hours: number;
  cny: number;
  co2e_kg: number;
  odds: Odds | null;
  legs: Leg[];
}
export interface Answer {
  version: string;
  live_version: number;
  from?: Node;
  to?: Node | null;
  commodity?: Commodity;
  tonnes?: number;
  plans_on_front?: number;
  plans_shown?: number;
  plans: Plan[];
  forbidden_by?: string[];
  other_sets?: number;
  rows?: { id: string; class: string; name_zh: string; name_en: string; source: string }[];
  no_handling?: boolean;
  opens_hours?: number | null;
}
export interface WhyNot {
  place: Node;
  possible: boolean;
  on_front: boolean;
  later_hours: number | null;
  dearer_cny: number | null;
  dirtier_kg: number | null;
  beaten_by: number | null;
  through: { hours: number; cny: number; co2e_kg: number; modes: Mode[] } | null;
  flip: { cny: number | null; hours: number | null; co2e_kg: number | null } | null;
}

export interface Bill {
  items: { item: string; name_zh: string; name_en: string; row: string | null; cny: number; kind: 'given' | 'assumed'; source: string | null }[];
  total_cny: number;
  km: number;
  electrified_km: number;
  limit_days: number;
}

export interface Carbon {
  sets: { set: string; name_zh: string; name_en: string; wtw_kg: number; ttw_kg: number; wtt_kg: number; hub_kg: number; g_per_tkm: number; given_pct: number; cleanest_plan: number }[];
  ranking_flips: boolean;
  low_kg: number;
  high_kg: number;
  elements: {
    kind: 'transport' | 'hub';
    mode: Mode;
    from: { id: string; name_zh: string | null; name_en: string | null };
    to: { id: string; name_zh: string | null; name_en: string | null };
    km?: number;
    wtw_kg: number;
    g_per_tkm?: number;
    factor?: string;
    data?: 'given' | 'assumed';
    source?: string;
  }[];
}

/** Tonnes of a box of 40 feet when nothing else is said. */
const BOX_T = 22;

/** The page's question as the doors of freight take it. */
export function questionOf(of: Freight, boxed: boolean, time: string, arriveBy: boolean): Record<string, string> {
  const out: Record<string, string> = { from: of.from, to: of.to, commodity: of.commodity };
  if (boxed) {
    out.boxes40 = of.amount;
    out.tonnes = String(Number(of.amount) * BOX_T);
  } else out.tonnes = of.amount;
  if (time) out[arriveBy ? 'arrive' : 'depart'] = time;
  if (of.via) out.via = of.via;
  if (of.avoid) out.avoid = of.avoid;
  if (of.modes.length < MODES.length) out.modes = of.modes.join(',');
  return out;
}

/** A stretch of a plan in one mode: what stands in a row of the chain. */
export interface Stretch {
  mode: Mode;
  from: Node;
  to: Node;
  km: number;
}

export function stretches(plan: Plan): Stretch[] {
  const out: Stretch[] = [];
  for (const leg of plan.legs) {
    if (leg.kind !== 'link' && leg.kind !== 'service') continue;
    const last = out.at(-1);
    if (last && last.mode === leg.mode) {
      last.to = leg.to;
      last.km += leg.km ?? 0;
    } else out.push({ mode: leg.mode, from: leg.from, to: leg.to, km: leg.km ?? 0 });
  }
  return out;
}

const cell = (value: unknown): string => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Rows as a file that spreadsheets read; the mark at its beginning says UTF-8. */
export const sheet = (rows: unknown[][]): string => `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;

/** All legs of the plans as a table for other programs; the names stand in both languages. */
export function csv(answer: Answer): string {
  const rows: unknown[][] = [
    ['plan', 'marks', 'leg', 'kind', 'mode', 'id', 'from', 'from_zh', 'to', 'to_zh', 'begin', 'end', 'hours', 'wait_hours', 'km', 'cny', 'co2e_kg', 'price', 'price_kind', 'source'],
  ];
  for (const plan of answer.plans)
    plan.legs.forEach((leg, at) =>
      rows.push([plan.number, plan.marks.join(' '), at, leg.kind, leg.mode, leg.id ?? '', leg.from.name_en, leg.from.name_zh, leg.to.name_en, leg.to.name_zh, leg.begin, leg.end, leg.hours, leg.wait_hours, leg.km, leg.cny, leg.co2e_kg, leg.price?.id, leg.price?.kind, leg.price?.source]),
    );
  return sheet(rows);
}

/** Hand a text to the browser as a file. */
export function save(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
