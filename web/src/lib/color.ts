// Text on a line's own colour that can be read: WCAG 2.1 relative luminance and contrast.

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
  custom_bus: '6A3D8F',
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

const READABLE = 4.5;
/** A colour on which white nearly reads is deepened until it does; on lighter ones the text is black. */
const NEARLY = 3;

/** Background and text of a line's badge. */
export function badge(hex: string): { back: string; ink: string } {
  if (contrast(luminance(hex), 1) < NEARLY) return { back: `#${hex}`, ink: '#000000' };
  let back = hex;
  for (let keep = 0.98; contrast(luminance(back), 1) < READABLE; keep -= 0.02)
    back = [0, 2, 4]
      .map((at) =>
        Math.floor(parseInt(hex.slice(at, at + 2), 16) * keep)
          .toString(16)
          .padStart(2, '0'),
      )
      .join('');
  return { back: `#${back}`, ink: '#ffffff' };
}
