/* Any bytes as tongqu.yaml: read, or refused with a line; what was read is written and reads back
 * the same. */
#include <stdlib.h>

#include "import/settings_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static tq_settings settings, again;
    settings_lines lines;
    tq_err err;
    tq_err_clear(&err);
    tq_status status = settings_parse((tq_str){(const char *)bytes, len}, &settings, &lines, &err);
    if (status != TQ_OK) {
        if (err.text[0] == '\0') abort();
        return 0;
    }
    tq_buf text = {0}, text2 = {0};
    settings_print(&settings, SETTINGS_ALL, &text);
    if (settings_parse((tq_str){text.at, text.len}, &again, &lines, &err) != TQ_OK) abort();
    settings_print(&again, SETTINGS_ALL, &text2);
    if (!tq_str_eq((tq_str){text.at, text.len}, (tq_str){text2.at, text2.len})) abort();
    tq_buf_free(&text);
    tq_buf_free(&text2);
    return 0;
}
