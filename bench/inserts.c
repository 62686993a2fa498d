/*
 * The baseline of every figure about stored rows: single autocommit INSERTs
 * of about the size of a trade record, prepared, on one connection.
 * inserts SOCKET USER PASSWORD DATABASE SECONDS prints rows per second.
 */
#include <mysql.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void need(MYSQL *my, int failed, const char *what)
{
    if (!failed)
        return;
    fprintf(stderr, "%s: %s\n", what, mysql_error(my));
    exit(1);
}

int main(int argc, char **argv)
{
    static const char sql[] =
        "INSERT INTO bench_insert (trade_no, raw) VALUES (?, ?)";
    char trade[33], raw[166];
    unsigned long trade_len = 32, raw_len = sizeof raw;
    MYSQL_BIND b[2] = { { .buffer_type = MYSQL_TYPE_STRING, .buffer = trade,
                          .length = &trade_len },
                        { .buffer_type = MYSQL_TYPE_BLOB, .buffer = raw,
                          .length = &raw_len } };
    MYSQL *my = mysql_init(NULL);
    MYSQL_STMT *s;
    int64_t end, rows = 0, began;

    if (argc != 6) {
        fprintf(stderr, "usage: inserts SOCKET USER PASSWORD DATABASE S\n");
        return 2;
    }
    need(my, mysql_real_connect(my, NULL, argv[2], argv[3], argv[4], 0,
                                argv[1], 0) == NULL, "connect");
    need(my, mysql_query(my, "CREATE OR REPLACE TABLE bench_insert ("
                             " id BIGINT AUTO_INCREMENT PRIMARY KEY,"
                             " trade_no CHAR(32) NOT NULL,"
                             " raw VARBINARY(300) NOT NULL,"
                             " UNIQUE KEY (trade_no)) ENGINE=InnoDB"),
         "create");
    memset(raw, 'x', sizeof raw);
    s = mysql_stmt_init(my);
    need(my, mysql_stmt_prepare(s, sql, sizeof sql - 1), "prepare");
    need(my, mysql_stmt_bind_param(s, b), "bind");
    began = now_us();
    end = began + strtoll(argv[5], NULL, 10) * 1000000;
    while (now_us() < end) {
        snprintf(trade, sizeof trade, "%032lld", (long long)rows++);
        need(my, mysql_stmt_execute(s), "insert");
    }
    printf("%lld\n", (long long)(rows * 1000000 / (now_us() - began)));
    need(my, mysql_query(my, "DROP TABLE bench_insert"), "drop");
    mysql_stmt_close(s);
    mysql_close(my);
    return 0;
}
