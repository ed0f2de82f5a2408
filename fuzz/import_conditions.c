/* Fuzz: any bytes as a conditional tag; its rows and their freezing. */
#include "import/conditions_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void run(tq_build *build, tq_str text)
{
    tq_err err = {0};
    import_source source = {"fuzz", "way", 1, TQ_STR("access:conditional")};
    import_alternative one;
    while (import_next_alternative(&text, &one)) {
        uint32_t row = 0, set = 0;
        if (import_condition(build, &source, one.condition, &row, &err) != TQ_OK) return;
        tq_rule rule = {row, TQ_EFFECT_DENY, TQ_ACCESS_CAR, 3, 0};
        if (row != TQ_NONE && import_rule_set(build, 0, &rule, 1, &set, &err) != TQ_OK) return;
    }
    if (import_conditions_freeze(build, &err) != TQ_OK) return;
    const tq_conditions *made = &build->city.conditions;
    for (uint32_t k = 0; k < made->clause_count; k++) {
        const tq_clause *clause = &made->clause[k];
        TQ_ASSERT(clause->from_min < 1440 && clause->to_min <= 1440 && clause->days < 128);
        TQ_ASSERT(clause->from_ms <= clause->to_ms);
        TQ_ASSERT((clause->from_date == 0) == (clause->to_date == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static tq_settings settings;
    tq_settings_default(&settings);
    tq_build *build = TQ_ALLOC(tq_build, 1);
    if (build == NULL) return 0;
    build->settings = &settings;
    build->report = tq_report_new();
    build->texts = tq_texts_new();
    build->zone = (tq_zone){.count = 1, .from_s = {INT64_MIN}, .offset_s = {28800}};
    if (build->report != NULL && build->texts != NULL)
        run(build, (tq_str){(const char *)bytes, len});
    import_conditions_free(build);
    tq_pool_free(&build->pool);
    tq_texts_free(build->texts);
    tq_report_free(build->report);
    tq_free(build);
    return 0;
}
