// What every page shares: the question (mirrored in the address), the language, the city, and the wall clock.

import { ask, Problem, type City, type Place } from './api';
import { localText } from './time';
import { readHash, writeHash, type Question } from './question';
import zhPublic from '../text/zh-CN.json';
import enPublic from '../text/en.json';
import zhDesk from '../text/desk.zh-CN.json';
import enDesk from '../text/desk.en.json';
import zhDispatch from '../text/dispatch.zh-CN.json';
import enDispatch from '../text/dispatch.en.json';
import zhFreight from '../text/freight.zh-CN.json';
import enFreight from '../text/freight.en.json';

export type Lang = 'zh-CN' | 'en';
// Words of the staff's pages lie in dictionaries of their own.
const zh = { ...zhPublic, ...zhDesk, ...zhDispatch, ...zhFreight };
const en = { ...enPublic, ...enDesk, ...enDispatch, ...enFreight };
export type Key = keyof typeof zh;
// Both dictionaries have the same keys: a missing or surplus one does not compile.
const words: Record<Lang, Record<Key, string>> = { 'zh-CN': zh, en };
const surplus: Record<Exclude<keyof typeof en, Key>, never> = {};
void surplus;

const LANG_KEY = 'tongqu.lang';
const EASY_KEY = 'tongqu.easy';
/** Half the side of what the map opens on, about ten kilometres. */
const HEART_DEGREES = 0.12;

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden (private window): the choice then lasts for this page only.
  }
}

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function firstLang(): Lang {
  const kept = recall(LANG_KEY);
  if (kept === 'zh-CN' || kept === 'en') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

class Store {
  lang = $state<Lang>(firstLang());
  question = $state<Question>(readHash(location.hash));
  city = $state<City | null>(null);
  cityProblem = $state<Problem | null>(null);
  /** Milliseconds, moved every ten seconds. */
  now = $state(Date.now());
  /** Where the map opens; null = the whole city. */
  heart: City['box'] | null = null;
  heartKnown: Promise<void> = Promise.resolve();
  /** Said to screen readers, not shown. */
  said = $state('');

  constructor() {
    if (!location.hash && recall(EASY_KEY) === '1') this.question.easy = true;
    window.addEventListener('hashchange', () => {
      if (location.hash !== writeHash(this.question)) this.question = readHash(location.hash);
    });
    setInterval(() => (this.now = Date.now()), 10_000);
  }

  setLang(lang: Lang): void {
    this.lang = lang;
    remember(LANG_KEY, lang);
  }

  /** Change the question; `push` leaves the old one behind the back button. */
  go(change: Partial<Question>, how: 'push' | 'replace' = 'push'): void {
    const next = { ...this.question, ...change };
    const hash = writeHash(next);
    this.question = next;
    if (hash === location.hash) return;
    const address = hash || location.pathname + location.search;
    if (how === 'push') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  }

  setEasy(easy: boolean): void {
    remember(EASY_KEY, easy ? '1' : '0');
    this.go({ easy, page: 'plan' });
  }

  /** Wall clock of the city now, "2025-06-03T22:31". */
  get nowLocal(): string {
    return localText(new Date(this.now), this.city?.timezone ?? 'Asia/Shanghai');
  }

  say(text: string): void {
    // The same words twice in a row are only read again when the text changes.
    this.said = text === this.said ? `${text}\u00a0` : text;
  }

  async loadCity(): Promise<void> {
    try {
      const city = await ask<City>('/api/v1/city', {}, this.lang);
      this.heartKnown = this.findHeart(city);
      this.city = city;
      this.cityProblem = null;
    } catch (cause) {
      if (cause instanceof Problem) this.cityProblem = cause;
    }
  }

  /** The city's box holds far villages too; the map opens on the town that gave it its name. */
  private async findHeart(city: City): Promise<void> {
    const { south, west, north, east } = city.box;
    if (east - west < 2 * HEART_DEGREES && north - south < 2 * HEART_DEGREES) return;
    try {
      const answer = await ask<{ places: Place[] }>('/api/v1/places', { q: city.name, limit: 10 }, this.lang);
      const town = answer.places.find((place) => place.kind === 'locality' && place.name === city.name);
      if (!town) return;
      this.heart = {
        west: Math.max(west, town.lon - HEART_DEGREES),
        east: Math.min(east, town.lon + HEART_DEGREES),
        south: Math.max(south, town.lat - HEART_DEGREES * 0.8),
        north: Math.min(north, town.lat + HEART_DEGREES * 0.8),
      };
    } catch {
      // The whole box will do.
    }
  }
}

export const store = new Store();

/** Text of a key in the language chosen, with {name} parts filled in; {n?one|many} chooses by the number n. */
export function t(key: Key, parts?: Record<string, string | number>): string {
  const text = words[store.lang][key];
  if (!parts) return text;
  return text
    .replace(/\{(\w+)\?([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) =>
      Number(parts[name]) === 1 ? one : many,
    )
    .replace(/\{(\w+)\}/g, (whole, name: string) => String(parts[name] ?? whole));
}

/** Text of a key made at run time, or `other` when the dictionaries do not have it. */
export function tOr(key: string, other: string): string {
  return key in words['zh-CN'] ? words[store.lang][key as Key] : other;
}

/** The name people of this language read: the English one when there is one. */
export function nameOf(thing: { name: string; name_en?: string }): string {
  return store.lang === 'en' && thing.name_en ? thing.name_en : thing.name;
}

/** Language of a text for screen readers, where it is not that of the page: Chinese names in English pages and the reverse. */
export function langOf(text: string): Lang | undefined {
  const chinese = /[\u3400-\u9fff]/.test(text);
  if (store.lang === 'en') return chinese ? 'zh-CN' : undefined;
  return !chinese && /[a-z]{3}/i.test(text) ? 'en' : undefined;
}
