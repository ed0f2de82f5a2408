/* Each way in which a table can be wrong: refused with file, line, column, value and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "freight_files.h"

typedef struct refusal {
    const char *file, *find, *put; /* put in the place of the first `find` */
    const char *want[3];           /* in the message */
} refusal;

static const refusal refusals[] = {
    {"links.csv",
     "S1,S2; 422 Mt in 2023: S2\",1",
     "S1,S2; 422 Mt in 2023: S2\",",
     {"links.csv line 2", "column on_demand", "write 0 or 1"}},
    {"nodes.csv", ",CNTYN,Shanxi,", ",CNTYN,", {"nodes.csv line 2", "9 fields", "the head has 10"}},
    {"nodes.csv", "confidence,note", "confidence,id", {"line 1", "column id", "there twice"}},
    {"services.csv",
     ",S26,\"15 days",
     ",S26,,\"15 days",
     {"services.csv line 2", "more than the 18 fields", "mend the row"}},
    {"links.csv",
     "L001,rail",
     "L001,train",
     {"links.csv line 2", "column mode, «train»", "use one of road"}},
    {"links.csv",
     "HJL,HUD,20.6",
     "HJX,HUD,20.6",
     {"column from", "unknown place «HJX»", "nodes.csv"}},
    {"links.csv", "HJL,HUD,20.6", "HJL,HJL,20.6", {"column to", "to itself", "two places"}},
    {"links.csv", "20.6", "-20.6", {"distance_km, «-20.6»", "negative", "sign"}},
    {"links.csv", "20.6", "20.6004", {"distance_km", "three decimal places", "metres"}},
    {"links.csv",
     "RAIL_DAQIN,RAIL_E_BULK",
     "RAIL_DACHIN,RAIL_E_BULK",
     {"column tariff", "unknown tariff", "tariff_map.csv"}},
    {"links.csv",
     "RAIL_E_BULK,60",
     "RAIL_X,60",
     {"column emission", "unknown emission", "emissions.csv"}},
    {"links.csv",
     "RAIL_E_BULK,60",
     "HGV49,60",
     {"column emission", "road on a way by rail", "factor"}},
    {"links.csv", "RAIL_E_BULK,60,", "RAIL_E_BULK,0,", {"column speed_kmh", "not between", "unit"}},
    {"links.csv", "450,1435", "450,1436", {"column gauge_mm, «1436»", "no gauge", "1435"}},
    {"links.csv", "450,1435", "450,", {"column gauge_mm", "without a gauge", "1435"}},
    {"links.csv", "L002,rail", "L001,rail", {"line 3", "duplicate id", "own id"}},
    {"links.csv",
     "1435,1,bulk;general",
     "1435,1,bulk;parcel",
     {"column cargo", "unknown cargo", "container"}},
    {"links.csv",
     ",SEA_COAL,SHIP_BULK_45K,22.2,,,,bulk,",
     ",SEA_COAL,SHIP_BULK_45K,22.2,,,,bulk;container,",
     {"column cargo", "container on a link whose tariff SEA_COAL", "prices it"}},
    {"links.csv",
     ",2025-04-01",
     ",2025-04-31",
     {"column streets_day, «2025-04-31»", "not a date", "YYYY-MM-DD"}},
    {"rail_fees.csv",
     "LOAD_BULK,load",
     "LOAD_BULK,lift",
     {"rail_fees.csv line 2", "column what", "use one of"}},
    {"rail_fees.csv", "wagon_km,9", "t,9", {"column unit", "does not go", "wagon_km"}},
    {"rail_fees.csv", "250,100,12", "250,100,", {"column step_cny", "half of a step", "neither"}},
    {"rail_fees.csv",
     "load,container,box20",
     "load,container,box40",
     {"column what", "HANDLE_40 charges the same", "own days"}},
    {"rail_fees.csv", "16.8", "-16.8", {"column cny, «-16.8»", "negative", "sign"}},
    {"factor_sets.csv",
     "HGV49,HGV_UK_AVG",
     "HGV49,HGV_X",
     {"factor_sets.csv line 2", "column uses", "unknown emission factor"}},
    {"factor_sets.csv",
     "HGV49,HGV_UK_AVG",
     "HGV49,RAIL_UK",
     {"column uses", "a factor of rail for one of road", "same mode"}},
    {"factor_sets.csv",
     "RAIL_D,RAIL_UK",
     "RAIL_E,RAIL_UK",
     {"column emission", "has that factor already", "one row"}},
    {"services.csv",
     "CE01,rail",
     "CE01,ship",
     {"services.csv line 2", "column mode", "use one of"}},
    {"services.csv",
     "ZDL;DAT;JIN",
     "ZDL;XXX;JIN",
     {"column path", "unknown place «XXX»", "nodes.csv"}},
    {"services.csv", "36,14:00", "38,14:00", {"column days, «38»", "not days", "weekday"}},
    {"services.csv", "14:00", "24:10", {"column dep_local", "not a time of day", "HH:MM"}},
    {"services.csv",
     "24,336,480",
     "24,-1,480",
     {"column transit_h, «-1»", "arrives before it leaves", "hours"}},
    {"services.csv",
     "24,336,480",
     "24,0,480",
     {"column transit_h", "arrives before it leaves", "hours"}},
    {"services.csv",
     "24,336,480",
     "24,336,300",
     {"column transit_p90_h", "shorter than", "nine of ten"}},
    {"services.csv", "5200,USD/box40", ",USD/box40", {"column price", "missing", "fill it in"}},
    {"services.csv", "5200,USD/box40", "-5,USD/box40", {"column price, «-5»", "negative", "sign"}},
    {"services.csv",
     "5200,USD/box40",
     "5200,EUR/box40",
     {"column currency", "no exchange rate", "rates.csv"}},
    {"services.csv",
     "5200,USD/box40",
     "5200,USD/barrel",
     {"column currency", "unknown unit", "/box40"}},
    {"services.csv", "CE02", "CE01", {"line 3", "duplicate id", "own id"}},
    {"tariffs.csv",
     "bulk;general,t,9.5",
     "bulk;general,lb,9.5",
     {"tariffs.csv line 2", "column unit, «lb»", "use one of t, kg"}},
    {"tariffs.csv", "t,9.5,", "t,,", {"column base1_cny", "missing", "fill it in"}},
    {"tariffs.csv", "t,9.5,0.086", "t,9.5,-0.086", {"column per_km_cny", "negative", "sign"}},
    {"tariffs.csv", "RAIL_3,", "RAIL_2,", {"line 3", "duplicate id", "own days"}},
    {"tariff_map.csv",
     "ROAD,mail,ROAD_MAIL",
     "ROAD,mail,ROAD_POST",
     {"tariff_map.csv", "unknown tariff", "tariffs.csv"}},
    {"tariff_map.csv",
     "ROAD,mail",
     "ROAD,letters",
     {"column match, «letters»", "fits nothing", "cargo class"}},
    {"terminals.csv",
     "mine,load",
     "pithead,load",
     {"column node_or_kind, «pithead»", "terminal in no network", "nodes.csv"}},
    {"terminals.csv", "mine,load", "mine,lift", {"column op", "unknown word", "tranship"}},
    {"terminals.csv", "rail,4500,t", "rail,0,t", {"column rate_per_h", "not between", "unit"}},
    {"terminals.csv",
     "*,load,bulk,,road",
     "*,load,bulk,,rail",
     {"line 4", "duplicate handling", "keep one"}},
    {"terminals.csv",
     "mine,load,bulk,,rail",
     "mine,load,bulk,road,rail",
     {"column from_mode", "wrong mode", "load has none"}},
    {"emissions.csv", "0,8.2,8.2", "0,8.2,", {"column wtw_g_tkm", "missing", "fill it in"}},
    {"emissions.csv", "RAIL_E,rail", "RAIL_E_BULK,rail", {"line 3", "duplicate id", "own id"}},
    {"commodities.csv",
     "bulk,RAIL_4C,0.85",
     "bulk,RAIL_9,0.85",
     {"column rail_tariff, «RAIL_9»", "unknown tariff", "tariffs.csv"}},
    {"commodities.csv",
     "container,RAIL_T40",
     "container,RAIL_4C",
     {"column rail_tariff", "does not price container", "cargo class"}},
    {"nodes.csv",
     "rail_station,37.8612",
     "rail_station,97.8612",
     {"nodes.csv line 2", "column lat", "no place on the globe"}},
    {"nodes.csv", "TYB,", "TYZ,", {"line 3", "duplicate id", "own id"}},
    {"nodes.csv",
     "TYZ,太原站",
     "LONELY,,,city,1,1,,,,\nTYZ,太原站",
     {"nodes.csv row 1", "no link and no service touches it", "remove the row"}},
    {"nodes.csv", "id,name_zh", "ident,name_zh", {"nodes.csv line 1", "no column id", "add it"}},
    {"nodes.csv", "TYZ,太原站", "TYZ,\xff", {"column name_zh", "not UTF-8", "save the file"}},
    {"restrictions.csv",
     "\n",
     "\nR1,wall,,,ERL,,,,,\n",
     {"restrictions.csv line 2", "column class, «wall»", "border"}},
    {"restrictions.csv",
     "\n",
     "\nR1,border,,,NOWHERE,,,,,\n",
     {"column what", "unknown «NOWHERE»", "ids"}},
    {"restrictions.csv",
     "\n",
     "\nR1,border,,,ERL,,,2026-02-30,,\n",
     {"column from", "not a date", "YYYY-MM-DD"}},
    {"restrictions.csv",
     "\n",
     "\nR1,border,,,ERL,,,2026-03-02,2026-03-01,\n",
     {"column to", "ends before it begins", "exchange"}},
    {"rates.csv", "USD,", "EUR,", {"services.csv line 2", "no exchange rate", "rates.csv"}},
    {"corridors.csv",
     "653",
     "long",
     {"corridors.csv line 2", "column total_km, «long»", "not a number"}},
};

static freight_files files;

static int setup(void **state)
{
    (void)state;
    freight_files_read(&files, FREIGHT_FOLDER);
    return files.count == FREIGHT_TABLES ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    freight_files_free(&files);
    return 0;
}

/* The files with one text changed; the changed bytes are the caller's to free. */
static char *change(tq_freight_text *texts, const char *file, const char *find, const char *put)
{
    for (size_t k = 0; k < files.count; k++) {
        if (strcmp(texts[k].name, file) != 0) continue;
        const char *bytes = texts[k].bytes.at, *at = strstr(bytes, find);
        if (!at) print_error("%s: no «%s»\n", file, find);
        assert_non_null(at);
        size_t len = texts[k].bytes.len - strlen(find) + strlen(put), before = (size_t)(at - bytes);
        char *changed = malloc(len + 1);
        assert_non_null(changed);
        memcpy(changed, bytes, before);
        memcpy(changed + before, put, strlen(put));
        memcpy(changed + before + strlen(put), at + strlen(find),
               texts[k].bytes.len - before - strlen(find) + 1);
        texts[k].bytes = (tq_str){changed, len};
        return changed;
    }
    fail();
    return NULL;
}

static void bad_rows_are_refused(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t k = 0; k < TQ_COUNT(refusals); k++) {
        const refusal *bad = &refusals[k];
        freight_files copy = files;
        char *changed = change(copy.text, bad->file, bad->find, bad->put);
        tq_freight *net = NULL;
        tq_err err = {0};
        tq_status status = tq_freight_load(copy.text, copy.count, INT32_MAX, &net, &err);
        bool said = status == TQ_BAD_INPUT && !net;
        for (unsigned w = 0; w < 3; w++)
            said = said && strstr(err.text, bad->want[w]);
        if (!said) {
            print_error("%s «%s»: %s %s\n", bad->file, bad->put, tq_status_name(status), err.text);
            wrong++;
        }
        tq_freight_free(net);
        free(changed);
    }
    assert_int_equal(wrong, 0);
}

static void tables_are_named(void **state)
{
    (void)state;
    freight_files copy = files;
    tq_freight *net = NULL;
    tq_err err = {0};
    copy.text[0].name = "places.csv";
    assert_int_equal(tq_freight_load(copy.text, copy.count, INT32_MAX, &net, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "places.csv is no table"));
    assert_int_equal(tq_freight_load(files.text + 1, files.count - 1, INT32_MAX, &net, &err),
                     TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "nodes.csv is missing"));
    copy.text[0].name = "links.csv";
    assert_int_equal(tq_freight_load(copy.text, copy.count, INT32_MAX, &net, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "links.csv is given twice"));
}

static void a_rate_counts_from_its_date(void **state)
{
    (void)state;
    freight_files copy = files;
    char *changed = change(copy.text, "rates.csv", "2000-01-01", "2026-05-01");
    tq_freight *net = NULL;
    tq_err err = {0};
    assert_int_equal(tq_freight_load(copy.text, copy.count, 20573, &net, &err), TQ_BAD_INPUT);
    assert_non_null(strstr(err.text, "no exchange rate"));
    assert_int_equal(tq_freight_load(copy.text, copy.count, 20574, &net, &err), TQ_OK);
    tq_freight_free(net);
    free(changed);
}

static void service_lengths_are_shortest_ways(void **state)
{
    (void)state;
    tq_freight *net = NULL;
    tq_err err = {0};
    assert_int_equal(tq_freight_load(files.text, files.count, INT32_MAX, &net, &err), TQ_OK);
    static const struct {
        const char *id;
        int32_t km;
    } want[] = {{"CE06", 7462}, {"CE03", 10744}};
    for (size_t k = 0; k < TQ_COUNT(want); k++) {
        uint32_t service = tq_freight_service_find(net, tq_str_of(want[k].id));
        assert_in_range(tq_freight_service_at(net, service).length_m, want[k].km * 1000 - 600,
                        want[k].km * 1000 + 600);
    }
    tq_freight_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_rows_are_refused),
        cmocka_unit_test(tables_are_named),
        cmocka_unit_test(a_rate_counts_from_its_date),
        cmocka_unit_test(service_lengths_are_shortest_ways),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
