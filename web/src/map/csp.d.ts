// MapLibre's build for a strict Content-Security-Policy: the worker is a file of our own server, not a blob.
declare module 'maplibre-gl/dist/maplibre-gl-csp' {
  import maplibre from 'maplibre-gl';
  export default maplibre;
}
