// Monitoring points as the server tells them.

export interface Limits {
  value?: { warn?: number; alarm: number };
  rate?: { warn?: number; alarm: number };
  acceleration?: { warn?: number; alarm: number };
}
export interface Measured {
  at: string;
  value: number;
  rate: number | null;
  acceleration: number | null;
}
export interface Point {
  id: string;
  state: 'normal' | 'warn' | 'alarm' | 'closed';
  version: number;
  name: string;
  type: 'displacement' | 'settlement';
  asset: 'road' | 'slope';
  unit: 'mm';
  owner: string;
  interval_min: number;
  limits: Limits;
  place?: { lat: number; lon: number };
  overdue: boolean;
  last: Measured | null;
  case: string | null;
  closure?: string;
  proposal?: { effect: string } | null;
  acknowledged?: { by: string; at: string; note: string } | null;
  since: string;
}
export interface SeriesReading {
  at: string;
  value: number;
  late?: boolean;
}
export interface Series {
  total: number;
  limits: Limits;
  readings: SeriesReading[];
}
