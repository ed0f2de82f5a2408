// Works as the server tells them.
import type { EffectWish, Stretch, StretchWish, Window } from './closures';

export interface Section {
  id: string;
  stretch: StretchWish & Partial<Pick<Stretch, 'length_m'>>;
  trenchless?: boolean;
}
export interface Phase extends EffectWish {
  id: string;
  section?: string | null;
  from: string;
  to: string;
  times?: Window[];
}
export interface RoadWork {
  id: string;
  state: 'draft' | 'published' | 'ended' | 'cancelled';
  version: number;
  name: string;
  owner: string;
  contractor?: string;
  permits?: string[];
  note?: string;
  sections: Section[];
  phases: Phase[];
  banned_hours?: { from: string; to: string }[];
  users_per_day?: number;
  from?: string;
  to?: string;
  days?: number;
  closures?: { id: string; phase: string; section: string }[];
}
export interface Assessment {
  near_m: number;
  users_per_day: number;
  users_assumed: boolean;
  sample?: { pairs: number; radius_m: number };
  facilities: { kind: string; name: string; name_en?: string; section: string; distance_m: number; ambulance?: { mean_s: number; worst_s: number; cut_off: number } }[];
  bus_lines: { route: string; name: string; long_name?: string; patterns: number; detour: boolean; added_s: number }[];
  phases: { id: string; at: string; added_s: number; worst_s: number; cut_off: number; user_hours_day: number }[];
  variants: { name: string; closures: number; added_s: number; worst_s: number; cut_off: number; user_hours_day: number }[];
  conflicts: { kind: string; id: string; name: string; owner: string; street: string; from: string; to: string; why: string; phase: string; section: string | null; where?: string }[];
}
