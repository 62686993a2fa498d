/*
 * Signing in and out (P001, P003, X001), and one's own page.
 *
 *   GET  /login                 ?view=password|sms|first, ?next=/console/...
 *   POST /login                 phone, password, captcha, captcha_id, next
 *   GET  /login/captcha.png     ?id=
 *   POST /login/code            phone, purpose=sms|first|reset, captcha,
 *                               captcha_id: sends a code (slow pool)
 *   POST /login/sms             phone, code, purpose, next: signs in, or goes
 *                               on to choosing a password
 *   GET  /login/password        choose a password: first sign-in, forgotten,
 *                               expired, or the activation link (?key=)
 *   POST /login/password        key, password, again
 *   POST /logout
 *   GET  /console/me            own data, sessions
 *   POST /console/me/password   old, password, again
 *   POST /console/me/kill       id: ends another session of one's own
 *
 * page/login.cs, between the bare layouts (names as ready text, flags "1"):
 *   Login.view       password | sms | first | reset | set
 *                    first and reset look like sms (phone, then code), with
 *                    their own h1: 首次登录, 找回密码; set: two password boxes
 *   Login.title      h1
 *   Login.phone      as typed
 *   Login.next       hidden field, posted back
 *   Login.error      sentence of the red note, or absent
 *   Login.note       sentence of a neutral note (你已退出登录。), or absent
 *   Login.phone_error .password_error .again_error .code_error
 *   Login.captcha_error      sentence below the field, or absent
 *   Login.captcha    id: show the captcha field with the picture
 *                    /login/captcha.png?id=, hidden field captcha_id; absent:
 *                    none is needed. Another picture: htmx GET
 *                    /login/captcha -> page/captcha.cs (same names)
 *   Login.sent       flag: a code is on its way
 *   Login.sent_to    138****7051
 *   Login.wait       seconds until another code may be asked for ("48")
 *   Login.sms_off    未配置短信服务，验证码无法发送。 or absent
 *   Login.key        hidden field of the set view
 *   Login.rules      sentence of the password rules, below the box
 *   Login.who        set view: name of the account
 * page/me.cs:
 *   Person.name .phone .org .roles .password_at (when it was last changed)
 *   Person.rules, Person.error, Person.old_error .password_error .again_error
 *   Person.sessions.N  .id .address .agent .created .seen .current (flag)
 */
