// Instants as people at the desk read them: «06-03 08:15», with the year when it is another one.
import { clock, day } from '../lib/time';
import { store, t } from '../lib/store.svelte';

/** An instant that is not said is «…». */
export function instant(text: string | null | undefined): string {
  if (!text) return '…';
  const date = day(text);
  const year = store.nowLocal.slice(0, 4);
  return `${date.startsWith(year) ? date.slice(5) : date} ${clock(text)}`;
}

/** A span in the two largest units that say something: 95 -> «1 h 35 min», 3000 -> «2 d 2 h». */
export function lasting(minutes: number): string {
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days) return hours ? t('span_days_hours', { d: days, h: hours }) : t('span_days', { d: days });
  return hours ? t('hourMin', { h: hours, n: minutes % 60 }) : t('min', { n: minutes });
}
