<?cs include!"macro/ui.cs" ?>
<?cs def:err(id, text) ?><?cs if:text ?><div class="err" id="<?cs var:id ?>-err" role="alert"><?cs call:mark("fault") ?><?cs var:text ?></div><?cs /if ?><?cs /def ?>
<?cs def:described(id, text) ?><?cs if:text ?> aria-invalid="true" aria-describedby="<?cs var:id ?>-err"<?cs /if ?><?cs /def ?>
<?cs def:bad(text) ?>field<?cs if:text ?> bad<?cs /if ?><?cs /def ?>
<?cs def:phone_box(readonly) ?><div class="<?cs call:bad(Login.phone_error) ?>"><label for="phone">手机号</label><div class="inw"><?cs call:icon("device-mobile") ?><input class="in num" id="phone" name="phone" inputmode="tel" autocomplete="username" maxlength="13" value="<?cs var:Login.phone ?>" required<?cs if:readonly ?> readonly<?cs elif:!Login.phone ?> autofocus<?cs /if ?><?cs call:described("phone", Login.phone_error) ?>></div><?cs call:err("phone", Login.phone_error) ?></div><?cs /def ?>
<?cs def:captcha_box() ?><?cs if:Login.captcha ?><div class="<?cs call:bad(Login.captcha_error) ?>" id="captcha-field"><label for="captcha">图形验证码</label><?cs include!"part/captcha.cs" ?><?cs call:err("captcha", Login.captcha_error) ?></div><?cs /if ?><?cs /def ?>
<?cs def:new_password() ?><div class="<?cs call:bad(Login.password_error) ?>"><label for="password">设置密码</label><div class="inw"><?cs call:icon("lock") ?><input class="in" id="password" name="password" type="password" autocomplete="new-password" maxlength="64" required<?cs call:described("password", Login.password_error) ?>></div><?cs if:Login.password_error ?><?cs call:err("password", Login.password_error) ?><?cs else ?><div class="help"><?cs var:Login.rules ?></div><?cs /if ?></div>
<div class="<?cs call:bad(Login.again_error) ?>"><label for="again">再输一次</label><div class="inw"><?cs call:icon("lock") ?><input class="in" id="again" name="again" type="password" autocomplete="new-password" maxlength="64" required<?cs call:described("again", Login.again_error) ?>></div><?cs call:err("again", Login.again_error) ?></div><?cs /def ?>
<div class="login">
<section class="art" aria-label="pilehub"><svg class="net" viewBox="0 0 866 768" preserveAspectRatio="xMidYMid slice" aria-hidden="true"><path class="net-line" d="M90 250L210 190M210 190L330 300M330 300L450 215M450 215L560 330M560 330L690 250M690 250L780 390M780 390L620 470M620 470L560 330M620 470L470 430M470 430L330 300M470 430L340 480M340 480L200 400M200 400L90 250M200 400L110 520M110 520L280 610M280 610L340 480M280 610L450 580M450 580L470 430M450 580L600 620M600 620L620 470M600 620L740 560M740 560L780 390M200 400L330 300"/><g class="net-dot"><circle cx="90" cy="250" r="3.5"/><circle cx="210" cy="190" r="3.5"/><circle cx="450" cy="215" r="3.5"/><circle cx="690" cy="250" r="3.5"/><circle cx="620" cy="470" r="3.5"/><circle cx="340" cy="480" r="3.5"/><circle cx="200" cy="400" r="3.5"/><circle cx="110" cy="520" r="3.5"/><circle cx="280" cy="610" r="3.5"/><circle cx="600" cy="620" r="3.5"/><circle cx="740" cy="560" r="3.5"/></g><g class="net-live"><circle cx="330" cy="300" r="5"/><circle cx="560" cy="330" r="5"/><circle cx="780" cy="390" r="5"/><circle cx="470" cy="430" r="5"/><circle cx="450" cy="580" r="5"/></g><g class="net-ring"><circle cx="330" cy="300" r="13"/><circle cx="560" cy="330" r="13"/><circle cx="780" cy="390" r="13"/><circle cx="470" cy="430" r="13"/><circle cx="450" cy="580" r="13"/></g></svg>
  <div class="art-brand"><svg class="logo" aria-hidden="true"><use href="/static/img/icons.svg?v=<?cs var:Page.version ?>#logo"></use></svg><?cs var:Page.product ?></div>
  <div class="mt-auto"><div class="lead1">充电桩数字化运营管理平台</div><div class="lead2">每一度电、每一分钱，都能追溯到桩上的那一帧报文。</div></div>
</section>
<main class="box" id="main">
  <h1><?cs var:Login.title ?></h1>
  <?cs if:Login.view == "password" || Login.view == "sms" ?><nav class="ltabs" aria-label="登录方式"><a href="/login?view=password&amp;next=<?cs var:url_escape(Login.next) ?>"<?cs if:Login.view == "password" ?> class="on" aria-current="page"<?cs /if ?>>密码登录</a><a href="/login?view=sms&amp;next=<?cs var:url_escape(Login.next) ?>"<?cs if:Login.view == "sms" ?> class="on" aria-current="page"<?cs /if ?>>短信验证码</a></nav><?cs elif:Login.view == "first" ?><p class="muted mb-3">账号由管理员建立。用手机验证码证明是你本人，再设置密码。</p><?cs elif:Login.view == "reset" ?><p class="muted mb-3">用手机验证码证明是你本人，再设置新密码。</p><?cs elif:Login.view == "set" ?><p class="muted mb-3"><?cs if:Login.who ?><b class="ink"><?cs var:Login.who ?></b>，<?cs /if ?>密码设置后立即登录。</p><?cs /if ?>
  <?cs if:Login.error ?><?cs call:note("fault", Login.error) ?><?cs /if ?><?cs if:Login.note ?><?cs call:note("charging", Login.note) ?><?cs /if ?>
<?cs if:Login.view == "password" ?>
  <form method="post" action="/login" data-once="登录中…" novalidate><?cs call:csrf() ?><input type="hidden" name="next" value="<?cs var:Login.next ?>">
    <?cs call:phone_box("") ?>
    <div class="<?cs call:bad(Login.password_error) ?>"><label for="password">密码</label><div class="inw"><?cs call:icon("lock") ?><input class="in" id="password" name="password" type="password" autocomplete="current-password" maxlength="64" required<?cs if:Login.phone ?> autofocus<?cs /if ?><?cs call:described("password", Login.password_error) ?>></div><?cs call:err("password", Login.password_error) ?></div>
    <?cs call:captcha_box() ?>
    <div class="lrow"><span class="grow"></span><a href="/login?view=reset">忘记密码</a></div>
    <button class="btn btn-primary" type="submit">登录</button>
    <p class="muted fs13 mt-3 mb-0">首次登录？<a href="/login?view=first">验证手机号并设置密码</a></p>
  </form>
<?cs elif:Login.view == "set" ?>
  <form method="post" action="/login/password" data-once novalidate><?cs call:csrf() ?><input type="hidden" name="key" value="<?cs var:Login.key ?>"><input type="hidden" name="next" value="<?cs var:Login.next ?>">
    <?cs call:new_password() ?>
    <button class="btn btn-primary mt-2" type="submit">设置密码并登录</button>
  </form>
<?cs else ?>
  <?cs if:Login.sms_off ?><?cs call:note("warn", Login.sms_off) ?><?cs /if ?>
  <?cs if:!Login.sent ?><form method="post" action="/login/code" data-once="发送中…" novalidate><?cs call:csrf() ?><input type="hidden" name="purpose" value="<?cs var:Login.view ?>"><input type="hidden" name="next" value="<?cs var:Login.next ?>">
    <?cs call:phone_box("") ?>
    <?cs call:captcha_box() ?>
    <button class="btn btn-primary mt-2" type="submit"<?cs if:Login.sms_off ?> disabled<?cs /if ?>>获取验证码</button>
    <p class="muted fs13 mt-3 mb-0"><a href="/login?view=password">用密码登录</a></p>
  </form><?cs else ?><form method="post" action="/login/sms" data-once="核对中…" id="sms-form" novalidate><?cs call:csrf() ?><input type="hidden" name="purpose" value="<?cs var:Login.view ?>"><input type="hidden" name="next" value="<?cs var:Login.next ?>">
    <?cs call:phone_box("1") ?>
    <div class="<?cs call:bad(Login.code_error) ?>"><label for="code">短信验证码</label><div class="d-flex gap-2"><input class="in num" id="code" name="code" inputmode="numeric" maxlength="6" autocomplete="one-time-code" required autofocus<?cs call:described("code", Login.code_error) ?>><button class="btn" type="submit" form="again-form"<?cs if:Login.wait ?> disabled data-tick="<?cs var:Login.wait ?>" data-ticking="重新获取（%s 秒）"<?cs /if ?>>重新获取</button></div><?cs if:Login.code_error ?><?cs call:err("code", Login.code_error) ?><?cs else ?><div class="help">验证码已发送到 <?cs var:Login.sent_to ?>，5 分钟内有效。</div><?cs /if ?></div>
    <button class="btn btn-primary mt-2" type="submit"><?cs if:Login.view == "sms" ?>登录<?cs else ?>下一步<?cs /if ?></button>
    <p class="muted fs13 mt-3 mb-0"><a href="/login?view=<?cs var:Login.view ?>">换一个手机号</a></p>
  </form><form method="post" action="/login/code" id="again-form"><?cs call:csrf() ?><input type="hidden" name="purpose" value="<?cs var:Login.view ?>"><input type="hidden" name="next" value="<?cs var:Login.next ?>"><input type="hidden" name="phone" value="<?cs var:Login.phone ?>"></form><?cs /if ?>
<?cs /if ?>
  <p class="legal">建议使用 Chrome 109 及以上版本<?cs if:Page.demo ?> · 演示环境<?cs /if ?></p>
</main>
</div>
