/* The authored freight network read from a folder, for tests and benchmarks. */
#ifndef TEST_FREIGHT_FILES_H
#define TEST_FREIGHT_FILES_H

#include <stdio.h>
#include <stdlib.h>

#include "freight/freight.h"

#define FREIGHT_FOLDER "cities/taiyuan/freight"

static const char *const freight_tables[] = {
    "nodes.csv",        "links.csv",     "services.csv",    "tariffs.csv",   "tariff_map.csv",
    "terminals.csv",    "emissions.csv", "commodities.csv", "corridors.csv", "rates.csv",
    "restrictions.csv", "rail_fees.csv", "factor_sets.csv"};

#define FREIGHT_TABLES (sizeof freight_tables / sizeof *freight_tables)

typedef struct freight_files {
    tq_freight_text text[FREIGHT_TABLES];
    size_t count;
} freight_files;

/* Bytes of a file with a NUL behind; NULL if there is none. */
static inline char *freight_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *bytes = NULL;
    size_t cap = 0, got;
    *len = 0;
    do {
        cap = cap ? 2 * cap : 1 << 16;
        bytes = realloc(bytes, cap + 1);
        if (!bytes) abort();
        got = fread(bytes + *len, 1, cap - *len, file);
        *len += got;
    } while (*len == cap);
    fclose(file);
    bytes[*len] = '\0';
    return bytes;
}

static inline void freight_files_read(freight_files *files, const char *folder)
{
    files->count = 0;
    for (size_t k = 0; k < FREIGHT_TABLES; k++) {
        char path[512];
        size_t len;
        snprintf(path, sizeof path, "%s/%s", folder, freight_tables[k]);
        char *bytes = freight_read(path, &len);
        if (bytes) files->text[files->count++] = (tq_freight_text){freight_tables[k], {bytes, len}};
    }
}

static inline void freight_files_free(freight_files *files)
{
    for (size_t k = 0; k < files->count; k++)
        free((void *)(uintptr_t)files->text[k].bytes.at);
    files->count = 0;
}

#endif
