// The server's API as types (docs/api/shapes.md) and one function to ask it.
// Every failure becomes a Problem: the server's own words when it sent problem+json,
// else one of the console's own codes ("offline", "timeout", "bad_answer").

export interface LegEnd {
  name: string;
  stop_id: string | null;
  lat: number;
  lon: number;
}
export interface StopTime extends LegEnd {
  arrival: string | null;
  departure: string | null;
}
export interface Leg {
  mode: string;
  route: string | null;
  headsign: string | null;
  trip_id: string | null;
  color: string | null;
  from: LegEnd;
  to: LegEnd;
  departure: string;
  arrival: string;
  distance_m: number;
  polyline: string;
  headway_s: number | null;
  assumed: boolean;
  /** Taxi: from the call to the door. */
  wait_s?: number;
  wait_source?: 'live' | 'assumed';
  /** Free ones behind a live wait. */
  vehicles?: number;
  /** On demand: */
  price_fen?: number | null;
  price_assumed?: boolean;
  phone?: string;
  seats_free?: number;
  booking_until?: string;
  connection?: { at: string; departure: string; wait_s: number; guaranteed: boolean } | null;
  stops: StopTime[];
}
export interface Itinerary {
  departure: string;
  arrival: string;
  duration_s: number;
  transfers: number;
  walk_m: number;
  fare_fen: number | null;
  fare_assumed: boolean;
  last_safe_departure: string | null;
  reasons: string[];
  legs: Leg[];
}
export interface Missed {
  line: string;
  towards: string;
  at: string;
  stop_id: string;
  last: string;
  arrives: string;
  ready: string;
  by_min: number;
}
export interface PlanAnswer {
  version: string;
  from: LegEnd;
  to: LegEnd;
  profile: string;
  rider: string;
  itineraries: Itinerary[];
  missed: Missed[];
  last_safe_departure: string | null;
  note: string;
}
export interface Place {
  place: number;
  kind: string;
  name: string;
  name_en: string;
  match: string;
  matched: string;
  lat: number;
  lon: number;
  area: string;
  city: string;
  category: string;
  note: string;
  stop_id: string | null;
  source: string;
  approximate: boolean;
  distance_m?: number;
}
export interface Departure {
  route: string;
  mode: string;
  color: string | null;
  headsign: string;
  trip_id: string;
  departure: string;
  arrival: string | null;
  headway_s: number | null;
  assumed: boolean;
  last: boolean;
}
export interface Departures {
  version: string;
  stop: LegEnd;
  departures: Departure[];
}
export interface City {
  version: string;
  id: string;
  name: string;
  name_en: string;
  timezone: string;
  box: { south: number; west: number; north: number; east: number };
  attribution: string[];
  generated: boolean;
  timetables: boolean;
  streets: boolean;
  first_day: string | null;
  last_day: string | null;
  routes: { route: string; mode: string; color: string | null; name: string }[];
}
export interface Work {
  id: string;
  name: string;
  name_en: string;
  kind: string;
  status: string;
  from: string | null;
  to: string | null;
  length_m: number | null;
  done_m: number | null;
  target_m: number | null;
  place?: string;
  lanes?: number | null;
  speed_kmh?: number | null;
  note: string;
  note_en: string;
  source: string;
  source_en: string;
}

export class Problem extends Error {
  constructor(
    public code: string,
    public title: string,
    public detail: string,
    public status: number,
  ) {
    super(detail || title || code);
  }
}

const TIMEOUT_MS = 20_000;

/** Ask the server; `signal` lets a newer question cancel this one (then an AbortError is thrown). */
export async function ask<T>(
  path: string,
  params: Record<string, string | number | undefined>,
  lang: string,
  signal?: AbortSignal,
): Promise<T> {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params))
    if (value !== undefined && value !== '') query.set(key, String(value));
  const text = query.toString();
  return call<T>(text ? `${path}?${text}` : path, {}, lang, TIMEOUT_MS, signal);
}

/** Ask with a body, for questions that are too long for an address; `timeout` in milliseconds. */
export async function post<T>(path: string, body: unknown, lang: string, timeout: number, signal?: AbortSignal): Promise<T> {
  return call<T>(path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }, lang, timeout, signal);
}

async function call<T>(target: string, init: RequestInit, lang: string, timeout: number, signal?: AbortSignal): Promise<T> {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), timeout);
  const forward = () => clock.abort();
  signal?.addEventListener('abort', forward);
  try {
    const response = await fetch(target, {
      ...init,
      headers: { ...init.headers, Accept: 'application/json, application/problem+json', 'Accept-Language': lang },
      signal: clock.signal,
    });
    let body: unknown;
    try {
      body = await response.json();
    } catch (cause) {
      if (clock.signal.aborted) throw cause;
      throw new Problem('bad_answer', '', '', response.status);
    }
    if (!response.ok) {
      // Street services answer mistakes as OSRM does: a code and a message.
      const problem = body as { code?: string; title?: string; detail?: string; message?: string };
      throw new Problem(
        String(problem.code ?? 'error'),
        problem.title ?? '',
        problem.detail ?? problem.message ?? '',
        response.status,
      );
    }
    return body as T;
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    if (signal?.aborted) throw cause;
    throw new Problem(clock.signal.aborted ? 'timeout' : 'offline', '', '', 0);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}
