// Closures and restrictions as the server tells them, and as lines on the map.
import type { DeskLine } from '../lib/chart.svelte';

export const EFFECTS = ['full', 'lanes', 'half_width', 'speed', 'local'] as const;
export const REASONS = ['crack', 'subsidence', 'works', 'accident', 'snow', 'flood', 'event', 'other'] as const;
export const DIRECTIONS = ['both', 'forward', 'backward'] as const;
export const USERS = ['motor', 'car', 'taxi', 'bus', 'lorry', 'emergency', 'bike', 'foot', 'all'] as const;
export const FENCED = ['none', 'left', 'right', 'both'] as const;
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export interface Stretch {
  street: string;
  street_en?: string;
  from?: string;
  to?: string;
  direction: (typeof DIRECTIONS)[number];
  length_m: number;
  arcs: number[];
  line: [number, number][];
  line_back?: [number, number][];
  lanes?: [number, number];
}
/** A stretch as it is asked for. */
export interface StretchWish {
  street?: string;
  from?: string;
  to?: string;
  line?: [number, number][];
  direction: (typeof DIRECTIONS)[number];
}
export interface EffectWish {
  effect: (typeof EFFECTS)[number];
  users?: string[];
  lanes?: { total: number; left: number };
  speed_kmh?: number;
  fenced?: string;
  limit?: Record<string, number>;
}
/** Hours of some days; no days = every day. */
export interface Window {
  days: string[];
  from: string;
  to: string;
}
export interface Closure {
  id: string;
  state: 'draft' | 'published' | 'ended' | 'cancelled';
  version: number;
  effect: (typeof EFFECTS)[number];
  stretch: Stretch;
  users?: string[];
  from: string;
  to: string;
  reason?: string;
  owner: string;
  note?: string;
  case?: string | null;
  work?: string | null;
  in_force?: boolean;
  overdue?: boolean;
  sentence?: { zh: string; en: string };
}

export function closureLines(closure: Pick<Closure, 'id' | 'state' | 'stretch'>): DeskLine[] {
  const kind = closure.state === 'published' ? 'closure' : 'draft';
  const label = closure.stretch?.street ?? closure.id;
  const lines: DeskLine[] = [];
  if (closure.stretch?.line?.length) lines.push({ id: closure.id, kind, label, line: closure.stretch.line });
  // Turned round, so that the dashes of both directions of one carriageway fall on each other.
  if (closure.stretch?.line_back?.length) lines.push({ id: closure.id, kind, label, line: [...closure.stretch.line_back].reverse() });
  return lines;
}

/** Windows as the server takes them: no list of days means every day. */
export function timesOf(times: Window[]): Record<string, unknown>[] {
  return times.map(({ days, from, to }) => ({ ...(days.length ? { days } : {}), from, to }));
}
