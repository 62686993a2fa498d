/*
 * The SMS service: takes messages, keeps an inbox that tests read the codes
 * from. Its flow control per number is a little wider than the product's own
 * (1 a minute, 5 an hour, 10 a day), which must come first.
 */
#include "tests/fakes/fakes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGES_MAX = 20000, INBOX_SHOWN = 50 };

struct message {
    struct message *next;
    char phone[12];
    char template[32];
    json_t *params;
    int64_t at;
    uint64_t no;
};

static struct {
    struct message *newest;
    size_t count;
    uint64_t last_no;
} box;

void sms_reset(void)
{
    while (box.newest != NULL) {
        struct message *m = box.newest;

        box.newest = m->next;
        json_decref(m->params);
        free(m);
    }
    box.count = 0;
}

static bool is_phone(const char *s)
{
    return strlen(s) == 11 && strspn(s, "0123456789") == 11 && s[0] == '1' &&
           s[1] >= '3';
}

static bool is_over_limit(const char *phone)
{
    static const struct { int64_t seconds; int most; } limits[] = {
        { 50, 1 }, { 3500, 5 }, { 86000, 10 },
    };
    int64_t now = fake_now_s();

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        int n = 0;

        for (struct message *m = box.newest; m != NULL; m = m->next)
            n += m->at > now - limits[i].seconds &&
                 strcmp(m->phone, phone) == 0;
        if (n >= limits[i].most)
            return true;
    }
    return false;
}

/* What is wrong with a message: its error code, or NULL. */
static const char *message_error(const json_t *b)
{
    const char *template = text_of(b, "template");
    const json_t *params = json_object_get(b, "params");

    if (!is_phone(text_of(b, "phone")))
        return "INVALID_PHONE";
    if (strcmp(template, "code") != 0 && strcmp(template, "notice") != 0)
        return "INVALID_TEMPLATE";
    if (!json_is_object(params))
        return "INVALID_PARAMS";
    if (strcmp(template, "code") == 0) {
        const char *code = text_of(params, "code");

        if (strlen(code) != 6 || strspn(code, "0123456789") != 6)
            return "INVALID_PARAMS";
    }
    return NULL;
}

static void keep(struct call *call)
{
    struct message *m = need(calloc(1, sizeof *m));
    char id[40];

    snprintf(m->phone, sizeof m->phone, "%s", text_of(call->json, "phone"));
    snprintf(m->template, sizeof m->template, "%s",
             text_of(call->json, "template"));
    m->params = json_deep_copy(json_object_get(call->json, "params"));
    m->at = fake_now_s();
    m->no = ++box.last_no;
    m->next = box.newest;
    box.newest = m;
    box.count++;
    snprintf(id, sizeof id, "M%08llu", (unsigned long long)m->no);
    call->answer = need(json_pack("{s:s, s:s}", "code", "OK", "id", id));
}

void sms_call(struct call *call)
{
    const char *wrong;

    if (strcmp(call->method, "POST") != 0 ||
        strcmp(call->path, "/sms/messages") != 0) {
        refuse(call, 404, "NOT_FOUND", "no such call");
        return;
    }
    if (call->json == NULL) {
        refuse(call, 400, "INVALID_REQUEST", "not a JSON object");
        return;
    }
    wrong = message_error(call->json);
    lock();
    if (wrong != NULL)
        refuse(call, 400, wrong, "refused");
    else if (box.count >= MESSAGES_MAX ||
             is_over_limit(text_of(call->json, "phone")))
        refuse(call, 429, "LIMIT", "too many messages");
    else
        keep(call);
    unlock();
}

void sms_inbox(struct call *call)
{
    const char *phone = call->query(call, "phone");
    json_t *list = need(json_array());
    int shown = 0;

    lock();
    for (struct message *m = box.newest; m != NULL && shown < INBOX_SHOWN;
         m = m->next) {
        if (phone[0] != '\0' && strcmp(m->phone, phone) != 0)
            continue;
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:O, s:I}", "phone", m->phone,
                            "template", m->template, "params", m->params,
                            "at", (json_int_t)m->at));
        shown++;
    }
    unlock();
    call->answer = need(json_pack("{s:o}", "messages", list));
}
