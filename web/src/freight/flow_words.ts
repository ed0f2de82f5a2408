// Names of corridors and handlings in the language chosen.

import type { Row, Which } from '../lib/flow';
import { store, t, tOr } from '../lib/store.svelte';
import { nameOf } from './words';

const modeOf = (mode: string): string => tOr(`mode_${mode}`, mode);

export function whichOf(row: Which): string {
  if (row.kind !== 'handling') {
    const way = `${nameOf(row.from)} → ${nameOf(row.to)}`;
    if (row.mode && row.mode !== 'rail') return `${modeOf(row.mode)} ${way}`;
    // Lines have Chinese names only.
    const line = store.lang === 'en' || row.kind === 'corridor' ? row.id : row.name_zh;
    return line ? `${line} ${way}` : way;
  }
  const place = nameOf(row.from);
  if (!row.from_mode) return t('flow_load', { place, mode: modeOf(row.mode ?? '') });
  if (!row.mode) return t('flow_unload', { place, mode: modeOf(row.from_mode) });
  return t('flow_tranship', { place, from: modeOf(row.from_mode), to: modeOf(row.mode) });
}

/** Whole trains a week, else trains or lorries a day; `show` writes the number. */
export function vehiclesOf(row: Pick<Row, 'trains_day' | 'trucks_day'> & { trains_week?: number | null }, show: (n: number) => string | number = (n) => n): string {
  if (typeof row.trains_week === 'number') return t('flow_trains_week', { n: show(row.trains_week) });
  if (row.trains_day !== null) return t('flow_trains', { n: show(row.trains_day) });
  return row.trucks_day !== null ? t('flow_trucks', { n: show(row.trucks_day) }) : '';
}
