<?cs include!"macro/ui.cs" ?><?cs include!"part/captcha.cs" ?>
