/*
 * A small FastCGI client: one request per connection, as nginx sends it. And
 * a browser on top of it: cookies and the CSRF token of the last page.
 */
#ifndef TESTS_WEB_FCGI_H
#define TESTS_WEB_FCGI_H

#include <stdbool.h>
#include <stddef.h>

enum { FCGI_REPLY_MAX = 8 * 1024 * 1024, FCGI_HEADERS_MAX = 12 };

struct fcgi_call {
    const char *method; /* NULL: GET */
    const char *uri;    /* "/path?query" */
    const char *type;   /* of the body */
    const char *body;
    size_t body_len;    /* 0: strlen(body) */
    const char *address; /* NULL: 127.0.0.1 */
    /* CGI names: "HTTP_COOKIE" and so on. */
    struct {
        const char *name, *value;
    } headers[FCGI_HEADERS_MAX];
};

struct fcgi_reply {
    int status;  /* 0: no answer, the connection just ended */
    char *head;  /* header lines */
    char *body;
    size_t body_len;
};

/* Sends and reads. False if there is no connection. Free the reply. */
bool fcgi_call(const char *socket, const struct fcgi_call *call,
               struct fcgi_reply *reply);
void fcgi_free(struct fcgi_reply *reply);

/* Value of the named header, copied to out; false if absent. */
bool fcgi_header(const struct fcgi_reply *reply, const char *name, char *out,
                 size_t size);

/* Opens a connection and sends the request, but does not read: returns the
   descriptor, or -1. */
int fcgi_send(const char *socket, const struct fcgi_call *call);
/* Reads the answer of fcgi_send and closes. */
bool fcgi_receive(int fd, struct fcgi_reply *reply);

/* ---- a browser --------------------------------------------------------- */

struct browser {
    const char *socket;
    const char *address; /* NULL: 127.0.0.1 */
    char session[80], guest[80]; /* cookies */
    char csrf[80], form[120];    /* of the last page that had them */
};

/* GET and POST (url-encoded) with cookies; POST sends the token, too. */
void browser_get(struct browser *b, const char *uri, struct fcgi_reply *r);
void browser_post(struct browser *b, const char *uri, const char *form,
                  struct fcgi_reply *r);
/* JSON in, with the token as header. */
void browser_json(struct browser *b, const char *uri, const char *json,
                  struct fcgi_reply *r);

/* Signs in by password; true if that led on. */
bool browser_sign_in(struct browser *b, const char *phone,
                     const char *password);

#endif
