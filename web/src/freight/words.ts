// Words that the freight views share: names in the language chosen, figures, and where a figure comes from.

import { store, t } from '../lib/store.svelte';

export interface Named {
  id?: string;
  name_zh: string | null;
  name_en: string | null;
}

/** The name in the language chosen, else the other one, else the id. */
export function nameOf(one: Named): string {
  return (store.lang === 'en' ? one.name_en || one.name_zh : one.name_zh || one.name_en) || one.id || '';
}

export function figure(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined ? '' : new Intl.NumberFormat(store.lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** Sources of the freight tables («S10;S13», «S12 + E»): S and a number is in their list, E is an estimate of the authors. */
export function sourceOf(source: string | null | undefined): string {
  if (!source) return '';
  const parts = source.split(/\s*[;+,]\s*/);
  if (!parts.every((part) => /^(S\d+|E)$/.test(part))) return source;
  const listed = parts.filter((part) => part !== 'E');
  return [listed.length ? t('fr_source', { what: listed.join(', ') }) : '', listed.length < parts.length ? t('fr_source_own') : ''].filter(Boolean).join(' + ');
}

/** The row of a table a price stands in; «*» is the row for any place. */
export function rowOf(id: string | null | undefined): string {
  return id === '*' ? t('fr_row_any') : (id ?? '');
}

export const chipOf = (kind: string | undefined): string => (kind === 'given' ? '' : 'amber');
export const kindOf = (kind: string | undefined): string => t(kind === 'given' ? 'fr_given' : 'fr_assumed');
