/*
 * Checks of conditions, rules, turn bans and vehicle classes: every row that streets and links
 * refer to.
 *
 * Row 0 of the conditions holds always and set 0 of rules and of bans is empty: whoever has none
 * refers to them, so they exist in every city.
 */
#include "tongqu/route.h"

#include "city/city_in.h"

#define DAY_MINUTES  1440u
#define CLAUSES_MOST 4096u /* of one condition: asked for each street and slice */

bool city_clause_sound(const tq_clause *clause)
{
    uint32_t from_month = clause->from_date / 32, to_month = clause->to_date / 32;
    bool dates = (clause->from_date == 0) == (clause->to_date == 0) && from_month <= 12 &&
                 to_month <= 12 && (clause->from_date == 0 || (from_month > 0 && to_month > 0));
    return clause->from_ms <= clause->to_ms && clause->from_min <= DAY_MINUTES &&
           clause->to_min <= DAY_MINUTES && dates && clause->plates < 1u << 10 &&
           clause->days < 1u << 7 && clause->hazmat <= 1;
}

static tq_status verify_clauses(const tq_city *city, tq_err *err)
{
    static const tq_clause always = {0};
    const tq_conditions *rows = &city->conditions;
    CITY_CHECK(rows->count > 0, "cd.first", "has no row that holds always");
    CITY_CHECK(city_ranges_hold(rows->first_clause, rows->count, rows->clause_count), "cd.first",
               "is not ascending");
    CITY_CHECK(rows->first_clause[1] == 1 && memcmp(rows->clause, &always, sizeof always) == 0,
               "cd.clause", "row 0 does not hold always");
    for (uint32_t row = 0; row < rows->count; row++)
        CITY_CHECK(rows->first_clause[row + 1] - rows->first_clause[row] <= CLAUSES_MOST,
                   "cd.first", "a condition has too many alternatives");
    CITY_CHECK(city_indices_hold(rows->text, rows->count, city->text_len, CITY_NO_NONE), "cd.text",
               "a text lies outside the pool");
    for (uint32_t k = 0; k < rows->clause_count; k++)
        CITY_CHECK(city_clause_sound(&rows->clause[k]), "cd.clause", "a row is not valid");
    return TQ_OK;
}

tq_status city_verify_conditions(const tq_city *city, tq_err *err)
{
    const tq_conditions *rows = &city->conditions;
    TQ_TRY(verify_clauses(city, err));
    CITY_CHECK(rows->rule_set_count > 0 &&
                   city_ranges_hold(rows->first_rule, rows->rule_set_count, rows->rule_count),
               "cd.first_rule", "is not ascending");
    CITY_CHECK(rows->first_rule[1] == 0, "cd.first_rule", "set 0 is not empty");
    CITY_CHECK(rows->ban_set_count > 0 &&
                   city_ranges_hold(rows->first_ban, rows->ban_set_count, rows->ban_count),
               "cd.first_ban", "is not ascending");
    CITY_CHECK(rows->first_ban[1] == 0, "cd.first_ban", "set 0 is not empty");
    for (uint32_t k = 0; k < rows->rule_count; k++) {
        const tq_rule *rule = &rows->rule[k];
        CITY_CHECK(rule->condition < rows->count && rule->effect <= TQ_EFFECT_SPEED &&
                       rule->directions >= 1 && rule->directions <= 3 &&
                       (rule->effect != TQ_EFFECT_SPEED || rule->kmh > 0),
                   "cd.rule", "a row is not valid");
    }
    for (uint32_t k = 0; k < rows->ban_count; k++)
        CITY_CHECK(rows->ban[k].condition < rows->count && rows->ban[k].access <= UINT8_MAX,
                   "cd.ban", "a row is not valid");
    return TQ_OK;
}

static bool vehicle_holds(const tq_city *city, const tq_vehicle *row)
{
    return row->name < city->text_len && row->label_zh < city->text_len &&
           row->label_en < city->text_len && row->kind < TQ_HIERARCHY_COUNT && row->mode != 0 &&
           (row->mode & (row->mode - 1)) == 0 && row->access != 0 && row->plate >= -1 &&
           row->plate <= 9 && row->max_kerb <= TQ_KERB_RAISED && row->max_smoothness <= 8;
}

tq_status city_verify_vehicles(const tq_city *city, tq_err *err)
{
    bool streets = false;
    for (unsigned kind = 0; kind < TQ_HIERARCHY_COUNT; kind++)
        streets = streets || city->hierarchy[kind].vertex_count > 0;
    CITY_CHECK(!streets || city->vehicles.count >= TQ_PROFILE_COUNT, "vehicles",
               "built-in classes are missing");
    for (uint32_t k = 0; k < city->vehicles.count; k++)
        CITY_CHECK(vehicle_holds(city, &city->vehicles.row[k]), "vehicles", "a row is not valid");
    return TQ_OK;
}
