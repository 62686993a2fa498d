/*
 * How tests steer the fakes: /_fake/... of README.md.
 */
#include "tests/fakes/fakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INJECTIONS_MAX = 32, PATH_SHOWN = 200, BODY_SHOWN = 4000 };

struct injection {
    char path[PATH_SHOWN];
    enum mode mode;
    int times;
    int delay_ms;
};

struct seen {
    char method[8];
    char path[PATH_SHOWN];
    char *body;
    char verdict[16];
};

static struct {
    struct injection injections[INJECTIONS_MAX];
    struct seen seen[CALLS_MAX];
    size_t seen_next;
} ctl;

static const struct { const char *name; enum mode mode; } modes[] = {
    { "hang", MODE_HANG },
    { "work_hang", MODE_WORK_HANG },
    { "slow", MODE_SLOW },
    { "error", MODE_ERROR },
    { "limit", MODE_LIMIT },
    { "bad_sign", MODE_BAD_SIGN },
    { "other_sign", MODE_OTHER_SIGN },
    { "no_sign", MODE_NO_SIGN },
    { "cut", MODE_CUT },
    { "empty", MODE_EMPTY },
    { "drip", MODE_DRIP },
    { "wrong_amount", MODE_WRONG_AMOUNT },
    { "wrong_order", MODE_WRONG_ORDER },
    { "wrong_merchant", MODE_WRONG_MERCHANT },
    { "refuse", MODE_REFUSE },
    { "extra", MODE_EXTRA },
    { "running", MODE_RUNNING },
    { "closed", MODE_CLOSED },
    { "early_notify", MODE_EARLY_NOTIFY },
};

void control_reset(void)
{
    memset(ctl.injections, 0, sizeof ctl.injections);
    for (size_t i = 0; i < CALLS_MAX; i++)
        free(ctl.seen[i].body);
    memset(ctl.seen, 0, sizeof ctl.seen);
    ctl.seen_next = 0;
}

enum mode control_take(const char *path, int *delay_ms)
{
    for (size_t i = 0; i < INJECTIONS_MAX; i++) {
        struct injection *j = &ctl.injections[i];

        if (j->times > 0 && strncmp(path, j->path, strlen(j->path)) == 0) {
            j->times--;
            *delay_ms = j->delay_ms;
            return j->mode;
        }
    }
    return MODE_NONE;
}

void control_note(const struct call *call, const char *verdict)
{
    struct seen *s = &ctl.seen[ctl.seen_next++ % CALLS_MAX];

    free(s->body);
    snprintf(s->method, sizeof s->method, "%s", call->method);
    snprintf(s->path, sizeof s->path, "%s", call->path);
    snprintf(s->verdict, sizeof s->verdict, "%s", verdict);
    s->body = need(strndup(call->body, BODY_SHOWN));
}

static void done(struct call *call)
{
    if (call->answer == NULL)
        call->answer = need(json_pack("{s:s}", "code", "OK"));
}

static void inject(struct call *call)
{
    const char *name = text_of(call->json, "mode");

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(modes[i].name, name) != 0)
            continue;
        lock();
        for (size_t k = 0; k < INJECTIONS_MAX; k++) {
            struct injection *j = &ctl.injections[k];

            if (j->times > 0)
                continue;
            snprintf(j->path, sizeof j->path, "%s",
                     text_of(call->json, "path"));
            j->mode = modes[i].mode;
            j->times = (int)int_of(call->json, "times", 1);
            j->delay_ms = (int)int_of(call->json, "delay_ms", 0);
            unlock();
            done(call);
            return;
        }
        unlock();
        refuse(call, 400, "FULL", "too many injections");
        return;
    }
    refuse(call, 400, "MODE", "no such mode");
}

static void calls(struct call *call)
{
    const char *path = call->query(call, "path");
    json_t *list = need(json_array());

    lock();
    for (size_t i = 0; i < CALLS_MAX; i++) {
        const struct seen *s = &ctl.seen[(ctl.seen_next + i) % CALLS_MAX];

        if (s->body == NULL || strncmp(s->path, path, strlen(path)) != 0)
            continue;
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s}", "method", s->method,
                            "path", s->path, "body", s->body, "verdict",
                            s->verdict));
    }
    unlock();
    call->answer = need(json_pack("{s:o}", "calls", list));
}

static void send_notify(struct call *call, const char *mode)
{
    const char *order = text_of(call->json, "order");
    int count = (int)int_of(call->json, "count", 16);
    json_t *statuses = need(json_array());
    struct order *o;

    lock();
    o = order_find(order);
    unlock();
    if (o == NULL || !notify_send(order, mode[0] ? mode : "once", count,
                                  int_of(call->json, "wait", 1) != 0,
                                  statuses)) {
        json_decref(statuses);
        refuse(call, 400, "INVALID_REQUEST", "no such order or mode");
        return;
    }
    call->answer = need(json_pack("{s:s, s:o}", "code", "OK", "statuses",
                                  statuses));
}

static void pay_order(struct call *call)
{
    struct order *o;
    bool paid = false;

    lock();
    o = order_find(text_of(call->json, "order"));
    if (o != NULL)
        paid = order_pay(o, int_of(call->json, "amount", o->amount),
                         json_is_true(json_object_get(call->json, "force")));
    unlock();
    if (!paid) {
        refuse(call, 409, "STATE", "no such order, or it cannot be paid");
        return;
    }
    send_notify(call, text_of(call->json, "notify"));
}

static void show_order(struct call *call)
{
    struct order *o;

    lock();
    o = order_find(call->query(call, "order"));
    if (o == NULL) {
        refuse(call, 404, "ORDER_NOT_EXIST", "no such order");
    } else {
        call->answer = order_json(o);
        json_object_set_new(call->answer, "notified",
                            json_integer(o->notified));
        json_object_set_new(call->answer, "attempts",
                            json_integer(o->attempts));
        json_object_set_new(call->answer, "refunded",
                            json_integer(o->refunded));
    }
    unlock();
}

void control_call(struct call *call)
{
    const char *what = call->path + strlen("/_fake/");

    if (strcmp(call->method, "POST") != 0) {
        if (strcmp(what, "sms") == 0)
            sms_inbox(call);
        else if (strcmp(what, "calls") == 0)
            calls(call);
        else if (strcmp(what, "order") == 0)
            show_order(call);
        else
            refuse(call, 404, "NOT_FOUND", "no such control");
        return;
    }
    if (strcmp(what, "reset") == 0) {
        fake_reset();
        done(call);
    } else if (call->json == NULL) {
        refuse(call, 400, "INVALID_REQUEST", "not a JSON object");
    } else if (strcmp(what, "inject") == 0) {
        inject(call);
    } else if (strcmp(what, "pay") == 0) {
        pay_order(call);
    } else if (strcmp(what, "notify") == 0) {
        send_notify(call, text_of(call->json, "mode"));
    } else if (strcmp(what, "auto") == 0) {
        lock();
        payment_auto(int_of(call->json, "ms", -1));
        unlock();
        done(call);
    } else if (strcmp(what, "clock") == 0) {
        fake_set_clock(int_of(call->json, "offset_s", 0));
        done(call);
    } else {
        refuse(call, 404, "NOT_FOUND", "no such control");
    }
}
