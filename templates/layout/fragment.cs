<?cs # Before a template that answers htmx: the title of the window and what is
     to be said once. ?><?cs include!"macro/ui.cs" ?><?cs if:Page.title ?><title><?cs var:Page.title ?> - <?cs var:Page.product ?></title><?cs /if ?><?cs if:Page.toasts.0.text ?><div id="toasts" hx-swap-oob="beforeend"><?cs call:toasts() ?></div><?cs /if ?>
