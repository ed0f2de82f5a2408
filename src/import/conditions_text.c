/*
 * The text of a condition -> alternatives (tq_clause).
 *
 * Method: the grammar of OpenStreetMap's conditional restrictions over that of opening_hours, read
 * as mappers write it: «Mo-Fr 07:00-09:00,17:00-19:00; Sa 10:00-14:00», «weight>7.5 AND
 * 22:00-06:00», «Dec-Mar», «2024 Nov 26-2025 Apr 08», «sunset-sunrise». Parts joined by AND
 * must hold together; rules parted by «;» or «||» are alternatives, all of them: a later rule does
 * not replace an earlier one but for «off». What nobody can decide beforehand (public and school
 * holidays, weather, who one is) never holds.
 *
 * Limits: conditions_in.h. A text is understood whole or not at all. Not expressible: vehicles
 * below a limit, the n-th weekday of a month, weeks of the year.
 */
#include "import/conditions_in.h"
#include "import/streets_in.h"

#define DAY_MIN     1440u
#define SUNRISE_MIN 360u
#define SUNSET_MIN  1080u
#define WEEK        127u
#define DATES_MAX   16u
#define TIMES_MAX   16u

typedef struct cursor {
    const char *at, *end;
} cursor;

static char peek(const cursor *c)
{
    return c->at < c->end ? *c->at : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
}

/* A dash, also the longer ones of print, with blanks around it. */
static bool take_dash(cursor *c)
{
    cursor try = *c;
    skip_blanks(&try);
    static const char *const dashes[] = {"-", "\xe2\x80\x93", "\xe2\x80\x94"};
    for (size_t k = 0; k < TQ_COUNT(dashes); k++) {
        size_t len = strlen(dashes[k]);
        if ((size_t)(try.end - try.at) < len || memcmp(try.at, dashes[k], len) != 0) continue;
        try.at += len;
        skip_blanks(&try);
        *c = try;
        return true;
    }
    return false;
}

static bool take_char(cursor *c, char wanted)
{
    if (peek(c) != wanted) return false;
    c->at++;
    return true;
}

/* A number of at most `most` digits; *digits tells how many, 0 = none. */
static uint32_t take_number(cursor *c, unsigned most, unsigned *digits)
{
    uint32_t value = 0;
    for (*digits = 0; *digits < most && is_digit(peek(c)); ++*digits)
        value = value * 10 + (uint32_t)(*c->at++ - '0');
    return value;
}

static tq_str peek_word(const cursor *c)
{
    const char *end = c->at;
    while (end < c->end && is_letter(*end))
        end++;
    return (tq_str){c->at, (size_t)(end - c->at)};
}

static bool same_word(tq_str word, const char *text)
{
    size_t len = strlen(text);
    if (word.len != len) return false;
    for (size_t k = 0; k < len; k++)
        if ((word.at[k] | 32) != (text[k] | 32)) return false;
    return true;
}

/* 0-based place in a list of full names; the first `least` letters will do. TQ_NONE = not there. */
static uint32_t name_index(tq_str word, const char *const *names, uint32_t count, size_t least)
{
    for (uint32_t k = 0; k < count; k++) {
        tq_str shortened = {names[k], TQ_MIN(word.len, strlen(names[k]))};
        if (word.len < least || word.len > strlen(names[k])) continue;
        if (word.len > 3 && word.len != strlen(names[k])) continue;
        bool same = true;
        for (size_t letter = 0; letter < shortened.len; letter++)
            same = same && (word.at[letter] | 32) == shortened.at[letter];
        if (same) return k;
    }
    return TQ_NONE;
}

static uint32_t day_index(tq_str word)
{
    static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    return name_index(word, days, TQ_COUNT(days), 2);
}

static uint32_t month_index(tq_str word)
{
    static const char *const months[] = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
    return name_index(word, months, TQ_COUNT(months), 3);
}

static bool is_sun(tq_str word, uint32_t *minute)
{
    bool up = same_word(word, "sunrise") || same_word(word, "dawn");
    *minute = up ? SUNRISE_MIN : SUNSET_MIN;
    return up || same_word(word, "sunset") || same_word(word, "dusk");
}

/* ---- one rule of opening hours -------------------------------------------------------------- */

typedef struct date_range {
    int64_t from_ms, to_ms;
    uint16_t from_date, to_date;
} date_range;

typedef struct time_range {
    uint32_t from, to; /* minutes; to may pass the day's end */
} time_range;

typedef struct hours_rule {
    date_range date[DATES_MAX];
    time_range time[TIMES_MAX];
    uint32_t date_count, time_count, days;
    bool all_day, undecided, holiday, off;
} hours_rule;

static int32_t last_of_month(int32_t year, uint32_t month)
{
    return month == 12 ? tq_day_of(year, 12, 31) : tq_day_of(year, month + 1, 1) - 1;
}

/* One end of a range of dates: year, month, day; 0 = not given. */
typedef struct date_end {
    uint32_t year, month, day;
} date_end;

static bool starts_number(const cursor *c, unsigned digits)
{
    cursor try = *c;
    unsigned got;
    (void)take_number(&try, digits + 1, &got);
    return got == digits && peek(&try) != ':';
}

/* Any of «2024 Nov 26», «Nov 26», «Nov», «2024», and «26» behind a dash. False: no date. */
static bool take_date_end(cursor *c, bool behind_dash, date_end *out)
{
    *out = (date_end){0};
    unsigned digits;
    cursor try = *c;
    if (starts_number(&try, 4)) {
        out->year = take_number(&try, 4, &digits);
        skip_blanks(&try);
    }
    uint32_t month = month_index(peek_word(&try));
    if (month != TQ_NONE) {
        out->month = month + 1;
        try.at += peek_word(&try).len;
        skip_blanks(&try);
    }
    if ((out->month != 0 || (behind_dash && out->year == 0)) &&
        (starts_number(&try, 2) || starts_number(&try, 1)))
        out->day = take_number(&try, 2, &digits);
    if (out->year == 0 && out->month == 0 && out->day == 0) return false;
    if (out->year != 0 && (out->year < 1970 || out->year > 2199)) return false;
    if (out->day > 31 || (out->day == 0 && out->year == 0 && out->month == 0)) return false;
    *c = try;
    return true;
}

static void set_years(const tq_zone_table *zone, date_end from, date_end to, date_range *out)
{
    if (to.year == 0) to.year = from.year;
    if (to.month == 0) to.month = from.month != 0 && to.day != 0 ? from.month : 12;
    int32_t first = tq_day_of((int32_t)from.year, TQ_MAX(from.month, 1), TQ_MAX(from.day, 1));
    int32_t last = to.day != 0 ? tq_day_of((int32_t)to.year, to.month, to.day)
                               : last_of_month((int32_t)to.year, to.month);
    if (last < first) /* «2024 Nov-Feb» ends in the next year */
        last = to.day != 0 ? tq_day_of((int32_t)to.year + 1, to.month, to.day)
                           : last_of_month((int32_t)to.year + 1, to.month);
    out->from_ms = tq_local_to_ms(zone, first, 0);
    out->to_ms = tq_local_to_ms(zone, last + 1, 0);
}

static bool take_dates(cursor *c, const tq_zone_table *zone, hours_rule *rule)
{
    date_end from, to;
    if (!take_date_end(c, false, &from) || rule->date_count == DATES_MAX) return false;
    /* «Mar Su[-1]»: a weekday of a month */
    cursor behind = *c;
    skip_blanks(&behind);
    tq_str word = peek_word(&behind);
    if (day_index(word) != TQ_NONE && behind.at + word.len < behind.end &&
        behind.at[word.len] == '[')
        return false;
    date_range *out = &rule->date[rule->date_count++];
    *out = (date_range){0};
    to = from;
    cursor dash = *c;
    bool open = take_char(c, '+');
    if (!open && take_dash(&dash) && take_date_end(&dash, true, &to)) {
        *c = dash;
        if (to.month == 0 && to.year == 0) to.month = from.month;
        if (to.month == 0 && from.month != 0) return false; /* «Nov-2025» */
    }
    if (from.year != 0) {
        set_years(zone, from, to, out);
        if (open) out->to_ms = INT64_MAX;
        return true;
    }
    if (open || to.year != 0) return false;
    out->from_date = (uint16_t)(from.month * 32 + TQ_MAX(from.day, 1));
    out->to_date = (uint16_t)(to.month * 32 + (to.day != 0 ? to.day : 31));
    return true;
}

/* One weekday or a range of them, or a holiday. */
static bool take_days(cursor *c, bool behind_comma, hours_rule *rule)
{
    tq_str word = peek_word(c);
    uint32_t first = day_index(word);
    c->at += word.len;
    if (first == TQ_NONE) { /* PH or SH */
        cursor behind = *c;
        skip_blanks(&behind);
        rule->holiday = true;
        /* «SH Mo-Fr» asks for both at once, «SH,Mo-Fr» for either. */
        if (!behind_comma && peek(&behind) != ',' &&
            (rule->days != 0 || day_index(peek_word(&behind)) != TQ_NONE))
            rule->undecided = true;
        return true;
    }
    uint32_t last = first;
    cursor dash = *c;
    if (take_dash(&dash) && (last = day_index(peek_word(&dash))) != TQ_NONE) {
        dash.at += peek_word(&dash).len;
        *c = dash;
    } else {
        last = first;
    }
    if (peek(c) == '[') return false;
    for (uint32_t day = first;; day = (day + 1) % 7) {
        rule->days |= 1u << day;
        if (day == last) break;
    }
    return true;
}

/* 07:00, 7, sunset, (sunset-00:30). */
static bool take_time(cursor *c, uint32_t *minute, uint32_t *doubts)
{
    cursor try = *c;
    unsigned digits;
    bool inner = take_char(&try, '(');
    if (is_sun(peek_word(&try), minute)) {
        try.at += peek_word(&try).len;
        *doubts |= IMPORT_DOUBT_SUN;
        if (inner) {
            bool later = peek(&try) == '+';
            if (!later && peek(&try) != '-') return false;
            try.at++;
            uint32_t hour = take_number(&try, 2, &digits), by;
            if (digits == 0 || !take_char(&try, ':')) return false;
            by = hour * 60 + take_number(&try, 2, &digits);
            if (digits != 2 || by > SUNRISE_MIN || !take_char(&try, ')')) return false;
            *minute = later ? *minute + by : *minute - by;
        }
        *c = try;
        return true;
    }
    if (inner) return false;
    uint32_t hour = take_number(&try, 2, &digits), part = 0;
    if (digits == 0) return false;
    if (peek(&try) == ':') {
        try.at++;
        part = take_number(&try, 2, &digits);
        if (digits != 2) return false;
    }
    if (is_digit(peek(&try)) || hour > 48 || part > 59) return false;
    *minute = hour * 60 + part;
    *c = try;
    return *minute <= 2 * DAY_MIN;
}

static bool take_times(cursor *c, hours_rule *rule, uint32_t *doubts)
{
    if (c->end - c->at >= 4 && memcmp(c->at, "24/7", 4) == 0) {
        c->at += 4;
        return rule->all_day = true;
    }
    time_range time;
    if (rule->time_count == TIMES_MAX || !take_time(c, &time.from, doubts)) return false;
    if (take_char(c, '+'))
        time.to = DAY_MIN;
    else if (!take_dash(c) || !take_time(c, &time.to, doubts))
        return false;
    else
        (void)take_char(c, '+');
    if (time.from >= DAY_MIN || (time.to > DAY_MIN && time.to - DAY_MIN >= time.from)) return false;
    rule->time[rule->time_count++] = time;
    return true;
}

/* ---- rules -> clauses ----------------------------------------------------------------------- */

static bool add_clause(import_clauses *out, const tq_clause *clause)
{
    if (out->count == TQ_CLAUSES_MAX) return false;
    out->clause[out->count++] = *clause;
    return true;
}

static bool add_time(import_clauses *out, tq_clause clause, time_range time)
{
    if (time.to > DAY_MIN) time.to -= DAY_MIN;
    bool whole = time.from == 0 && (time.to == 0 || time.to == DAY_MIN);
    if (whole) return add_clause(out, &clause);
    clause.from_min = (uint16_t)time.from;
    clause.to_min = (uint16_t)time.to;
    if (time.from != time.to) return add_clause(out, &clause);
    /* «08:00-08:00»: a whole day that begins at eight. */
    clause.to_min = DAY_MIN;
    if (!add_clause(out, &clause)) return false;
    clause.from_min = 0;
    clause.to_min = (uint16_t)time.to;
    uint32_t days = clause.days;
    clause.days = (uint8_t)((days << 1 | days >> 6) & WEEK);
    return add_clause(out, &clause);
}

/* «Su off» takes days away from what was said before. */
static bool take_off(const hours_rule *rule, import_clauses *out)
{
    if (rule->date_count > 0 || rule->time_count > 0 || rule->undecided) return false;
    if (rule->days == 0) {
        out->doubts |= IMPORT_DOUBT_HOLIDAYS;
        return rule->holiday;
    }
    uint32_t kept = 0;
    for (uint32_t k = 0; k < out->count; k++) {
        tq_clause clause = out->clause[k];
        uint32_t days = clause.days == 0 ? WEEK : clause.days;
        clause.days = (uint8_t)(days & ~rule->days);
        if (clause.days != 0) out->clause[kept++] = clause;
    }
    out->count = kept;
    return true;
}

static bool end_rule(hours_rule *rule, import_clauses *out)
{
    bool said = rule->date_count > 0 || rule->time_count > 0 || rule->days != 0 || rule->all_day ||
                rule->holiday || rule->undecided;
    if (rule->off) return said && take_off(rule, out);
    if (!said) return true;
    if (rule->undecided || (rule->holiday && rule->days == 0)) {
        out->doubts |= IMPORT_DOUBT_UNDECIDED;
        return true;
    }
    if (rule->holiday) out->doubts |= IMPORT_DOUBT_HOLIDAYS;
    if (rule->days == WEEK) rule->days = 0;
    for (uint32_t d = 0; d < TQ_MAX(rule->date_count, 1); d++) {
        tq_clause clause = {.days = (uint8_t)rule->days};
        if (rule->date_count > 0) {
            clause.from_ms = rule->date[d].from_ms;
            clause.to_ms = rule->date[d].to_ms;
            clause.from_date = rule->date[d].from_date;
            clause.to_date = rule->date[d].to_date;
        }
        if (rule->time_count == 0 && !add_clause(out, &clause)) return false;
        for (uint32_t t = 0; t < rule->time_count; t++)
            if (!add_time(out, clause, rule->time[t])) return false;
    }
    return true;
}

typedef enum selector { SELECT_NONE, SELECT_DATE, SELECT_DAY, SELECT_TIME, SELECT_OFF } selector;

static selector selector_at(const cursor *c)
{
    tq_str word = peek_word(c);
    uint32_t minute;
    if (peek(c) == '(' || is_sun(word, &minute)) return SELECT_TIME;
    if (day_index(word) != TQ_NONE || same_word(word, "PH") || same_word(word, "SH"))
        return SELECT_DAY;
    if (month_index(word) != TQ_NONE || starts_number(c, 4)) return SELECT_DATE;
    if (same_word(word, "off") || same_word(word, "closed")) return SELECT_OFF;
    return is_digit(peek(c)) ? SELECT_TIME : SELECT_NONE;
}

/* Does a selector of this kind begin a new rule? */
static bool begins_anew(const hours_rule *rule, selector kind, bool behind_comma)
{
    if (kind == SELECT_TIME || kind == SELECT_OFF) return false;
    bool timed = rule->time_count > 0 || rule->all_day;
    if (timed && behind_comma) return true;
    return kind == SELECT_DATE ? behind_comma && rule->days != 0 && rule->date_count > 0 : false;
}

/* All rules of one part between «;». False: not understood, c->at is where. */
static bool parse_rules(cursor *c, const tq_zone_table *zone, import_clauses *out)
{
    hours_rule rule = {0};
    bool comma = false;
    for (;;) {
        skip_blanks(c);
        if (c->at == c->end) return !comma && end_rule(&rule, out);
        if (take_char(c, ',')) {
            if (comma) return false;
            comma = true;
            continue;
        }
        if (take_char(c, ':')) continue; /* «Mo-Fr: 07:00-09:00» */
        selector kind = selector_at(c);
        if (begins_anew(&rule, kind, comma)) {
            if (!end_rule(&rule, out)) return false;
            rule = (hours_rule){0};
        }
        cursor start = *c;
        bool good = false;
        if (kind == SELECT_DATE) good = take_dates(c, zone, &rule);
        if (kind == SELECT_DAY) good = take_days(c, comma, &rule);
        if (kind == SELECT_TIME) good = take_times(c, &rule, &out->doubts);
        if (kind == SELECT_OFF) {
            c->at += peek_word(c).len;
            good = rule.off = true;
        }
        if (!good) return *c = start, false;
        comma = false;
    }
}

/* ---- other parts ---------------------------------------------------------------------------- */

/* «weight>7.5»: false when it is no comparison, *good when it is one that can be asked. */
static bool parse_limit(tq_str text, tq_clause *out, bool *good)
{
    static const struct {
        const char *name;
        bool weight;
        size_t field;
    } limits[] = {{"weight", true, offsetof(tq_clause, weight_10kg)},
                  {"weightrating", true, offsetof(tq_clause, weight_10kg)},
                  {"maxweight", true, offsetof(tq_clause, weight_10kg)},
                  {"axleload", true, offsetof(tq_clause, axle_10kg)},
                  {"height", false, offsetof(tq_clause, height_cm)},
                  {"width", false, offsetof(tq_clause, width_cm)},
                  {"length", false, offsetof(tq_clause, length_cm)}};
    size_t at = 0;
    while (at < text.len && text.at[at] != '>' && text.at[at] != '<' && text.at[at] != '=')
        at++;
    if (at == text.len) return false;
    tq_str name = tq_str_trim((tq_str){text.at, at});
    *good = false;
    bool above = text.at[at] == '>', equal = false;
    at++;
    if (at < text.len && text.at[at] == '=') {
        equal = true;
        at++;
    }
    tq_str value = {text.at + at, text.len - at};
    for (size_t k = 0; above && k < TQ_COUNT(limits); k++) {
        if (!same_word(name, limits[k].name)) continue;
        uint16_t limit = limits[k].weight ? osm_weight_10kg(value) : osm_length_cm(value);
        if (equal && limit > 0) limit--;
        memcpy((char *)out + limits[k].field, &limit, sizeof limit);
        *good = limit > 0;
    }
    return true;
}

/* Words that tell who or what, not when. */
static bool parse_word(tq_str text, tq_clause *clause, bool *decided)
{
    static const char *const unknown[] = {"wet",
                                          "snow",
                                          "winter",
                                          "summer",
                                          "ice",
                                          "fog",
                                          "rain",
                                          "dry",
                                          "flooded",
                                          "emergency",
                                          "destination",
                                          "delivery",
                                          "residents",
                                          "resident",
                                          "private",
                                          "permit",
                                          "disabled",
                                          "customers",
                                          "employees",
                                          "staff",
                                          "doctor",
                                          "school",
                                          "event",
                                          "events",
                                          "trailer",
                                          "caravan",
                                          "articulated",
                                          "market",
                                          "charging",
                                          "loading",
                                          "unloading",
                                          "load-unload",
                                          "forestry",
                                          "agricultural",
                                          "stay",
                                          "occupants",
                                          "motorhome",
                                          "truck",
                                          "coach",
                                          "tourist_bus",
                                          "public_transport",
                                          "guests",
                                          "visitors",
                                          "taxi",
                                          "bus",
                                          "psv",
                                          "hgv",
                                          "bicycle",
                                          "foot",
                                          "electric",
                                          "authorized",
                                          "signal",
                                          "signals",
                                          NULL};
    *decided = same_word(text, "hazmat") || tq_str_starts(text, "hazmat:");
    if (*decided) clause->hazmat = 1;
    for (size_t k = 0; !*decided && unknown[k] != NULL; k++)
        if (same_word(text, unknown[k])) return true;
    return *decided;
}

static tq_str strip_parentheses(tq_str text)
{
    text = tq_str_trim(text);
    while (text.len >= 2 && text.at[0] == '(' && text.at[text.len - 1] == ')') {
        int depth = 0;
        size_t at = 0;
        for (; at + 1 < text.len; at++) {
            depth += text.at[at] == '(' ? 1 : text.at[at] == ')' ? -1 : 0;
            if (depth == 0) break;
        }
        if (at + 1 < text.len) break; /* «(a) AND (b)» */
        text = tq_str_trim((tq_str){text.at + 1, text.len - 2});
    }
    return text;
}

/* Length up to the next « AND » outside parentheses; the whole text when there is none. */
static size_t until_and(tq_str text)
{
    int depth = 0;
    for (size_t at = 0; at < text.len; at++) {
        depth += text.at[at] == '(' ? 1 : text.at[at] == ')' ? -1 : 0;
        if (depth > 0 || at + 5 > text.len) continue;
        tq_str word = {text.at + at + 1, 3};
        char before = text.at[at], after = text.at[at + 4];
        if ((before == ' ' || before == ')') && same_word(word, "and") &&
            (after == ' ' || after == '('))
            return at + (before == ')');
    }
    return text.len;
}

/* Opening hours with «;» and «||» between rules. False: not understood, *stop is where. */
static bool parse_hours(tq_str text, const tq_zone_table *zone, import_clauses *out,
                        const char **stop)
{
    const char *at = text.at, *end = text.at + text.len;
    while (at < end) {
        const char *cut = at;
        while (cut < end && *cut != ';' && *cut != '|')
            cut++;
        cursor c = {at, cut};
        if (!parse_rules(&c, zone, out)) return *stop = c.at, false;
        at = cut;
        while (at < end && (*at == ';' || *at == '|'))
            at++;
    }
    return true;
}

/* One part between ANDs. */
static bool parse_part(tq_str text, const tq_zone_table *zone, import_clauses *out,
                       const char **stop)
{
    tq_clause clause = {0};
    bool good = true;
    *stop = text.at;
    if (text.len == 0) return false;
    if (parse_limit(text, &clause, &good)) return good && add_clause(out, &clause);
    if (parse_word(text, &clause, &good)) {
        if (!good) out->doubts |= IMPORT_DOUBT_UNDECIDED;
        return !good || add_clause(out, &clause);
    }
    return parse_hours(text, zone, out, stop);
}

/* ---- both at once --------------------------------------------------------------------------- */

typedef enum joint { JOINT_GOOD, JOINT_EMPTY, JOINT_UNKNOWN } joint;

static joint join_minutes(const tq_clause *other, tq_clause *out)
{
    bool free = other->from_min == 0 && other->to_min == 0;
    if (free) return JOINT_GOOD;
    if (out->from_min == 0 && out->to_min == 0) {
        out->from_min = other->from_min;
        out->to_min = other->to_min;
        return JOINT_GOOD;
    }
    if (out->from_min > out->to_min || other->from_min > other->to_min) return JOINT_UNKNOWN;
    out->from_min = TQ_MAX(out->from_min, other->from_min);
    out->to_min = TQ_MIN(out->to_min, other->to_min);
    return out->from_min < out->to_min ? JOINT_GOOD : JOINT_EMPTY;
}

static joint join_dates(const tq_clause *other, tq_clause *out)
{
    if (other->to_ms != 0) {
        bool free = out->from_ms == 0 && out->to_ms == 0;
        out->from_ms = free ? other->from_ms : TQ_MAX(out->from_ms, other->from_ms);
        out->to_ms = free ? other->to_ms : TQ_MIN(out->to_ms, other->to_ms);
        if (out->from_ms >= out->to_ms) return JOINT_EMPTY;
    }
    if (other->from_date == 0) return JOINT_GOOD;
    if (out->from_date != 0 &&
        (out->from_date != other->from_date || out->to_date != other->to_date))
        return JOINT_UNKNOWN;
    out->from_date = other->from_date;
    out->to_date = other->to_date;
    return JOINT_GOOD;
}

static joint join_clauses(const tq_clause *other, tq_clause *out)
{
    joint minutes = join_minutes(other, out), dates = join_dates(other, out);
    if (minutes == JOINT_UNKNOWN || dates == JOINT_UNKNOWN) return JOINT_UNKNOWN;
    if (minutes == JOINT_EMPTY || dates == JOINT_EMPTY) return JOINT_EMPTY;
    if (other->days != 0 && out->days != 0 && (other->days & out->days) == 0) return JOINT_EMPTY;
    out->days = out->days == 0 ? other->days
                               : (uint8_t)(other->days == 0 ? out->days : out->days & other->days);
    out->weight_10kg = TQ_MAX(out->weight_10kg, other->weight_10kg);
    out->axle_10kg = TQ_MAX(out->axle_10kg, other->axle_10kg);
    out->height_cm = TQ_MAX(out->height_cm, other->height_cm);
    out->width_cm = TQ_MAX(out->width_cm, other->width_cm);
    out->length_cm = TQ_MAX(out->length_cm, other->length_cm);
    out->hazmat |= other->hazmat;
    return JOINT_GOOD;
}

/* Every alternative of `out` with every one of `part`. */
static bool join_parts(const import_clauses *part, import_clauses *out)
{
    import_clauses joined = {.doubts = out->doubts | part->doubts};
    for (uint32_t a = 0; a < out->count; a++) {
        for (uint32_t b = 0; b < part->count; b++) {
            tq_clause clause = out->clause[a];
            joint how = join_clauses(&part->clause[b], &clause);
            if (how == JOINT_UNKNOWN || (how == JOINT_GOOD && !add_clause(&joined, &clause)))
                return false;
        }
    }
    *out = joined;
    return true;
}

void import_parse_condition(tq_str text, const tq_zone_table *zone, import_clauses *out)
{
    tq_str wait[TQ_CONDITION_PARTS_MAX] = {text};
    uint32_t waiting = 1, parts = 0;
    const char *stop = text.at;
    *out = (import_clauses){.count = 1}; /* always, until a part says otherwise */
    bool good = text.len <= TQ_CONDITION_BYTES_MAX;
    while (good && waiting > 0) {
        tq_str part = strip_parentheses(wait[--waiting]);
        size_t cut = until_and(part);
        stop = part.at;
        if (cut < part.len) {
            /* The blank before AND, or the word itself behind a parenthesis. */
            size_t rest = cut + (part.at[cut] == ' ' ? 4 : 3);
            good = waiting + 2 <= TQ_CONDITION_PARTS_MAX && ++parts < TQ_CONDITION_PARTS_MAX;
            if (!good) break;
            wait[waiting++] = (tq_str){part.at + rest, part.len - rest};
            wait[waiting++] = (tq_str){part.at, cut};
            continue;
        }
        import_clauses one = {0};
        good = parse_part(part, zone, &one, &stop) && join_parts(&one, out);
    }
    if (good) return;
    *out = (import_clauses){.doubts = IMPORT_DOUBT_UNKNOWN, .stop = (uint32_t)(stop - text.at)};
}

/* ---- alternatives of a conditional tag ------------------------------------------------------ */

/* Length up to the next «;» outside parentheses, and whether an @ stands before it. */
static size_t piece_len(tq_str text, bool *has_at)
{
    int depth = 0;
    *has_at = false;
    for (size_t at = 0; at < text.len; at++) {
        char c = text.at[at];
        depth += c == '(' ? 1 : c == ')' && depth > 0 ? -1 : 0;
        if (c == '@') *has_at = true;
        if (c == ';' && depth == 0) return at;
    }
    return text.len;
}

bool import_next_alternative(tq_str *rest, import_alternative *out)
{
    *rest = tq_str_trim(*rest);
    if (rest->len == 0) return false;
    bool has_at, more;
    size_t len = piece_len(*rest, &has_at);
    /* «no @ Mo-Fr 07:00-09:00; Sa 10:00-14:00» without parentheses: what follows without an @
     * belongs to it. */
    while (has_at && len < rest->len) {
        tq_str behind = {rest->at + len + 1, rest->len - len - 1};
        size_t next = piece_len(behind, &more);
        if (more || tq_str_trim(behind).len == 0) break;
        len += 1 + next;
    }
    tq_str piece = {rest->at, len};
    size_t used = len + (len < rest->len);
    *rest = (tq_str){rest->at + used, rest->len - used};
    const char *sign = memchr(piece.at, '@', piece.len);
    size_t value = sign != NULL ? (size_t)(sign - piece.at) : piece.len;
    out->value = tq_str_trim((tq_str){piece.at, value});
    out->condition = sign != NULL ? strip_parentheses((tq_str){sign + 1, piece.len - value - 1})
                                  : (tq_str){piece.at + piece.len, 0};
    return true;
}
