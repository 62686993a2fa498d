/*
 * The master process of a pool: opens the socket once, keeps the workers
 * running, reloads without losing a request.
 *
 *   SIGTERM, SIGINT  workers finish their request (10 s at most), then exit 0
 *   SIGHUP           the new binary, settings and templates are tried out; if
 *                    they are good, the master becomes the new program on the
 *                    same socket and replaces the workers one by one
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "web/feature.h"

/* The program: -c FILE, --check (try out and exit). Its exit code. */
int web_main(int argc, char **argv, const struct features *features);

#endif
