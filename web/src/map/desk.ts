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
const round = { 'line-cap': 'round', 'line-join': 'round' } as const;

export function deskLayers(dark: boolean): LayerSpecification[] {
  const halo = dark ? '#0c1416' : '#ffffff';
  const red = dark ? '#ff7b6b' : '#b3261e';
  const amber = dark ? '#f2b544' : '#8a5a00';
  return [
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
      filter: ['==', ['geometry-type'], 'Point'] as never,
      paint: { 'circle-radius': 8, 'circle-color': red, 'circle-stroke-color': halo, 'circle-stroke-width': 2 },
    },
  ];
}
