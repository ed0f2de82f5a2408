// An itinerary as GeoJSON for the map: one line a leg, the ends, the changes and the stops between.

import type { Feature, FeatureCollection } from 'geojson';
import type { Itinerary } from '../lib/api';
import { lineColor } from '../lib/color';
import { decodePolyline } from '../lib/polyline';

export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

export const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

export function tripFeatures(trip: Itinerary): FeatureCollection {
  const features: Feature[] = [];
  // A station where one gets off and on again, or starts beside, is named once.
  const named = new Set<string>();
  const point = (at: { lat: number; lon: number; name: string }, kind: string, color: string): void => {
    const name = kind === 'between' || named.has(at.name) ? '' : at.name;
    named.add(name);
    features.push({
      type: 'Feature',
      properties: { kind, name, color },
      geometry: { type: 'Point', coordinates: [at.lon, at.lat] },
    });
  };
  trip.legs.forEach((leg, place) => {
    const onFoot = leg.mode === 'walk';
    const color = `#${lineColor(leg.color, leg.mode)}`;
    let course = decodePolyline(leg.polyline ?? '');
    if (course.length < 2)
      course = [
        [leg.from.lon, leg.from.lat],
        [leg.to.lon, leg.to.lat],
      ];
    features.push({
      type: 'Feature',
      properties: { kind: onFoot ? 'walk' : 'ride', color: onFoot ? '#33464a' : color },
      geometry: { type: 'LineString', coordinates: course },
    });
    if (leg.route) {
      for (const stop of leg.stops) point(stop, 'between', color);
      point(leg.from, 'change', color);
      point(leg.to, 'change', color);
    }
    if (place === 0) point(leg.from, 'start', color);
    if (place === trip.legs.length - 1) point(leg.to, 'end', color);
  });
  return { type: 'FeatureCollection', features };
}

export function boxOf(data: FeatureCollection): Box | null {
  let box: Box | null = null;
  const take = ([lon, lat]: number[]): void => {
    box = box
      ? {
          west: Math.min(box.west, lon),
          south: Math.min(box.south, lat),
          east: Math.max(box.east, lon),
          north: Math.max(box.north, lat),
        }
      : { west: lon, south: lat, east: lon, north: lat };
  };
  for (const feature of data.features) {
    if (feature.geometry.type === 'Point') take(feature.geometry.coordinates);
    else if (feature.geometry.type === 'LineString') feature.geometry.coordinates.forEach(take);
    else if (feature.geometry.type === 'MultiPolygon') feature.geometry.coordinates.flat(2).forEach(take);
  }
  return box;
}
