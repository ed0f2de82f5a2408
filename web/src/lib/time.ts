// Instants of the API are RFC 3339 with the city's own offset, so the wall clock of the city can be read off the
// text itself: nothing here depends on the time zone of the browser.

/** "2025-06-03T22:31:00+08:00" -> "22:31". */
export function clock(instant: string): string {
  return instant.slice(11, 16);
}

/** The city's calendar day of an instant, "2025-06-03". */
export function day(instant: string): string {
  return instant.slice(0, 10);
}

export function minutesBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
}

/** Wall clock of `zone` at an instant, as "2025-06-03T22:31". */
export function localText(at: Date, zone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const part: Record<string, string> = {};
  for (const piece of format.formatToParts(at)) part[piece.type] = piece.value;
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
}

/** Move a local text by whole minutes, without any zone: "2025-06-03T23:50" + 20 -> "2025-06-04T00:10". */
export function moveLocal(local: string, minutes: number): string {
  const at = new Date(Date.parse(`${local}:00Z`) + minutes * 60_000);
  return at.toISOString().slice(0, 16);
}

export function isLocal(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}:00Z`));
}

/** 0 = Sunday … 6 = Saturday of a calendar day. */
export function weekday(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay();
}
