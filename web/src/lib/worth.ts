// Which of the trips on the list most people would think about. The answer holds every trade-off, also walking
// eight kilometres to save two yuan, or changing once more to walk twenty metres less; those wait behind a button.

import type { Itinerary } from './api';

const MINUTES_A_CHANGE = 5;
const METRES_A_MINUTE = 75; // a minute on foot counts once more than a minute of the trip
const MINUTES_A_YUAN = 5;
const TIMES_THE_BEST = 2;
const MINUTES_GRACE = 15;
const METRES_ALIKE = 100;

/** What a trip takes out of a person, in minutes of sitting still. */
export function effort(trip: Itinerary): number {
  const money = ((trip.fare_fen ?? 0) / 100) * MINUTES_A_YUAN;
  return trip.duration_s / 60 + trip.walk_m / METRES_A_MINUTE + trip.transfers * MINUTES_A_CHANGE + money;
}

const at = (time: string): number => Date.parse(time);

/** The same trip for anyone but a surveyor: no later, no dearer, fewer changes, and hardly more walking. */
function isPlainer(other: Itinerary, trip: Itinerary): boolean {
  const dearer = (other.fare_fen ?? Infinity) > (trip.fare_fen ?? Infinity);
  return (
    other.transfers < trip.transfers &&
    !dearer &&
    other.walk_m <= trip.walk_m + METRES_ALIKE &&
    at(other.departure) >= at(trip.departure) &&
    at(other.arrival) <= at(trip.arrival)
  );
}

export function worthwhile(trips: Itinerary[]): Itinerary[] {
  const best = Math.min(...trips.map(effort));
  return trips.filter(
    (trip) =>
      effort(trip) <= best * TIMES_THE_BEST + MINUTES_GRACE && !trips.some((other) => isPlainer(other, trip)),
  );
}
