// Signs of the street layer, drawn on a canvas: closed to the vehicle, and the four turns that can be banned. They are
// told apart by their shape; the colour only repeats it.

import type { Map as MapLibre } from 'maplibre-gl';
import { BAN_ARROWS, BANS, type Ban } from '../lib/legend';

const SIDE = 56;
const RATIO = 2;
const RED = '#c1121f';

function canvas(): CanvasRenderingContext2D {
  const box = document.createElement('canvas');
  box.width = box.height = SIDE;
  const pen = box.getContext('2d')!;
  pen.translate(SIDE / 2, SIDE / 2);
  pen.lineCap = 'round';
  pen.lineJoin = 'round';
  return pen;
}

function disc(pen: CanvasRenderingContext2D, radius: number, color: string): void {
  pen.beginPath();
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
  pen.fillStyle = color;
  pen.fill();
}

function banSign(ban: Ban): ImageData {
  const pen = canvas();
  disc(pen, 27, '#ffffff');
  disc(pen, 25, RED);
  disc(pen, 19.5, '#ffffff');
  pen.lineWidth = 5;
  pen.strokeStyle = '#000000';
  pen.stroke(new Path2D(BAN_ARROWS[ban]));
  pen.lineWidth = 5;
  pen.strokeStyle = RED;
  pen.stroke(new Path2D('M-14 -14 14 14'));
  return pen.getImageData(0, 0, SIDE, SIDE);
}

function closedSign(): ImageData {
  const pen = canvas();
  disc(pen, 24, '#ffffff');
  disc(pen, 22, RED);
  pen.fillStyle = '#ffffff';
  pen.fillRect(-14, -4, 28, 8);
  return pen.getImageData(0, 0, SIDE, SIDE);
}

export function addSigns(map: MapLibre): void {
  if (map.hasImage('closed')) return;
  map.addImage('closed', closedSign(), { pixelRatio: RATIO });
  for (const ban of BANS) map.addImage(`ban-${ban}`, banSign(ban), { pixelRatio: RATIO });
}
