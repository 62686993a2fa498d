<?cs include!"macro/ui.cs" ?><?cs include!"page/captcha_box.cs" ?>
