/* A link over HTTP: one POST of JSON, one answer of JSON. */
#include "os/os.h"

#include "exchange/exchange_in.h"

#define LINK_TIMEOUT_MS 10000

static tq_status post(void *user, const char *url, const char *bearer, tq_str body,
                      uint32_t *http_status, tq_buf *answer, tq_err *err)
{
    (void)user;
    char etag[80];
    tq_fetch_wish wish = {.url = url,
                          .bearer = bearer[0] != '\0' ? bearer : NULL,
                          .type = "application/json",
                          .body = body,
                          .timeout_ms = LINK_TIMEOUT_MS};
    return tq_fetch(&wish, http_status, etag, answer, err);
}

tq_peer_link tq_link_http(void)
{
    return (tq_peer_link){NULL, post};
}
