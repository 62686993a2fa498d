#include "tests/integration/driver/stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "base/macros.h"
#include "tests/integration/testdb.h"

enum { PARALLEL_MAX = 64, START_TRIES = 500 };

/* ---- plain HTTP ---- */

struct text {
    char *data;
    size_t len;
};

static size_t gather(char *p, size_t size, size_t n, void *to)
{
    struct text *t = to;
    char *longer = realloc(t->data, t->len + size * n + 1);

    if (longer == NULL)
        abort();
    memcpy(longer + t->len, p, size * n);
    t->data = longer;
    t->len += size * n;
    t->data[t->len] = '\0';
    return size * n;
}

static char *text_or_empty(struct text *t)
{
    return t->data != NULL ? t->data : strdup("");
}

struct http_reply http(const char *method, const char *url,
                       const char *const *headers, const char *body)
{
    return http_from("", method, url, headers, body);
}

struct http_reply http_from(const char *address, const char *method,
                            const char *url, const char *const *headers,
                            const char *body)
{
    struct text head = { NULL, 0 }, text = { NULL, 0 };
    struct curl_slist *list = NULL;
    struct http_reply r = { 0, NULL, NULL };
    CURL *c = curl_easy_init();
    long status = 0;

    for (size_t i = 0; headers != NULL && headers[i] != NULL; i++)
        list = curl_slist_append(list, headers[i]);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
    if (body != NULL)
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    if (address[0] != '\0')
        curl_easy_setopt(c, CURLOPT_INTERFACE, address);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_TIMEOUT, 40L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, gather);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &text);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, gather);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &head);
    if (curl_easy_perform(c) == CURLE_OK)
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    r.status = (int)status;
    r.body = text_or_empty(&text);
    r.head = text_or_empty(&head);
    curl_slist_free_all(list);
    curl_easy_cleanup(c);
    return r;
}

void http_reply_free(struct http_reply *r)
{
    free(r->body);
    free(r->head);
    r->body = r->head = NULL;
}

/* ---- starting ---- */

static void fail_start(const char *what)
{
    fprintf(stderr, "stack: %s\n", what);
    exit(1);
}

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail_start("no port");
    close(fd);
    return ntohs(at.sin_port);
}

static const char *source_dir(void)
{
    const char *d = getenv("PILEHUB_SOURCE");

    return d != NULL ? d : ".";
}

static const char *build_dir(void)
{
    const char *d = getenv("PILEHUB_BUILD");

    return d != NULL ? d : ".";
}

/* The port stands in its first line of output. */
static void start_fakes(struct stack *s)
{
    char program[500], notify[60], line[40];
    int ends[2], port = 0;
    FILE *f;

    snprintf(program, sizeof program, "%s/pilehub-fakes", build_dir());
    snprintf(notify, sizeof notify, "http://127.0.0.1:%d", s->http_port);
    if (pipe(ends) != 0)
        fail_start("pipe");
    s->fakes = fork();
    if (s->fakes == 0) {
        setenv("PILEHUB_PAYMENT_KEY", PAYMENT_KEY, 1);
        setenv("PILEHUB_SMS_KEY", SMS_KEY, 1);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl(program, program, "--port", "0", "--notify", notify, NULL);
        _exit(127);
    }
    close(ends[1]);
    f = fdopen(ends[0], "r");
    if (f == NULL || fgets(line, sizeof line, f) == NULL ||
        sscanf(line, "port %d", &port) != 1)
        fail_start("the fakes did not start");
    fclose(f);
    s->fakes_port = port;
}

/* What the product's own configuration says, as the logs are judged. */
static void read_error_level(char out[20])
{
    char path[500], line[200];
    FILE *f;

    snprintf(path, sizeof path, "%s/nginx/demo.conf.in", source_dir());
    f = fopen(path, "re");
    out[0] = '\0';
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "error_log log/nginx.err %19[a-z];", out) == 1)
            break;
    if (f == NULL || out[0] == '\0')
        fail_start(path);
    fclose(f);
}

/* The product's site, on a port of its own. */
static void write_nginx(const struct stack *s)
{
    static const char conf[] =
        "%s\ndaemon off;\nworker_processes 1;\npid %s/nginx.pid;\n"
        "error_log %s/nginx.err %s;\nevents { worker_connections 512; }\n"
        "http {\n include %s/nginx/http.conf;\n"
        " access_log %s/access.log main;\n"
        " client_body_temp_path %s/t1;\n fastcgi_temp_path %s/t2;\n"
        " proxy_temp_path %s/t3;\n scgi_temp_path %s/t4;\n"
        " uwsgi_temp_path %s/t5;\n"
        " upstream web { server unix:%s; }\n"
        " upstream slow { server unix:%s; }\n"
        " server { listen 127.0.0.1:%d;\n"
        "  set $pilehub_source \"%s\";\n  include %s/nginx/site.conf; }\n"
        " server { listen 127.0.0.1:%d proxy_protocol;\n"
        "  set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;\n"
        "  set $pilehub_source \"%s\";\n  include %s/nginx/site.conf; }\n}\n";
    /* Files that the site includes by their bare name. */
    static const char *const links[] = { "fastcgi.conf", "headers.conf",
                                         "errors.conf" };
    char path[100], link_to[500], link_at[100], level[20];
    FILE *f;

    read_error_level(level);
    snprintf(path, sizeof path, "%s/nginx.conf", s->dir);
    f = fopen(path, "we");
    if (f == NULL)
        fail_start(path);
    fprintf(f, conf, getuid() == 0 ? "user root;" : "", s->dir, s->dir,
            level, source_dir(), s->dir, s->dir, s->dir, s->dir, s->dir,
            s->dir,
            s->web.socket, s->slow.socket, s->http_port, source_dir(),
            source_dir(), s->proxy_port, source_dir(), source_dir());
    fclose(f);
    for (size_t i = 0; i < COUNT(links); i++) {
        snprintf(link_to, sizeof link_to, "%s/nginx/%s", source_dir(),
                 links[i]);
        snprintf(link_at, sizeof link_at, "%s/%s", s->dir, links[i]);
        if (symlink(link_to, link_at) != 0)
            fail_start(link_at);
    }
}

static void start_nginx(struct stack *s)
{
    char conf[100], err[100], prefix[80], url[80];

    snprintf(conf, sizeof conf, "%s/nginx.conf", s->dir);
    snprintf(err, sizeof err, "%s/nginx.err", s->dir);
    snprintf(prefix, sizeof prefix, "%s/", s->dir);
    s->nginx = fork();
    if (s->nginx == 0) {
        execlp("nginx", "nginx", "-p", prefix, "-e", err, "-c", conf, NULL);
        execl("/usr/sbin/nginx", "nginx", "-p", prefix, "-e", err, "-c", conf,
              NULL);
        _exit(127);
    }
    snprintf(url, sizeof url, "http://127.0.0.1:%d/healthz", s->http_port);
    for (int i = 0; i < START_TRIES; i++) {
        struct http_reply r = http("GET", url, NULL, NULL);
        int status = r.status;

        http_reply_free(&r);
        if (status == 200)
            return;
        sleep_ms(10);
    }
    fail_start("nginx did not start");
}

/* As the scripts write it for a pool. */
static void settings_of(const struct stack *s, const char *pool, char *out,
                        size_t size)
{
    snprintf(out, size,
             "public_url=http://127.0.0.1:%d\n"
             "payment_url=http://127.0.0.1:%d/pay\npayment_key=%s\n"
             "sms_url=http://127.0.0.1:%d/sms\nsms_key=%s\n"
             "db_user=pilehub_web\n"
             "web_pool=%s\nweb_workers=4\nweb_budget_ms=%d\n"
             "partner_pause_ms=0\n", /* test_breaker says otherwise */
             s->http_port, s->fakes_port, PAYMENT_KEY, s->fakes_port,
             SMS_KEY, pool, strcmp(pool, "slow") == 0 ? 30000 : 10000);
}

void stack_start(struct stack *s)
{
    char settings[700], err[200], path[500];
    struct cx *cx;

    memset(s, 0, sizeof *s);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    signal(SIGPIPE, SIG_IGN);
    snprintf(s->dir, sizeof s->dir, "/tmp/pilehub-stack-XXXXXX");
    if (mkdtemp(s->dir) == NULL)
        fail_start("mkdtemp");
    s->http_port = free_port();
    s->proxy_port = free_port();
    start_fakes(s);
    cx = testdb_cx();
    testdb_users(cx);
    testdb_cx_free(cx);
    settings_of(s, "web", settings, sizeof settings);
    web_server_start(&s->web, "pilehub-web", settings);
    settings_of(s, "slow", settings, sizeof settings);
    web_server_start(&s->slow, "pilehub-web", settings);
    s->config = config_load(s->slow.config, err, sizeof err);
    if (s->config == NULL)
        fail_start(err);
    write_nginx(s);
    start_nginx(s);
    snprintf(path, sizeof path, "%s/docs/api/driver.yaml", source_dir());
    s->contract = contract_load(path);
}

static void end(pid_t pid)
{
    int status;

    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
}

static void remove_files(const char *dir)
{
    static const char *const names[] = {
        "nginx.conf", "nginx.err", "nginx.pid", "fastcgi.conf",
        "headers.conf", "errors.conf", "access.log", "t1", "t2",
        "t3", "t4", "t5",
    };
    char path[120];

    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    rmdir(dir);
}

void stack_stop(struct stack *s)
{
    end(s->nginx);
    web_server_stop(&s->web);
    web_server_stop(&s->slow);
    end(s->fakes);
    remove_files(s->dir);
    contract_free(s->contract);
}

/* ---- the driver API ---- */

/* Without assertions: threads call it. */
static struct api_reply call_api(const struct stack *s,
                                 const struct api_call *call)
{
    char url[700], token[300], key[120];
    const char *headers[8];
    size_t n = 0;
    struct http_reply http_reply;
    struct api_reply r = { 0 };
    const char *method = call->method;

    if (method == NULL)
        method = call->body != NULL ? "POST" : "GET";
    snprintf(url, sizeof url, "http://127.0.0.1:%d/api/driver/v1%s",
             s->http_port, call->path);
    headers[n++] = "Accept: application/json";
    headers[n++] = "Content-Type: application/json";
    if (call->token != NULL) {
        snprintf(token, sizeof token, "Authorization: Bearer %s",
                 call->token);
        headers[n++] = token;
    } else if (call->bearer != NULL) {
        snprintf(token, sizeof token, "Authorization: %s", call->bearer);
        headers[n++] = token;
    }
    if (call->key != NULL) {
        snprintf(key, sizeof key, "Idempotency-Key: %s", call->key);
        headers[n++] = key;
    }
    headers[n] = NULL;
    http_reply = http_from(s->address, method, url, headers, call->body);
    r.status = http_reply.status;
    r.replayed = strcasestr(http_reply.head, "Idempotent-Replay: 1") != NULL;
    r.text = strdup(http_reply.body);
    r.body = json_loads(http_reply.body, JSON_REJECT_DUPLICATES, NULL);
    r.data = json_object_get(r.body, "data");
    r.code = (int)json_integer_value(json_object_get(r.body, "code"));
    http_reply_free(&http_reply);
    return r;
}

static void judge(struct stack *s, const struct api_call *call,
                  const struct api_reply *r)
{
    const char *method = call->method;
    char path[700], why[600] = "";

    if (call->unjudged)
        return;
    if (method == NULL)
        method = call->body != NULL ? "POST" : "GET";
    snprintf(path, sizeof path, "/api/driver/v1%s", call->path);
    if (r->body == NULL)
        fail_msg("%s %s: %d is no JSON: %.200s", method, path, r->status,
                 r->text);
    if (!contract_check(s->contract, method, path, r->status, r->body, why,
                        sizeof why))
        fail_msg("%s %s: %s: %.300s", method, path, why, r->text);
}

struct api_reply api(struct stack *s, struct api_call call)
{
    struct api_reply r = call_api(s, &call);

    judge(s, &call, &r);
    return r;
}

void api_free(struct api_reply *r)
{
    json_decref(r->body);
    free(r->text);
    *r = (struct api_reply){ 0 };
}

void api_expect(struct stack *s, struct api_call call, int status, int code)
{
    struct api_reply r = api(s, call);

    if (r.status != status || r.code != code)
        fail_msg("%s: %d %d, not %d %d: %.300s", call.path, r.status, r.code,
                 status, code, r.text);
    api_free(&r);
}

struct one {
    const struct stack *s;
    const struct api_call *call;
    struct api_reply *reply;
    pthread_barrier_t *start;
};

static void *call_one(void *arg)
{
    struct one *o = arg;

    pthread_barrier_wait(o->start);
    *o->reply = call_api(o->s, o->call);
    return NULL;
}

void new_address(struct stack *s)
{
    static int number;

    ++number;
    snprintf(s->address, sizeof s->address, "127.0.%d.%d", 1 + number / 200,
             1 + number % 200);
}

void api_race(struct stack *s, const struct api_call *calls, int n,
              struct api_reply *replies)
{
    struct one one[PARALLEL_MAX];
    pthread_t thread[PARALLEL_MAX];
    pthread_barrier_t start;

    assert_in_range(n, 1, PARALLEL_MAX);
    pthread_barrier_init(&start, NULL, (unsigned)n);
    for (int i = 0; i < n; i++) {
        one[i] = (struct one){ s, &calls[i], &replies[i], &start };
        assert_int_equal(pthread_create(&thread[i], NULL, call_one, &one[i]),
                         0);
    }
    for (int i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&start);
    for (int i = 0; i < n; i++)
        judge(s, &calls[i], &replies[i]);
}

void api_parallel(struct stack *s, struct api_call call, int n,
                  struct api_reply *replies)
{
    struct api_call calls[PARALLEL_MAX];

    for (int i = 0; i < n && i < PARALLEL_MAX; i++)
        calls[i] = call;
    api_race(s, calls, n, replies);
}

const char *data_text(const struct api_reply *r, const char *name)
{
    const json_t *v = json_object_get(r->data, name);

    if (!json_is_string(v))
        fail_msg("no text %s in %.300s", name, r->text);
    return json_string_value(v);
}

int64_t data_int(const struct api_reply *r, const char *name)
{
    const json_t *v = json_object_get(r->data, name);

    if (!json_is_integer(v))
        fail_msg("no number %s in %.300s", name, r->text);
    return json_integer_value(v);
}

/* ---- the fakes ---- */

static json_t *ask_fake(struct stack *s, const char *method,
                        const char *what, const char *body)
{
    static const char *const headers[] = { "Content-Type: application/json",
                                           NULL };
    char url[300];
    struct http_reply r;
    json_t *j;

    snprintf(url, sizeof url, "http://127.0.0.1:%d/_fake/%s", s->fakes_port,
             what);
    r = http(method, url, headers, body);
    j = json_loads(r.body, 0, NULL);
    if (j == NULL)
        fail_msg("fakes: %s: %d %.200s", what, r.status, r.body);
    http_reply_free(&r);
    return j;
}

json_t *fake(struct stack *s, const char *what, const char *body)
{
    return ask_fake(s, "POST", what, body);
}

json_t *fake_get(struct stack *s, const char *what)
{
    return ask_fake(s, "GET", what, NULL);
}

void fake_do(struct stack *s, const char *what, const char *body)
{
    json_t *j = fake(s, what, body);
    const char *code = json_string_value(json_object_get(j, "code"));

    if (code == NULL || strcmp(code, "OK") != 0)
        fail_msg("fakes: %s %s: %s", what, body, code ? code : "no code");
    json_decref(j);
}

bool inbox_code(struct stack *s, const char *phone, char out[8])
{
    char what[60];
    json_t *j, *params;
    const char *code;

    snprintf(what, sizeof what, "sms?phone=%s", phone);
    j = fake_get(s, what);
    params = json_object_get(
        json_array_get(json_object_get(j, "messages"), 0), "params");
    code = json_string_value(json_object_get(params, "code"));
    if (code != NULL)
        snprintf(out, 8, "%s", code);
    json_decref(j);
    return code != NULL;
}

void sign_in(struct stack *s, const char *phone, char out[64])
{
    char body[120], code[8];
    struct api_reply r;

    snprintf(body, sizeof body, "{\"phone\":\"%s\"}", phone);
    api_expect(s, (struct api_call){ .path = "/sms-codes", .body = body },
               200, 0);
    assert_true(inbox_code(s, phone, code));
    snprintf(body, sizeof body, "{\"phone\":\"%s\",\"code\":\"%s\"}", phone,
             code);
    r = api(s, (struct api_call){ .path = "/sessions", .body = body });
    assert_int_equal(r.status, 200);
    snprintf(out, 64, "%s", data_text(&r, "token"));
    api_free(&r);
}
