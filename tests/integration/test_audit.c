/*
 * The chain of the audit: what is sealed, and what the verifier notices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "system/audit.h"
#include "system/audit_chain.h"
#include "tests/integration/testdb.h"

enum { ROWS = 450 }; /* more than two batches */

static void write_rows(struct cx *cx, void *arg)
{
    (void)arg;
    for (int i = 0; i < ROWS; i++)
        audit_change(cx, "t.change", "t", i,
                     cx_printf(cx, "第 %d 次，「引号」;3:x;", i),
                     i % 3 == 0 ? NULL : "{\"a\":1}",
                     cx_printf(cx, "{\"a\":%d}", i));
}

static void write_in_tx(struct cx *cx, void *arg)
{
    db_tx(cx, write_rows, arg);
}

static void seal(struct cx *cx, void *arg)
{
    (void)arg;
    audit_seal(cx);
}

struct verification {
    int64_t seq;
    const char *head;
    struct chain_verdict v;
};

static void verify_work(struct cx *cx, void *arg)
{
    struct verification *v = arg;

    v->v = audit_verify(cx, v->seq, v->head);
}

static struct chain_verdict verify(struct cx *cx, int64_t seq,
                                   const char *head)
{
    struct verification v = { .seq = seq, .head = head };

    testdb_run(cx, verify_work, &v);
    return v.v;
}

static int fresh(void **state)
{
    struct cx *cx = testdb_cx();

    testdb_sql(cx, "DELETE FROM audit_seal");
    testdb_sql(cx, "DELETE FROM audit");
    testdb_run(cx, write_in_tx, NULL);
    testdb_run(cx, seal, NULL);
    *state = cx;
    return 0;
}

static int done(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

static void sealed_rows_are_numbered_without_gaps(void **state)
{
    struct cx *cx = *state;
    struct chain_verdict v = verify(cx, 0, NULL);

    assert_int_equal(v.bad_seq, 0);
    assert_int_equal(v.rows, ROWS);
    assert_int_equal(v.unsealed, 0);
    assert_int_equal(testdb_int(cx, "SELECT MAX(seq) FROM audit_seal"), ROWS);
    testdb_run(cx, seal, NULL); /* again: nothing new */
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM audit_seal"), ROWS);
}

static void late_commit_is_sealed_later(void **state)
{
    struct cx *cx = *state;

    testdb_sql(cx, "INSERT INTO audit (id, at, actor_kind, actor_id,"
               " actor_name, org_id, address, session_id, request_id, event,"
               " object, object_id, text) SELECT MAX(id) + 10, NOW(3), 1, 0,"
               " '', 0, '', 0, '', 'late', 't', 0, '' FROM audit");
    testdb_run(cx, seal, NULL);
    testdb_sql(cx, "INSERT INTO audit (id, at, actor_kind, actor_id,"
               " actor_name, org_id, address, session_id, request_id, event,"
               " object, object_id, text) SELECT MAX(id) - 5, NOW(3), 1, 0,"
               " '', 0, '', 0, '', 'late', 't', 0, '' FROM audit");
    testdb_run(cx, seal, NULL);
    assert_int_equal(verify(cx, 0, NULL).rows, ROWS + 2);
    assert_int_equal(verify(cx, 0, NULL).bad_seq, 0);
}

/* What a hand in the tables would do, and where it shows. */
static void tampering_is_noticed_at_its_row(void **state)
{
    static const struct {
        const char *sql;
        int64_t bad;
    } hands[] = {
        { "UPDATE audit SET text = 'x' WHERE id = (SELECT audit_id FROM"
          " audit_seal WHERE seq = 100)", 100 },
        { "UPDATE audit SET at = at + INTERVAL 1000 MICROSECOND WHERE"
          " id = (SELECT audit_id FROM audit_seal WHERE seq = 7)", 7 },
        { "UPDATE audit SET actor_id = 9 WHERE id = (SELECT audit_id FROM"
          " audit_seal WHERE seq = 1)", 1 },
        { "UPDATE audit SET provider_id = 3 WHERE id = (SELECT audit_id"
          " FROM audit_seal WHERE seq = 450)", 450 },
        { "UPDATE audit SET after_json = '{}' WHERE id = (SELECT audit_id"
          " FROM audit_seal WHERE seq = 200)", 200 },
        { "UPDATE audit SET before_json = '' WHERE id = (SELECT audit_id"
          " FROM audit_seal WHERE seq = 203) AND before_json IS NOT NULL",
          203 },
        { "UPDATE audit SET before_json = '' WHERE id = (SELECT audit_id"
          " FROM audit_seal WHERE seq = 202) AND before_json IS NULL",
          202 },
        { "DELETE FROM audit WHERE id = (SELECT audit_id FROM audit_seal"
          " WHERE seq = 300)", 300 },
        { "DELETE FROM audit_seal WHERE seq = 300", 301 },
        { "UPDATE audit_seal SET chain = REPEAT('x', 32) WHERE seq = 44",
          44 },
        { "UPDATE audit_seal s JOIN audit_seal t ON s.seq = 10 AND"
          " t.seq = 11 SET s.audit_id = -1", 10 },
        { "UPDATE audit_seal SET seq = 1000 WHERE seq = 450", 1000 },
    };
    struct cx *cx = *state;

    for (size_t i = 0; i < COUNT(hands); i++) {
        struct chain_verdict v;

        testdb_cx_free(cx);
        fresh(state);
        cx = *state;
        assert_int_equal(verify(cx, 0, NULL).bad_seq, 0);
        testdb_sql(cx, hands[i].sql);
        v = verify(cx, 0, NULL);
        if (v.bad_seq != hands[i].bad)
            fail_msg("%s: bad at %lld", hands[i].sql, (long long)v.bad_seq);
    }
}

static void cut_end_shows_with_a_noted_head(void **state)
{
    struct cx *cx = *state;
    struct chain_verdict v = verify(cx, 0, NULL);
    char head[80];

    snprintf(head, sizeof head, "%s", v.head);
    assert_int_equal(verify(cx, ROWS, head).bad_seq, 0);
    testdb_sql(cx, "DELETE a FROM audit a JOIN audit_seal s ON s.audit_id ="
               " a.id WHERE s.seq > 440");
    testdb_sql(cx, "DELETE FROM audit_seal WHERE seq > 440");
    assert_int_equal(verify(cx, 0, NULL).bad_seq, 0);
    assert_int_equal(verify(cx, ROWS, head).bad_seq, 441);
    head[0] = head[0] == 'a' ? 'b' : 'a';
    assert_int_equal(verify(cx, 440, head).bad_seq, 440);
}

static void old_unsealed_rows_are_counted(void **state)
{
    struct cx *cx = *state;

    testdb_sql(cx, "INSERT INTO audit (at, actor_kind, actor_id, actor_name,"
               " org_id, address, session_id, request_id, event, object,"
               " object_id, text) VALUES (NOW(3) - INTERVAL 10 MINUTE, 1, 0,"
               " '', 0, '', 0, '', 'old', 't', 0, '')");
    assert_int_equal(verify(cx, 0, NULL).unsealed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sealed_rows_are_numbered_without_gaps,
                                        fresh, done),
        cmocka_unit_test_setup_teardown(late_commit_is_sealed_later, fresh,
                                        done),
        cmocka_unit_test_setup_teardown(tampering_is_noticed_at_its_row,
                                        fresh, done),
        cmocka_unit_test_setup_teardown(cut_end_shows_with_a_noted_head,
                                        fresh, done),
        cmocka_unit_test_setup_teardown(old_unsealed_rows_are_counted, fresh,
                                        done),
    };
    int failed;

    testdb_start("audit");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
