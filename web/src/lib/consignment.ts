// Consignments as the API gives them (docs/guide/consignments.md tells the shape).

import type { Mode, Node } from './freight';

export const POINTS = ['gate_in', 'loaded', 'departed', 'arrived', 'unloaded', 'handed_over', 'delivered', 'problem', 'position'] as const;
export type Point = (typeof POINTS)[number];
export type Place = Pick<Node, 'id' | 'name_zh' | 'name_en' | 'lat' | 'lon'>;

export interface Row {
  leg: number;
  mode: Mode;
  what: Point;
  place: Place;
  planned: string | null;
  estimated: string | null;
  actual: string | null;
  cutoff?: string | null;
}
export interface Alarm {
  kind: 'cutoff' | 'promise' | 'closed';
  leg: number | null;
  limit: string | null;
  estimate: string | null;
  closed_link: string | null;
  since: string;
  cleared: string | null;
}
export interface OrderLeg {
  number: number;
  mode: Mode;
  id: string;
  name: string;
  carrier: string | null;
  vehicle: string | null;
  from: Place;
  to: Place;
  missed: boolean;
  closed: boolean;
}
export interface Party {
  name: string;
  phone?: string;
}
export interface HandOver {
  place: Place;
  from_mode: Mode;
  from_carrier: string | null;
  to_mode: Mode | null;
  to_carrier: string | null;
  estimated: string | null;
  cutoff: string | null;
}
export interface Consignment {
  id: string;
  state: string;
  state_name: { zh: string; en: string };
  version: number;
  shipper: Party;
  consignee: Party;
  goods: { name_zh: string; name_en: string; tonnes: number | null; boxes40: number };
  from: Place;
  to: Place;
  promised: string | null;
  estimated: string | null;
  delivered: string | null;
  late: boolean;
  alarms: Alarm[];
  legs: OrderLeg[];
  next_hand_over: HandOver | null;
  timeline?: Row[];
  history?: { at: string; by: string; what: string; note: string | null }[];
  replans?: { at: string; by: string; reason: string; from: Place }[];
}
export interface Kpi {
  consignments: number;
  delivered: number;
  transfers: number;
  within_hour_pct: number | null;
  container_direct_pct: number | null;
  direct_pct: number | null;
  mean_transfers: number | null;
  on_time_pct: number | null;
}

/** Papers and events of one, as addresses. */
export const papers = (id: string) =>
  [
    ['fo_waybill', `/api/v1/consignments/${id}/waybill.xml`],
    ['fo_weigh', `/api/v1/consignments/${id}/weigh-list.xml`],
    ['fo_epcis', `/api/v1/consignments/${id}/epcis`],
    ['fo_dcsa', `/api/v1/consignments/${id}/dcsa`],
  ] as const;
