/*
 * What the database itself forbids the programs (rules M4, L3, G24): money
 * and audit are append-only, and the gateway sees no money and no people.
 * Tried with what is there, and read from the rights that stand in the
 * database, so that a migration cannot give more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "tests/integration/testdb.h"

struct attempt {
    const char *sql;
    bool allowed;
};

/* A refusal must be one of rights (1142, 1143), not a mistake in the test. */
static void tries(const char *user,
                  const struct attempt *attempts, size_t count)
{
    MYSQL *my = mysql_init(NULL);

    assert_non_null(mysql_real_connect(my, NULL, user, "", testdb_name(), 0,
                                       testdb_socket(), 0));
    for (size_t i = 0; i < count; i++) {
        bool done = mysql_query(my, attempts[i].sql) == 0;
        unsigned code = mysql_errno(my);

        if (done != attempts[i].allowed ||
            (!done && code != ER_TABLEACCESS_DENIED_ERROR &&
             code != ER_COLUMNACCESS_DENIED_ERROR))
            fail_msg("%s %s: %s: %s", user,
                     attempts[i].allowed ? "may" : "may not",
                     attempts[i].sql, mysql_error(my));
        if (done)
            mysql_free_result(mysql_store_result(my));
    }
    mysql_close(my);
}

static void books_are_append_only(void **state)
{
    static const struct attempt attempts[] = {
        { "UPDATE ledger_tx SET note = ''", false },
        { "UPDATE ledger_posting SET amount = 0", false },
        { "DELETE FROM ledger_tx WHERE id = 1", false },
        { "DELETE FROM ledger_posting WHERE id = 1", false },
        { "DELETE FROM ledger_hold WHERE id = 1", false },
        { "DELETE FROM ledger_hold_end WHERE hold_id = 1", false },
        { "UPDATE ledger_hold_end SET how = 1 WHERE hold_id = 1", false },
        { "UPDATE ledger_account SET owner_id = 1 WHERE id = 1", false },
        { "UPDATE ledger_account SET `floor` = -1 WHERE id = 1", false },
        { "DELETE FROM ledger_account WHERE id = 1", false },
        { "TRUNCATE ledger_posting", false },
        { "DROP TABLE ledger_posting", false },
        { "ALTER TABLE ledger_posting ADD x INT", false },
        { "UPDATE audit SET text = ''", false },
        { "DELETE FROM audit WHERE id = 1", false },
        { "UPDATE audit_seal SET audit_id = 1", false },
        { "UPDATE ledger_seal SET tx_id = 1", false },
        { "DELETE FROM ledger_seal", false },
        { "UPDATE chain_head SET seq = 1", false },
        { "DELETE FROM chain_head", false },
        { "UPDATE setting SET value = 'joint'", false },
        { "INSERT INTO setting VALUES ('duties', 'joint', NOW())", false },
        { "DELETE FROM setting", false },
        { "SELECT value FROM setting", true },
        { "DELETE FROM correction", false },
        { "UPDATE correction SET amount = 1", false },
        { "DELETE FROM book_check", false },
        { "UPDATE ledger_account SET balance = 0, held = 0, ver = 1"
          " WHERE id = 1", true },
        { "UPDATE driver SET name = '' WHERE id = 1", true },
    };

    (void)state;
    tries("pilehub_web", attempts, COUNT(attempts));
    tries("pilehub_jobs", attempts, COUNT(attempts));
}

/* Nor may the web see what signed heads there are (L2). */
static void heads_of_chains_are_the_jobs_own(void **state)
{
    static const struct attempt web[] = {
        { "SELECT seq FROM chain_head", false },
        { "INSERT INTO chain_head (name) VALUES ('audit')", false },
        { "INSERT INTO ledger_seal (seq) VALUES (1)", false },
    };
    static const struct attempt jobs[] = {
        { "SELECT seq FROM chain_head", true },
    };

    (void)state;
    tries("pilehub_web", web, COUNT(web));
    tries("pilehub_jobs", jobs, COUNT(jobs));
}

static void the_gateway_has_nothing_to_do_with_money_or_people(void **state)
{
    static const struct attempt attempts[] = {
        { "SELECT id FROM ledger_account", false },
        { "SELECT id FROM ledger_tx", false },
        { "INSERT INTO ledger_tx (kind, idem_key, ref_kind, ref_id, content,"
          " actor_kind, actor_id, at)"
          " VALUES ('', '', '', 0, '', 0, 0, NOW())", false },
        { "SELECT id FROM driver", false },
        { "SELECT id FROM card", false },
        { "SELECT id FROM account", false },
        { "SELECT role_id FROM role_perm", false },
        { "SELECT id FROM session", false },
        { "SELECT id FROM payment", false },
        { "SELECT id FROM audit", false },
        { "UPDATE charge_order SET total_fen = 0 WHERE id = 1", false },
        { "UPDATE charge_order SET settled_at = NULL WHERE id = 1", false },
        { "UPDATE pile SET status = 2 WHERE id = 1", false },
        { "DELETE FROM trade_record WHERE id = 1", false },
        { "UPDATE trade_record SET state = 2 WHERE id = 1", false },
        { "UPDATE charge_order SET state = 4 WHERE id = 0", true },
        { "UPDATE connector_live SET state = 2 WHERE connector_id = 0", true },
    };

    (void)state;
    tries("pilehub_gateway", attempts, COUNT(attempts));
}

/* ---- the rights that stand there ---------------------------------------- */

#define OURS "grantee LIKE '_pilehub\\_%' AND table_schema = DATABASE()"

struct text_of {
    const char *sql, *text;
};

static void read_text(struct cx *cx, void *arg)
{
    struct text_of *t = arg;

    t->text = db_text(cx, t->sql, BIND());
}

/* What the statement finds, in one text; "": nothing. */
static const char *found(struct cx *cx, const char *sql)
{
    struct text_of t = { sql, "" };

    testdb_run(cx, read_text, &t);
    return t.text == NULL ? "" : t.text;
}

/* Tables that no program may touch; the first is the command line's own. */
static const char *unused_tables(struct cx *cx)
{
    return found(cx,
        "SELECT GROUP_CONCAT(t.table_name) FROM information_schema.tables t"
        " WHERE t.table_schema = DATABASE() AND t.table_name <> 'migration'"
        " AND t.table_name NOT IN (SELECT table_name FROM"
        "   information_schema.table_privileges WHERE " OURS ")"
        " AND t.table_name NOT IN (SELECT table_name FROM"
        "   information_schema.column_privileges WHERE " OURS ")");
}

/* What is written once: all of the ledger, now and later, the audit and its
   seals, what is done by hand to an order. */
#define FIXED                                                                 \
    " AND (table_name LIKE 'ledger\\_%' OR table_name IN ('audit',"           \
    " 'audit_seal', 'chain_head', 'order_adjust'))"

/* More than reading and adding, but for the running balance (M4). */
static const char *changing_books(struct cx *cx)
{
    return found(cx,
        "SELECT GROUP_CONCAT(what) FROM (SELECT CONCAT_WS(' ', grantee,"
        "  privilege_type, table_name) what"
        " FROM information_schema.table_privileges WHERE " OURS FIXED
        " AND privilege_type NOT IN ('SELECT', 'INSERT')"
        " UNION SELECT CONCAT_WS(' ', grantee, privilege_type, table_name,"
        "  column_name) FROM information_schema.column_privileges"
        " WHERE " OURS FIXED " AND privilege_type NOT IN ('SELECT', 'INSERT')"
        " AND NOT (table_name = 'ledger_account' AND column_name IN"
        "  ('balance', 'held', 'ver'))"
        " UNION SELECT CONCAT_WS(' ', grantee, privilege_type, 'on all')"
        " FROM information_schema.schema_privileges WHERE " OURS ") x");
}

/* Money, people and rights in the hands of the gateway (G24). */
static const char *gateway_beyond(struct cx *cx)
{
    return found(cx,
        "SELECT GROUP_CONCAT(table_name) FROM (SELECT table_name FROM"
        " information_schema.table_privileges WHERE " OURS
        " AND grantee LIKE '%gateway%' UNION SELECT table_name FROM"
        " information_schema.column_privileges WHERE " OURS
        " AND grantee LIKE '%gateway%') x WHERE table_name REGEXP"
        " '^(ledger_|payment|correction|order_|book_|driver|card|account|"
        "role|org|session|audit|chain_|guard|captcha|sms_|setting|idem)'");
}

static void migrations_give_what_they_must_and_no_more(void **state)
{
    struct cx *cx = testdb_cx();

    (void)state;
    assert_string_equal(unused_tables(cx), "");
    assert_string_equal(changing_books(cx), "");
    assert_string_equal(gateway_beyond(cx), "");
    testdb_cx_free(cx);
}

/* Each of them, done, is seen by the checks above. */
static void too_little_and_too_much_is_noticed(void **state)
{
    static const struct {
        const char *does, *undoes, *seen;
        const char *(*check)(struct cx *);
    } cases[] = {
        { "CREATE TABLE forgotten (id INT)", "DROP TABLE forgotten",
          "forgotten", unused_tables },
        { "GRANT UPDATE ON ledger_posting TO pilehub_web@localhost",
          "REVOKE UPDATE ON ledger_posting FROM pilehub_web@localhost",
          "ledger_posting", changing_books },
        { "GRANT DELETE ON audit TO pilehub_jobs@localhost",
          "REVOKE DELETE ON audit FROM pilehub_jobs@localhost", "audit",
          changing_books },
        { "GRANT DROP ON ledger_tx TO pilehub_jobs@localhost",
          "REVOKE DROP ON ledger_tx FROM pilehub_jobs@localhost",
          "ledger_tx", changing_books },
        { "GRANT UPDATE (`floor`) ON ledger_account TO pilehub_jobs@localhost",
          "REVOKE UPDATE (`floor`) ON ledger_account FROM"
          " pilehub_jobs@localhost", "floor", changing_books },
        { "GRANT DELETE ON ledger_new TO pilehub_web@localhost",
          "REVOKE DELETE ON ledger_new FROM pilehub_web@localhost",
          "ledger_new", changing_books },
        { "GRANT UPDATE ON * TO pilehub_web@localhost",
          "REVOKE UPDATE ON * FROM pilehub_web@localhost", "on all",
          changing_books },
        { "GRANT SELECT (id) ON driver TO pilehub_gateway@localhost",
          "REVOKE SELECT (id) ON driver FROM pilehub_gateway@localhost",
          "driver", gateway_beyond },
    };
    struct cx *cx = testdb_cx();

    (void)state;
    testdb_sql(cx, "CREATE TABLE ledger_new (id INT)");
    for (size_t i = 0; i < COUNT(cases); i++) {
        testdb_sql(cx, cases[i].does);
        if (strstr(cases[i].check(cx), cases[i].seen) == NULL)
            fail_msg("%s: not noticed", cases[i].does);
        testdb_sql(cx, cases[i].undoes);
    }
    testdb_sql(cx, "DROP TABLE ledger_new");
    testdb_cx_free(cx);
}

/* text with the %d in it, if any, as a number. */
static void replace_number(char *out, size_t size, const char *text, size_t n)
{
    const char *at = strstr(text, "%d");

    if (at == NULL)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "%.*s%zu%s", (int)(at - text), text, n, at + 2);
}

/*
 * Uniqueness lives in the tables (M11), and a month later is no other month
 * (M12): each identity once more, with another date and other content, past
 * every check that the programs make.
 */
static void an_identity_is_taken_for_ever(void **state)
{
    static const struct {
        const char *table, *columns, *identity, *date;
    } cases[] = {
        { "idem", "scope, idem_key", "'driver:1:topup', 'key'",
          "created_at" },
        { "ledger_tx", "idem_key", "'topup:TU1'", "at" },
        { "ledger_hold", "idem_key", "'order:1'", "created_at" },
        { "ledger_hold_end", "hold_id", "7", "at" },
        { "payment", "out_trade_no", "'TU1'", "created_at" },
        { "payment", "driver_id, idem_key", "9, 'key'", "created_at" },
        { "payment_notice", "channel, notice_no", "'demo', 'N1'",
          "received_at" },
        { "payment_refund", "refund_no, payment_id", "'RF1', 1",
          "created_at" },
        { "payment_refund", "payment_id, refund_no", "2, CONCAT('RF', %d)",
          "created_at" },
        { "charge_order", "order_no, trade_no", "'O1', CONCAT('T', %d)",
          "created_at" },
        { "charge_order", "trade_no, order_no", "'T9', CONCAT('P', %d)",
          "created_at" },
        { "trade_record", "trade_no", "'T1'", "received_at" },
        { "correction", "kind, ref_id, state", "1, 1, 1", "created_at" },
    };
    static const char *const dates[] = { "2026-01-31 23:59:59.999",
                                         "2026-02-01 00:00:00",
                                         "2027-03-06 00:00:00" };
    MYSQL *my = mysql_init(NULL);
    char sql[400], identity[80];

    (void)state;
    assert_non_null(mysql_real_connect(my, NULL, "root", "", testdb_name(), 0,
                                       testdb_socket(), 0));
    /* Only keys are to refuse here. */
    assert_int_equal(mysql_query(my, "SET sql_mode = '',"
                                     " foreign_key_checks = 0"), 0);
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t k = 0; k < COUNT(dates); k++) {
            replace_number(identity, sizeof identity, cases[i].identity, k);
            snprintf(sql, sizeof sql, "INSERT INTO %s (%s, %s) VALUES (%s,"
                     " '%s')", cases[i].table, cases[i].columns,
                     cases[i].date, identity, dates[k]);
            if ((mysql_query(my, sql) == 0) != (k == 0) ||
                (k > 0 && mysql_errno(my) != ER_DUP_ENTRY))
                fail_msg("%s: %s", sql, mysql_error(my));
        }
    mysql_close(my);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(books_are_append_only),
        cmocka_unit_test(an_identity_is_taken_for_ever),
        cmocka_unit_test(heads_of_chains_are_the_jobs_own),
        cmocka_unit_test(the_gateway_has_nothing_to_do_with_money_or_people),
        cmocka_unit_test(migrations_give_what_they_must_and_no_more),
        cmocka_unit_test(too_little_and_too_much_is_noticed),
    };
    struct cx *cx;
    int failed;

    testdb_start("grants");
    cx = testdb_cx();
    testdb_users(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_cx_free(cx);
    testdb_stop();
    return failed;
}
