// The map's own style over our own vector tiles (streets, rails, stops, places); nothing from elsewhere.

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';

interface Ink {
  ground: string;
  minor: string;
  minorCase: string;
  major: string;
  majorCase: string;
  top: string;
  topCase: string;
  path: string;
  text: string;
  halo: string;
  soft: string;
  stop: string;
}

const LIGHT: Ink = {
  ground: '#edeae2',
  minor: '#ffffff',
  minorCase: '#dcd7cb',
  major: '#ffffff',
  majorCase: '#cfc9ba',
  top: '#f6e3bf',
  topCase: '#d9bd85',
  path: '#b9b2a1',
  text: '#2b3437',
  halo: '#f7f5ef',
  soft: '#5c666a',
  stop: '#ffffff',
};

const DARK: Ink = {
  ground: '#182022',
  minor: '#2a3437',
  minorCase: '#20292b',
  major: '#364246',
  majorCase: '#20292b',
  top: '#54492f',
  topCase: '#2c271b',
  path: '#465054',
  text: '#dfe6e6',
  halo: '#12191b',
  soft: '#a3afb1',
  stop: '#12191b',
};

const TOP = ['motorway', 'motorway_link', 'trunk', 'trunk_link'];
const MAJOR = ['primary', 'primary_link', 'secondary', 'secondary_link'];
const PATHS = ['footway', 'path', 'steps', 'pedestrian', 'cycleway', 'track', 'bridleway', 'corridor'];

const isClass = (names: string[]): ExpressionSpecification => ['in', ['get', 'class'], ['literal', names]];
const widen = (low: number, high: number): ExpressionSpecification => [
  'interpolate',
  ['exponential', 1.5],
  ['zoom'],
  9,
  low,
  18,
  high,
];

/** A line's own colour, or `other` when the tile does not have one. */
const ownColor = (other: string): ExpressionSpecification => [
  'case',
  ['all', ['has', 'color'], ['==', ['length', ['to-string', ['get', 'color']]], 6]],
  ['concat', '#', ['get', 'color']],
  other,
];

const street = (
  id: string,
  filter: ExpressionSpecification,
  color: string,
  width: ExpressionSpecification,
  minzoom: number,
): LayerSpecification => ({
  id,
  type: 'line',
  source: 'city',
  'source-layer': 'streets',
  minzoom,
  filter,
  layout: { 'line-cap': 'round', 'line-join': 'round' },
  paint: { 'line-color': color, 'line-width': width },
});

const BY_RAIL: ExpressionSpecification = ['in', ['get', 'mode'], ['literal', ['metro', 'rail', 'tram']]];
const STOPS_SHOWN: ExpressionSpecification = ['any', BY_RAIL, ['>=', ['zoom'], 14]];
export const STOPS_NAMED: ExpressionSpecification = [
  'all',
  ['!=', ['get', 'kind'], 'entrance'],
  ['any', BY_RAIL, ['>=', ['zoom'], 15]],
];

/** Where the trip's own layers go: under the names. */
export const BELOW_NAMES = 'street-names';

export function mapStyle(origin: string, dark: boolean, english: boolean): StyleSpecification {
  const name: ExpressionSpecification = english ? ['coalesce', ['get', 'name_en'], ['get', 'name']] : ['get', 'name'];
  const ink = dark ? DARK : LIGHT;
  const rest: ExpressionSpecification = ['!', isClass([...TOP, ...MAJOR, ...PATHS])];
  return {
    version: 8,
    glyphs: 'glyphs://{fontstack}/{range}',
    sources: {
      city: { type: 'vector', tiles: [`${origin}/tiles/{z}/{x}/{y}.mvt`], minzoom: 5, maxzoom: 16 },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': ink.ground } },
      {
        ...street('paths', isClass(PATHS), ink.path, widen(0.4, 3), 14),
        layout: { 'line-cap': 'butt' },
        paint: { 'line-color': ink.path, 'line-width': widen(0.4, 3), 'line-dasharray': [2, 1.5] },
      } as LayerSpecification,
      street('minor-case', rest, ink.minorCase, widen(0.6, 17), 12),
      street('major-case', isClass(MAJOR), ink.majorCase, widen(1.6, 26), 9),
      street('top-case', isClass(TOP), ink.topCase, widen(2.2, 30), 6),
      street('minor', rest, ink.minor, widen(0.3, 14), 12),
      street('major', isClass(MAJOR), ink.major, widen(1, 22), 9),
      street('top', isClass(TOP), ink.top, widen(1.4, 26), 6),
      {
        id: 'rails',
        type: 'line',
        source: 'city',
        'source-layer': 'rails',
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: {
          'line-color': ownColor(ink.soft),
          'line-width': widen(1.6, 7),
          'line-opacity': 0.55,
        },
      },
      {
        id: 'street-names',
        type: 'symbol',
        source: 'city',
        'source-layer': 'streets',
        minzoom: 12,
        filter: ['!=', ['coalesce', ['get', 'name'], ''], ''],
        layout: {
          'symbol-placement': 'line',
          'text-field': name,
          'text-font': ['Regular'],
          'text-size': ['interpolate', ['linear'], ['zoom'], 12, 10, 17, 13],
          'symbol-spacing': 380,
          'text-max-angle': 30,
          'text-padding': 6,
        },
        paint: { 'text-color': ink.soft, 'text-halo-color': ink.halo, 'text-halo-width': 1.4 },
      },
      {
        id: 'stops',
        type: 'circle',
        source: 'city',
        'source-layer': 'stops',
        filter: STOPS_SHOWN,
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 1, 11, 2.6, 14, 4.5, 18, 8],
          'circle-color': ink.stop,
          'circle-stroke-color': ink.text,
          'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 9, 0.8, 12, 1.6],
        },
      },
      {
        id: 'place-names',
        type: 'symbol',
        source: 'city',
        'source-layer': 'places',
        filter: ['!', ['in', ['get', 'kind'], ['literal', ['station', 'stop', 'street', 'address', 'work']]]],
        minzoom: 8,
        layout: {
          'text-field': name,
          'text-font': ['Regular'],
          'text-size': ['match', ['get', 'kind'], 'locality', 14, 11.5],
          'text-padding': 10,
          'text-max-width': 8,
        },
        paint: { 'text-color': ink.soft, 'text-halo-color': ink.halo, 'text-halo-width': 1.6 },
      },
      {
        id: 'stop-names',
        type: 'symbol',
        source: 'city',
        'source-layer': 'stops',
        minzoom: 10.2,
        filter: STOPS_NAMED,
        layout: {
          'text-field': name,
          'text-font': ['Bold'],
          'text-size': ['interpolate', ['linear'], ['zoom'], 10, 10.5, 16, 14],
          'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
          'text-radial-offset': 0.7,
          'text-justify': 'auto',
          'text-padding': 3,
          'text-max-width': 9,
        },
        paint: { 'text-color': ink.text, 'text-halo-color': ink.halo, 'text-halo-width': 1.8 },
      },
    ],
  };
}
