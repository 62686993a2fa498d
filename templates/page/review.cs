<?cs include!"macro/ui.cs" ?>
<form hx-post="/console/order/<?cs var:Review.id ?>/review" hx-target="#ask" data-once="结算中…" novalidate>
<?cs call:once() ?>
<h2 id="ask-title">复核订单 <?cs var:Review.no ?></h2>
<p id="ask-text"><?cs var:Review.why ?></p>
<?cs if:Review.error ?><?cs call:note("fault", Review.error) ?><?cs /if ?>
<div class="field"><label for="review-how">处理方式<span class="req" aria-hidden="true">*</span></label><div class="selw"><select class="in" id="review-how" name="how" required><option value="">选择处理方式</option><?cs each:h = Review.hows ?><option value="<?cs var:h.key ?>"<?cs if:h.on ?> selected<?cs /if ?>><?cs var:h.word ?></option><?cs /each ?></select><?cs call:icon("chevron-down") ?></div><?cs if:Review.amount ?><div class="help">按电桩记录结算将收取 <?cs var:Review.amount ?>。</div><?cs /if ?></div>
<div class="field<?cs if:Review.reason_error ?> bad<?cs /if ?>"><label for="review-reason">复核说明<span class="req" aria-hidden="true">*</span></label><textarea class="in" id="review-reason" name="reason" rows="3" maxlength="200" required><?cs var:Review.reason ?></textarea><?cs if:Review.reason_error ?><div class="err" role="alert"><?cs call:mark("fault") ?><?cs var:Review.reason_error ?></div><?cs else ?><div class="help">写明依据，会记入订单与操作日志。结算后不能撤销；金额较大的由另一人审批后结算。</div><?cs /if ?></div>
<footer><button class="btn" type="button" data-close autofocus>暂不处理</button><button class="btn btn-primary" type="submit">结算订单</button></footer>
</form>
