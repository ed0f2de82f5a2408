// Orders, calls and vehicles as the server tells them (docs/design/dispatch.md), their words, and the doors that several
// pages use.

import { ask, type Place } from './api';
import { desk } from './desk.svelte';
import { duration, yuan } from './say';
import { nameOf, store, t, tOr } from './store.svelte';

export interface Spot {
  name: string;
  lat: number;
  lon: number;
  note?: string;
  cross?: string;
}
export interface Train {
  line: string;
  at: string;
  to: string | null;
  last: string;
  last_at: string;
  gone: boolean;
  text: string;
}
export interface Estimate {
  km: number | null;
  min: number | null;
  low_fen: number | null;
  high_fen: number | null;
  tariff: string | null;
  tariff_weak?: boolean;
  wait_s: number | null;
  vehicles?: number;
  version?: string;
  why: string[];
  alternative?: Train[];
}
export interface Order {
  id: string;
  version: number;
  kind: string;
  state: string;
  channel: string;
  caller: string | null;
  phone: string | null;
  name: string | null;
  from: Spot;
  to: Spot | null;
  at: string | null;
  party: number;
  needs: string[];
  elder: boolean;
  hospital: boolean;
  estimate?: Estimate;
  vehicle: string | null;
  plate: string | null;
  colour: string | null;
  company: string | null;
  eta_s: number | null;
  eta_at: string | null;
  offer: { vehicle: string; until: string; round: number } | null;
  bonus_fen: number;
  note?: string;
  why: string | null;
  times?: Record<string, string | null>;
  spoken?: { zh: string; en: string };
  fare_fen?: number;
}
export interface Caller {
  id: string;
  version: number;
  phone: string;
  name: string | null;
  born: number | null;
  elder: boolean;
  needs: string[];
  usual_driver?: string | null;
  note: string | null;
  places: (Spot & { count: number; last: string })[];
  trips: { from: Spot; to: Spot; count: number; hour: number }[];
  orders: number;
  no_shows: number;
  trust: 'normal' | 'trusted' | 'blocked';
  blocked: { until: string | null; why: string; appeal: string } | null;
}
export interface Call {
  id: string;
  version: number;
  phone: string;
  line: string | null;
  state: 'ringing' | 'talking' | 'ended' | 'abandoned';
  at: string;
  caller: string | null;
  elder: boolean;
  clerk: string | null;
  order: string | null;
}
/** What pops up when a call is taken. */
export interface Pop {
  call: Call;
  caller: Caller;
  places: Caller['places'];
  trips: Caller['trips'];
  orders: Order[];
  last_trains: Train[];
}
export interface Callback {
  id: string;
  version: number;
  phone: string;
  name: string | null;
  order: string | null;
  why: string;
  due: string | null;
  elder?: boolean;
  at: string;
}
export interface Vehicle {
  id: string;
  version: number;
  plate: string;
  class: string;
  company: string;
  permits?: string[];
  seats: number;
  wheelchair: number;
  colour?: string;
  model?: string;
  price?: string;
  partner: string | null;
  driver: string | null;
  duty: string;
  order: string | null;
  terminal: string | null;
  generated?: boolean;
  position: { lat: number; lon: number; at: string; age_s: number; old: boolean; hired: boolean } | null;
}
export interface Driver {
  id: string;
  version: number;
  name: string;
  phone: string;
  user: string | null;
  company: string;
  vehicle: string | null;
  blocked: { until: string | null; why: string } | null;
  shift: { from: string; to: string } | null;
  income_fen: number;
  accepted: number;
  refused: number;
  cancelled: number;
  completed: number;
}
export interface Alternative {
  vehicle: string;
  eta_s: number | null;
  cost: number | null;
  terms?: Record<string, number>;
  not?: string | null;
}
export interface Decision {
  id: string;
  at: string;
  policy: string;
  seed: number;
  batch: { id: string; orders: number; vehicles: number };
  times?: string;
  radius_m?: number;
  chosen: { vehicle: string; cost: number; eta_s: number } | null;
  alternatives: Alternative[];
  binding: string | null;
  relax: string | null;
}
export interface Why {
  order: string;
  state: string;
  why: string | null;
  vehicle: string | null;
  decisions: Decision[];
  refusals: { at: string; vehicle: string; driver: string | null; why: string }[] | null;
}

export const NEEDS = ['wheelchair', 'helper', 'cash', 'quiet', 'luggage', 'pet', 'child_seat'] as const;
export const OPEN_STATES = ['searching', 'offered', 'assigned', 'arrived', 'on_board', 'booked'] as const;

/** Roles that take calls. */
export const takesCalls = () => desk.is('clerk', 'dispatcher');

export const isOpen = (order: Pick<Order, 'state'>) => (OPEN_STATES as readonly string[]).includes(order.state);
export const stateName = (state: string) => tOr(`order_state_${state}`, state);
export const needName = (need: string) => tOr(`need_${need}`, need);
export const className = (name: string) => tOr(`vehicle_class_${name}`, name);
export const dutyName = (duty: string) => tOr(`duty_state_${duty}`, duty);
/** Colour of a state's chip: what needs eyes is amber or red. */
export const stateTone = (state: string) =>
  state === 'unserved' || state === 'no_show' ? 'seal' : state === 'searching' || state === 'offered' ? 'amber' : isOpen({ state }) ? '' : 'grey';

export function money(low: number | null | undefined, high: number | null | undefined): string {
  if (low === null || low === undefined || high === null || high === undefined) return t('call_price_meter');
  const [least, most] = [Math.floor(low / 100), Math.ceil(high / 100)];
  return least === most ? t('fareYuan', { n: least }) : t('call_price', { low: least, high: most });
}

export const fen = (value: number | null | undefined) => (value === null || value === undefined ? '–' : t('fareYuan', { n: yuan(value) }));

/** "2 min 05 s" as a clock, for what counts up or down. */
export function ticking(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export const waitText = (seconds: number | null | undefined) => (seconds === null || seconds === undefined ? t('call_wait_unknown') : duration(seconds));

/** The nearest two streets of a place that is none itself: what the caller sees when standing there. */
export async function crossOf(place: Pick<Place, 'lat' | 'lon' | 'name'>, signal?: AbortSignal): Promise<string> {
  const answer = await ask<{ places: Place[] }>('/api/v1/reverse', { lat: place.lat.toFixed(6), lon: place.lon.toFixed(6), radius: 400, limit: 12 }, store.lang, signal);
  const streets = answer.places.filter((one) => one.kind === 'street' && one.name !== place.name);
  return [...new Set(streets.map(nameOf))].slice(0, 2).join(' / ');
}

/** All records of a list that may be longer than one answer, at most `most`. */
export async function listAll<T extends { id: string }>(path: string, name: string, most: number, signal?: AbortSignal): Promise<T[]> {
  const all: T[] = [];
  let after: string | null = '';
  while (after !== null && all.length < most) {
    const query: string = `${path.includes('?') ? '&' : '?'}limit=${Math.min(1000, most)}${after ? `&after=${encodeURIComponent(after)}` : ''}`;
    const answer: Record<string, unknown> = await desk.call<Record<string, unknown>>('GET', path + query, undefined, signal);
    all.push(...((answer[name] as T[] | undefined) ?? []));
    after = (answer.next as string | null | undefined) ?? null;
  }
  return all;
}

/** Orders that are not over, those that wait for a car first. */
export async function openOrders(signal?: AbortSignal): Promise<Order[]> {
  const lists = await Promise.all(OPEN_STATES.map((state) => desk.call<{ orders: Order[] }>('GET', `/api/v1/orders?state=${state}&limit=200`, undefined, signal)));
  return lists.flatMap((list) => list.orders);
}

/** Seconds of the wall clock, for ages and countdowns; runs while a page that uses it is shown. */
class Seconds {
  now = $state(Date.now());
  private users = 0;
  private timer: ReturnType<typeof setInterval> | undefined;

  use(): () => void {
    this.now = Date.now();
    if (this.users++ === 0) this.timer = setInterval(() => (this.now = Date.now()), 1000);
    return () => {
      if (--this.users === 0) clearInterval(this.timer);
    };
  }
}
export const seconds = new Seconds();
