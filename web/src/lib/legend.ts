// Colours of the street layer and of reach, in one table for the map and for its legend.
// Speeds: a ramp whose lightness rises with the speed (the order survives any colour blindness and grey print),
// with the number written along the street when close. Classes: the eight colours of Okabe and Ito (2008), told apart by
// all common kinds of colour vision, with widths and dashes beside them.

/** From which zoom on the server has tiles of streets, and turns in them. */
export const STREETS_ZOOM = 12;
export const TURNS_ZOOM = 15;

export interface SpeedBand {
  /** Up to, but not with, this many km/h; the last one has no end. */
  below: number;
  color: string;
}

const RAMP = ['#3b0f70', '#8c2981', '#c8446a', '#ee7b52', '#fbb65f', '#fcf3a9'];
const MOTOR_KMH = [10, 20, 30, 45, 70, Infinity];
const ACTIVE_KMH = [3, 4, 6, 10, 15, Infinity];

export function speedBands(kind: 'motor' | 'active'): SpeedBand[] {
  return (kind === 'motor' ? MOTOR_KMH : ACTIVE_KMH).map((below, at) => ({ below, color: RAMP[at] }));
}

export interface ClassGroup {
  id: 'top' | 'primary' | 'secondary' | 'tertiary' | 'minor' | 'service' | 'paths' | 'ferry';
  classes: string[];
  color: string;
  width: number;
  dash?: [number, number];
}

/** What no group names is drawn as `minor`. */
export const CLASS_GROUPS: ClassGroup[] = [
  { id: 'top', classes: ['motorway', 'motorway_link', 'trunk', 'trunk_link'], color: '#d55e00', width: 1.6 },
  { id: 'primary', classes: ['primary', 'primary_link'], color: '#e69f00', width: 1.4 },
  { id: 'secondary', classes: ['secondary', 'secondary_link'], color: '#f0e442', width: 1.2 },
  { id: 'tertiary', classes: ['tertiary', 'tertiary_link'], color: '#009e73', width: 1 },
  { id: 'minor', classes: ['unclassified', 'residential', 'living_street'], color: '#56b4e9', width: 0.8 },
  { id: 'service', classes: ['service', 'track'], color: '#999999', width: 0.6 },
  {
    id: 'paths',
    classes: ['pedestrian', 'footway', 'cycleway', 'path', 'steps', 'corridor', 'bridleway', 'platform'],
    color: '#cc79a7',
    width: 0.8,
    dash: [1.6, 1.2],
  },
  { id: 'ferry', classes: ['ferry'], color: '#0072b2', width: 1.2, dash: [4, 2] },
];

/** Turns that may not be made, in the order of their places beside the street. */
export const BANS = ['u', 'left', 'straight', 'right'] as const;
export type Ban = (typeof BANS)[number];

/** The arrows of their signs, as SVG paths around the middle of a disc of 56 units, up is ahead. */
export const BAN_ARROWS: Record<Ban, string> = {
  left: 'M7 12V-1H-9M-3 -7 -9 -1 -3 5',
  right: 'M-7 12V-1H9M3 -7 9 -1 3 5',
  straight: 'M0 13V-11M-6 -5 0 -11 6 -5',
  u: 'M8 12V-3A7 7 0 0 0 -6 -3V9M-12 4 -6 10 0 4',
};

/** Nearest first: the innermost area stands out most against the ground. */
const REACH_RAMP = ['#0b3c5d', '#1d6996', '#3f9bbf', '#6fb4d2', '#a9d3e6'];
export function reachColor(at: number, count: number, dark: boolean): string {
  const place = count <= 1 ? 1 : Math.round((at * (REACH_RAMP.length - 1)) / (count - 1));
  return REACH_RAMP[dark ? REACH_RAMP.length - 1 - place : place];
}

