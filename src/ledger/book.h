/*
 * Inside of the ledger: account rows, transaction rows, postings. Only
 * src/ledger includes this.
 */
#ifndef LEDGER_BOOK_H
#define LEDGER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

/* Postings of one document; bytes of its content's hash. */
enum { BOOK_LINES_MAX = 16, BOOK_HASH_SIZE = 32 };

/* A row of ledger_account that keeps a balance, locked by this transaction. */
struct book_account {
    int64_t id;
    int kind;
    int64_t owner;
    money balance, held, floor;
};

/* The four accounts of a driver, locked. */
enum { WALLET_PAID, WALLET_GRANTED, WALLET_GIFT, WALLET_ARREARS,
       WALLET_ACCOUNTS };
struct book_wallet {
    struct book_account a[WALLET_ACCOUNTS];
};

/* Spending order (M6): gift, then granted, then paid. */
extern const int book_spend_order[3];

/* What may still be spent or reserved of an account. */
static inline money book_free(const struct book_account *a)
{
    return money_sub(money_sub(a->balance, a->held), a->floor);
}

/* Locks one account that keeps a balance. */
struct book_account book_lock_account(struct cx *cx, int64_t id);

/* Locks the wallets of up to LEDGER_MANY different drivers by ascending id. */
void book_lock_wallets(struct cx *cx, const int64_t *driver_ids, size_t n,
                       struct book_wallet *w);

/* Locks a driver's wallet, in the order of the ids; makes it if needed. */
void book_lock_wallet(struct cx *cx, int64_t driver_id,
                      struct book_wallet *w);

/* Changes a locked account by these amounts, row and copy. Fails with
   ERR_BALANCE if that would bring it below its floor. */
void book_change(struct cx *cx, struct book_account *a, money balance,
                 money held);

/* The id of any account; makes it if needed. Never locks it for writing. */
int64_t book_account_id(struct cx *cx, enum ledger_kind kind, int64_t owner);

/*
 * Begins a document: inserts its row, which waits for and meets another one
 * with the same key. True if it is new and *tx_id has to be filled with
 * postings; false if the same document stands there already. Fails with
 * ERR_IDEM_MISMATCH if the key was used for something else. party is the
 * driver concerned or 0; p are the postings that make the content.
 */
bool book_begin(struct cx *cx, const struct ledger_doc *doc, int64_t party,
                const struct posting *p, size_t n, int64_t *tx_id);

/* What must be equal when a key comes again. */
void book_content(struct cx *cx, const struct ledger_doc *doc, int64_t party,
                  const struct posting *p, size_t n,
                  uint8_t hash[BOOK_HASH_SIZE]);

/* The same for up to LEDGER_MANY documents with different keys: ids[i] and
   fresh[i]. One that appears at the same moment fails with ERR_CONFLICT. */
struct book_doc {
    const struct ledger_doc *doc;
    int64_t party;
    const struct posting *p;
    size_t n;
};
void book_begin_many(struct cx *cx, const struct book_doc *docs, size_t n,
                     int64_t *ids, bool *fresh);

/* A posting to be written. */
struct book_line {
    int64_t tx_id; /* book_write fills it in */
    int64_t account_id;
    money amount;
    bool hot;
    money balance_after;
};

/* A line for an account after book_change. */
struct book_line book_line_of(const struct book_account *a, money amount);
/* A line for a hot account. */
struct book_line book_line_hot(struct cx *cx, const struct posting *p);

/* Changes of several locked accounts in one go; those without are left out.
   now[i] is the account after it. */
struct book_delta {
    const struct book_account *now;
    money balance, held;
};
void book_change_many(struct cx *cx, const struct book_delta *d, size_t n);

/* The postings of several documents, each with its tx_id. */
void book_write_many(struct cx *cx, const struct book_line *lines, size_t n,
                     const int64_t *tx_ids, size_t docs);

/* Writes the postings of a begun document: checks that they add up to zero
   before and after, leaves out zeros. */
void book_write(struct cx *cx, int64_t tx_id, const struct book_line *lines,
                size_t n);

#endif
