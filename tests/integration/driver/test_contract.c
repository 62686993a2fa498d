/*
 * The document of the driver API against the endpoints themselves: the same
 * paths, the same arguments, the same rules. And the judge of the answers: it
 * must find every kind of fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "driver/driver_pages.h"
#include "payment/payment_pages.h"
#include "tests/integration/driver/contract.h"

#define BASE "/api/driver/v1"

static struct contract *contract;

static const struct { const struct endpoint *v; size_t n; } lists[] = {
    { sign_in_endpoints, SIGN_IN_ENDPOINTS },
    { station_endpoints, STATION_ENDPOINTS },
    { order_endpoints, ORDER_ENDPOINTS },
    { wallet_endpoints, WALLET_ENDPOINTS },
    { payment_endpoints, PAYMENT_ENDPOINTS },
};

/* "/orders/:order_no/stop" as the document writes it. */
static void document_path(const char *path, char *out, size_t size)
{
    size_t n = 0;
    bool name = false;

    for (path += strlen(BASE); *path != '\0' && n + 2 < size; path++) {
        if (*path == ':') {
            name = true;
            out[n++] = '{';
            continue;
        }
        if (*path == '/' && name) {
            name = false;
            out[n++] = '}';
        }
        out[n++] = *path;
    }
    if (name)
        out[n++] = '}';
    out[n] = '\0';
}

static const json_t *operation_of(const struct endpoint *e)
{
    char path[200];

    document_path(e->path, path, sizeof path);
    return json_object_get(
        json_object_get(json_object_get(contract_root(contract), "paths"),
                        path),
        e->method == POST ? "post" : "get");
}

static void each_endpoint(void (*check)(const struct endpoint *,
                                        const json_t *))
{
    for (size_t i = 0; i < COUNT(lists); i++)
        for (size_t k = 0; k < lists[i].n; k++) {
            const struct endpoint *e = &lists[i].v[k];
            const json_t *operation = operation_of(e);

            if (operation == NULL)
                fail_msg("%s is not in the document", e->path);
            check(e, operation);
        }
}

/* ---- the document says what the tables say ---- */

static void count_operation(const char *method, const char *path,
                            const json_t *operation, bool answered, void *arg)
{
    (void)method;
    (void)path;
    (void)operation;
    (void)answered;
    ++*(size_t *)arg;
}

static void same_operations(void **state)
{
    size_t documented = 0, built = 0;

    (void)state;
    contract_each(contract, count_operation, &documented);
    for (size_t i = 0; i < COUNT(lists); i++)
        built += lists[i].n;
    assert_int_equal(documented, built);
}

static void check_flags(const struct endpoint *e, const json_t *operation)
{
    const json_t *security = json_object_get(operation, "security");
    const json_t *responses = json_object_get(operation, "responses");
    bool open = json_is_array(security) && json_array_size(security) == 0;

    if (open != (e->auth == AUTH_NONE))
        fail_msg("%s: who may use it?", e->path);
    if ((json_object_get(responses, "401") != NULL) == open)
        fail_msg("%s: 401 of an open one, or none", e->path);
    if ((json_object_get(responses, "429") != NULL) != (e->per_minute > 0))
        fail_msg("%s: 429 and per_minute disagree", e->path);
    if (strcmp(json_string_value(json_object_get(operation, "summary")),
               e->summary) != 0)
        fail_msg("%s: another summary", e->path);
}

static void same_rights_and_limits(void **state)
{
    (void)state;
    each_endpoint(check_flags);
}

/* The parameter of that name among those of the operation. */
static const json_t *parameter(const json_t *operation, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(operation, "parameters"), i, one) {
        const json_t *p = contract_resolve(contract, one);

        if (strcmp(json_string_value(json_object_get(p, "name")), name) == 0)
            return p;
    }
    return NULL;
}

static const json_t *body_schema(const json_t *operation)
{
    return json_object_get(
        json_object_get(json_object_get(json_object_get(operation,
                                                        "requestBody"),
                                        "content"),
                        "application/json"),
        "schema");
}

static bool is_listed(const json_t *list, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
        if (strcmp(json_string_value(one), name) == 0)
            return true;
    return false;
}

static const char *type_of(const struct arg *a)
{
    if (a->labels.n > 0)
        return "string";
    switch (a->kind) {
    case ARG_BOOL:
        return "boolean";
    case ARG_INT:
    case ARG_I64:
    case ARG_MONEY:
        return "integer";
    default:
        return "string";
    }
}

static void check_schema(const struct endpoint *e, const struct arg *a,
                         const json_t *schema)
{
    const json_t *max = json_object_get(schema, "maxLength");
    const char *type = json_string_value(json_object_get(schema, "type"));

    if (type == NULL || strcmp(type, type_of(a)) != 0)
        fail_msg("%s %s: another type", e->path, a->name);
    if (max != NULL && json_integer_value(max) != a->max)
        fail_msg("%s %s: another length", e->path, a->name);
    max = json_object_get(schema, "maximum");
    if (max != NULL && json_integer_value(max) != a->max)
        fail_msg("%s %s: another maximum", e->path, a->name);
}

static void check_args(const struct endpoint *e, const json_t *operation)
{
    const json_t *body = body_schema(operation);
    const json_t *properties = json_object_get(body, "properties");
    size_t named = json_object_size(properties) +
                   json_array_size(json_object_get(operation, "parameters"));
    bool idempotent = e->flags & EP_IDEMPOTENT;

    if ((parameter(operation, "Idempotency-Key") != NULL) != idempotent)
        fail_msg("%s: Idempotency-Key?", e->path);
    if (named != e->args.n + idempotent)
        fail_msg("%s: %zu arguments, %zu in the document", e->path,
                 e->args.n, named);
    for (size_t i = 0; i < e->args.n; i++) {
        const struct arg *a = &e->args.v[i];
        const json_t *p = parameter(operation, a->name);
        const json_t *schema = p ? json_object_get(p, "schema")
                                 : json_object_get(properties, a->name);
        bool must_be = p ? json_is_true(json_object_get(p, "required"))
                         : is_listed(json_object_get(body, "required"),
                                     a->name);

        if (schema == NULL)
            fail_msg("%s: %s is not in the document", e->path, a->name);
        if (must_be != ((a->flags & ARG_REQUIRED) != 0))
            fail_msg("%s: is %s required?", e->path, a->name);
        check_schema(e, a, schema);
    }
}

static void same_arguments(void **state)
{
    (void)state;
    each_endpoint(check_args);
}

/* ---- the judge finds what is wrong ---- */

struct fault {
    const char *what;
    const char *method, *path;
    int status;
    const char *body;
    bool good;
};

#define ME "\"name\":\"\",\"plate\":\"\","
#define AT "\"created_at\":\"2026-11-20T14:05:16+08:00\""
#define PHONE "\"phone\":\"138****7051\","

static void the_judge_finds_every_fault(void **state)
{
    static const struct fault faults[] = {
        { "good", "GET", BASE "/me", 200,
          "{\"code\":0,\"data\":{" PHONE ME AT "}}", true },
        { "with a query", "GET", BASE "/me?x=1", 200,
          "{\"code\":0,\"data\":{" PHONE ME AT "}}", true },
        { "a member more", "GET", BASE "/me", 200,
          "{\"code\":0,\"data\":{" PHONE ME AT ",\"id\":1}}", false },
        { "a member less", "GET", BASE "/me", 200,
          "{\"code\":0,\"data\":{" ME AT "}}", false },
        { "a phone in clear", "GET", BASE "/me", 200,
          "{\"code\":0,\"data\":{\"phone\":\"13812347051\"," ME AT "}}",
          false },
        { "a number as text", "POST", BASE "/sms-codes", 200,
          "{\"code\":0,\"data\":{\"wait_s\":\"60\",\"life_s\":300}}",
          false },
        { "a time of another form", "GET", BASE "/me", 200,
          "{\"code\":0,\"data\":{" PHONE ME
          "\"created_at\":\"2026-11-20 14:05:16\"}}", false },
        { "null where none may be", "GET", BASE "/me", 200,
          "{\"code\":0,\"data\":{" PHONE ME "\"created_at\":null}}", false },
        { "another code", "GET", BASE "/me", 200,
          "{\"code\":1,\"data\":{" PHONE ME AT "}}", false },
        { "no data", "GET", BASE "/me", 200, "{\"code\":0}", false },
        { "an unknown status", "GET", BASE "/me", 500,
          "{\"code\":50000,\"message\":\"x\",\"request_id\":\"r\"}", false },
        { "an error", "GET", BASE "/me", 401,
          "{\"code\":40100,\"message\":\"x\",\"request_id\":\"r\"}", true },
        { "an error of no list", "GET", BASE "/me", 401,
          "{\"code\":40199,\"message\":\"x\",\"request_id\":\"r\"}", false },
        { "an error without words", "GET", BASE "/me", 401,
          "{\"code\":40100,\"message\":\"\",\"request_id\":\"r\"}", false },
        { "an unknown path", "GET", BASE "/you", 200, "{}", false },
        { "an unknown method", "GET", BASE "/sms-codes", 200, "{}", false },
        { "outside", "GET", "/api/other/v1/me", 200, "{}", false },
        { "empty is empty", "POST", BASE "/sessions/delete", 200,
          "{\"code\":0,\"data\":{}}", true },
        { "empty is not", "POST", BASE "/sessions/delete", 200,
          "{\"code\":0,\"data\":{\"x\":1}}", false },
        { "of a list", "GET", BASE "/orders?after=1", 200,
          "{\"code\":0,\"data\":{\"orders\":[],\"after\":null}}", true },
        { "a wrong item", "GET", BASE "/orders", 200,
          "{\"code\":0,\"data\":{\"orders\":[{}],\"after\":null}}", false },
        { "a literal path", "GET", BASE "/orders/current", 200,
          "{\"code\":0,\"data\":{\"orders\":[]}}", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        const struct fault *f = &faults[i];
        json_t *body = json_loads(f->body, 0, NULL);
        char why[500] = "";

        assert_non_null(body);
        if (contract_check(contract, f->method, f->path, f->status, body,
                           why, sizeof why) != f->good)
            fail_msg("%s: %s", f->what, f->good ? why : "taken");
        json_decref(body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_operations),
        cmocka_unit_test(same_rights_and_limits),
        cmocka_unit_test(same_arguments),
        cmocka_unit_test(the_judge_finds_every_fault),
    };
    const char *source = getenv("PILEHUB_SOURCE");
    char path[500];
    int failed;

    snprintf(path, sizeof path, "%s/docs/api/driver.yaml",
             source ? source : ".");
    contract = contract_load(path);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    contract_free(contract);
    return failed;
}
