/*
 * docs/api/driver.yaml as a judge: is this answer what the document says?
 * Knows the part of JSON Schema that the document uses, and refuses a schema
 * with anything else, so that no rule is silently skipped.
 */
#ifndef TESTS_DRIVER_CONTRACT_H
#define TESTS_DRIVER_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct contract;

/* Reads the document (through tests/tools/yaml2json.py); exits if it cannot. */
struct contract *contract_load(const char *path);
void contract_free(struct contract *c);

json_t *contract_root(const struct contract *c);

/*
 * Judges an answer. method in capitals; path as sent, with or without the
 * query. False, with the reason in why, if the document does not know the
 * operation or the status, or the body is not of its schema.
 */
bool contract_check(struct contract *c, const char *method, const char *path,
                    int status, const json_t *body, char *why, size_t size);

/* Follows "$ref". */
const json_t *contract_resolve(const struct contract *c, const json_t *o);

/* Calls each for every operation; answered: a 200 was judged good. */
void contract_each(const struct contract *c,
                   void (*each)(const char *method, const char *path,
                                const json_t *operation, bool answered,
                                void *arg),
                   void *arg);

#endif
