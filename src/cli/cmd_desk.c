/* tongqu audit, user, backup: what the owner of the machine does with the store of a city, beside
 * the server. */
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"

#include "desk/desk.h"

#define LINE_MAX_BYTES 1024

static tq_status store_path(const char *city, char out[TQ_PATH_MAX], tq_err *err)
{
    tq_file_info info = tq_file_look(city);
    if (info.exists && !info.is_folder) { /* the store itself, or a city file: beside it */
        size_t len = strlen(city);
        if (len > 3 && strcmp(city + len - 3, ".db") == 0) {
            (void)snprintf(out, TQ_PATH_MAX, "%s", city);
            return TQ_OK;
        }
        char folder[TQ_PATH_MAX];
        (void)snprintf(folder, sizeof folder, "%s", city);
        char *slash = strrchr(folder, '/');
        if (slash != NULL)
            *slash = '\0';
        else
            (void)snprintf(folder, sizeof folder, ".");
        return tq_path_join(out, folder, "state.db")
                   ? TQ_OK
                   : tq_fail(err, TQ_IO, 0, "the path of the store is too long");
    }
    if (!info.exists) return tq_fail(err, TQ_NOT_FOUND, 0, "there is no %s", city);
    return tq_path_join(out, city, "state.db")
               ? TQ_OK
               : tq_fail(err, TQ_IO, 0, "the path of the store is too long");
}

static tq_status open_store(const char *city, bool read_only, tq_store **out, tq_err *err)
{
    char path[TQ_PATH_MAX];
    TQ_TRY(store_path(city, path, err));
    if (!tq_file_look(path).exists)
        return tq_fail(err, TQ_NOT_FOUND, 0, "there is no store %s; serve the city once", path);
    tq_store_options options = {.size = sizeof options, .read_only = read_only};
    return tq_store_open_with(path, &options, out, err);
}

/* ---- audit
 * ----------------------------------------------------------------------------------------- */

int cli_audit(const cli_args *args)
{
    tq_err err = {0};
    tq_store *store = NULL;
    uint64_t rows = 0, broken = 0;
    char head[65] = "";
    if (strcmp(args->word[0], "verify") != 0)
        return cli_usage(args, "the only thing to do with it is verify: tongqu audit verify CITY");
    tq_status status = open_store(args->word[1], true, &store, &err);
    if (status == TQ_OK) status = tq_store_audit_verify(store, &rows, &broken, head, &err);
    tq_store_close(store);
    if (status != TQ_OK) return cli_fail(args, status, &err);
    if (args->json) {
        tq_buf buf = {0};
        tq_json json;
        tq_json_begin(&json, &buf);
        tq_json_object(&json);
        tq_json_put_i64(&json, "rows", (int64_t)rows);
        tq_json_put_bool(&json, "whole", broken == 0);
        tq_json_key(&json, "broken");
        if (broken == 0)
            tq_json_null(&json);
        else
            tq_json_i64(&json, (int64_t)broken);
        tq_json_put_text_or_null(&json, "why", broken == 0 ? "" : err.text);
        tq_json_put_text(&json, "head", head);
        tq_json_end_object(&json);
        return cli_print(&buf, broken == 0 ? 0 : 1);
    }
    bool zh = args->lang == TQ_ZH;
    if (broken == 0)
        printf(zh ? "审计链完整：%llu 条，末条 %s\n"
                  : "the audit chain is whole: %llu rows, head %s\n",
               (unsigned long long)rows, head);
    else
        printf(zh ? "审计链在第 %llu 条断开（共 %llu 条）：%s\n"
                  : "the audit chain breaks at row %llu of %llu: %s\n",
               (unsigned long long)broken, (unsigned long long)rows, err.text);
    return broken == 0 ? 0 : 1;
}

int cli_backup(const cli_args *args)
{
    tq_err err = {0};
    tq_store *store = NULL;
    tq_status status =
        tq_file_look(args->word[1]).exists
            ? tq_fail(&err, TQ_BAD_INPUT, 0, "%s is there already; name a new file", args->word[1])
            : open_store(args->word[0], true, &store, &err);
    if (status == TQ_OK) status = tq_store_backup(store, args->word[1], &err);
    tq_store_close(store);
    if (status != TQ_OK) return cli_fail(args, status, &err);
    if (!args->quiet) printf("%s\n", args->word[1]);
    return 0;
}

/* ---- accounts
 * -------------------------------------------------------------------------------------- */

static bool read_roles(const char *text, uint32_t *roles, tq_err *err)
{
    tq_str rest = tq_str_of(text);
    *roles = 0;
    while (rest.len > 0) {
        const char *comma = memchr(rest.at, ',', rest.len);
        tq_str word = {rest.at, comma != NULL ? (size_t)(comma - rest.at) : rest.len};
        uint32_t role = tq_role_named(word);
        if (role == 0) {
            (void)tq_fail(
                err, TQ_USAGE, 0,
                "'%.*s' is no role; rider, clerk, dispatcher, road_unit, police, planner, "
                "auditor, admin are",
                (int)word.len, word.at);
            return false;
        }
        *roles |= role;
        size_t step = TQ_MIN(word.len + 1, rest.len);
        rest.at += step;
        rest.len -= step;
    }
    return *roles != 0;
}

/* A line without its end; not shown while it is typed. */
static bool read_password(char out[LINE_MAX_BYTES])
{
    struct termios shown, silent;
    bool terminal = isatty(STDIN_FILENO) != 0 && tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        fprintf(stderr, "password: ");
        silent = shown;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &silent);
    }
    bool got = fgets(out, LINE_MAX_BYTES, stdin) != NULL;
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &shown);
        fprintf(stderr, "\n");
    }
    if (got) out[strcspn(out, "\r\n")] = '\0';
    return got;
}

int cli_user(const cli_args *args)
{
    const char *roles_text = cli_value(args, "roles"), *name = args->word[1];
    tq_err err = {0};
    uint32_t roles = 0;
    char password[LINE_MAX_BYTES], path[TQ_PATH_MAX], city_path[TQ_PATH_MAX];
    if (!read_roles(roles_text != NULL ? roles_text : "admin", &roles, &err))
        return cli_usage(args, err.text[0] != '\0' ? err.text : "--roles is empty");
    tq_status status = store_path(args->word[0], path, &err);
    if (status == TQ_OK) status = cli_city_path(args->word[0], city_path, &err);
    tq_city *city = NULL;
    tq_desk *desk = NULL;
    if (status == TQ_OK) status = tq_city_open(city_path, &city, &err);
    if (status == TQ_OK) {
        tq_desk_options options = {.size = sizeof options, .city = city, .store_path = path};
        status = tq_desk_open(&options, &desk, &err);
    }
    if (status == TQ_OK && !read_password(password))
        status = tq_fail(&err, TQ_USAGE, 0, "the password is read from standard input");
    const tq_env *env = tq_env_real();
    if (status == TQ_OK)
        status =
            tq_desk_add_user(desk, name, tq_str_of(password), roles, env->now_ms(env->user), &err);
    memset(password, 0, sizeof password);
    tq_desk_close(desk);
    tq_city_close(city);
    if (status != TQ_OK) return cli_fail(args, status, &err);
    if (!args->quiet) printf("%s\n", name);
    return 0;
}
