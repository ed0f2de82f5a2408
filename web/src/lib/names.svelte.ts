// English names of stops in answers that only carry the data's own (Chinese) names: looked up once by name through the
// search, and remembered. Until one is known, and where none is, the Chinese name stands.

import { SvelteMap } from 'svelte/reactivity';
import { ask, type Place } from './api';
import { store } from './store.svelte';

const KEPT_MAX = 2000;

const known = new SvelteMap<string, string>();
const asked = new Set<string>();
const waiting: string[] = [];
let running = false;

async function lookUp(): Promise<void> {
  running = true;
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    try {
      const answer = await ask<{ places: Place[] }>('/api/v1/places', { q: name, limit: 5 }, 'en');
      const place = answer.places.find((one) => one.name === name && one.name_en);
      if (place) known.set(name, place.name_en);
    } catch {
      // Without an English name the Chinese one stands.
    }
  }
  running = false;
}

/** A name as this reader calls it. Reactive: an English name comes in as soon as it is known. */
export function called(name: string): string {
  if (store.lang !== 'en' || !/[\u3400-\u9fff]/.test(name)) return name;
  const line = name.match(/^(?:地铁)?(\d+)号线$/);
  if (line) return `Line ${line[1]}`;
  const english = known.get(name);
  if (english) return english;
  if (!asked.has(name) && asked.size < KEPT_MAX) {
    asked.add(name);
    waiting.push(name);
    if (!running) void lookUp();
  }
  return name;
}
