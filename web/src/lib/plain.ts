// A trip told in plain sentences, for the easy version and for reading aloud.

import { demandFacts, hasDemand, isOnDemand } from './demand';
import type { Itinerary, Leg, PlanAnswer } from './api';
import { called } from './names.svelte';
import { clockFrom, duration, fare, metres, minutes, missed, tooLate } from './say';
import { t, tOr } from './store.svelte';
import { clock } from './time';

const SHORT_M = 30;
const LONG_WAIT_S = 15 * 60;
/** What calling or booking counts: by day nobody is sent to the telephone, but late at night a taxi goes before the first bus. */
const CALL_MIN = 120;

export interface Sentence {
  icon: string;
  text: string;
  leg: Leg | null;
}

/**
 * The trip that is easiest to make: soonest there, where a change counts as ten minutes and fifty metres on foot as one.
 * What has to be called for or booked counts as two hours more.
 */
export function easiestFirst(trips: Itinerary[]): Itinerary[] {
  const effort = (trip: Itinerary) => (hasDemand(trip) ? CALL_MIN : 0) + Date.parse(trip.arrival) / 60_000 + trip.transfers * 10 + trip.walk_m / 50;
  return [...trips].sort((a, b) => effort(a) - effort(b));
}

export function sentences(trip: Itinerary): Sentence[] {
  const told: Sentence[] = [];
  const inside = (leg: Leg) => leg.mode === 'walk' && leg.from.name === leg.to.name;
  const legs = trip.legs.filter(
    (leg, at) =>
      leg.route || leg.distance_m > SHORT_M || trip.legs.length === 1 || (inside(leg) && at > 0 && at + 1 < trip.legs.length),
  );
  legs.forEach((leg, at) => {
    const seconds = (Date.parse(leg.arrival) - Date.parse(leg.departure)) / 1000;
    const wait = at ? (Date.parse(leg.departure) - Date.parse(legs[at - 1].arrival)) / 1000 : 0;
    if (wait >= LONG_WAIT_S && !leg.wait_source)
      told.push({ icon: 'wait', leg: null, text: t('plainWait', { at: called(leg.from.name), time: duration(wait) }) });
    if (leg.route)
      told.push({
        icon: leg.mode,
        leg,
        text: t(leg.mode === 'custom_bus' ? 'plainCustom' : leg.headsign ? 'plainRide' : 'plainRideOpen', {
          time: clockFrom(leg.departure, trip.departure),
          from: called(leg.from.name),
          line: called(leg.route),
          towards: called(leg.headsign ?? ''),
          n: leg.stops.length + 1,
          to: called(leg.to.name),
        }),
      });
    else if (inside(leg) && at > 0 && at + 1 < legs.length)
      told.push({ icon: 'walk', leg, text: t('plainChange', { at: called(leg.from.name), n: minutes(seconds) }) });
    else
      told.push({
        icon: leg.mode,
        leg,
        text: t(at === legs.length - 1 ? 'plainOwnLast' : 'plainOwn', {
          mode: tOr(`mode_${leg.mode}`, leg.mode),
          d: metres(leg.distance_m),
          n: minutes(seconds),
          to: called(leg.to.name),
        }),
      });
  });
  return told;
}

export function totals(trip: Itinerary): string[] {
  const told = [
    t('plainTotal', { depart: clock(trip.departure), arrive: clockFrom(trip.arrival, trip.departure), time: duration(trip.duration_s) }),
  ];
  const fen = trip.fare_fen;
  told.push(fen === 0 ? t('plainFree') : fen === null ? t('plainFareUnknown') : t('plainFare', { fare: fare(trip) }));
  return told;
}

export function lastCall(trip: Itinerary): string {
  if (!trip.last_safe_departure) return '';
  const time = clockFrom(trip.last_safe_departure, trip.departure);
  return t(tooLate(trip) ? 'plainGone' : 'plainLast', { time });
}

/** What has to be known of a leg on demand, in sentences. */
const said = (leg: Leg | null, trip: Itinerary): string[] =>
  leg && isOnDemand(leg) ? demandFacts(leg, trip.departure).map((fact) => t('plainFact', { text: fact.text })) : [];

/** Everything in one text, in the order in which it is shown. */
export function spoken(answer: PlanAnswer, trip: Itinerary | null): string {
  if (!trip) return [t('plainNone'), ...answer.missed.map(missed)].join(' ');
  return [...totals(trip), ...answer.missed.map(missed), ...sentences(trip).flatMap((one) => [one.text, ...said(one.leg, trip)]), lastCall(trip)].filter(Boolean).join(' ');
}
