// Encoded polylines with five digits (Google's published algorithm), as the API writes them.

/** Points as [lon, lat], the order of GeoJSON. A text that ends inside a number gives the points before it. */
export function decodePolyline(text: string): [number, number][] {
  const points: [number, number][] = [];
  let at = 0;
  let lat = 0;
  let lon = 0;
  const next = (): number | null => {
    let value = 0;
    let shift = 0;
    while (at < text.length) {
      const piece = text.charCodeAt(at++) - 63;
      value |= (piece & 31) << shift;
      shift += 5;
      if (piece < 32) return value & 1 ? ~(value >> 1) : value >> 1;
    }
    return null;
  };
  while (at < text.length) {
    const dLat = next();
    const dLon = next();
    if (dLat === null || dLon === null) break;
    lat += dLat;
    lon += dLon;
    points.push([lon / 1e5, lat / 1e5]);
  }
  return points;
}
