/*
 * Turns the boundary files of two npm packages into small plain GeoJSON:
 * land(text of the file) gives the text to be stored.
 *
 * whole() and nanhai() give what the file of the country lacks and every map
 * of it must show: 钓鱼岛, and the inset of the South China Sea. echarts keeps
 * their outlines apart.
 *
 * The echarts 4 files are packed: a ring is text of zig-zag deltas, one UTF-16
 * unit a number, in 1/1024 degree from the ring's offset.
 */
import path from 'node:path';

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

const fix = async (modules, name) =>
  (await import(path.join(modules, 'echarts/lib/coord/geo/fix', name + '.js'))).default;

/* echarts draws the inset as a picture of 64 x 93.1 beside the coast. */
const NANHAI = { x: 126, y: 25, wide: 10.5, high: 14, coasts: 2 };

/* The text of nanhai.json: coasts, then the dashes of the line, both in the
   units of the picture, y down; without its frame, which comes last. */
export async function nanhai(modules) {
  const regions = [];
  (await fix(modules, 'nanhai'))('china', regions);
  const rings = regions[0].geometries.slice(0, -1).map(({ exterior }) => exterior
    .map(([x, y]) => [+((x - NANHAI.x) * NANHAI.wide).toFixed(1), +((NANHAI.y - y) * NANHAI.high).toFixed(1)]));
  return JSON.stringify({ size: [64, 93.1], land: rings.slice(0, NANHAI.coasts), line: rings.slice(NANHAI.coasts) });
}

/* The country with 钓鱼岛. */
export async function whole(text, modules) {
  const geo = JSON.parse(text);
  const taiwan = geo.features.find(({ properties }) => properties.name === '台湾').geometry;
  const region = { name: '台湾', geometries: [] };
  (await fix(modules, 'diaoyuIsland'))('china', region);
  if (taiwan.type === 'Polygon') {
    taiwan.type = 'MultiPolygon';
    taiwan.coordinates = [taiwan.coordinates];
  }
  taiwan.coordinates.push(...region.geometries.map(({ exterior }) => [slim(exterior)]));
  return JSON.stringify(geo);
}
