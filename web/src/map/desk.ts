// What the desk shows on the map: closures red and hatched, drafts dashed, detours of buses amber, points as dots. Each
// kind differs in form as well as in colour.

import type { FeatureCollection } from 'geojson';
import type { LayerSpecification } from 'maplibre-gl';
import type { DeskLine } from '../lib/chart.svelte';

export function deskFeatures(lines: DeskLine[]): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: lines
      .filter((one) => one.line.length > 0)
      .map((one) => ({
        type: 'Feature',
        properties: { id: one.id, kind: one.kind, label: one.label },
        geometry:
          one.line.length === 1
            ? { type: 'Point', coordinates: one.line[0] }
            : { type: 'LineString', coordinates: one.line },
      })),
  };
}

const is = (kind: DeskLine['kind']) => ['==', ['get', 'kind'], kind] as never;
/** Kinds of points that have layers of their own: vehicles, orders, stops of a bus line. */
const MOVING = ['free', 'busy', 'lost', 'order', 'elder', 'stop'];
const round = { 'line-cap': 'round', 'line-join': 'round' } as const;

export function deskLayers(dark: boolean): LayerSpecification[] {
  const halo = dark ? '#0c1416' : '#ffffff';
  const red = dark ? '#ff7b6b' : '#b3261e';
  const amber = dark ? '#f2b544' : '#8a5a00';
  const green = dark ? '#4fc596' : '#12805c';
  const blue = dark ? '#7fa9ff' : '#2f64c4';
  const grey = dark ? '#8b9896' : '#7d8683';
  const pick = (free: string, busy: string, lost: string) => ['match', ['get', 'kind'], 'free', free, 'busy', busy, lost] as never;
  return [
    { id: 'desk-plan-case', type: 'line', source: 'desk', filter: is('plan'), layout: round, paint: { 'line-color': halo, 'line-width': 7 } },
    { id: 'desk-plan', type: 'line', source: 'desk', filter: is('plan'), layout: round, paint: { 'line-color': blue, 'line-width': 3.5, 'line-dasharray': [2.5, 1.5] } },
    { id: 'desk-detour-case', type: 'line', source: 'desk', filter: is('detour'), layout: round, paint: { 'line-color': halo, 'line-width': 8 } },
    { id: 'desk-detour', type: 'line', source: 'desk', filter: is('detour'), layout: round, paint: { 'line-color': amber, 'line-width': 4 } },
    { id: 'desk-closure-case', type: 'line', source: 'desk', filter: is('closure'), layout: round, paint: { 'line-color': halo, 'line-width': 10 } },
    { id: 'desk-closure', type: 'line', source: 'desk', filter: is('closure'), layout: round, paint: { 'line-color': red, 'line-width': 6 } },
    { id: 'desk-closure-hatch', type: 'line', source: 'desk', filter: is('closure'), paint: { 'line-color': halo, 'line-width': 2, 'line-dasharray': [1, 2] } },
    { id: 'desk-draft', type: 'line', source: 'desk', filter: is('draft'), layout: round, paint: { 'line-color': red, 'line-width': 5, 'line-dasharray': [2, 1.5] } },
    {
      id: 'desk-dot',
      type: 'circle',
      source: 'desk',
      filter: ['all', ['==', ['geometry-type'], 'Point'], ['!', ['in', ['get', 'kind'], ['literal', MOVING]]]] as never,
      paint: { 'circle-radius': 8, 'circle-color': red, 'circle-stroke-color': halo, 'circle-stroke-width': 2 },
    },
    // Free vehicles are full, others rings: the state is seen without colour.
    {
      id: 'desk-vehicle',
      type: 'circle',
      source: 'desk',
      filter: ['in', ['get', 'kind'], ['literal', ['free', 'busy', 'lost']]] as never,
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 2.5, 13, 5, 16, 8],
        'circle-color': pick(green, halo, grey),
        'circle-stroke-color': pick(halo, blue, halo),
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 9, 1, 13, 2],
      },
    },
    {
      id: 'desk-stop',
      type: 'circle',
      source: 'desk',
      filter: is('stop'),
      paint: { 'circle-radius': 7, 'circle-color': halo, 'circle-stroke-color': blue, 'circle-stroke-width': 3 },
    },
    {
      id: 'desk-order',
      type: 'symbol',
      source: 'desk',
      filter: ['in', ['get', 'kind'], ['literal', ['order', 'elder']]] as never,
      layout: {
        'text-field': ['match', ['get', 'kind'], 'elder', '★', '◆'],
        'text-font': ['Bold'],
        'text-size': ['match', ['get', 'kind'], 'elder', 26, 20],
        'text-allow-overlap': true,
        'text-ignore-placement': true,
      },
      paint: { 'text-color': red, 'text-halo-color': halo, 'text-halo-width': 2 },
    },
    {
      id: 'desk-point-names',
      type: 'symbol',
      source: 'desk',
      filter: ['all', ['in', ['get', 'kind'], ['literal', MOVING]], ['!=', ['get', 'label'], '']] as never,
      layout: {
        'text-field': ['get', 'label'],
        'text-font': ['Bold'],
        'text-size': 13,
        'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
        'text-radial-offset': 1.1,
        'text-justify': 'auto',
      },
      paint: { 'text-color': dark ? '#e9efee' : '#16201f', 'text-halo-color': halo, 'text-halo-width': 2 },
    },
  ];
}
