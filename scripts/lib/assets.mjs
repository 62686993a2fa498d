/*
 * Puts what browsers get under static/:
 *   node assets.mjs SOURCE_DIRECTORY vendor   the files of the npm packages
 *       that pages name, and the land of maps (scripts/lib/geo.txt)
 *   node assets.mjs SOURCE_DIRECTORY sprite   one file of the icons listed in
 *       static/img/icons.txt ("name" or "name tabler-name") after our own
 *       marks (static/img/marks.svg)
 */
import fs from 'node:fs';
import path from 'node:path';
import { land, nanhai, whole } from './geo.mjs';

const [source, what] = process.argv.slice(2);
const modules = path.join(source, 'node_modules');

const files = [
  ['@tabler/core/dist/css/tabler.min.css', 'tabler.min.css'],
  ['echarts/dist/echarts.min.js', 'echarts.min.js'],
  ['htmx.org/dist/htmx.min.js', 'htmx.min.js'],
  ['leaflet/dist/leaflet.css', 'leaflet.css'],
  ['leaflet/dist/leaflet.js', 'leaflet.js'],
];

function read(...parts) {
  return fs.readFileSync(path.join(...parts), 'utf8');
}

function lines(file) {
  return read(source, file).split('\n')
    .filter((line) => line && !line.startsWith('#'));
}

async function vendor() {
  const to = path.join(source, 'static/vendor');
  fs.rmSync(to, { recursive: true, force: true });
  fs.mkdirSync(path.join(to, 'geo'), { recursive: true });
  for (const [file, name] of files) {
    /* Source maps stay behind, and so does the line that asks for them. */
    const text = read(modules, file)
      .replace(/\n?(\/\/|\/\*)# sourceMappingURL=[^\n]*\s*$/, '\n');
    fs.writeFileSync(path.join(to, name), text);
  }
  fs.cpSync(path.join(modules, 'leaflet/dist/images'),
    path.join(to, 'images'), { recursive: true });
  for (const line of lines('scripts/lib/geo.txt')) {
    const [name, from, file] = line.split(/\s+/);
    const text = land(read(modules, from, file));
    fs.writeFileSync(path.join(to, 'geo', name + '.json'),
      name === 'china' ? await whole(text, modules) : text);
  }
  fs.writeFileSync(path.join(to, 'geo/nanhai.json'), await nanhai(modules));
}

/* An icon is its paths; size, stroke and colour come from the style sheet. */
function symbol(line) {
  const [name, from = name] = line.split(/\s+/);
  const shapes = read(modules, '@tabler/icons/icons/outline', from + '.svg')
    .match(/<(path|circle|rect|line|polyline|ellipse)\b[^>]*>/g)
    .filter((shape) => !shape.includes('stroke="none"'));
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.join('')}</symbol>`;
}

function sprite() {
  const icons = lines('static/img/icons.txt').map(symbol).join('\n');
  fs.writeFileSync(path.join(source, 'static/img/icons.svg'),
    read(source, 'static/img/marks.svg').replace('</svg>', icons + '\n</svg>'));
}

await ({ vendor, sprite })[what]();
