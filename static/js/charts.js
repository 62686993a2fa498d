/*
 * Charts: one builder per kind. <div data-chart="KIND" data-source="ID"> is
 * drawn from the JSON text of #ID; when that element is swapped, the chart is
 * drawn anew without animation. A builder returns the option of ECharts and
 * the table that 查看数据 shows: { head: [...], rows: [[...]] }.
 */
(function () {
  'use strict';

  const CANVAS_POINTS = 2000; /* more are drawn on canvas, thinned */
  const PRINT_WIDTH = 640;

  const charts = new Map(); /* element -> { chart, text } */

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const fixed = (v, places) => (v === null || v === undefined ? '—'
    : v.toLocaleString('zh-CN', { minimumFractionDigits: places, maximumFractionDigits: places }));

  /* ---- parts ------------------------------------------------------------ */

  const label = () => ({ color: token('axis'), fontSize: 11 });

  function base(option) {
    return Object.assign({
      animation: false,
      textStyle: { fontFamily: token('font'), color: token('axis'), fontSize: 12 },
    }, option, {
      tooltip: Object.assign({
        trigger: 'axis',
        renderMode: 'richText',
        confine: true,
        backgroundColor: token('surface'),
        borderColor: token('line'),
        textStyle: { color: token('ink'), fontSize: 12 },
        axisPointer: { lineStyle: { color: token('line-ctl') } },
      }, option.tooltip),
    });
  }

  function xAxis(data, extra) {
    return Object.assign({
      type: 'category',
      data,
      axisLine: { lineStyle: { color: token('line') } },
      axisTick: { show: false },
    }, extra, { axisLabel: Object.assign(label(), { hideOverlap: true }, extra && extra.axisLabel) });
  }

  function yAxis(name, extra) {
    return Object.assign({
      type: 'value',
      name,
      nameGap: 10,
      min: 0,
      splitNumber: 4,
      splitLine: { lineStyle: { color: token('grid-line') } },
    }, extra, {
      axisLabel: Object.assign(label(), extra && extra.axisLabel),
      nameTextStyle: Object.assign(label(), { align: 'left', padding: [0, 0, 0, -28] }, extra && extra.nameTextStyle),
    });
  }

  const line = (color, dash, width) => ({
    type: 'line',
    symbol: 'none',
    lineStyle: { width: width || 2, color: token(color), type: dash || 'solid' },
    itemStyle: { color: token(color) },
  });

  /* An axis reads best below 10,000: kWh or MWh, 元 or 万元. */
  function scale(lists, small, large, factor) {
    const top = Math.max(0, ...lists.flat().filter((v) => v !== null && v !== undefined));
    return top >= 10000 ? { unit: large, by: factor } : { unit: small, by: 1 };
  }
  const scaled = (list, s) => list.map((v) => (v === null ? null : v / s.by));

  /* Lines stay clear of the bars behind them. */
  const room = (v) => {
    const step = 10 ** Math.floor(Math.log10(Math.max(v.max, 1e-9) * 1.5));
    return Math.ceil(v.max * 1.5 / step / 2) * step * 2 || 1;
  };

  /* A narrow band that still reads: whole twenties around the values. */
  function band(list) {
    const real = list.filter((v) => v > 0);
    const low = Math.floor(Math.min(...real, 400) / 20) * 20, high = Math.ceil(Math.max(...real, 0) / 20) * 20;
    if (!real.length) return { max: 400, interval: 200 };
    return { min: low, max: Math.max(high, low + 40), interval: Math.max(high - low, 40) / 2 };
  }

  /* Nothing but gaps: the axes stay and say so. */
  function nothing(lists) {
    if (lists.flat().some((v) => v)) return [];
    return [{ type: 'text', left: 'center', top: 'middle', silent: true,
      style: { text: '这段时间没有数据', fill: token('ink-3'), fontSize: 13, fontFamily: token('font') } }];
  }

  function tip(rows) {
    return (at) => {
      const k = at[0].dataIndex;
      return [at[0].axisValueLabel].concat(rows
        .filter((r) => r.list && r.list[k] !== null && r.list[k] !== undefined)
        .map((r) => r.name + '  ' + fixed(r.list[k], r.places) + ' ' + r.unit)).join('\n');
    };
  }

  const table = (first, x, rows) => ({
    head: [first].concat(rows.filter((r) => r.list).map((r) => r.name + ' ' + r.unit)),
    rows: x.map((name, k) => [name].concat(rows.filter((r) => r.list).map((r) => fixed(r.list[k], r.places)))),
  });

  /* ---- kinds -------------------------------------------------------------- */

  const kinds = {
    trend(d) {
      const energy = scale([d.energy, d.prev || []], 'kWh', 'MWh', 1000);
      const money = scale([d.amount, d.elec, d.fee], '元', '万元', 10000);
      const mean = d.energy.map(() => d.mean);
      const rows = [
        { name: '充电量', list: d.energy, unit: 'kWh', places: 2 },
        { name: '平均充电量', list: mean, unit: 'kWh', places: 2 },
        { name: '上月充电量', list: d.prev, unit: 'kWh', places: 2 },
        { name: '订单总额', list: d.amount, unit: '元', places: 2 },
        { name: '充电电费', list: d.elec, unit: '元', places: 2 },
        { name: '充电服务费', list: d.fee, unit: '元', places: 2 },
      ];
      const series = [
        { name: '充电量', type: 'bar', data: scaled(d.energy, energy), barWidth: '56%', barMaxWidth: 40,
          itemStyle: { color: token('c1'), opacity: .32, borderRadius: [2, 2, 0, 0] }, emphasis: { itemStyle: { opacity: .6 } } },
        Object.assign(line('c1'), { name: '订单总额', yAxisIndex: 1, data: scaled(d.amount, money) }),
        Object.assign(line('c2', [2, 2]), { name: '充电电费', yAxisIndex: 1, data: scaled(d.elec, money) }),
        Object.assign(line('c3', [5, 3]), { name: '充电服务费', yAxisIndex: 1, data: scaled(d.fee, money) }),
        Object.assign(line('axis', [8, 4], 1), { name: '平均充电量', data: scaled(mean, energy) }),
      ];
      if (d.prev) series.push(Object.assign(line('c6', [3, 3], 1.25), { name: '上月充电量', data: scaled(d.prev, energy) }));
      return {
        option: base({
          grid: { left: 44, right: 46, top: 34, bottom: 22 },
          legend: { left: 'center', top: 0, itemWidth: 12, itemHeight: 8, itemGap: 14, icon: 'roundRect',
            textStyle: { color: token('ink-2'), fontSize: 12 } },
          tooltip: { formatter: tip(rows) },
          graphic: nothing([d.energy, d.amount]),
          xAxis: xAxis(d.x),
          yAxis: [yAxis(energy.unit), yAxis(money.unit, { splitLine: { show: false }, max: room,
            nameTextStyle: { align: 'right', padding: [0, -28, 0, 0] } })],
          series,
        }),
        table: table('日期', d.x, rows),
      };
    },

    tou(d) {
      const x = d.kwh.map((v, k) => String(k).padStart(2, '0'));
      const colors = ['tou-sharp', 'tou-peak', 'tou-flat', 'tou-valley'].map(token);
      const rows = [
        { name: d.word || '本日', list: d.kwh, unit: 'kWh', places: 2 },
        { name: d.before || '前一日', list: d.prev, unit: 'kWh', places: 2 },
      ];
      return {
        option: base({
          grid: { left: 34, right: 4, top: 22, bottom: 20 },
          tooltip: { formatter: tip(rows) },
          graphic: nothing([d.kwh]),
          xAxis: xAxis(x, { axisLabel: { interval: 3 } }),
          yAxis: yAxis('kWh', { splitNumber: 3, nameTextStyle: { padding: [0, 0, 0, -18] },
            axisLabel: { formatter: (v) => (v >= 1000 ? v / 1000 + 'k' : v) } }),
          series: [
            { type: 'bar', barCategoryGap: '18%', data: d.kwh.map((v, k) => ({
              value: v,
              itemStyle: { color: colors[d.p[k]], borderRadius: [2, 2, 0, 0] },
              label: { show: v > 0 && (k === 0 || d.p[k] !== d.p[k - 1]), formatter: '尖峰平谷'[d.p[k]],
                position: 'top', distance: 2, fontSize: 11, color: token('ink-2') },
            })) },
            Object.assign(line('ink-3', [3, 3], 1.25), { data: d.prev }),
          ],
        }),
        table: table('小时', x, rows),
      };
    },

    curve(d) {
      const rows = [
        { name: 'SOC', list: d.soc, unit: '%', places: 0 },
        { name: '功率', list: d.kw, unit: 'kW', places: 1 },
        { name: '电压', list: d.v, unit: 'V', places: 1 },
        { name: '输出电流', list: d.a, unit: 'A', places: 1 },
        { name: '需求电流', list: d.need, unit: 'A', places: 1 },
      ];
      const one = (name, list, k, color, dash, area) => Object.assign(line(color, dash, 1.75), {
        name, xAxisIndex: k, yAxisIndex: k, data: list, sampling: 'lttb',
        areaStyle: area ? { color: token(color), opacity: .1 } : null,
      });
      const heads = [['SOC  %', { max: 100, interval: 50 }], ['功率  kW', { splitNumber: 2 }],
        ['电压  V', band(d.v)], ['电流  A', { splitNumber: 2 }]];
      const round = { axisLabel: { formatter: (v) => Math.round(v) } };
      return {
        option: base({
          axisPointer: { link: [{ xAxisIndex: 'all' }], lineStyle: { color: token('line-ctl') } },
          legend: { show: false },
          tooltip: { formatter: tip(rows) },
          graphic: nothing([d.kw, d.soc]),
          grid: [24, 132, 240, 348].map((top) => ({ left: 46, right: 12, top, height: 74 })),
          xAxis: heads.map((h, k) => xAxis(d.t, { gridIndex: k, boundaryGap: false,
            axisLabel: { show: k === 3, interval: Math.max(0, Math.floor(d.t.length / 3) - 1) } })),
          yAxis: heads.map(([name, extra], k) => yAxis(name, Object.assign({ gridIndex: k, nameGap: 9,
            nameTextStyle: { color: token('ink-2'), fontSize: 12, padding: [0, 0, 0, -36] } }, round, extra))),
          series: [one('SOC', d.soc, 0, 'c2', 'solid', true), one('功率', d.kw, 1, 'c1', 'solid', true),
            one('电压', d.v, 2, 'c4'), one('需求电流', d.need, 3, 'c6', [4, 3]), one('输出电流', d.a, 3, 'c3')],
        }),
        table: table('时刻', d.t, rows),
      };
    },
  };

  /* ---- drawing ------------------------------------------------------------- */

  function draw(el) {
    const source = document.getElementById(el.dataset.source);
    if (!source || !el.offsetWidth) return;
    const text = source.textContent, known = charts.get(el);
    if (known && known.text === text) return;
    const data = JSON.parse(text || '{}');
    if (known) known.chart.dispose();
    const built = kinds[el.dataset.chart](data);
    const points = Math.max(0, ...built.option.series.map((s) => s.data.length));
    const chart = echarts.init(el, null, { renderer: points > CANVAS_POINTS ? 'canvas' : 'svg' });
    chart.setOption(built.option);
    charts.set(el, { chart, text });
    offer(el, built.table);
  }

  /* 查看数据: the same figures as a table in place of the chart, for whoever
     cannot see it. The button stands in the head of the card. */
  function offer(el, data) {
    const { make, icon } = window.pilehub;
    const card = el.closest('.card'), more = card && card.querySelector('.chead .more');
    const box = make('div', 'twrap chart-data'), t = make('table', 't t-dense');
    const head = make('tr'), thead = make('thead'), body = make('tbody');
    data.head.forEach((word, k) => head.append(make('th', k ? 'r' : '', word)));
    data.rows.forEach((row) => {
      const tr = make('tr');
      row.forEach((value, k) => tr.append(make('td', k ? 'r' : 'num', value)));
      body.append(tr);
    });
    thead.append(head);
    t.append(thead, body);
    box.append(t);
    const old = el.nextElementSibling;
    if (old && old.classList.contains('chart-data')) {
      box.hidden = old.hidden;
      old.replaceWith(box);
      return;
    }
    box.hidden = true;
    el.after(box);
    if (!more) return;
    const button = make('button', 'act noprint');
    button.type = 'button';
    button.title = '查看数据';
    button.setAttribute('aria-label', '查看数据');
    button.setAttribute('aria-pressed', 'false');
    button.append(icon('table'));
    button.addEventListener('click', () => {
      const shown = el.nextElementSibling, on = shown.hidden;
      shown.style.height = el.offsetHeight + 'px';
      shown.hidden = !on;
      el.hidden = on;
      button.setAttribute('aria-pressed', String(on));
      if (!on) charts.get(el).chart.resize();
    });
    more.append(button);
  }

  function drawAll(anew) {
    for (const [el, { chart }] of charts) {
      if (el.isConnected && !anew) continue;
      chart.dispose();
      charts.delete(el);
    }
    document.querySelectorAll('[data-chart]').forEach(draw);
  }

  const resize = (width) => charts.forEach(({ chart }) => chart.resize({ width }));

  drawAll(false);
  addEventListener('resize', () => resize('auto'));
  /* Paper is white: what is drawn in colours of the dark is drawn again. */
  let theme = '';
  addEventListener('beforeprint', () => {
    theme = document.documentElement.getAttribute('data-bs-theme');
    if (theme === 'dark') {
      document.documentElement.setAttribute('data-bs-theme', 'light');
      drawAll(true);
    }
    resize(PRINT_WIDTH);
  });
  addEventListener('afterprint', () => {
    if (theme === 'dark') {
      document.documentElement.setAttribute('data-bs-theme', 'dark');
      drawAll(true);
    }
    resize('auto');
  });
  document.addEventListener('themechange', () => drawAll(true));
  document.body.addEventListener('htmx:afterSettle', () => drawAll(false));
  document.body.addEventListener('htmx:oobAfterSwap', () => drawAll(false));
}());
