/*
 * Orders to the fleet on a unix socket: one a line, each answered by one
 * line, "ok", "error: why" or JSON. For tests and the demo.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include <stddef.h>
#include <stdint.h>

struct control;
struct sim;

/* Listens at path, instead of whoever did before. NULL for an empty path,
   and, with err set, on failure. */
struct control *control_new(struct sim *sim, const char *path, char *err,
                            size_t err_size);
void control_free(struct control *c);

/* number: what epoll was told about the descriptor. */
void control_serve(struct control *c, uint64_t number, uint32_t events);

#endif
