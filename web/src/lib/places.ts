// Looking places up, and turning what was found into an end of a trip.

import { ask, type Itinerary, type Place } from './api';
import { nameOf, store, t, tOr } from './store.svelte';
import type { End } from './question';

const LIMIT = 8;

export async function findPlaces(text: string, stopsOnly: boolean, signal: AbortSignal): Promise<Place[]> {
  const answer = await ask<{ places: Place[] }>(
    '/api/v1/places',
    { q: text, limit: stopsOnly ? 30 : LIMIT },
    store.lang,
    signal,
  );
  const places = stopsOnly ? answer.places.filter((place) => place.stop_id) : answer.places;
  return places.slice(0, LIMIT);
}

export function endOf(place: Place): End {
  return {
    code: place.stop_id ? `stop:${place.stop_id}` : pointCode(place.lat, place.lon),
    name: nameOf(place),
  };
}

export function pointCode(lat: number, lon: number): string {
  return `${lat.toFixed(6)},${lon.toFixed(6)}`;
}

/** A point picked on the map or given by the device, named by what is nearest. */
export async function endAt(lat: number, lon: number, signal?: AbortSignal): Promise<End> {
  const code = pointCode(lat, lon);
  let name = t('pointAt', { lat: lat.toFixed(5), lon: lon.toFixed(5) });
  try {
    const answer = await ask<{ places: Place[] }>(
      '/api/v1/reverse',
      { lat: lat.toFixed(6), lon: lon.toFixed(6), radius: 500, limit: 5 },
      store.lang,
      signal,
    );
    const nearest = answer.places[0];
    if (nearest) {
      const near = nearest.distance_m ?? 0;
      name = near <= 30 ? nameOf(nearest) : t('near', { name: nameOf(nearest), n: Math.round(near / 10) * 10 });
    }
  } catch {
    // Without a name the point is still a point.
  }
  return { code, name };
}

/** The answer has no name for a plain point: it is called what the question calls it. */
export function withEnds(trips: Itinerary[], from: End | null, to: End | null): Itinerary[] {
  return trips.map((trip) => ({
    ...trip,
    legs: trip.legs.map((leg, at) => {
      const start = at === 0 && !leg.from.name && from;
      const end = at === trip.legs.length - 1 && !leg.to.name && to;
      return {
        ...leg,
        from: start ? { ...leg.from, name: start.name } : leg.from,
        to: end ? { ...leg.to, name: end.name } : leg.to,
      };
    }),
  }));
}

/** Why a place is in the list, in words; "" when it is plain from the name. */
export function whyMatched(place: Place): string {
  if (['name', 'prefix', 'part'].includes(place.match) && place.matched === place.name) return '';
  const how = tOr(`match_${place.match}`, '');
  if (!how) return '';
  const matched = place.matched && place.matched !== place.name ? place.matched : '';
  return matched ? t('matchedBy', { how, what: matched }) : how;
}

export function whereIs(place: Place): string {
  return [...new Set([place.city, place.area])].filter(Boolean).join(' · ');
}

/** The device's own position. */
export function myPosition(): Promise<{ lat: number; lon: number }> {
  return new Promise((done, fail) => {
    if (!navigator.geolocation) fail(new Error('none'));
    else
      navigator.geolocation.getCurrentPosition(
        (at) => done({ lat: at.coords.latitude, lon: at.coords.longitude }),
        fail,
        { enableHighAccuracy: true, timeout: 10_000, maximumAge: 60_000 },
      );
  });
}
