/* A store file of its own for each test, in a folder that goes away. */
#ifndef TQ_STORE_FILE_H
#define TQ_STORE_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store_in.h"

static char store_folder[32], store_path[64];

static int store_folder_make(void **state)
{
    (void)state;
    (void)snprintf(store_folder, sizeof store_folder, "/tmp/tongqu-store-XXXXXX");
    if (mkdtemp(store_folder) == NULL) return 1;
    (void)snprintf(store_path, sizeof store_path, "%s/store", store_folder);
    return 0;
}

static void store_unlink(void *user, const char *name)
{
    char path[TQ_PATH_MAX];
    (void)user;
    if (tq_path_join(path, store_folder, name)) (void)unlink(path);
}

static int store_folder_drop(void **state)
{
    (void)state;
    (void)tq_folder_list(store_folder, store_unlink, NULL, NULL);
    return rmdir(store_folder);
}

static tq_store *store_here(void)
{
    tq_store *store = NULL;
    tq_err err = {0};
    if (tq_store_open(store_path, &store, &err) != TQ_OK) fail_msg("%s", err.text);
    return store;
}

static inline void store_sql(tq_store *store, const char *text)
{
    char *why = NULL;
    if (sqlite3_exec(store->db, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", text, why);
}

#endif
