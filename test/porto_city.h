/* Porto, imported from the extract of the shared data: the real city that tests and benches use. */
#ifndef TQ_TEST_PORTO_CITY_H
#define TQ_TEST_PORTO_CITY_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "import/import.h"

/* The file is gone when this returns; the city keeps it mapped. TQ_IO when the data is not there.
 */
static inline tq_status porto_open(tq_city **city, tq_err *err)
{
    static tq_settings settings;
    char folder[] = "/tmp/tongqu-porto-XXXXXX", path[TQ_PATH_MAX];
    const char *data = tq_env_var("TQ_SHARED_DATA");
    tq_settings_default(&settings);
    (void)snprintf(settings.id, sizeof settings.id, "porto");
    (void)snprintf(settings.name, sizeof settings.name, "Porto");
    (void)snprintf(settings.timezone, sizeof settings.timezone, "Europe/Lisbon");
    (void)snprintf(settings.folder, sizeof settings.folder, "%s/osm",
                   data != NULL ? data : "../shared/data");
    (void)snprintf(settings.osm[0], sizeof settings.osm[0], "porto_portugal.osm.pbf");
    settings.osm_count = 1;
    if (mkdtemp(folder) == NULL) return tq_fail(err, TQ_IO, 0, "no folder for the city");
    (void)snprintf(path, sizeof path, "%s/porto.city", folder);
    tq_report *report = tq_report_new();
    tq_status status = tq_import(&settings, path, report, NULL, NULL, err);
    tq_report_free(report);
    if (status == TQ_OK) status = tq_city_open(path, city, err);
    (void)unlink(path);
    (void)rmdir(folder);
    return status;
}

#endif
