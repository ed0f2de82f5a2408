// Legs that have to be called for or booked: a taxi that was asked for, a custom bus.

import type { Itinerary, Leg } from './api';
import { called } from './names.svelte';
import { clockFrom, duration, yuan } from './say';
import { t } from './store.svelte';

export const isOnDemand = (leg: Leg): boolean => leg.wait_source !== undefined || leg.mode === 'custom_bus';

export const hasDemand = (trip: Itinerary): boolean => trip.legs.some(isOnDemand);

export interface Fact {
  icon: string;
  text: string;
  /** Known at this moment, not assumed. */
  live: boolean;
}

export function demandFacts(leg: Leg, base: string): Fact[] {
  const told: Fact[] = [];
  if (leg.wait_source) {
    const live = leg.wait_source === 'live';
    const time = duration(leg.wait_s ?? 0);
    told.push({ icon: 'wait', live, text: live ? t('demandWait', { time, n: leg.vehicles ?? 0 }) : t('demandAssumed', { time }) });
  }
  if (leg.price_fen !== undefined)
    told.push({
      icon: 'list',
      live: false,
      text: leg.price_fen === null ? t('fareUnknown') : t('demandPrice', { yuan: yuan(leg.price_fen) }),
    });
  if (leg.seats_free !== undefined) told.push({ icon: 'people', live: true, text: t('seatsFree', { n: leg.seats_free }) });
  if (leg.booking_until) told.push({ icon: 'clock', live: false, text: t('bookUntil', { time: clockFrom(leg.booking_until, base) }) });
  if (leg.connection)
    told.push({
      icon: 'metro',
      live: leg.connection.guaranteed,
      text: t(leg.connection.guaranteed ? 'connectionHolds' : 'demandNoConnection', {
        at: called(leg.connection.at),
        time: leg.connection.departure ? clockFrom(leg.connection.departure, base) : '',
      }),
    });
  return told;
}
