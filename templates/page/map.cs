<?cs include!"macro/ui.cs" ?>
<h1 class="sr"><?cs var:Page.title ?></h1>
<div class="mapwrap"><div id="map" role="application" aria-label="场站地图" data-map="<?cs var:Map.data ?>" data-box="<?cs var:Map.box ?>" data-geo="<?cs var:Map.geo ?>" data-bright="<?cs var:Map.bright ?>"></div>
<form class="mbar" method="get" action="/console/map"><div class="inw w200"><?cs call:icon("search") ?><input class="in" name="q" value="<?cs var:Map.q ?>" data-key="/" placeholder="运营商 / 电站 / 桩编号" aria-label="运营商、电站或桩编号" maxlength="40"></div>
  <div class="selw"><select class="in w110" name="city" aria-label="城市" data-submit><?cs each:c = Map.cities ?><option value="<?cs var:c.key ?>"<?cs if:c.on ?> selected<?cs /if ?>><?cs var:c.word ?></option><?cs /each ?></select><?cs call:icon("chevron-down") ?></div>
  <div class="selw"><select class="in w110" name="state" aria-label="电枪状态" data-submit><?cs each:c = Map.states ?><option value="<?cs var:c.key ?>"<?cs if:c.on ?> selected<?cs /if ?>><?cs var:c.word ?></option><?cs /each ?></select><?cs call:icon("chevron-down") ?></div></form>
<div class="mlegend"><span class="muted">标记：空闲枪 / 总枪</span><?cs call:state("idle", "空闲") ?><?cs call:state("occupied", "无空闲") ?><?cs call:state("fault", "故障") ?><?cs call:state("offline", "离线") ?></div>
<aside class="mside" aria-label="电站"><div class="msum"><?cs each:f = Map.figures ?><div><div class="muted fs12"><?cs var:f.label ?></div><b class="num"><?cs var:f.value ?></b></div><?cs /each ?></div>
<div class="msel" id="msel"></div><div class="mhd">视野内的电站<span class="muted num ms-auto" id="mcount"></span></div><ul class="rows mlist" id="mlist" data-rows></ul></aside></div>
