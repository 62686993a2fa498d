<?cs include!"macro/ui.cs" ?>
<div class="d-flex align-items-center gap-2"><h2 class="fs15 ell"><?cs var:Site.name ?></h2><?cs if:Site.word ?><?cs call:pill(Site.key, Site.word) ?><?cs /if ?><button class="act ms-auto" type="button" data-map-close aria-label="关闭"><?cs call:icon("x") ?></button></div>
<div class="muted fs12"><?cs var:Site.address ?></div>
<div class="mfig"><?cs each:s = Site.states ?><div><span><?cs var:s.word ?></span><b class="num<?cs if:s.key == "fault" ?> down<?cs /if ?>"><?cs var:s.count ?></b></div><?cs /each ?></div><?cs call:bar(Site.parts) ?>
<dl class="dl mt-2"><dt>站内功率</dt><dd class="num"><?cs var:Site.power ?> <span class="muted">/ <?cs var:Site.cap ?> kW</span></dd><dt>今日</dt><dd class="num"><?cs var:Site.today ?></dd><dt>当前电价</dt><dd class="num"><?cs call:tou(Site.tou) ?> <?cs var:Site.price ?></dd></dl>
<div class="d-flex gap-2 mt-2"><a class="btn btn-primary" href="/console/station/<?cs var:Site.id ?>">进入电站</a><a class="btn" href="/console/wall?station=<?cs var:Site.id ?>">充电实况</a></div>
