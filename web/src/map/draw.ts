// The map itself, apart from the page: made once, told what to show, and telling what was clicked.
// Loaded only when a page shows a map (it is by far the largest part of the console).

import maplibregl from 'maplibre-gl/dist/maplibre-gl-csp';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-csp-worker?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { GeoJSONSource, LayerSpecification, Map as MapLibre } from 'maplibre-gl';
import type { Itinerary } from '../lib/api';
import { FONTS, loadGlyphs } from './glyphs';
import { BELOW_NAMES, mapStyle, STOPS_NAMED } from './style';
import { boxOf, NOTHING, tripFeatures, type Box } from './trip';

maplibregl.setWorkerUrl(workerUrl);
maplibregl.addProtocol('glyphs', loadGlyphs);

export interface MapWords {
  title: string;
  zoomIn: string;
  zoomOut: string;
}

export interface MapEvents {
  point(lat: number, lon: number): void;
  stop(id: string, name: string, lat: number, lon: number): void;
}

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

const still = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;
const dark = matchMedia('(prefers-color-scheme: dark)');

const kindIs = (...kinds: string[]) => ['in', ['get', 'kind'], ['literal', kinds]] as never;

const TRIP_LINES: LayerSpecification[] = [
  {
    id: 'trip-case',
    type: 'line',
    source: 'trip',
    filter: kindIs('ride'),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': '#ffffff', 'line-width': 11 },
  },
  {
    id: 'trip-ride',
    type: 'line',
    source: 'trip',
    filter: kindIs('ride'),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': ['get', 'color'], 'line-width': 7 },
  },
  {
    id: 'trip-walk-case',
    type: 'line',
    source: 'trip',
    filter: kindIs('walk'),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': '#ffffff', 'line-width': 8, 'line-opacity': 0.85 },
  },
  {
    id: 'trip-walk',
    type: 'line',
    source: 'trip',
    filter: kindIs('walk'),
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': ['get', 'color'], 'line-width': 4.5, 'line-dasharray': [0.1, 1.7] },
  },
];

const TRIP_POINTS: LayerSpecification[] = [
  {
    id: 'trip-between',
    type: 'circle',
    source: 'trip',
    filter: kindIs('between'),
    minzoom: 11,
    paint: {
      'circle-radius': 3,
      'circle-color': '#ffffff',
      'circle-stroke-color': ['get', 'color'],
      'circle-stroke-width': 1.5,
    },
  },
  {
    id: 'trip-change',
    type: 'circle',
    source: 'trip',
    filter: kindIs('change'),
    paint: {
      'circle-radius': 6,
      'circle-color': '#ffffff',
      'circle-stroke-color': ['get', 'color'],
      'circle-stroke-width': 3.5,
    },
  },
  {
    id: 'trip-start',
    type: 'circle',
    source: 'trip',
    filter: kindIs('start'),
    paint: {
      'circle-radius': 8,
      'circle-color': '#0d6b5e',
      'circle-stroke-color': '#ffffff',
      'circle-stroke-width': 3,
    },
  },
  {
    id: 'trip-end',
    type: 'circle',
    source: 'trip',
    filter: kindIs('end'),
    paint: {
      'circle-radius': 8,
      'circle-color': '#c2401f',
      'circle-stroke-color': '#ffffff',
      'circle-stroke-width': 3,
    },
  },
  {
    id: 'trip-names',
    type: 'symbol',
    source: 'trip',
    filter: ['all', kindIs('change', 'start', 'end'), ['!=', ['get', 'name'], '']],
    layout: {
      'text-field': ['get', 'name'],
      'text-font': ['Bold'],
      'text-size': 14,
      'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
      'text-radial-offset': 0.95,
      'text-justify': 'auto',
    },
    paint: { 'text-color': '#16201f', 'text-halo-color': '#ffffff', 'text-halo-width': 2.4 },
  },
];

export class CityMap {
  private map: MapLibre;
  private ready: Promise<void>;
  private trip = NOTHING;
  private english = false;

  constructor(
    box: HTMLElement,
    bounds: Box,
    words: MapWords,
    english: boolean,
    private events: MapEvents,
  ) {
    this.english = english;
    this.map = new maplibregl.Map({
      container: box,
      style: mapStyle(location.origin, dark.matches, this.english),
      bounds: [bounds.west, bounds.south, bounds.east, bounds.north],
      fitBoundsOptions: { padding: 20 },
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      localIdeographFontFamily: FONTS,
      minZoom: 7,
      maxZoom: 18.5,
      fadeDuration: still() ? 0 : 250,
      locale: {
        'Map.Title': words.title,
        'NavigationControl.ZoomIn': words.zoomIn,
        'NavigationControl.ZoomOut': words.zoomOut,
      },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right');
    this.ready = new Promise((done) => this.map.once('load', () => done()));
    this.map.on('load', () => this.addTrip());
    this.map.on('click', (event) => this.clicked(event));
    this.map.on('mousemove', 'stops', () => (this.map.getCanvas().style.cursor = 'pointer'));
    this.map.on('mouseleave', 'stops', () => (this.map.getCanvas().style.cursor = ''));
    dark.addEventListener('change', this.restyle);
    box.dataset.map = 'loading';
    this.map.on('idle', () => (box.dataset.map = 'idle'));
    this.map.on('movestart', () => (box.dataset.map = 'moving'));
  }

  /** Names in English where the city has them, else in its own language. */
  speak(english: boolean): void {
    if (english === this.english) return;
    this.english = english;
    this.restyle();
  }

  private restyle = (): void => {
    this.map.setStyle(mapStyle(location.origin, dark.matches, this.english));
    this.map.once('styledata', () => this.addTrip());
  };

  private addTrip(): void {
    if (this.map.getSource('trip')) return;
    this.map.addSource('trip', { type: 'geojson', data: this.trip });
    for (const layer of TRIP_LINES) this.map.addLayer(layer, BELOW_NAMES);
    for (const layer of TRIP_POINTS) this.map.addLayer(layer);
    this.nameOnce();
  }

  /** A stop that the trip names is not named by the map below it as well. */
  private nameOnce(): void {
    const names = this.trip.features.map((feature) => String(feature.properties?.name ?? '')).filter(Boolean);
    this.map.setFilter('stop-names', ['all', STOPS_NAMED, ['!', ['in', ['get', 'name'], ['literal', names]]]] as never);
  }

  private clicked(event: maplibregl.MapMouseEvent): void {
    const { x, y } = event.point;
    const near = this.map.queryRenderedFeatures(
      [
        [x - 9, y - 9],
        [x + 9, y + 9],
      ],
      { layers: ['stops', 'stop-names'] },
    );
    const stop = near.find((feature) => feature.properties.id);
    if (stop && stop.geometry.type === 'Point') {
      const [lon, lat] = stop.geometry.coordinates;
      this.events.stop(String(stop.properties.id), String(stop.properties.name ?? ''), lat, lon);
    } else this.events.point(event.lngLat.lat, event.lngLat.lng);
  }

  /** Show an itinerary, or only the two ends, or nothing; and bring it into view. */
  async show(trip: Itinerary | null, padding: Padding): Promise<void> {
    this.trip = trip ? tripFeatures(trip) : NOTHING;
    await this.ready;
    (this.map.getSource('trip') as GeoJSONSource | undefined)?.setData(this.trip);
    this.nameOnce();
    const box = boxOf(this.trip);
    if (box) this.view(box, padding);
  }

  view(box: Box, padding: Padding, maxZoom = 16): void {
    this.map.fitBounds([box.west, box.south, box.east, box.north], {
      padding,
      maxZoom,
      animate: !still(),
      duration: 600,
    });
  }

  picking(on: boolean): void {
    this.map.getCanvas().style.cursor = on ? 'crosshair' : '';
  }

  centre(): { lat: number; lon: number } {
    const { lat, lng } = this.map.getCenter();
    return { lat, lon: lng };
  }

  focus(): void {
    this.map.getCanvas().focus();
  }

  remove(): void {
    dark.removeEventListener('change', this.restyle);
    this.map.remove();
  }
}
