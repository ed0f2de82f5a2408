/*
 * store: what must survive. One interface; SQLite behind it (WAL, synchronous=FULL).
 *
 * So far it keeps the journal of imports: which sources made which city file. A record is
 * acknowledged only after its transaction is on disk. One handle belongs to one thread.
 */
#ifndef TQ_STORE_H
#define TQ_STORE_H

#include "base/base.h"

typedef struct tq_store tq_store;

/** Open or create the store file. TQ_STORE when it cannot be used; the text says why. */
tq_status tq_store_open(const char *path, tq_store **out, tq_err *err);
void tq_store_close(tq_store *store); /* NULL is fine */

typedef struct tq_import_record {
    uint64_t source_hash;
    char city_version[24]; /* of the city file that was made */
    int64_t at_ms;
} tq_import_record;

/** Append a record with its report (JSON); durable when it returns TQ_OK. */
tq_status tq_store_put_import(tq_store *store, const tq_import_record *record, tq_str report,
                              tq_err *err);

/** Newest record; TQ_NOT_FOUND when there is none. */
tq_status tq_store_last_import(tq_store *store, tq_import_record *out, tq_err *err);

#endif
