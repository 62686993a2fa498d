/*
 * Turns the boundary files of two npm packages into small plain GeoJSON:
 * land(text of the file) gives the text to be stored.
 *
 * The echarts 4 files are packed: a ring is text of zig-zag deltas, one UTF-16
 * unit a number, in 1/1024 degree from the ring's offset.
 */
function unpack(text, [x, y]) {
  const ring = [];
  for (let k = 0; k < text.length; k += 2) {
    const [dx, dy] = [text.charCodeAt(k) - 64, text.charCodeAt(k + 1) - 64]
      .map((n) => (n >> 1) ^ -(n & 1));
    x += dx;
    y += dy;
    ring.push([x / 1024, y / 1024]);
  }
  return ring;
}

/* Four decimals (11 m) without neighbours that fall together. */
function slim(ring) {
  return ring.map(([x, y]) => [+x.toFixed(4), +y.toFixed(4)])
    .filter(([x, y], k, all) => !k || x !== all[k - 1][0] || y !== all[k - 1][1]);
}

export function land(text) {
  const geo = JSON.parse(text);
  for (const { geometry } of geo.features) {
    const { type, coordinates, encodeOffsets: at } = geometry;
    const polygons = type === 'Polygon' ? [coordinates] : coordinates;
    const offsets = type === 'Polygon' ? [at] : at;
    const plain = polygons.map((rings, p) => rings.map((ring, r) =>
      slim(geo.UTF8Encoding ? unpack(ring, offsets[p][r]) : ring)));
    geometry.coordinates = type === 'Polygon' ? plain[0] : plain;
    delete geometry.encodeOffsets;
  }
  delete geo.UTF8Encoding;
  return JSON.stringify(geo);
}
