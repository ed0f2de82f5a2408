// The map itself, apart from the page: made once, told what to show, and telling what was clicked.
// Loaded only when a page shows a map (it is by far the largest part of the console).

import maplibregl from 'maplibre-gl/dist/maplibre-gl-csp';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-csp-worker?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { GeoJSONSource, LayerSpecification, Map as MapLibre } from 'maplibre-gl';
import type { Itinerary } from '../lib/api';
import type { DeskLine, Pin, StreetFact, StreetLayer } from '../lib/chart.svelte';
import type { ReachFeature, Way } from '../lib/roads';
import { FONTS, loadGlyphs } from './glyphs';
import { Pins } from './pins';
import { StreetLayers } from './streets';
import { BELOW_NAMES, mapStyle, STOPS_NAMED } from './style';
import { boxOf, NOTHING, tripFeatures, type Box } from './trip';
import { deskFeatures, deskLayers } from './desk';
import { reachFeatures, roadLayers, roadNames, wayFeatures } from './ways';

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
  way(at: number): void;
  /** The way chosen was pulled aside between the points of a leg. */
  pulled(leg: number, lat: number, lon: number): void;
  pinMoved(id: Pin['id'], lat: number, lon: number): void;
  pinGone(id: Pin['id']): void;
  zoom(zoom: number): void;
  facts(facts: StreetFact[]): void;
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

/** A shorter move of the mouse is a click. */
const PULL_PX = 6;
/** A way over less than this share of the map is brought nearer. */
const LARGE_ENOUGH = 0.3;

export class CityMap {
  private map: MapLibre;
  private ready: Promise<void>;
  private trip = NOTHING;
  private ways = NOTHING;
  private reach = NOTHING;
  private desk = NOTHING;
  private english = false;
  private pins: Pins;
  private streets: StreetLayers;

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
    this.pins = new Pins(this.map, events);
    this.streets = new StreetLayers(this.map);
    this.ready = new Promise((done) => this.map.once('load', () => done()));
    // Before `ready`: who waits for it finds the sources there.
    this.map.once('load', () => this.addOwn());
    this.map.on('zoomend', () => events.zoom(this.map.getZoom()));
    events.zoom(this.map.getZoom());
    this.map.on('mousedown', 'ways-line', (event) => this.pull(event));
    for (const layer of ['ways-line', 'ways-other']) {
      this.map.on('mousemove', layer, () => (this.map.getCanvas().style.cursor = layer === 'ways-line' ? 'move' : 'pointer'));
      this.map.on('mouseleave', layer, () => (this.map.getCanvas().style.cursor = ''));
    }
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
    this.map.once('styledata', () => {
      this.addOwn();
      this.streets.restore(dark.matches);
    });
  };

  private addOwn(): void {
    if (this.map.getSource('trip')) return;
    this.map.addSource('reach', { type: 'geojson', data: this.reach });
    this.map.addSource('desk', { type: 'geojson', data: this.desk });
    this.map.addSource('ways', { type: 'geojson', data: this.ways });
    for (const layer of roadLayers(dark.matches)) this.map.addLayer(layer, BELOW_NAMES);
    for (const layer of deskLayers(dark.matches)) this.map.addLayer(layer);
    for (const layer of roadNames(dark.matches)) this.map.addLayer(layer);
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
    if (event.originalEvent.target instanceof Element && event.originalEvent.target.closest('.pin')) return;
    const other = this.map.queryRenderedFeatures(event.point, { layers: ['ways-other'] })[0];
    if (other) {
      this.events.way(Number(other.properties.at));
      return;
    }
    this.events.facts(this.streets.factsAt(x, y));
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

  /** A press on the way and a move aside: the way shall lead past there. */
  private pull(event: maplibregl.MapLayerMouseEvent): void {
    if (event.originalEvent.button !== 0) return;
    const leg = Number(event.features?.[0]?.properties.leg ?? 0);
    const start = event.point;
    event.preventDefault();
    const end = (last: maplibregl.MapMouseEvent): void => {
      if (start.dist(last.point) < PULL_PX) return;
      this.events.pulled(leg, last.lngLat.lat, last.lngLat.lng);
    };
    this.map.once('mouseup', end);
  }

  async showWays(ways: Way[], chosen: number, tag: (way: Way, at: number) => string, padding: Padding): Promise<void> {
    this.ways = wayFeatures(ways, chosen, tag);
    await this.ready;
    (this.map.getSource('ways') as GeoJSONSource | undefined)?.setData(this.ways);
    this.bring(boxOf(this.ways), padding);
  }

  /** Closures, detours and stretches; `go` brings the map there. */
  async showDesk(lines: DeskLine[], go: boolean, padding: Padding): Promise<void> {
    this.desk = deskFeatures(lines);
    await this.ready;
    (this.map.getSource('desk') as GeoJSONSource | undefined)?.setData(this.desk);
    if (go) this.bring(boxOf(this.desk), padding);
  }

  async showReach(reach: ReachFeature[], tag: (minutes: number) => string, padding: Padding): Promise<void> {
    this.reach = reachFeatures(reach, dark.matches, tag);
    await this.ready;
    (this.map.getSource('reach') as GeoJSONSource | undefined)?.setData(this.reach);
    this.bring(boxOf(this.reach), padding);
  }

  async showStreets(layer: StreetLayer | null): Promise<void> {
    await this.ready;
    this.streets.show(layer, dark.matches);
  }

  showPins(pins: Pin[]): void {
    this.pins.show(pins);
  }

  factsAtCentre(): StreetFact[] {
    const { x, y } = this.map.project(this.map.getCenter());
    return this.streets.factsAt(x, y);
  }

  /** Into view, unless it is there already and large enough to be read: what was just dragged must not jump. */
  private bring(box: Box | null, padding: Padding): void {
    if (!box) return;
    const seen = this.map.getBounds();
    const inside = seen.contains([box.west, box.south]) && seen.contains([box.east, box.north]);
    const share = Math.max(
      (box.east - box.west) / (seen.getEast() - seen.getWest()),
      (box.north - box.south) / (seen.getNorth() - seen.getSouth()),
    );
    if (!inside || share < LARGE_ENOUGH) this.view(box, padding);
  }

  view(box: Box, padding: Padding, maxZoom = 16): void {
    this.map.fitBounds([box.west, box.south, box.east, box.north], {
      padding,
      maxZoom,
      animate: !still(),
      duration: 600,
    });
  }

  nearer(zoom: number): void {
    if (this.map.getZoom() < zoom) this.map.easeTo({ zoom, animate: !still() });
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
