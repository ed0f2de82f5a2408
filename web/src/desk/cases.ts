// Cases and their types as the server tells them.
import type { Role } from '../lib/desk.svelte';
import { store } from '../lib/store.svelte';
import type { StretchWish } from './closures';

export interface TwoNames {
  zh: string;
  en: string;
}
export interface CaseField {
  id: string;
  type: 'text' | 'point' | 'number' | 'reference' | 'choice' | 'yes_no';
  name: TwoNames;
  need: boolean;
  values: { id: string; name: TwoNames }[];
}
export interface CaseType {
  type: string;
  name: TwoNames;
  hotline: boolean;
  states: { id: string; name: TwoNames; clock_min: number | null }[];
  moves: { from: string; to: string; name: TwoNames; who: Role[]; needs: string[]; emergency: boolean }[];
  fields: CaseField[];
  parties: { id: string; name: TwoNames }[];
}
export interface Move {
  to: string;
  name: TwoNames;
  can: boolean;
  mine: boolean;
  missing: string[];
  emergency: boolean;
  who: Role[];
}
export interface CaseLine {
  at: string;
  by: string;
  role: string;
  what: string;
  from?: string;
  to?: string;
  note?: string;
  kind?: string;
  party?: string;
  point?: string;
  ref?: string;
  closure?: string;
  emergency?: boolean;
}
export interface Case {
  id: string;
  version: number;
  type: string;
  type_name?: TwoNames;
  state: string;
  state_name?: TwoNames;
  over?: boolean;
  title: string;
  owner?: string;
  due: string | null;
  overdue: boolean;
  emergency: boolean;
  alarm: boolean;
  place?: { lat?: number; lon?: number; name?: string };
  stretch?: StretchWish;
  fields?: Record<string, unknown>;
  reporter?: { name?: string; phone?: string };
  closure: string | null;
  entered?: Record<string, string>;
  signatures: { party: string; name: string; at: string }[];
  documents: { kind: string; ref: string; by: string; at: string }[];
  checklist: { id: string; text: string; done: boolean; by?: string; at?: string }[];
  timeline: CaseLine[];
  times?: Record<'detect_close_min' | 'close_reopen_min' | 'detect_reopen_min', number | null>;
  reopen_first?: { name: string; at: string };
  moves: Move[];
}

/** Of two names the one for the language chosen; a machine may have one of them only. */
export function named(name: TwoNames | undefined, otherwise = ''): string {
  if (!name) return otherwise;
  return (store.lang === 'en' ? name.en || name.zh : name.zh || name.en) || otherwise;
}
