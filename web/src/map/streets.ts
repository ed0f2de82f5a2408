// The street layer: what the engine knows of the streets (/tile/v1), one line a direction beside the middle of the
// street, closures and banned turns as signs. Shown from zoom 12 on, turns from 15 on, as the tiles have them.

import type { ExpressionSpecification, LayerSpecification, Map as MapLibre, VectorTileSource } from 'maplibre-gl';
import type { StreetFact, StreetLayer } from '../lib/chart.svelte';
import { CLASS_GROUPS, speedBands, STREETS_ZOOM, TURNS_ZOOM, type Ban } from '../lib/legend';
import { addSigns } from './signs';
import { BELOW_NAMES } from './style';

const TILES_UP_TO = 16;
const SOURCE = 'engine';
/** Streets and turns this many pixels from the point looked at are told. */
const LOOK_PX = 12;

const open: ExpressionSpecification = ['!=', ['get', 'closed'], true];
const isClass = (classes: string[]): ExpressionSpecification => ['in', ['get', 'class'], ['literal', classes]];
const dashed = CLASS_GROUPS.filter((group) => group.dash);
const solid: ExpressionSpecification = ['!', isClass(dashed.flatMap((group) => group.classes))];

const byClass = (of: (group: (typeof CLASS_GROUPS)[number]) => string | number): ExpressionSpecification =>
  [
    'match',
    ['get', 'class'],
    ...CLASS_GROUPS.flatMap((group) => [group.classes, of(group)]),
    of(CLASS_GROUPS.find((group) => group.id === 'minor')!),
  ] as unknown as ExpressionSpecification;

const grow = (low: number, middle: number, high: number, share?: ExpressionSpecification): ExpressionSpecification => {
  const at = (size: number) => (share ? ['*', size, share] : size);
  return [
    'interpolate',
    ['exponential', 1.4],
    ['zoom'],
    STREETS_ZOOM,
    at(low),
    15,
    at(middle),
    18,
    at(high),
  ] as unknown as ExpressionSpecification;
};

/** To the right of the middle, as one drives. */
const BESIDE = grow(1, 2.6, 7);
const WIDTH = grow(1.4, 3.6, 10, byClass((group) => group.width));

const speedColor = (kind: StreetLayer['kind']): ExpressionSpecification => {
  const bands = speedBands(kind);
  return [
    'step',
    ['get', 'speed'],
    bands[0].color,
    ...bands.slice(1).flatMap((band, at) => [bands[at].below, band.color]),
  ] as unknown as ExpressionSpecification;
};

const line = (
  id: string,
  filter: ExpressionSpecification,
  paint: Record<string, unknown>,
  cap: 'round' | 'butt' = 'butt',
): LayerSpecification =>
  ({
    id,
    type: 'line',
    source: SOURCE,
    'source-layer': 'speeds',
    filter,
    layout: { 'line-cap': cap, 'line-join': 'round' },
    paint: { 'line-offset': BESIDE, ...paint },
  }) as LayerSpecification;

function painted(layer: StreetLayer, ink: string): LayerSpecification[] {
  if (layer.paint === 'none') return [];
  const color = layer.paint === 'speed' ? speedColor(layer.kind) : byClass((group) => group.color);
  const casing = grow(2.4, 5.4, 12.4, byClass((group) => group.width));
  const layers = [
    line('engine-case', ['all', open, solid], { 'line-color': ink, 'line-width': casing }),
    line('engine-line', ['all', open, solid], { 'line-color': color, 'line-width': WIDTH }),
  ];
  for (const group of dashed) {
    const only: ExpressionSpecification = ['all', open, isClass(group.classes)];
    layers.push(line(`engine-${group.id}-case`, only, { 'line-color': ink, 'line-width': casing, 'line-opacity': 0.45 }));
    layers.push(line(`engine-${group.id}`, only, { 'line-color': color, 'line-width': WIDTH, 'line-dasharray': group.dash }));
  }
  return layers;
}

const CLOSED: LayerSpecification[] = [
  line('engine-closed-case', ['==', ['get', 'closed'], true], { 'line-color': '#ffffff', 'line-width': grow(3, 6, 12) }),
  line('engine-closed', ['==', ['get', 'closed'], true], {
    'line-color': '#000000',
    'line-width': grow(2, 4, 9),
    'line-dasharray': [1.4, 0.9],
  }),
  {
    id: 'engine-closed-signs',
    type: 'symbol',
    source: SOURCE,
    'source-layer': 'speeds',
    minzoom: 13,
    filter: ['==', ['get', 'closed'], true],
    layout: {
      'symbol-placement': 'line-center',
      'icon-image': 'closed',
      'icon-size': ['interpolate', ['linear'], ['zoom'], 13, 0.5, 17, 0.9],
      'icon-rotation-alignment': 'viewport',
      'icon-allow-overlap': true,
    },
  },
];

/** u_turn first: the server names it apart from the angle. */
const BAN: ExpressionSpecification = [
  'case',
  ['==', ['get', 'u_turn'], true],
  'u',
  ['<', ['get', 'turn_angle'], -30],
  'left',
  ['>', ['get', 'turn_angle'], 30],
  'right',
  'straight',
];

const TURNS: LayerSpecification = {
  id: 'engine-turns',
  type: 'symbol',
  source: SOURCE,
  'source-layer': 'turns',
  minzoom: TURNS_ZOOM,
  filter: ['==', ['get', 'restriction'], true],
  layout: {
    'icon-image': ['concat', 'ban-', BAN],
    'icon-size': ['interpolate', ['linear'], ['zoom'], TURNS_ZOOM, 0.75, 18, 1.1],
    // Before the junction, on the right of the street one arrives by, and beside other bans of the same street.
    'icon-offset': [
      'match',
      BAN,
      'left',
      ['literal', [-4, 46]],
      'straight',
      ['literal', [25, 46]],
      'right',
      ['literal', [54, 46]],
      ['literal', [-4, 76]],
    ],
    'icon-rotate': ['get', 'bearing_in'],
    'icon-rotation-alignment': 'map',
    'icon-allow-overlap': true,
    'icon-ignore-placement': true,
  },
} as LayerSpecification;

export class StreetLayers {
  private shown: StreetLayer | null = null;
  private added: string[] = [];

  constructor(private map: MapLibre) {}

  /** The style was replaced: nothing of ours is left in it. */
  restore(dark: boolean): void {
    const shown = this.shown;
    this.shown = null;
    this.added = [];
    this.show(shown, dark);
  }

  show(layer: StreetLayer | null, dark: boolean): void {
    const before = this.shown;
    this.shown = layer;
    for (const id of this.added) this.map.removeLayer(id);
    this.added = [];
    if (!layer) {
      if (this.map.getSource(SOURCE)) this.map.removeSource(SOURCE);
      return;
    }
    addSigns(this.map);
    const tiles = [`${location.origin}/tile/v1/${layer.vehicle}/tile({x},{y},{z}).mvt${layer.query}`];
    const source = this.map.getSource(SOURCE) as VectorTileSource | undefined;
    if (!source)
      this.map.addSource(SOURCE, { type: 'vector', tiles, minzoom: STREETS_ZOOM, maxzoom: TILES_UP_TO });
    else if (before?.vehicle !== layer.vehicle || before.query !== layer.query || before.live !== layer.live)
      source.setTiles(tiles);
    const lines = painted(layer, dark ? '#c9d4d3' : '#2b2b33');
    for (const one of [...lines, ...(layer.closures ? CLOSED : [])]) this.add(one, BELOW_NAMES);
    if (layer.bans) this.add(TURNS);
    // A layer of a source is what makes its tiles load, and looking at a place needs them under any choice.
    if (!this.added.length) this.add(line('engine-none', ['literal', true] as never, { 'line-opacity': 0 }), BELOW_NAMES);
  }

  private add(layer: LayerSpecification, before?: string): void {
    this.map.addLayer(layer, before && this.map.getLayer(before) ? before : undefined);
    this.added.push(layer.id);
  }

  /** What is known of the streets around a point of the screen; each direction and each ban once. */
  factsAt(x: number, y: number): StreetFact[] {
    if (!this.added.length) return [];
    const here = this.map.unproject([x, y]);
    const found = new Map<string, StreetFact>();
    const near = this.map.unproject([x + LOOK_PX, y]);
    const reach = Math.abs(near.lng - here.lng);
    const cos = Math.cos((here.lat * Math.PI) / 180);
    const features = [
      ...this.map.querySourceFeatures(SOURCE, { sourceLayer: 'speeds' }),
      ...this.map.querySourceFeatures(SOURCE, { sourceLayer: 'turns', filter: ['==', ['get', 'restriction'], true] }),
    ];
    for (const feature of features) {
      const told = feature.properties;
      if (feature.geometry.type === 'Point') {
        const [lon, lat] = feature.geometry.coordinates;
        if (Math.hypot(lon - here.lng, (lat - here.lat) / cos) > reach * 2) continue;
        const ban = banOf(told);
        found.set(`ban${ban}${told.bearing_in}`, fact('ban', told, Number(told.bearing_in), ban));
      } else {
        const lines =
          feature.geometry.type === 'LineString'
            ? [feature.geometry.coordinates]
            : feature.geometry.type === 'MultiLineString'
              ? feature.geometry.coordinates
              : [];
        const bearing = bearingNear(lines, [here.lng, here.lat], reach, cos);
        if (bearing !== null) found.set(`${told.edge}${told.direction}`, fact('street', told, bearing, null));
      }
    }
    return [...found.values()].sort(
      (a, b) => a.kind.localeCompare(b.kind) * -1 || a.name.localeCompare(b.name) || a.bearing - b.bearing,
    );
  }
}

type Told = Record<string, unknown>;

function banOf(told: Told): Ban {
  const angle = Number(told.turn_angle);
  if (told.u_turn === true) return 'u';
  return angle < -30 ? 'left' : angle > 30 ? 'right' : 'straight';
}

function fact(kind: StreetFact['kind'], told: Told, bearing: number, ban: Ban | null): StreetFact {
  return {
    kind,
    name: String(told.name ?? ''),
    class: String(told.class ?? ''),
    bearing,
    kmh: Number(told.speed ?? 0),
    closed: told.closed === true,
    ban,
  };
}

/** In which direction the line runs where it passes within `reach` degrees of longitude; null if it doesn't. */
function bearingNear(lines: number[][][], here: [number, number], reach: number, cos: number): number | null {
  let best = reach;
  let bearing: number | null = null;
  for (const points of lines)
    for (let at = 1; at < points.length; at++) {
      const [ax, ay] = [points[at - 1][0] - here[0], (points[at - 1][1] - here[1]) / cos];
      const [bx, by] = [points[at][0] - here[0], (points[at][1] - here[1]) / cos];
      const square = (bx - ax) ** 2 + (by - ay) ** 2;
      const share = square ? Math.min(1, Math.max(0, -(ax * (bx - ax) + ay * (by - ay)) / square)) : 0;
      const away = Math.hypot(ax + share * (bx - ax), ay + share * (by - ay));
      if (away > best || !square) continue;
      best = away;
      bearing = ((Math.atan2(bx - ax, by - ay) * 180) / Math.PI + 360) % 360;
    }
  return bearing;
}
