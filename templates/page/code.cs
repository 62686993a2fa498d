<?cs include!"macro/ui.cs" ?><?cs include!"macro/price.cs" ?>
<main class="phone" id="main">
  <div class="phone-brand"><svg class="logo" aria-hidden="true"><use href="/static/img/icons.svg?v=<?cs var:Page.version ?>#logo"></use></svg><?cs var:Page.product ?></div>
  <section class="card p-3"><div class="d-flex align-items-center gap-2"><h1 class="h18"><?cs var:Gun.name ?></h1><?cs call:pill(Gun.key, Gun.word) ?></div>
  <div class="mt-1"><?cs var:Gun.station ?></div><div class="muted fs13"><?cs var:Gun.address ?></div>
  <?cs if:Gun.obstacle ?><div class="mt-2"><?cs call:note("warn", Gun.obstacle) ?></div><?cs /if ?>
  <dl class="dl mt-2"><dt>枪口号</dt><dd class="num"><?cs var:Gun.no ?> <button class="act" type="button" data-copy="<?cs var:Gun.no ?>" aria-label="复制枪口号"><?cs call:icon("copy") ?></button></dd><dt>功率</dt><dd class="num"><?cs var:Gun.power ?> kW</dd><?cs if:Gun.parking_no ?><dt>车位</dt><dd><?cs var:Gun.parking_no ?></dd><?cs /if ?><?cs if:Gun.hours ?><dt>营业时间</dt><dd><?cs var:Gun.hours ?></dd><?cs /if ?><?cs if:Gun.hotline ?><dt>客服电话</dt><dd class="num"><a href="tel:<?cs var:Gun.hotline ?>"><?cs var:Gun.hotline ?></a></dd><?cs /if ?></dl></section>
  <section class="card p-3"><h2 class="fs15">怎样充电</h2><ol class="mb-0 mt-1 ps-3"><li>把充电枪插好。</li><li>在充电应用里扫这个二维码，或输入枪口号，选择金额后启动。</li><li>充完在应用里停止，按实际电量结算，余款退回余额。</li></ol></section>
  <?cs if:subcount(Gun.prices) ?><section class="card"><h2 class="fs15 p-3 pb-2">今日价格</h2><?cs call:prices(Gun.prices) ?></section><?cs /if ?>
</main>
