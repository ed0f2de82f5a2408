// Text on a line's own colour: black or white, whichever reads better (WCAG 2.1 relative luminance).

export function luminance(hex: string): number {
  const part = [0, 2, 4].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
}

export function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const FALLBACK: Record<string, string> = {
  metro: '0F6A73',
  rail: '3F4A5A',
  tram: '6A4C93',
  bus: '2F6B3A',
  coach: '6B5A2F',
  ferry: '1F5F99',
  bike: '3B6E22',
  car: '4A5560',
  taxi: '8A5A00',
};

/** The colour of a line or a means of transport, always six hex digits. */
export function lineColor(color: string | null | undefined, mode: string): string {
  return color && /^[0-9a-fA-F]{6}$/.test(color) ? color : (FALLBACK[mode] ?? '3F4A5A');
}

export function inkOn(hex: string): string {
  const back = luminance(hex);
  return contrast(back, 1) >= contrast(back, 0) ? '#ffffff' : '#000000';
}
