/* The report of a played day for people: placeholder page. */
#include "serve/day_in.h"

tq_status tq_day_html(tq_str report_json, tq_lang lang, tq_buf *html, tq_err *err)
{
    (void)report_json;
    (void)lang;
    (void)err;
    tq_buf_puts(html, "<!doctype html>");
    return TQ_OK;
}
