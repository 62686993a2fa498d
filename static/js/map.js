/*
 * The station map. There is no tile provider: land and borders are drawn from
 * vendor/geo, so that it works without a network. Markers and clusters of the
 * visible box come from the server (data-map), the chosen station from
 * /console/map/ID. Positions are GCJ-02 as stored.
 */
(function () {
  'use strict';

  const box = document.getElementById('map');
  if (!box) return;
  const { make, icon, toast } = window.pilehub;
  const STATES = ['charging', 'idle', 'occupied', 'reserved', 'fault', 'offline'];
  const WORDS = ['充电', '空闲', '占用', '预约', '故障', '离线'];
  const REFRESH_MS = 15000, WAIT_MS = 250;
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const version = new URL(document.currentScript.src).search;
  const svg = (tag, attributes) => {
    const el = document.createElementNS('http://www.w3.org/2000/svg', tag);
    Object.entries(attributes).forEach(([k, v]) => el.setAttribute(k, v));
    return el;
  };

  const map = L.map(box, { zoomControl: false, zoomSnap: .25, minZoom: 4, maxZoom: 16,
    fadeAnimation: false, zoomAnimation: false });
  L.control.zoom({ position: 'bottomright', zoomInTitle: '放大', zoomOutTitle: '缩小' }).addTo(map);
  L.control.scale({ position: 'bottomright', imperial: false }).addTo(map);
  map.attributionControl.setPrefix('离线底图 · 坐标 GCJ-02');
  new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(box);

  /* ---- land ------------------------------------------------------------- */

  const pen = L.svg({ padding: 1 });
  const land = L.layerGroup().addTo(map), marks = L.layerGroup().addTo(map);
  const mark = (lat, lng, html, options) => L.marker([lat, lng], Object.assign({
    icon: L.divIcon({ className: '', iconSize: [0, 0], html }),
  }, options));

  /* Nearer than the first, districts are named; farther than the other,
     provinces; between them cities. */
  const CITY_ZOOM = 9, NATIONAL_ZOOM = 6.5;
  const named = () => (map.getZoom() >= CITY_ZOOM ? ['near', 'wide'] : map.getZoom() > NATIONAL_ZOOM ? ['wide'] : ['far']);
  const names = (list) => (list || '').split(',').filter(Boolean);
  const fetchLand = (n) => fetch('/static/vendor/geo/' + n + '.json' + version).then((r) => r.json());

  function layer(geo, bright) {
    L.geoJSON(geo, { renderer: pen, interactive: false, style: {
      color: token('map-edge'), weight: bright ? 1.25 : 1, fillOpacity: 1,
      fillColor: token(bright ? 'map-land' : 'map-out'),
    } }).addTo(land);
  }

  function words(geo, kind) {
    geo.features.filter((f) => f.properties.cp).forEach((f) => {
      mark(f.properties.cp[1], f.properties.cp[0], make('span', 'dlabel dlabel-' + kind, f.properties.name),
        { interactive: false, keyboard: false }).addTo(land);
    });
  }

  async function drawLand() {
    const [wide, near] = await Promise.all([box.dataset.geo, box.dataset.bright]
      .map((list) => Promise.all(names(list).map(fetchLand))));
    land.clearLayers();
    wide.forEach((geo) => layer(geo, false));
    near.forEach((geo) => layer(geo, true));
    near.forEach((geo) => words(geo, 'near'));
    if (wide.length > 1) words(wide[wide.length - 1], 'wide');
    if (wide.length) words(wide[0], 'far');
    thin();
  }

  /* ---- the South China Sea ----------------------------------------------- */

  /* A view of the whole country shows its islands, too, which lie beyond it. */
  const inset = make('figure', 'nanhai');
  const sea = L.control({ position: 'bottomright' });
  sea.onAdd = () => inset;
  sea.addTo(map);

  async function drawSea() {
    const geo = await fetchLand('nanhai');
    const picture = svg('svg', { viewBox: '0 0 ' + geo.size.join(' '), role: 'img', 'aria-label': '南海诸岛' });
    const draw = (rings, kind) => rings.forEach((ring) => picture.append(svg('polygon', { class: kind, points: ring.join(' ') })));
    draw(geo.land, 'coast');
    draw(geo.line, 'dash');
    inset.replaceChildren(picture, make('figcaption', '', '南海诸岛'));
  }

  const showSea = () => { inset.hidden = map.getZoom() > NATIONAL_ZOOM; };

  /* ---- markers ---------------------------------------------------------- */

  function ring(parts) {
    const r = 19, length = 2 * Math.PI * r, sum = parts.reduce((a, b) => a + b, 0) || 1;
    const el = svg('svg', { viewBox: '0 0 46 46', 'aria-hidden': 'true' });
    let at = 0;
    el.append(svg('circle', { cx: 23, cy: 23, r: 22.5, fill: token('surface') }));
    parts.forEach((v, k) => {
      if (v) {
        el.append(svg('circle', { cx: 23, cy: 23, r, fill: 'none', stroke: token(STATES[k] + '-fill'), 'stroke-width': 5,
          'stroke-dasharray': Math.max(.6, v / sum * length - 1.2) + ' ' + length,
          'stroke-dashoffset': -at / sum * length, transform: 'rotate(-90 23 23)' }));
      }
      at += v;
    });
    return el;
  }

  function bar(parts) {
    const sum = parts.reduce((a, b) => a + b, 0) || 1, el = svg('svg', { class: 'bar', 'aria-hidden': 'true' });
    let at = 0;
    el.append(svg('rect', { class: 'track', width: '100%', height: '100%' }));
    parts.forEach((v, k) => {
      if (!v) return;
      el.append(svg('rect', { class: 'f-' + STATES[k], x: at / sum * 100 + '%', width: v / sum * 100 + '%', height: '100%' }));
      if (at) el.append(svg('rect', { class: 'gap', x: at / sum * 100 + '%', width: 1.5, height: '100%' }));
      at += v;
    });
    return el;
  }

  let byPiles = false; /* markers say how many piles, not how many guns are free */
  let chosen = '', data = { stations: [], clusters: [] };

  function drawMarks() {
    marks.clearLayers();
    data.clusters.forEach((c) => {
      const el = make('div', 'cl');
      const words = c.n + ' 座电站，' + c.piles + ' 台电桩';
      el.append(ring(c.parts), make('span', '', byPiles ? c.piles : c.n));
      mark(c.lat, c.lng, el, { title: words, alt: words })
        .on('click', () => map.setView([c.lat, c.lng], Math.min(16, map.getZoom() + 2))).addTo(marks);
    });
    data.stations.forEach((s) => {
      const el = make('div', 'mk st-' + s.key + (s.id === chosen ? ' on' : ''));
      const words = s.name + '，' + s.piles + ' 台电桩';
      el.append(icon('st-' + s.key, ''), byPiles ? s.piles + ' 桩' : s.free + ' / ' + s.all);
      mark(s.lat, s.lng, el, { title: words, alt: words, zIndexOffset: s.id === chosen ? 900 : 0 })
        .on('click', () => choose(s.id)).addTo(marks);
    });
  }

  function drawList() {
    const list = document.getElementById('mlist');
    list.replaceChildren(...data.stations.filter((s) => s.id !== chosen).map((s) => {
      const li = make('li', 'sitem'), head = make('div', 'd-flex'), name = make('button', 'link', s.name);
      name.type = 'button';
      name.addEventListener('click', () => { map.panTo([s.lat, s.lng]); choose(s.id); });
      const power = make('span', 'ms-auto num fs12', s.power);
      power.append(make('span', 'unit', 'kW'));
      head.append(name, make('span', 'muted fs12 ms-2', s.district), power);
      li.append(head, bar(s.parts), make('div', 'fs12 muted num', s.parts
        .map((v, k) => (v ? WORDS[k] + ' ' + v : '')).filter(Boolean).concat(s.piles + ' 桩').join(' · ')));
      return li;
    }));
    document.getElementById('mcount').textContent = data.clusters.reduce((n, c) => n + c.n, data.stations.length);
    if (!data.stations.length) {
      list.append(make('li', 'hd muted', data.clusters.length ? '放大地图查看各电站' : '这一带没有符合条件的电站'));
    }
  }

  function choose(id) {
    chosen = id;
    drawMarks();
    drawList();
    const panel = document.getElementById('msel');
    if (id) htmx.ajax('GET', '/console/map/' + encodeURIComponent(id), { target: panel, swap: 'innerHTML' });
    else panel.replaceChildren();
  }

  /* ---- data ---------------------------------------------------------------- */

  let turn = 0, wait = 0;

  async function load() {
    const mine = ++turn, b = map.getBounds(), url = new URL(box.dataset.map, location.href);
    new URLSearchParams(new FormData(document.querySelector('.mbar'))).forEach((v, k) => { if (v) url.searchParams.set(k, v); });
    url.searchParams.set('box', [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(6)).join(','));
    url.searchParams.set('zoom', Math.round(map.getZoom()));
    try {
      const answer = await fetch(url, { headers: { Accept: 'application/json', 'X-Poll': '1' } });
      if (!answer.ok) throw new Error(String(answer.status));
      const got = await answer.json();
      if (mine !== turn) return;
      data = got;
      drawMarks();
      drawList();
    } catch (e) {
      if (mine === turn && !data.stations.length) toast('fault', '没能取到电站位置，15 秒后再试。');
    }
  }
  /* Names that would run into each other: the later one gives way. */
  function thin() {
    const taken = [], kinds = named();
    box.querySelectorAll('.dlabel').forEach((el) => {
      el.hidden = !kinds.some((kind) => el.classList.contains('dlabel-' + kind));
      if (el.hidden) return;
      const at = el.getBoundingClientRect();
      el.hidden = taken.some((t) => at.left < t.right && at.right > t.left && at.top < t.bottom && at.bottom > t.top);
      if (!el.hidden) taken.push(at);
    });
  }

  const soon = () => { clearTimeout(wait); wait = setTimeout(load, WAIT_MS); };

  document.addEventListener('click', (e) => { if (e.target.closest('[data-map-close]')) choose(''); });
  document.addEventListener('click', (e) => {
    const button = e.target.closest('[data-marks]');
    if (!button) return;
    byPiles = button.dataset.marks === 'piles';
    document.querySelectorAll('[data-marks]').forEach((b) => {
      b.classList.toggle('on', b === button);
      b.setAttribute('aria-pressed', String(b === button));
    });
    drawMarks();
  });
  document.addEventListener('themechange', () => { drawLand(); drawMarks(); });
  const [west, south, east, north] = box.dataset.box ? box.dataset.box.split(',').map(Number) : [73, 18, 135, 54];
  map.fitBounds([[south, west], [north, east]], { padding: [48, 48], maxZoom: 13, animate: false });
  drawLand();
  drawSea();
  showSea();
  load();
  map.on('moveend', soon);
  map.on('zoomend', () => { thin(); showSea(); });
  setInterval(() => { if (!document.hidden) load(); }, REFRESH_MS);
}());
