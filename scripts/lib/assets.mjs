/*
 * Puts what browsers get under static/: the files of the npm packages that
 * pages name, the land of maps (scripts/lib/geo.txt), and one sprite of the
 * icons listed in static/img/icons.txt ("name" or "name tabler-name") after
 * our own marks (static/img/marks.svg).
 * node assets.mjs SOURCE_DIRECTORY
 */
import fs from 'node:fs';
import path from 'node:path';
import { land } from './geo.mjs';

const source = process.argv[2];
const modules = path.join(source, 'node_modules');
const vendor = path.join(source, 'static/vendor');

const files = [
  ['@tabler/core/dist/css/tabler.min.css', 'tabler.min.css'],
  ['echarts/dist/echarts.min.js', 'echarts.min.js'],
  ['htmx.org/dist/htmx.min.js', 'htmx.min.js'],
  ['leaflet/dist/leaflet.css', 'leaflet.css'],
  ['leaflet/dist/leaflet.js', 'leaflet.js'],
];

fs.rmSync(vendor, { recursive: true, force: true });
fs.mkdirSync(vendor, { recursive: true });
for (const [from, to] of files) {
  /* Source maps stay behind, and so does the line that asks for them. */
  const text = fs.readFileSync(path.join(modules, from), 'utf8')
    .replace(/\n?(\/\/|\/\*)# sourceMappingURL=[^\n]*\s*$/, '\n');
  fs.writeFileSync(path.join(vendor, to), text);
}
fs.cpSync(path.join(modules, 'leaflet/dist/images'),
  path.join(vendor, 'images'), { recursive: true });

function lines(file) {
  return fs.readFileSync(path.join(source, file), 'utf8').split('\n')
    .filter((line) => line && !line.startsWith('#'));
}

fs.mkdirSync(path.join(vendor, 'geo'));
for (const line of lines('scripts/lib/geo.txt')) {
  const [name, from, file] = line.split(/\s+/);
  fs.writeFileSync(path.join(vendor, 'geo', name + '.json'),
    land(fs.readFileSync(path.join(modules, from, file), 'utf8')));
}

/* An icon is its paths; size, stroke and colour come from the style sheet. */
function symbol(line) {
  const [name, from = name] = line.split(/\s+/);
  const file = path.join(modules, '@tabler/icons/icons/outline', from + '.svg');
  const shapes = fs.readFileSync(file, 'utf8')
    .match(/<(path|circle|rect|line|polyline|ellipse)\b[^>]*>/g)
    .filter((shape) => !shape.includes('stroke="none"'));
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.join('')}</symbol>`;
}
const names = lines('static/img/icons.txt');
const marks = fs.readFileSync(path.join(source, 'static/img/marks.svg'), 'utf8');
fs.writeFileSync(path.join(source, 'static/img/icons.svg'),
  marks.replace('</svg>', names.map(symbol).join('\n') + '\n</svg>'));
