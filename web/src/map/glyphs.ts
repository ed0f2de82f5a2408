// Letters for the map without a glyph server: Chinese is drawn by MapLibre itself (localIdeographFontFamily); all
// other characters are drawn here from the reader's own fonts as signed distance fields (tiny-sdf) and handed to
// MapLibre in the file form that it expects of a glyph server (glyphs.proto: fontstack{name,range,glyph{…}}).

import TinySDF from '@mapbox/tiny-sdf';

export const FONTS = '"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif';

const SIZE = 24;
const BORDER = 3;
/** Distance from a glyph server's baseline to the top that MapLibre counts from. */
const TOP = 27;

class Writer {
  bytes: number[] = [];

  varint(value: number): void {
    while (value > 127) {
      this.bytes.push((value & 127) | 128);
      value >>>= 7;
    }
    this.bytes.push(value);
  }
  number(field: number, value: number): void {
    this.varint(field << 3);
    this.varint(value);
  }
  signed(field: number, value: number): void {
    this.number(field, value < 0 ? -value * 2 - 1 : value * 2);
  }
  block(field: number, bytes: ArrayLike<number>): void {
    this.varint((field << 3) | 2);
    this.varint(bytes.length);
    for (let at = 0; at < bytes.length; at++) this.bytes.push(bytes[at]);
  }
}

const pens = new Map<string, TinySDF>();

function penOf(stack: string): TinySDF {
  let pen = pens.get(stack);
  if (!pen) {
    pen = new TinySDF({
      fontSize: SIZE,
      buffer: BORDER,
      radius: 8,
      cutoff: 0.25,
      fontFamily: FONTS,
      fontWeight: /bold/i.test(stack) ? '600' : '400',
    });
    pens.set(stack, pen);
  }
  return pen;
}

/** One range of 256 characters, "0-255", as a glyph server would send it. */
export function glyphRange(stack: string, range: string): ArrayBuffer {
  const text = new TextEncoder();
  const pen = penOf(stack);
  const first = Number(range.split('-')[0]);
  const fonts = new Writer();
  fonts.block(1, text.encode(stack));
  fonts.block(2, text.encode(range));
  for (let code = first; code < first + 256; code++) {
    const letter = String.fromCharCode(code);
    if (/[\p{C}\p{Zl}\p{Zp}]/u.test(letter)) continue;
    const drawn = pen.draw(letter);
    const glyph = new Writer();
    glyph.number(1, code);
    if (drawn.glyphWidth > 0 && drawn.glyphHeight > 0) {
      glyph.block(2, drawn.data);
    }
    glyph.number(3, drawn.glyphWidth);
    glyph.number(4, drawn.glyphHeight);
    glyph.signed(5, Math.round(drawn.glyphLeft));
    glyph.signed(6, Math.round(drawn.glyphTop) - TOP);
    glyph.number(7, Math.round(drawn.glyphAdvance));
    fonts.block(3, glyph.bytes);
  }
  const file = new Writer();
  file.block(1, fonts.bytes);
  return new Uint8Array(file.bytes).buffer;
}

/** The protocol's handler: "glyphs://Regular/0-255". */
export async function loadGlyphs(request: { url: string }): Promise<{ data: ArrayBuffer }> {
  const [stack, range] = request.url.replace('glyphs://', '').split('/');
  return { data: glyphRange(decodeURIComponent(stack), range) };
}
