// The question a page answers, and its form in the address (#from=…&to=…): what can be shared, restored and gone
// back to. A damaged address never fails: what cannot be read falls back to the default.

import { emptyFreight, readFreight, writeFreight, type Freight } from './freight_question';
import { emptyRoads, readRoads, writeRoads, type Roads } from './roads_question';
import { isLocal } from './time';

export const PROFILES = ['foot', 'elder', 'wheelchair', 'bike', 'car', 'taxi'] as const;
export const RIDERS = ['adult', 'senior', 'pupil', 'child'] as const;
export const PAGES = ['plan', 'roads', 'stops', 'works', 'freight', 'call', 'driver', 'desk'] as const;
export const DESK_VIEWS = ['duty', 'cases', 'closures', 'roadworks', 'points', 'crews', 'dispatch', 'vehicles', 'lines', 'conduct', 'simulation', 'exchange', 'people', 'demo'] as const;
export const STEPS = ['from', 'to', 'when', 'answer'] as const;
export const TRANSFERS_MAX = 5;
export const PARTY_MAX = 8;

export type Profile = (typeof PROFILES)[number];
export type Rider = (typeof RIDERS)[number];
export type Page = (typeof PAGES)[number];
export type Step = (typeof STEPS)[number];
export type DeskView = (typeof DESK_VIEWS)[number];

/** A place as the API takes it (`stop:ID`, `lat,lon` or a name) and as people call it. */
export interface End {
  code: string;
  name: string;
}

export interface Question {
  page: Page;
  easy: boolean;
  /** The question that the easy version asks now. */
  step: Step;
  from: End | null;
  to: End | null;
  /** "" = now; else the city's wall clock, "2025-06-03T08:00". */
  time: string;
  arriveBy: boolean;
  profile: Profile;
  /** null = the server's default. */
  transfers: number | null;
  rider: Rider;
  card: boolean;
  /** Taxis and custom buses too, where they are not the whole question. */
  onDemand: boolean;
  /** How many travel: a custom bus must have a seat for each. */
  party: number;
  /** The itinerary looked at. */
  pick: number;
  /** Departures page: the stop, and "" or the wall clock to read from. */
  stop: End | null;
  /** Works page: the day looked at, "" = today. */
  day: string;
  /** Desk page: what is looked at, and the record that is open ("" = the list, "new" = a new one). */
  view: DeskView;
  id: string;
  /** Roads page: all but the ends, the time and the way looked at, which it shares with the plan. */
  roads: Roads;
  /** Freight page: all but the time and the plan looked at. */
  freight: Freight;
}

export function emptyQuestion(): Question {
  return {
    page: 'plan',
    easy: false,
    step: 'from',
    from: null,
    to: null,
    time: '',
    arriveBy: false,
    profile: 'foot',
    transfers: null,
    rider: 'adult',
    card: false,
    onDemand: false,
    party: 1,
    pick: 0,
    stop: null,
    day: '',
    view: 'duty',
    id: '',
    roads: emptyRoads(),
    freight: emptyFreight(),
  };
}

export const oneOf = <T extends string>(list: readonly T[], value: string | null, other: T): T =>
  list.includes(value as T) ? (value as T) : other;

/** "37.8,112.5" or "stop:L1_01" with its name beside it. */
export function readEnd(params: URLSearchParams, key: string): End | null {
  const code = (params.get(key) ?? '').slice(0, 200);
  if (!code) return null;
  return { code, name: (params.get(`${key}_name`) ?? '').slice(0, 200) || code.replace(/^stop:/, '') };
}

export function writeEnd(params: URLSearchParams, key: string, end: End | null): void {
  if (!end) return;
  params.set(key, end.code);
  if (end.name && end.name !== end.code) params.set(`${key}_name`, end.name);
}

export function readHash(hash: string): Question {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const question = emptyQuestion();
  question.page = oneOf(PAGES, params.get('page'), 'plan');
  question.easy = params.get('easy') === '1';
  question.step = oneOf(STEPS, params.get('step'), 'from');
  // On the freight page these are places of goods.
  if (question.page !== 'freight') {
    question.from = readEnd(params, 'from');
    question.to = readEnd(params, 'to');
  }
  const arrive = params.get('arrive') ?? '';
  const depart = params.get('depart') ?? '';
  if (isLocal(arrive)) {
    question.time = arrive;
    question.arriveBy = true;
  } else if (isLocal(depart)) question.time = depart;
  question.profile = oneOf(PROFILES, params.get('profile'), 'foot');
  question.rider = oneOf(RIDERS, params.get('rider'), 'adult');
  question.card = params.get('card') === '1';
  question.onDemand = params.get('demand') === '1';
  const party = params.get('party') ?? '';
  if (/^\d$/.test(party) && Number(party) >= 1 && Number(party) <= PARTY_MAX) question.party = Number(party);
  const transfers = params.get('transfers');
  if (transfers !== null && /^\d$/.test(transfers) && Number(transfers) <= TRANSFERS_MAX)
    question.transfers = Number(transfers);
  const pick = params.get('pick') ?? '';
  if (/^\d{1,2}$/.test(pick)) question.pick = Number(pick);
  question.stop = readEnd(params, 'stop');
  const day = params.get('day') ?? '';
  if (isLocal(`${day}T00:00`)) question.day = day;
  question.view = oneOf(DESK_VIEWS, params.get('view'), 'duty');
  const id = params.get('id') ?? '';
  if (/^[\w:./-]{1,80}$/.test(id)) question.id = id;
  if (question.page === 'roads') question.roads = readRoads(params);
  if (question.page === 'freight') question.freight = readFreight(params);
  return question;
}

/** Only what differs from the default is written, always in the same order. */
export function writeHash(question: Question): string {
  const params = new URLSearchParams();
  if (question.page !== 'plan') params.set('page', question.page);
  if (question.easy) {
    params.set('easy', '1');
    if (question.step !== 'from') params.set('step', question.step);
  }
  if (question.page === 'stops') {
    writeEnd(params, 'stop', question.stop);
    if (question.time) params.set('depart', question.time);
  } else if (question.page === 'works') {
    if (question.day) params.set('day', question.day);
  } else if (question.page === 'desk') {
    if (question.view !== 'duty') params.set('view', question.view);
    if (question.id) params.set('id', question.id);
  } else if (question.page === 'freight') {
    writeFreight(params, question.freight);
    if (question.time) params.set(question.arriveBy ? 'arrive' : 'depart', question.time);
    if (question.pick) params.set('pick', String(question.pick));
    if (question.id) params.set('id', question.id);
  } else if (question.page === 'roads') {
    writeEnd(params, 'from', question.from);
    writeEnd(params, 'to', question.to);
    if (question.time) params.set('depart', question.time);
    writeRoads(params, question.roads);
    if (question.pick) params.set('pick', String(question.pick));
  } else {
    writeEnd(params, 'from', question.from);
    writeEnd(params, 'to', question.to);
    if (question.time) params.set(question.arriveBy ? 'arrive' : 'depart', question.time);
    if (question.profile !== 'foot') params.set('profile', question.profile);
    if (question.rider !== 'adult') params.set('rider', question.rider);
    if (question.card) params.set('card', '1');
    if (question.onDemand) params.set('demand', '1');
    if (question.party !== 1) params.set('party', String(question.party));
    if (question.transfers !== null) params.set('transfers', String(question.transfers));
    if (question.pick) params.set('pick', String(question.pick));
  }
  const text = params.toString().replace(/%3A/g, ':').replace(/%2C/g, ',');
  return text ? `#${text}` : '';
}

/** The parameters of /api/v1/plan; `now` is the wall clock of the city, used when no time was chosen. */
export function planParams(question: Question, now: string): Record<string, string | number> {
  const params: Record<string, string | number> = {
    from: question.from!.code,
    to: question.to!.code,
    profile: question.profile,
    rider: question.rider,
  };
  const time = question.time || now;
  params[question.arriveBy && question.time ? 'arrive' : 'depart'] = time;
  const timed = question.profile === 'foot' || question.profile === 'elder' || question.profile === 'wheelchair';
  if (timed) params.window = WINDOW_MIN;
  if (timed && question.onDemand) {
    params.on_demand = 'taxi,custom';
    params.party = question.party;
  }
  if (question.transfers !== null) params.max_transfers = question.transfers;
  if (question.card) params.card = 'true';
  return params;
}

/** How far ahead of (or before) the time asked for departures are listed. */
export const WINDOW_MIN = 30;
