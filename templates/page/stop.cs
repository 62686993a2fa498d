<?cs include!"macro/ui.cs" ?>
<form hx-post="/console/wall/<?cs var:Stop.id ?>/stop" hx-target="#ask" data-once="下发中…" novalidate>
<?cs call:once() ?><input type="hidden" name="order_no" value="<?cs var:Stop.order_no ?>">
<h2 id="ask-title">停止 <?cs var:Stop.name ?> 的充电？</h2>
<p id="ask-text"><?cs var:Stop.text ?></p>
<?cs if:Stop.error ?><?cs call:note("fault", Stop.error) ?><?cs /if ?>
<div class="field<?cs if:Stop.reason_error ?> bad<?cs /if ?>"><label for="stop-reason">停止原因<span class="req" aria-hidden="true">*</span></label><div class="selw"><select class="in" id="stop-reason" name="reason" required><?cs each:r = Stop.reasons ?><option value="<?cs var:r.key ?>"<?cs if:r.on ?> selected<?cs /if ?>><?cs var:r.word ?></option><?cs /each ?></select><?cs call:icon("chevron-down") ?></div><?cs if:Stop.reason_error ?><div class="err" role="alert"><?cs call:mark("fault") ?><?cs var:Stop.reason_error ?></div><?cs else ?><div class="help">原因会写入订单与操作日志。</div><?cs /if ?></div>
<footer><button class="btn" type="button" data-close autofocus>继续充电</button><button class="btn btn-danger" type="submit">停止充电</button></footer>
</form>
