/*
 * The way of a request: head, route, session, permission, body, CSRF,
 * arguments, limits, handler in its transaction, answer.
 */
#include "web/app.h"

#include <string.h>
#include <sys/stat.h>

#include "base/config.h"
#include "base/crypto.h"
#include "base/log.h"
#include "db/db.h"
#include "db/idem.h"

struct serving *serving_of(struct request *req)
{
    return (struct serving *)(void *)req;
}

bool request_take(struct request *req, const char *what, const char *who,
                  int per_minute)
{
    return limit_take(req->app->shared, what, who, per_minute, req->cx->now.ms);
}

/* ---- a page that must not take effect twice (ROUTE_FORM_ONCE, I8) ------- */

/* The claim of the request's form token. */
static struct idem *form_claim(struct serving *s)
{
    struct cx *cx = s->req.cx;
    const char *token = input_get(&s->input, "_form");
    const char *key = token == NULL ? NULL
                                    : form_token_key(cx, s->req.session,
                                                     token);
    struct idem *idem = CX_NEW(cx, struct idem);

    if (key == NULL)
        cx_fail(cx, ERR_CSRF, "页面已过期，刷新页面后重试。");
    *idem = (struct idem){
        .scope = cx_printf(cx, "form:%lld", (long long)s->req.session->id),
        .key = key,
    };
    return idem;
}

/* The first answer again: where it led to, if anywhere. */
static void replay_page(struct serving *s, const struct idem_answer *stored)
{
    if (stored->status == 0)
        cx_fail(s->req.cx, ERR_CONFLICT,
                "这张表单正在处理，结果尚未确定，稍后刷新查看。");
    answer_toast_as(&s->req, "ok", "这张表单已提交过，没有重复执行。");
    if (stored->text[0] != '\0')
        answer_redirect(&s->req, cx_strdup(s->req.cx, stored->text));
    else
        answer_data(&s->req, "text/html; charset=utf-8", "", 0);
}

/* An answer that changed nothing, such as a form with errors, leaves the
   token good. */
static void settle_claim(struct serving *s, const struct idem *idem)
{
    const struct answer *a = s->req.answer;

    if (a->status >= 400)
        idem_drop(s->req.cx, idem);
    else
        idem_keep(s->req.cx, idem, a->status,
                  a->location == NULL ? "" : a->location);
}

/* ---- running the handler ----------------------------------------------- */

struct call {
    struct serving *s;
    const void *args;
    struct idem *idem; /* of a form, or NULL */
    bool replayed;
};

static void run_handler(struct call *c)
{
    struct serving *s = c->s;

    if (s->match.row->endpoint != NULL)
        endpoint_serve(s, c->args);
    else
        s->match.row->route.run(&s->req, c->args);
    must(s->req.answer->status != 0);
}

static void keep_toast(struct serving *s)
{
    const struct answer *a = s->req.answer;

    if (a->location != NULL && a->toast != NULL && s->req.session != NULL)
        s->req.app->identity->toast(s->req.cx, s->req.session, a->toast_kind,
                                    a->toast);
}

/* May be repeated from here (T5). */
static void attempt(struct cx *cx, void *arg)
{
    struct call *c = arg;
    const struct idem_answer *stored = NULL;

    answer_reset(c->s->req.answer);
    if (c->idem != NULL)
        stored = idem_claim(cx, c->idem);
    c->replayed = stored != NULL;
    if (stored != NULL) {
        replay_page(c->s, stored);
    } else {
        run_handler(c);
        if (c->idem != NULL)
            settle_claim(c->s, c->idem);
    }
    keep_toast(c->s);
}

static void claim(struct cx *cx, void *arg)
{
    struct call *c = arg;
    const struct idem_answer *stored = idem_claim(cx, c->idem);

    c->replayed = stored != NULL;
    if (stored != NULL)
        replay_page(c->s, stored);
}

static void settle(struct cx *cx, void *arg)
{
    struct call *c = arg;

    (void)cx;
    settle_claim(c->s, c->idem);
}

static void drop_claim(struct cx *cx, void *arg)
{
    struct call *c = arg;

    idem_drop(cx, c->idem);
}

static void bare(struct cx *cx, void *arg)
{
    (void)cx;
    run_handler(arg);
}

/* Without a transaction around the handler the claim is committed first. */
static void run_claimed(struct cx *cx, struct call *c)
{
    db_tx(cx, claim, c);
    if (c->replayed)
        return;
    if (!cx_run(cx, bare, c)) {
        struct cx_error error = cx->error;

        /* It may have taken effect: the claim stays. */
        if (db_outcome_unknown(cx) || error.code == ERR_MEMORY)
            cx_refail(cx);
        db_tx(cx, drop_claim, c);
        cx->error = error;
        cx_refail(cx);
    }
    db_tx(cx, settle, c);
}

static void run(struct serving *s, const void *args)
{
    struct cx *cx = s->req.cx;
    const struct route *route = &s->match.row->route;
    struct call *c = CX_NEW(cx, struct call);

    *c = (struct call){ .s = s, .args = args };
    if (route->flags & ROUTE_FORM_ONCE)
        s->claim = c->idem = form_claim(s);
    if (s->req.method == POST && !(route->flags & ROUTE_NO_TX)) {
        db_tx(cx, attempt, c);
        return;
    }
    if (c->idem != NULL)
        run_claimed(cx, c);
    else
        run_handler(c);
    if (s->req.method == POST)
        keep_toast(s);
}

/* ---- the whole --------------------------------------------------------- */

/* People see a page although its address holds nonsense; programs are told. */
static enum args_rule rule_of(const struct serving *s)
{
    if (s->match.row->endpoint != NULL || s->req.method != GET)
        return ARGS_STRICT;
    return s->req.json ? ARGS_OPEN : ARGS_FORGIVING;
}

static const void *read_args(struct serving *s)
{
    const struct route_row *row = s->match.row;
    struct cx *cx = s->req.cx;
    const char *left_out;
    void *args;

    if (row->route.flags & (ROUTE_RAW | ROUTE_BODY))
        return NULL;
    args = arena_alloc(cx->arena, row->route.args_size + 1);
    left_out = args_read(cx, &row->route.args, &s->input, rule_of(s), args);
    if (left_out != NULL)
        answer_toast_as(&s->req, "warn", left_out);
    return args;
}

/* Per actor, or per address if nobody acts. */
static void take_turn(struct serving *s)
{
    const struct endpoint *e = s->match.row->endpoint;
    struct cx *cx = s->req.cx;
    const char *who = s->req.address;

    if (e == NULL || e->per_minute == 0)
        return;
    if (s->req.session != NULL)
        who = cx_printf(cx, "%d:%lld", (int)cx->actor.kind,
                        (long long)cx->actor.id);
    if (!request_take(&s->req, e->path, who, e->per_minute))
        cx_fail(cx, ERR_TOO_MANY, "操作过于频繁，稍后再试。");
}

/* What may have changed is not answered from memory any more, whether the
   request succeeded or not: part of it may have been committed. */
static void forget(const struct serving *s)
{
    struct kept *kept = &s->req.app->shared->kept;
    const struct actor *actor = &s->req.cx->actor;

    if (s->req.method != POST)
        return;
    if (actor->kind == ACTOR_DRIVER)
        kept_forget_owner(kept, actor->id);
    else if (actor->kind != ACTOR_NONE)
        kept_forget(kept);
}

static void serve(struct cx *cx, void *arg)
{
    struct serving *s = arg;

    serving_find_route(s);
    if (serving_hand_over(s))
        return;
    if (s->req.method == GET)
        cx->kept = &s->req.app->shared->kept;
    serving_load_session(s);
    serving_authorize(s);
    serving_read_input(s);
    serving_check_csrf(s);

    const void *args = read_args(s);

    take_turn(s);
    run(s, args);
    answer_finish(s);
}

struct looking {
    struct serving *s;
    struct cx_error lost; /* how the connection broke */
    bool known;
};

/*
 * The connection broke in COMMIT: whether the act took effect is looked up
 * under its key, never assumed (T6). The COMMIT may still be on its way, so
 * the lookup waits for the transaction that holds the key. No key is no
 * effect only if both stood in one transaction.
 */
static void look_up(struct cx *cx, void *arg)
{
    struct looking *l = arg;
    struct serving *s = l->s;
    const struct idem_answer *stored = idem_find_ended(cx, s->claim);
    bool together = !(s->match.row->route.flags & ROUTE_NO_TX);

    l->known = stored != NULL || together;
    if (stored == NULL && together)
        cx_fail(cx, ERR_DATABASE, "数据库连接中断，操作没有生效，可以重试。");
    if (stored == NULL)
        cx_fail(cx, ERR_DATABASE, "%s", l->lost.text);
    if (s->match.row->endpoint != NULL)
        endpoint_replay(s, stored);
    else
        replay_page(s, stored);
    answer_finish(s);
}

static bool recovered(struct serving *s)
{
    struct cx *cx = s->req.cx;
    struct looking *l;

    if (cx->error.code != ERR_DATABASE || s->claim == NULL ||
        cx->db == NULL || !db_outcome_unknown(cx))
        return false;
    l = CX_NEW(cx, struct looking);
    *l = (struct looking){ s, cx->error, false };
    answer_reset(s->req.answer);
    if (cx_run(cx, look_up, l))
        return true;
    if (!l->known) /* still not known */
        cx->error = l->lost;
    return false;
}

static bool takes_secret(const struct route_row *row)
{
    if (row == NULL)
        return false;
    for (size_t i = 0; i < row->route.args.n; i++)
        if (row->route.args.v[i].flags & ARG_SECRET)
            return true;
    return false;
}

static void read_head(struct cx *cx, void *arg)
{
    (void)cx;
    serving_read_head(arg);
    serving_read_guest(arg);
}

static void set_request_id(struct cx *cx, const struct transport *t)
{
    const char *id = t->get(t->from, "REQUEST_ID");
    uint8_t random[16];
    char text[2 * sizeof random + 1];

    if (id == NULL || strlen(id) < 8 || strlen(id) > REQUEST_ID_MAX ||
        id[strspn(id, "0123456789abcdef")] != '\0') {
        random_bytes(random, sizeof random);
        id = hex_encode(random, sizeof random, text);
    }
    cx->request_id = cx_strdup(cx, id);
    log_set_context(cx->request_id);
}

void app_serve(const struct app *app, struct cx *cx,
               const struct transport *transport, struct answer *answer,
               struct served *out)
{
    struct serving *s;

    answer_reset(answer);
    answer->https = app->config->cookie_secure;
    set_request_id(cx, transport);
    s = CX_NEW(cx, struct serving);
    s->transport = transport;
    s->req = (struct request){ .cx = cx, .method = GET, .path = "/",
                               .query = "", .address = "", .agent = "",
                               .host = "", .answer = answer, .app = app };
    s->method_name = "-";
    s->guest = s->sent_token = s->current = s->cookies = "";
    s->origin = (struct origin){ "", "", "" };
    if (!cx_run(cx, read_head, s) ||
        (!cx_run(cx, serve, s) && !recovered(s))) {
        out->error = cx_code_name(cx->error.code);
        error_answer(s);
    }
    forget(s);
    out->class = s->match.row == NULL ? CLASS_PAGE : s->match.row->class;
    out->method = s->method_name;
    out->path = s->req.path;
    out->head = s->head;
    out->secret = takes_secret(s->match.row);
}

/* ---- making it --------------------------------------------------------- */

static const struct identity *find_identity(const struct features *features)
{
    for (size_t i = 0; i < features->n; i++)
        if (features->v[i]->identity != NULL)
            return features->v[i]->identity;
    return NULL;
}

static const char *make_spool(struct arena *arena, const struct config *c)
{
    const char *dir = arena_printf(arena, "%s/spool", c->home);

    if (mkdir(dir, 0700) != 0) {
        struct stat st;

        if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
            log_warn("web.spool", F_TEXT("dir", dir));
    }
    return dir;
}

const struct app *app_new(struct arena *arena, const struct config *config,
                          const struct features *features,
                          struct shared *shared)
{
    struct app *app = ARENA_NEW(arena, struct app);
    const char *error;

    *app = (struct app){
        .config = config,
        .features = features,
        .identity = find_identity(features),
        .shared = shared,
        .version = arena_printf(arena, "%llx",
                                (unsigned long long)stamp_now().ms),
        .spool = make_spool(arena, config),
        .slow_pool = strcmp(config->web_pool, "slow") == 0,
    };
    app->router = router_new(arena, features, probe_routes,
                             probe_route_count, &error);
    if (app->router == NULL) {
        log_error("web.route", F_TEXT("error", error));
        return NULL;
    }
    return app;
}
