/*
 * Values of tongqu.yaml: numbers with their unit, and how they are written.
 *
 * A number is read as a whole count of millionths, multiplied by its unit's ratio, and must come
 * out whole unless the ratio itself is not (km/h in mm/s), where it is rounded. No floating point.
 */
#include <stdio.h>

#include "import/settings_in.h"

#define MICRO     1000000u
#define UNITS_MAX 4

typedef struct unit {
    const char *name;
    uint32_t numerator, denominator; /* kept = value * numerator / denominator */
} unit;

typedef struct unit_family {
    settings_type type;
    const char *wants;     /* what to write, in words */
    unit units[UNITS_MAX]; /* the plain one first: the one a value is printed in when no larger one
                              is whole */
    unsigned digits;       /* decimals printed for the first unit */
} unit_family;

static const unit_family families[] = {
    {SETTINGS_COUNT, "a whole number", {{"", 1, 1}}, 0},
    {SETTINGS_LENGTH_M, "metres or kilometres", {{"m", 1, 1}, {"km", 1000, 1}}, 0},
    {SETTINGS_SPEED_MM_S,
     "metres a second or kilometres an hour",
     {{"m/s", 1000, 1}, {"km/h", 2500, 9}},
     3},
    {SETTINGS_SPEED_KMH, "kilometres an hour", {{"km/h", 1, 1}}, 0},
    {SETTINGS_TIME_S,
     "seconds, minutes or hours",
     {{"s", 1, 1}, {"min", 60, 1}, {"h", 3600, 1}},
     0},
    {SETTINGS_TIME_MS,
     "milliseconds, seconds or minutes",
     {{"ms", 1, 1}, {"s", 1000, 1}, {"min", 60000, 1}},
     0},
    {SETTINGS_BYTES, "bytes, KiB or MiB", {{"B", 1, 1}, {"KiB", 1024, 1}, {"MiB", 1 << 20, 1}}, 0},
    {SETTINGS_MONEY_FEN, "yuan or fen", {{"yuan", 100, 1}, {"fen", 1, 1}}, 2},
    {SETTINGS_MONEY_PER_KM, "yuan a kilometre", {{"yuan/km", 100, 1}, {"fen/km", 1, 1}}, 2},
    {SETTINGS_MONEY_PER_MIN, "yuan a minute", {{"yuan/min", 100, 1}, {"fen/min", 1, 1}}, 2},
    {SETTINGS_PERCENT, "a percentage", {{"%", 1, 1}}, 0},
    {SETTINGS_CLOCK_S, "a time of day", {{"", 1, 1}}, 0},
};

static const unit_family *family_of(settings_type type)
{
    for (size_t k = 0; k < TQ_COUNT(families); k++)
        if (families[k].type == type) return &families[k];
    return NULL;
}

static void put_padded(tq_buf *out, uint32_t value)
{
    if (value < 10) tq_buf_putc(out, '0');
    tq_buf_u64(out, value);
}

static void put_number(settings_type type, uint32_t value, tq_buf *out)
{
    const unit_family *family = family_of(type);
    if (type == SETTINGS_CLOCK_S) {
        put_padded(out, value / 3600);
        tq_buf_putc(out, ':');
        put_padded(out, value / 60 % 60);
        if (value % 60 == 0) return;
        tq_buf_putc(out, ':');
        put_padded(out, value % 60);
        return;
    }
    const unit *in = &family->units[0];
    bool times = type == SETTINGS_TIME_S || type == SETTINGS_TIME_MS || type == SETTINGS_BYTES;
    for (unsigned k = 1; times && k < UNITS_MAX && family->units[k].name != NULL; k++)
        if (value != 0 && value % family->units[k].numerator == 0) in = &family->units[k];
    if (family->digits == 0) {
        tq_buf_u64(out, value / in->numerator);
    } else {
        size_t before = out->len;
        tq_buf_fixed(out, value, family->digits);
        /* 1.250 m/s reads better as 1.25 m/s; money keeps its two digits. */
        while (type == SETTINGS_SPEED_MM_S && !out->failed && out->len > before + 3 &&
               out->at[out->len - 1] == '0')
            out->len--;
    }
    if (in->name[0] == '\0') return;
    tq_buf_putc(out, ' ');
    tq_buf_puts(out, in->name);
}

bool settings_read_micro(tq_str *text, uint64_t *micro)
{
    uint64_t value = 0;
    unsigned digits = 0, decimals = 0;
    bool point = false;
    for (; text->len > 0; text->at++, text->len--) {
        char c = text->at[0];
        if (c == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        if (point && ++decimals > 6) return false;
        if (++digits > 12) return false;
        value = value * 10 + (uint64_t)(c - '0');
    }
    if (digits == 0 || (point && decimals == 0)) return false;
    for (; decimals < 6; decimals++)
        value *= 10;
    *micro = value;
    return value <= (uint64_t)UINT32_MAX * MICRO;
}

static bool read_clock(tq_str text, uint32_t *out)
{
    uint32_t part[3] = {0}, count = 0;
    while (count < 3) {
        size_t len = 0;
        while (len < text.len && text.at[len] != ':')
            len++;
        if (len < 1 || len > 2 || (count > 0 && len != 2) ||
            !tq_parse_u32((tq_str){text.at, len}, &part[count++]))
            return false;
        if (len == text.len) break;
        text.at += len + 1;
        text.len -= len + 1;
        if (count == 3 || text.len == 0) return false;
    }
    if (count < 2 || part[1] > 59 || part[2] > 59 || part[0] > 24) return false;
    *out = part[0] * 3600 + part[1] * 60 + part[2];
    return *out <= 86400;
}

/* The value in units of what is kept; false when the unit is unknown or the value finer than what
 * is kept. */
static bool read_unit(const unit_family *family, tq_str text, uint64_t *out)
{
    uint64_t micro;
    if (!settings_read_micro(&text, &micro)) return false;
    text = tq_str_trim(text);
    for (unsigned k = 0; k < UNITS_MAX && family->units[k].name != NULL; k++) {
        const unit *in = &family->units[k];
        if (!tq_str_is(text, in->name)) continue;
        if (micro > UINT64_MAX / 2 / in->numerator) return false;
        uint64_t scaled = micro * in->numerator, whole = (uint64_t)MICRO * in->denominator;
        if (in->denominator == 1 && scaled % whole != 0) return false;
        *out = (scaled + whole / 2) / whole;
        return true;
    }
    return false;
}

static void say_number(settings_type type, uint32_t value, char out[64])
{
    tq_buf text = {0};
    put_number(type, value, &text);
    (void)snprintf(out, 64, "%.*s", text.failed ? 0 : (int)text.len,
                   text.at != NULL ? text.at : "");
    tq_buf_free(&text);
}

/* The key's default is the best example of what to write. */
static void say_default(const settings_key *key, char out[64])
{
    tq_settings *usual = TQ_ALLOC(tq_settings, 1);
    out[0] = '\0';
    if (usual == NULL) return;
    tq_settings_default(usual);
    say_number(key->type, *settings_number(key, usual), out);
    tq_free(usual);
}

bool settings_parse_number(const settings_key *key, tq_str text, uint32_t *out, char why[256])
{
    const unit_family *family = family_of(key->type);
    uint64_t value = 0;
    uint32_t clock_s = 0;
    bool read = key->type == SETTINGS_CLOCK_S ? read_clock(text, &clock_s)
                                              : read_unit(family, text, &value);
    if (key->type == SETTINGS_CLOCK_S) value = clock_s;
    char first[64], last[64];
    if (!read) {
        say_default(key, first);
        (void)snprintf(why, 256, "wants %s, such as %s, not %.*s", family->wants, first,
                       (int)TQ_MIN(text.len, (size_t)60), text.at);
        return false;
    }
    if (value < key->least || value > key->most) {
        say_number(key->type, key->least, first);
        say_number(key->type, key->most, last);
        (void)snprintf(why, 256, "may be %s to %s, not %.*s", first, last,
                       (int)TQ_MIN(text.len, (size_t)60), text.at);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* A text in double quotes, which YAML reads back as it was. */
static void put_quoted(tq_buf *out, tq_str text)
{
    tq_buf_putc(out, '"');
    for (size_t k = 0; k < text.len; k++) {
        if (text.at[k] == '"' || text.at[k] == '\\') tq_buf_putc(out, '\\');
        tq_buf_putc(out, text.at[k]);
    }
    tq_buf_putc(out, '"');
}

static void put_lines(const char *text, tq_buf *out)
{
    tq_buf_putc(out, '[');
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        if (at != text) tq_buf_puts(out, ", ");
        put_quoted(out, (tq_str){at, len});
        at += len + (at[len] == '\n');
    }
    tq_buf_putc(out, ']');
}

static void put_paths(const settings_key *key, const tq_settings *settings, tq_buf *out)
{
    const char *path = (const char *)settings + key->offset; /* [count][512] */
    uint32_t count;
    memcpy(&count, (const char *)settings + key->size, sizeof count);
    if (count == 0) {
        tq_buf_puts(out, "auto");
        return;
    }
    tq_buf_putc(out, '[');
    for (uint32_t k = 0; k < count; k++) {
        if (k > 0) tq_buf_puts(out, ", ");
        put_quoted(out, tq_str_of(path + k * sizeof settings->osm[0]));
    }
    tq_buf_putc(out, ']');
}

void settings_put_value(const settings_key *key, const tq_settings *settings, tq_buf *out)
{
    const char *at = (const char *)settings + key->offset;
    uint32_t number = 0;
    switch (key->type) {
    case SETTINGS_ID: tq_buf_puts(out, at); return;
    case SETTINGS_TEXT: put_quoted(out, tq_str_of(at)); return;
    case SETTINGS_LINES: put_lines(at, out); return;
    case SETTINGS_PATHS: put_paths(key, settings, out); return;
    case SETTINGS_BOOL: tq_buf_puts(out, *(const bool *)(const void *)at ? "yes" : "no"); return;
    case SETTINGS_SKIP_STOP:
        tq_buf_puts(out, *(const bool *)(const void *)at ? "stop" : "skip");
        return;
    default: break;
    }
    memcpy(&number, at, sizeof number);
    if (key->type == SETTINGS_FLAG)
        tq_buf_puts(out, number != 0 ? "yes" : "no");
    else
        put_number(key->type, number, out);
}
