<?cs include!"macro/ui.cs" ?>
<div class="phead"><h1>首页</h1><span id="live" hx-get="<?cs var:Home.self ?>" hx-trigger="poll" data-poll="10" hx-headers='{"X-Poll":"1"}' hx-select="#live" hx-swap="outerHTML" hx-select-oob="#kpis,#states,#tou-sums,#d-tou,#d-trend,#todo,#totals,#rank"><?cs call:live("10", Page.now) ?></span>
  <span class="grow"></span>
  <form method="get" action="/console/"><input type="hidden" name="day" value="<?cs var:Home.day ?>"><div class="picker w200" data-picker="/console/station/pick" data-submit><input type="hidden" name="station" value="<?cs var:Home.station ?>"><input class="in" value="<?cs var:Home.station_name ?>" placeholder="全部电站" aria-label="电站"></div></form>
  <nav class="seg" aria-label="时间"><?cs each:d = Home.days ?><a href="<?cs var:d.path ?>"<?cs if:d.on ?> class="on" aria-current="true"<?cs /if ?>><?cs var:d.title ?></a><?cs /each ?></nav>
</div>
<section class="card kpis" id="kpis" aria-label="<?cs var:Home.day_title ?>数据"><?cs each:k = Home.kpis ?><?cs call:kpi(k) ?><?cs /each ?></section>
<div class="g mt">
  <section class="card s8"><div class="chead"><h2>经营趋势</h2><div class="more"><nav class="seg seg-sm" aria-label="趋势范围"><?cs each:r = Home.trend.ranges ?><a href="<?cs var:r.path ?>"<?cs if:r.on ?> class="on" aria-current="true"<?cs /if ?>><?cs var:r.title ?></a><?cs /each ?></nav></div></div>
    <div class="cbody"><div class="chart h-trend" data-chart="trend" data-source="d-trend" role="img" aria-label="<?cs var:Home.trend.title ?>充电量与金额"></div><pre id="d-trend" hidden><?cs var:Home.trend.json ?></pre></div></section>
  <section class="card s4" id="states"><div class="chead"><h2>电枪实时状态</h2><div class="more">共 <b class="num ink2"><?cs var:Home.states.total ?></b> 枪</div></div>
    <div class="cbody"><?cs call:bar(Home.states.parts) ?>
      <ul class="rows mt-1"><?cs each:s = Home.states.rows ?><li><a class="row-link" href="<?cs var:s.path ?>"><?cs call:state(s.key, s.word) ?><span class="val num"><?cs var:s.count ?></span><span class="pct num"><?cs var:s.share ?></span></a></li><?cs /each ?></ul></div></section>
  <section class="card s4"><div class="chead"><h2><?cs var:Home.tou.title ?></h2><div class="more"><span class="num"><?cs var:Home.tou.total ?></span> kWh</div></div>
    <div class="cbody"><div class="chart h-tou" data-chart="tou" data-source="d-tou" role="img" aria-label="<?cs var:Home.tou.title ?>，每小时电量"></div><pre id="d-tou" hidden><?cs var:Home.tou.json ?></pre>
      <ul class="rows rows-2" id="tou-sums"><?cs each:t = Home.tou.rows ?><li title="<?cs var:t.note ?>"><?cs call:tou(t.key) ?><span class="val num"><?cs var:t.value ?></span><span class="pct num"><?cs var:t.share ?></span></li><?cs /each ?></ul></div></section>
  <section class="card s8 rankcard" id="rank"><div class="chead"><h2><?cs var:Home.rank.title ?></h2><div class="more"><nav class="seg seg-sm" aria-label="排行依据"><?cs each:b = Home.rank.by ?><a href="<?cs var:b.path ?>"<?cs if:b.on ?> class="on" aria-current="true"<?cs /if ?>><?cs var:b.title ?></a><?cs /each ?></nav></div></div>
    <?cs if:Home.rank.rows.0.name ?><div class="twrap"><table class="t"><thead><tr><th>电站</th><th class="r">电量 kWh</th><th class="r">订单</th><th class="r">金额 元</th><th class="r">服务费 元</th><th>枪利用率</th><th>空闲 / 总枪</th></tr></thead>
      <tbody data-rows><?cs each:r = Home.rank.rows ?><tr><td><span class="rank num"><?cs var:r.no ?></span><a href="<?cs var:r.path ?>"><?cs var:r.name ?></a></td><td class="r"><?cs var:r.energy ?></td><td class="r"><?cs var:r.orders ?></td><td class="r"><?cs var:r.amount ?></td><td class="r"><?cs var:r.fee ?></td><td><span class="socb"><?cs call:meter("accent", r.use_w) ?></span> <span class="num"><?cs var:r.use ?></span></td><td class="num"><?cs var:r.idle ?> <span class="muted">/ <?cs var:r.guns ?></span></td></tr><?cs /each ?></tbody></table></div><?cs else ?><div class="bt"><?cs call:blank("none", "还没有订单", "这一天还没有结束的充电订单。充电结算后，电站会按所选依据排在这里。") ?></div><?cs /if ?></section>
  <section class="card s8" id="totals"><div class="chead"><h2>累计</h2><div class="more"><?cs var:Home.totals_note ?></div></div>
    <div class="cbody"><dl class="figs"><?cs each:t = Home.totals ?><div><dt><?cs var:t.label ?></dt><dd class="num"><?cs call:unit(t.value, t.unit) ?></dd></div><?cs /each ?></dl></div></section>
  <section class="card s4" id="todo"><div class="chead"><h2>待处理</h2></div>
    <div class="cbody"><ul class="rows"><?cs each:t = Home.todo ?><li><a class="row-link" href="<?cs var:t.path ?>"><?cs call:icon(t.icon) ?><span><?cs var:t.title ?></span><span class="muted fs12 ell"><?cs var:t.note ?></span><span class="val num"><?cs var:t.count ?></span><?cs call:icon("chevron-right") ?></a></li><?cs /each ?></ul></div></section>
</div>
