// Ways, reach and the points of the question as GeoJSON and layers. The way chosen is drawn leg by leg, so that pulling
// at it tells between which points the new one goes.

import type { Feature, FeatureCollection } from 'geojson';
import type { LayerSpecification } from 'maplibre-gl';
import { reachColor } from '../lib/legend';
import { decodePolyline } from '../lib/polyline';
import type { ReachFeature, Way, WayLeg } from '../lib/roads';

export function legCourse(leg: WayLeg): [number, number][] {
  const course: [number, number][] = [];
  for (const step of leg.steps)
    for (const point of decodePolyline(step.geometry)) {
      const last = course.at(-1);
      if (!last || last[0] !== point[0] || last[1] !== point[1]) course.push(point);
    }
  return course;
}

/** Points of a way looked at when the place of its name is sought. */
const TRIED_MAX = 60;

/** Where a way is farthest from all others: there its name cannot be taken for theirs. */
export function ownPlace(course: [number, number][], others: [number, number][][]): [number, number] {
  let best = course[Math.floor(course.length / 2)];
  let most = -1;
  const every = Math.max(1, Math.ceil(course.length / TRIED_MAX));
  const near = others.flat();
  for (let at = 0; at < course.length; at += every) {
    const [lon, lat] = course[at];
    let away = Infinity;
    for (const other of near) away = Math.min(away, (other[0] - lon) ** 2 + (other[1] - lat) ** 2);
    if (away <= most) continue;
    most = away;
    best = course[at];
  }
  return best;
}

export function wayFeatures(ways: Way[], chosen: number, tag: (way: Way, at: number) => string): FeatureCollection {
  const features: Feature[] = [];
  const courses = ways.map((way) => decodePolyline(way.geometry));
  ways.forEach((way, at) => {
    const legs = at === chosen ? way.legs.map(legCourse) : [courses[at]];
    legs.forEach((course, leg) => {
      if (course.length < 2) return;
      features.push({
        type: 'Feature',
        properties: { at, leg, chosen: at === chosen },
        geometry: { type: 'LineString', coordinates: course },
      });
    });
    if (ways.length > 1 && courses[at].length > 1)
      features.push({
        type: 'Feature',
        properties: { at, tag: tag(way, at) },
        geometry: { type: 'Point', coordinates: ownPlace(courses[at], courses.filter((_, other) => other !== at)) },
      });
  });
  return { type: 'FeatureCollection', features };
}

export function reachFeatures(reach: ReachFeature[], dark: boolean, tag: (minutes: number) => string): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: reach.map((one, at) => ({
      type: 'Feature',
      properties: {
        color: reachColor(at, reach.length, dark),
        minutes: one.properties.minutes,
        tag: tag(one.properties.minutes),
      },
      geometry: one.geometry,
    })),
  };
}

const chosen = (yes: boolean): LayerSpecification['filter' & keyof LayerSpecification] =>
  ['==', ['get', 'chosen'], yes] as never;
const round = { 'line-cap': 'round', 'line-join': 'round' } as const;

export function roadLayers(dark: boolean): LayerSpecification[] {
  const halo = dark ? '#0c1416' : '#ffffff';
  return [
    {
      id: 'reach-fill',
      type: 'fill',
      source: 'reach',
      layout: { 'fill-sort-key': ['-', 0, ['get', 'minutes']] },
      paint: { 'fill-color': ['get', 'color'], 'fill-opacity': 0.32 },
    },
    {
      id: 'reach-line',
      type: 'line',
      source: 'reach',
      paint: { 'line-color': ['get', 'color'], 'line-width': 2.5 },
    },
    {
      id: 'ways-other-case',
      type: 'line',
      source: 'ways',
      filter: chosen(false),
      layout: round,
      paint: { 'line-color': halo, 'line-width': 8 },
    },
    {
      id: 'ways-other',
      type: 'line',
      source: 'ways',
      filter: chosen(false),
      layout: round,
      paint: { 'line-color': dark ? '#9aa8ad' : '#6d7a80', 'line-width': 5 },
    },
    {
      id: 'ways-case',
      type: 'line',
      source: 'ways',
      filter: chosen(true),
      layout: round,
      paint: { 'line-color': halo, 'line-width': 11 },
    },
    {
      id: 'ways-line',
      type: 'line',
      source: 'ways',
      filter: chosen(true),
      layout: round,
      paint: { 'line-color': dark ? '#6db3ff' : '#1257b8', 'line-width': 7 },
    },
  ] as LayerSpecification[];
}

export function roadNames(dark: boolean): LayerSpecification[] {
  const text = {
    'text-color': dark ? '#e9efee' : '#16201f',
    'text-halo-color': dark ? '#12191b' : '#ffffff',
    'text-halo-width': 2.2,
  };
  return [
    {
      id: 'ways-names',
      type: 'symbol',
      source: 'ways',
      filter: ['has', 'tag'],
      layout: {
        'text-field': ['get', 'tag'],
        'text-font': ['Bold'],
        'text-size': 15,
        'text-allow-overlap': true,
      },
      paint: text,
    },
    {
      id: 'reach-names',
      type: 'symbol',
      source: 'reach',
      layout: {
        'symbol-placement': 'line',
        'symbol-spacing': 600,
        'text-field': ['get', 'tag'],
        'text-font': ['Bold'],
        'text-size': 13,
      },
      paint: text,
    },
  ] as LayerSpecification[];
}
