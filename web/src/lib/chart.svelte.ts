// What the map should show, set by the pages and read by the map.

import type { Itinerary } from './api';
import type { Box } from '../map/trip';

export type Picking = 'from' | 'to' | null;

/** What was clicked: a point or a stop, with its name as soon as it is known. */
export interface Spot {
  code: string;
  name: string;
  stopId: string | null;
}

class Chart {
  trip = $state.raw<Itinerary | null>(null);
  box = $state.raw<Box | null>(null);
  picking = $state<Picking>(null);
  spot = $state<Spot | null>(null);
  /** On a phone: the map takes most of the screen. */
  tall = $state(false);
}

export const chart = new Chart();
