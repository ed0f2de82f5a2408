// Quantities in words, in both languages.

import { called } from './names.svelte';
import { t, tOr } from './store.svelte';
import { clock, day, weekday } from './time';
import type { Itinerary, Missed, Problem } from './api';

export function minutes(seconds: number): number {
  return Math.max(seconds > 0 ? 1 : 0, Math.round(seconds / 60));
}

export function duration(seconds: number): string {
  const total = minutes(seconds);
  if (total < 60) return t('min', { n: total });
  const rest = total % 60;
  const hours = Math.floor(total / 60);
  return rest ? t('hourMin', { h: hours, n: rest }) : t('hour', { h: hours });
}

export function metres(m: number): string {
  if (m >= 1000) return t('km', { n: (m / 1000).toFixed(1) });
  return t('metres', { n: m > 100 ? Math.round(m / 10) * 10 : Math.round(m) });
}

/** 60000 -> "60,000", the same in both languages. */
export function grouped(value: number): string {
  return new Intl.NumberFormat('en').format(value);
}

/** 300 -> "3", 250 -> "2.5", 275 -> "2.75". */
export function yuan(fen: number): string {
  return String(fen / 100);
}

export function fare(itinerary: Pick<Itinerary, 'fare_fen'>): string {
  if (itinerary.fare_fen === null) return t('fareUnknown');
  return itinerary.fare_fen === 0 ? t('fareFree') : t('fareYuan', { n: yuan(itinerary.fare_fen) });
}

export function date(iso: string): string {
  const [year, month, of] = iso.split('-').map(Number);
  return t('date', { y: year, m: month, d: of, month: t(`month${month}` as 'month1') });
}

export function dateLong(iso: string): string {
  return t('dateLong', { date: date(iso), weekday: t(`day${weekday(iso)}` as 'day0') });
}

/** Clock; says so when the day is later than that of `base`. */
export function clockFrom(instant: string, base: string): string {
  const days = Math.round((Date.parse(`${day(instant)}T00:00Z`) - Date.parse(`${day(base)}T00:00Z`)) / 86_400_000);
  if (days <= 0) return clock(instant);
  return days === 1 ? t('nextDay', { time: clock(instant) }) : t('daysLater', { n: days, time: clock(instant) });
}

/** The note on the last train: until when this trip can be left for, or that it is too late for tonight. */
export function lastNote(trip: Itinerary): string {
  if (!trip.last_safe_departure) return '';
  const time = clockFrom(trip.last_safe_departure, trip.departure);
  return t(tooLate(trip) ? 'lastGone' : 'lastSafe', { time });
}

export function tooLate(trip: Itinerary): boolean {
  return trip.last_safe_departure !== null && Date.parse(trip.last_safe_departure) < Date.parse(trip.departure);
}

export function missed(one: Missed): string {
  const parts = {
    line: called(one.line),
    towards: called(one.towards),
    at: called(one.at),
    last: clock(one.last),
    arrives: clock(one.arrives),
    n: one.by_min,
  };
  // By the time the rider stands there it has left, or it leaves before the change can be made.
  return Date.parse(one.arrives) >= Date.parse(one.last) ? t('missedGone', parts) : t('missedTight', parts);
}

export function problem(what: Problem): { title: string; detail: string } {
  const own = tOr(`problem_${what.code}`, '');
  // OSRM's codes come with an English message only: there are words of our own for those.
  if (own && !what.title) return { title: own, detail: tOr(`advice_${what.code}`, what.detail) };
  if (what.title || what.detail) return { title: what.title || t('problem'), detail: what.detail };
  return { title: own || t('problem'), detail: tOr(`advice_${what.code}`, '') };
}
