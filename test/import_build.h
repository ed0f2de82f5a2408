/* Help for tests of import: a build over files that the test writes into a folder of its own. */
#ifndef TQ_IMPORT_BUILD_TEST_H
#define TQ_IMPORT_BUILD_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "import/conditions_in.h"
#include "import/streets_in.h"

typedef struct test_build {
    tq_build build;
    tq_settings settings;
    char file[TQ_PATH_MAX + 16];
    tq_err err;
} test_build;

static inline test_build *test_build_new(unsigned threads)
{
    test_build *test = calloc(1, sizeof *test);
    if (test == NULL) abort();
    tq_settings_default(&test->settings);
    char folder[] = "/tmp/tq_import_XXXXXX";
    if (mkdtemp(folder) == NULL) abort();
    (void)snprintf(test->settings.folder, sizeof test->settings.folder, "%s", folder);
    test->build.settings = &test->settings;
    test->build.report = tq_report_new();
    test->build.texts = tq_texts_new();
    test->build.threads = threads;
    if (tq_build_date(&test->build, TQ_OPEN, INT64_MIN, INT64_MAX, 0) != 0) abort();
    if (tq_zone_load("Asia/Shanghai", &test->build.zone, &test->err) != TQ_OK) abort();
    return test;
}

static inline void test_build_write(test_build *test, const char *name, const void *bytes,
                                    size_t len)
{
    (void)snprintf(test->file, sizeof test->file, "%s/%s", test->settings.folder, name);
    FILE *file = fopen(test->file, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) abort();
}

static inline void test_build_free(test_build *test)
{
    if (test->file[0] != '\0') (void)unlink(test->file);
    (void)rmdir(test->settings.folder);
    import_streets_free(&test->build);
    import_conditions_free(&test->build);
    tq_vec_free(&test->build.node_flags);
    tq_vec_free(&test->build.dates);
    tq_vec_free(&test->build.places);
    tq_vec_free(&test->build.aliases);
    tq_pool_free(&test->build.pool);
    tq_texts_free(test->build.texts);
    tq_report_free(test->build.report);
    free(test);
}

static inline tq_status test_build_osm(test_build *test, const char *name, const void *bytes,
                                       size_t len)
{
    test_build_write(test, name, bytes, len);
    (void)snprintf(test->settings.osm[0], sizeof test->settings.osm[0], "%s", name);
    test->settings.osm_count = 1;
    return import_osm(&test->build, &test->err);
}

#endif
