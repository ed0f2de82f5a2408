// The points of the question as buttons on the map: dragged with mouse or finger, moved with the arrow keys (Shift: one
// pixel), taken away with Delete.

import maplibregl from 'maplibre-gl/dist/maplibre-gl-csp';
import type { Map as MapLibre, Marker } from 'maplibre-gl';
import type { Pin } from '../lib/chart.svelte';

const STEP_PX = 12;
/** After the last arrow key, before the new place is asked for. */
const PAUSE_MS = 600;

const MOVES: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface PinEvents {
  pinMoved(id: Pin['id'], lat: number, lon: number): void;
  pinGone(id: Pin['id']): void;
}

export class Pins {
  private shown = new Map<string, { marker: Marker; button: HTMLButtonElement }>();

  constructor(
    private map: MapLibre,
    private events: PinEvents,
  ) {}

  show(pins: Pin[]): void {
    const wanted = new Set<string>(pins.map((pin) => pin.id));
    for (const [id, { marker }] of this.shown)
      if (!wanted.has(id)) {
        marker.remove();
        this.shown.delete(id);
      }
    for (const pin of pins) {
      const one = this.shown.get(pin.id) ?? this.make(pin);
      one.marker.setLngLat([pin.lon, pin.lat]);
      one.button.textContent = pin.sign;
      one.button.setAttribute('aria-label', pin.label);
      one.button.title = pin.label;
    }
  }

  private make(pin: Pin): { marker: Marker; button: HTMLButtonElement } {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = `pin ${pin.id.startsWith('via') ? 'via' : pin.id}`;
    const marker = new maplibregl.Marker({ element: button, draggable: true, anchor: 'center' })
      .setLngLat([pin.lon, pin.lat])
      .addTo(this.map);
    const tell = () => {
      const { lat, lng } = marker.getLngLat();
      this.events.pinMoved(pin.id, lat, lng);
    };
    marker.on('dragend', tell);
    let waiting: ReturnType<typeof setTimeout> | undefined;
    button.addEventListener('keydown', (event) => {
      const move = MOVES[event.key];
      if (event.key === 'Delete' || event.key === 'Backspace') {
        event.preventDefault();
        this.events.pinGone(pin.id);
      }
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      const at = this.map.project(marker.getLngLat());
      const step = event.shiftKey ? 1 : STEP_PX;
      marker.setLngLat(this.map.unproject([at.x + move[0] * step, at.y + move[1] * step]));
      clearTimeout(waiting);
      waiting = setTimeout(tell, PAUSE_MS);
    });
    const one = { marker, button };
    this.shown.set(pin.id, one);
    return one;
  }
}
