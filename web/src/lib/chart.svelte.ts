// What the map should show, set by the pages and read by the map.

import type { Itinerary } from './api';
import type { End } from './question';
import type { Ban } from './legend';
import type { ReachFeature, Way } from './roads';
import type { Paint } from './roads_question';
import type { Box } from '../map/trip';

/** What a point on the map is wanted for; `via2` is the third point between. */
export type Picking = 'from' | 'to' | 'place' | `via${number}` | null;

/** What was clicked: a point or a stop, with its name as soon as it is known. */
export interface Spot {
  code: string;
  name: string;
  stopId: string | null;
}

/** A point of the question that can be dragged, or moved with the arrow keys. */
export interface Pin {
  id: Exclude<Picking, null>;
  lon: number;
  lat: number;
  sign: string;
  label: string;
}

export interface StreetLayer {
  vehicle: string;
  kind: 'motor' | 'active';
  /** The rest of the question, as it stands in the address of a tile. */
  query: string;
  paint: Paint;
  closures: boolean;
  bans: boolean;
  /** Grows when closures and speeds change. */
  live: number;
}

/** One direction of a street, or a banned turn, as the map's street layer knows it. */
export interface StreetFact {
  kind: 'street' | 'ban';
  name: string;
  class: string;
  /** Degrees from north in which one travels (a street), or arrives (a ban). */
  bearing: number;
  kmh: number;
  closed: boolean;
  ban: Ban | null;
}

/** How the roads page takes over what is clicked, dragged and picked. */
export interface Taker {
  /** What a plain click sets at once; null = ask with the card. */
  wants(): Exclude<Picking, null> | null;
  choices: Exclude<Picking, null>[];
  /** `insert`: the new point goes before the place that `which` names. */
  take(which: Exclude<Picking, null>, end: End, insert?: boolean): void;
  drop(which: Exclude<Picking, null>): void;
  way(at: number): void;
}

/** What the desk shows on the map: closures, their detours, a stretch under preparation; vehicles, orders and bus lines. */
export interface DeskLine {
  id: string;
  kind: 'closure' | 'draft' | 'detour' | 'case' | 'point' | 'free' | 'busy' | 'lost' | 'order' | 'elder' | 'stop' | 'plan';
  label: string;
  line: [number, number][];
}

class Chart {
  desk = $state.raw<DeskLine[]>([]);
  /** Grows when the map should go to what the desk shows. */
  deskGo = $state(0);
  trip = $state.raw<Itinerary | null>(null);
  box = $state.raw<Box | null>(null);
  picking = $state<Picking>(null);
  spot = $state<Spot | null>(null);
  /** On a phone: the map takes most of the screen. */
  tall = $state(false);
  ways = $state.raw<Way[]>([]);
  way = $state(0);
  pins = $state.raw<Pin[]>([]);
  reach = $state.raw<ReachFeature[]>([]);
  layer = $state.raw<StreetLayer | null>(null);
  zoom = $state(0);
  /** The page asks the map to come at least this near; 0 = no wish. */
  nearer = $state(0);
  /** What the street layer holds where the reader looked last; null = nowhere yet. */
  facts = $state.raw<StreetFact[] | null>(null);
  /** Grows when the page asks what is at the map's centre. */
  lookAtCentre = $state(0);
  taker = $state.raw<Taker | null>(null);
}

export const chart = new Chart();
