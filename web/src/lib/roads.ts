// Ways on streets: the server's answers as types, and how a question becomes points on the map.

import { ask, Problem, type Place } from './api';
import { endOf, pointCode } from './places';
import { vehicleParams, type Roads } from './roads_question';
import { store } from './store.svelte';
import type { End } from './question';

export interface Vehicle {
  name: string;
  label_zh: string;
  label_en: string;
  kind: 'motor' | 'active';
  height_m?: number;
  width_m?: number;
  length_m?: number;
  weight_t?: number;
  axle_t?: number;
  hazmat: boolean;
}
export interface Maneuver {
  type: string;
  modifier?: string;
  exit?: number;
  instruction?: string;
  location: [number, number];
}
export interface Step {
  maneuver: Maneuver;
  name: string;
  ref?: string;
  distance: number;
  duration: number;
  geometry: string;
}
export interface WayLeg {
  summary: string;
  distance: number;
  duration: number;
  steps: Step[];
}
export interface Way {
  distance: number;
  duration: number;
  geometry: string;
  ways: string[];
  legs: WayLeg[];
}
export interface WayAnswer {
  routes: Way[];
  waypoints: { location: [number, number]; name: string; distance: number }[];
  datum?: string;
}
export interface ReachFeature {
  properties: { minutes: number; seconds: number; reached_m: number; reached_edges: number };
  geometry: { type: 'MultiPolygon'; coordinates: [number, number][][][] };
}
export interface ReachAnswer {
  datum: string;
  time: string;
  direction: string;
  place: [number, number];
  features: ReachFeature[];
}
export interface LiveAnswer {
  live_version: number;
  count: number;
}

/** The server tells up to this many ways: the quickest and two others. */
export const WAYS_MAX = 3;
/** Farther from a street than this, the reader is told. */
export const FAR_M = 50;

export const labelOf = (vehicle: Vehicle): string => (store.lang === 'en' ? vehicle.label_en : vehicle.label_zh) || vehicle.name;

/** "37.87,112.55" -> [lon, lat]; null for any other code. */
export function pointOf(code: string): [number, number] | null {
  const parts = code.match(/^(-?\d{1,3}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)$/);
  return parts && Math.abs(Number(parts[1])) <= 90 && Math.abs(Number(parts[2])) <= 180
    ? [Number(parts[2]), Number(parts[1])]
    : null;
}

/** An end with a point for its code: names and stops are looked up, as streets know places only by where they are. */
export async function located(end: End, signal: AbortSignal): Promise<End> {
  if (pointOf(end.code)) return end;
  const wanted = end.code.startsWith('stop:') ? end.name : end.code;
  const { places } = await ask<{ places: Place[] }>('/api/v1/places', { q: wanted, limit: 20 }, store.lang, signal);
  const stop = end.code.startsWith('stop:') ? end.code.slice(5) : null;
  const place = stop === null ? places[0] : places.find((one) => one.stop_id === stop);
  if (!place) throw new Problem('place_unknown', '', wanted, 404);
  return { code: pointCode(place.lat, place.lon), name: stop === null ? endOf(place).name : end.name };
}

export function findWays(ends: End[], roads: Roads, time: string, signal: AbortSignal): Promise<WayAnswer> {
  const places = ends.map((end) => pointOf(end.code)!.map((degrees) => degrees.toFixed(6)).join(',')).join(';');
  return ask<WayAnswer>(
    `/route/v1/${roads.vehicle}/${places}`,
    {
      ...vehicleParams(roads, time),
      alternatives: WAYS_MAX - 1,
      steps: 'true',
      overview: 'full',
      geometries: 'polyline',
      language: store.lang,
    },
    store.lang,
    signal,
  );
}

export function findReach(roads: Roads, place: End, time: string, signal: AbortSignal): Promise<ReachAnswer> {
  return ask<ReachAnswer>(
    '/api/v1/isochrone',
    {
      ...vehicleParams(roads, time),
      place: place.code,
      minutes: roads.minutes.join(),
      direction: roads.towards ? 'to' : 'from',
      profile: roads.vehicle,
    },
    store.lang,
    signal,
  );
}

/** Streets of one way that the other does not use, the first ones first. */
export function streetsOnly(way: Way, other: Way): string[] {
  const used = new Set(other.ways);
  return [...new Set(way.ways)].filter((name) => name && !used.has(name));
}

const ARROW: Record<string, number> = {
  straight: 0,
  'slight right': 45,
  right: 90,
  'sharp right': 135,
  uturn: 180,
  'sharp left': -135,
  left: -90,
  'slight left': -45,
};

/** Which way a step's sign points, in degrees to the right of straight on; null for departure and arrival. */
export function turnOf(step: Step): number | null {
  if (step.maneuver.type === 'depart' || step.maneuver.type === 'arrive') return null;
  return ARROW[step.maneuver.modifier ?? 'straight'] ?? 0;
}
