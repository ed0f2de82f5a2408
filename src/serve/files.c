/*
 * The console's files, built into the program by cmake/console.cmake. Without a built console a
 * small page says how to build it. Files under /assets/ carry a content hash in their name and
 * never change; the page itself is asked for every time.
 */
#include <stdio.h>

#include "serve/serve_in.h"

static const char NO_CONSOLE[] =
    "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>通衢 "
    "Tongqu</title></head>\n"
    "<body><h1>通衢 Tongqu</h1>\n"
    "<p>服务已启动，但此程序未包含网页控制台。请在 <code>web/</code> 中运行 <code>npm ci "
    "&amp;&amp; npm run build</code>，"
    "再重新编译（或运行 <code>./dev build</code>）。</p>\n"
    "<p lang=\"en\">The server runs, but this program was built without the console. Run <code>npm "
    "ci &amp;&amp; npm run "
    "build</code> in <code>web/</code> and build again (or run <code>./dev build</code>).</p>\n"
    "<p><a href=\"/api/v1/openapi.json\">API</a></p></body></html>\n";

static const console_file STAND_IN = {"/", NO_CONSOLE, sizeof NO_CONSOLE - 1, NULL, 0};

bool file_console_built(void)
{
    return tq_console_file_count != 0;
}

const console_file *file_find(tq_str path)
{
    if (tq_str_is(path, "/index.html")) path.len = 1;
    for (uint64_t k = 0; k < tq_console_file_count; k++)
        if (tq_str_is(path, tq_console_files[k].path)) return &tq_console_files[k];
    return !file_console_built() && tq_str_is(path, "/") ? &STAND_IN : NULL;
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
    };
    if (strcmp(path, "/") == 0) return types[0][1];
    size_t len = strlen(path);
    for (uint32_t k = 0; k < TQ_COUNT(types); k++) {
        size_t tail = strlen(types[k][0]);
        if (len > tail && strcmp(path + len - tail, types[k][0]) == 0) return types[k][1];
    }
    return "application/octet-stream";
}

void file_answer(const console_file *file, const serve_request *request, serve_answer *answer)
{
    bool gzip = request->gzip && file->gzip != NULL;
    answer->status = 200;
    answer->type = type_of(file->path);
    answer->page = true;
    answer->gzip = gzip;
    answer->vary_encoding = file->gzip != NULL;
    answer->fixed = gzip ? (tq_str){file->gzip, file->gzip_len} : (tq_str){file->bytes, file->len};
    answer->cache_control = strncmp(file->path, "/assets/", 8) == 0
                                ? "public, max-age=31536000, immutable"
                                : "no-cache";
    /* The compressed form is another representation: it needs a tag of its own. */
    snprintf(answer->etag, sizeof answer->etag, "\"%016llx%s\"",
             (unsigned long long)tq_hash(file->bytes, file->len, 0), gzip ? "-gz" : "");
    if (target_etag_in(request->if_none_match, tq_str_of(answer->etag))) answer->status = 304;
}
