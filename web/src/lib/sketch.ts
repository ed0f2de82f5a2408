// A drawing of lines and areas for paper: true to scale in its middle, north up, with a scale bar of a round length.

export interface Sketch {
  width: number;
  height: number;
  project(point: [number, number]): [number, number];
  barM: number;
  barPx: number;
}

const METRES_A_DEGREE = 111_195;
const MARGIN = 34;

/** The largest of 1, 2, 5 times a power of ten that is not over `most`. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((times) => times * power).find((length) => length <= most) ?? power;
}

export function sketchOf(points: [number, number][], width: number, height: number): Sketch {
  const lons = points.map((point) => point[0]);
  const lats = points.map((point) => point[1]);
  const box = points.reduce(
    (all, [lon, lat]) => [Math.min(all[0], lon), Math.min(all[1], lat), Math.max(all[2], lon), Math.max(all[3], lat)],
    [lons[0], lats[0], lons[0], lats[0]],
  );
  const [midLon, midLat] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const lonM = METRES_A_DEGREE * Math.cos((midLat * Math.PI) / 180);
  const [wide, high] = [Math.max((box[2] - box[0]) * lonM, 50), Math.max((box[3] - box[1]) * METRES_A_DEGREE, 50)];
  const scale = Math.min((width - 2 * MARGIN) / wide, (height - 2 * MARGIN) / high);
  const barM = roundLength((width * 0.25) / scale);
  return {
    width,
    height,
    project: ([lon, lat]) => [
      Math.round((width / 2 + (lon - midLon) * lonM * scale) * 10) / 10,
      Math.round((height / 2 - (lat - midLat) * METRES_A_DEGREE * scale) * 10) / 10,
    ],
    barM,
    barPx: barM * scale,
  };
}

export function pathOf(points: [number, number][], sketch: Sketch): string {
  return points.map((point, at) => `${at ? 'L' : 'M'}${sketch.project(point).join(' ')}`).join('');
}
