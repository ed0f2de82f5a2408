/*
 * Papers of a consignment: the electronic waybill (content of JT/T 1245-2019) and the train weigh
 * list (content of JT/T 1350-2020), as JSON and as XML.
 *
 * Both standards are known here by title, scope and table of contents only; the parts are theirs,
 * the names of the elements are ours and assumed (docs/design/freight.md says which). Nothing is
 * signed.
 */
#include <math.h>
#include <stdio.h>

#include "desk/consignment_in.h"

#define TONNE_KG       1000.0
#define WAGON_TONNES   200.0 /* no wagon weighs more */
#define NET_OFF_PERMIL 3.0   /* weighed and declared differ by more: said on the list */

static void copy(json_t *out, const char *name, const json_t *from, const char *member)
{
    const json_t *value = json_object_get(from, member);
    json_object_set_new(out, name, value != NULL ? json_deep_copy(value) : json_null());
}

static json_t *party_json(const json_t *party)
{
    json_t *out = json_object();
    copy(out, "Name", party, "name");
    copy(out, "Contact", party, "contact");
    copy(out, "Telephone", party, "phone");
    copy(out, "Address", party, "address");
    return out;
}

static json_t *place_json(const json_t *place)
{
    json_t *out = json_object();
    copy(out, "Code", place, "id");
    copy(out, "Name", place, "name_zh");
    copy(out, "EnglishName", place, "name_en");
    return out;
}

static json_t *leg_json(const json_t *leg)
{
    const json_t *planned = json_object_get(leg, "planned"),
                 *actual = json_object_get(leg, "actual");
    json_t *out = json_object();
    copy(out, "SequenceNumber", leg, "number");
    copy(out, "TransportMode", leg, "mode");
    copy(out, "Service", leg, "id");
    copy(out, "ServiceName", leg, "name");
    copy(out, "Carrier", leg, "carrier");
    copy(out, "MeansOfTransport", leg, "vehicle");
    json_object_set_new(out, "Origin", place_json(json_object_get(leg, "from")));
    json_object_set_new(out, "Destination", place_json(json_object_get(leg, "to")));
    copy(out, "PlannedDeparture", planned, "depart");
    copy(out, "CutOff", planned, "cutoff");
    copy(out, "PlannedArrival", planned, "arrive");
    copy(out, "ActualDeparture", actual, "departed");
    copy(out, "ActualArrival", actual, "arrived");
    return out;
}

static json_t *goods_json(const json_t *goods)
{
    json_t *out = json_object(), *boxes = json_array();
    const json_t *box;
    size_t k;
    copy(out, "GoodsCode", goods, "commodity");
    copy(out, "GoodsName", goods, "name_zh");
    copy(out, "EnglishName", goods, "name_en");
    copy(out, "CargoType", goods, "cargo");
    copy(out, "DangerousGoodsClass", goods, "dg_class");
    copy(out, "GrossWeightTonnes", goods, "tonnes");
    copy(out, "Packages", goods, "packages");
    copy(out, "Marks", goods, "marks");
    copy(out, "Containers40", goods, "boxes40");
    json_array_foreach(json_object_get(goods, "boxes"), k, box)
    {
        json_t *one = json_object();
        copy(one, "ContainerNumber", box, "number");
        copy(one, "Size", box, "size");
        copy(one, "Seal", box, "seal");
        json_array_append_new(boxes, one);
    }
    json_object_set_new(out, "Container", boxes);
    return out;
}

/* The seen record: phones are masked as the asker's role wants. */
static tq_status seen(desk_call *call, json_t **out)
{
    json_auto_t *record = NULL;
    TQ_TRY(cons_asked(call, &record));
    *out = cons_show(call, record);
    return TQ_OK;
}

static tq_status waybill_of(desk_call *call, json_t **out)
{
    json_auto_t *record = NULL;
    const json_t *leg;
    size_t k;
    TQ_TRY(seen(call, &record));
    json_t *made = json_object(), *legs = json_array();
    json_object_set_new(made, "Standard", json_string("JT/T 1245-2019"));
    copy(made, "WaybillNumber", record, "id");
    copy(made, "Reference", record, "reference");
    copy(made, "Status", record, "state");
    copy(made, "IssueTime", record, "created");
    json_object_set_new(made, "Consignor", party_json(json_object_get(record, "shipper")));
    json_object_set_new(made, "Consignee", party_json(json_object_get(record, "consignee")));
    json_object_set_new(made, "PlaceOfReceipt", place_json(json_object_get(record, "from")));
    json_object_set_new(made, "PlaceOfDelivery", place_json(json_object_get(record, "to")));
    copy(made, "PromisedDelivery", record, "promised");
    copy(made, "Delivered", record, "delivered");
    json_object_set_new(made, "Goods", goods_json(json_object_get(record, "goods")));
    json_array_foreach(json_object_get(record, "legs"), k, leg)
    {
        json_array_append_new(legs, leg_json(leg));
    }
    json_object_set_new(made, "TransportLeg", legs);
    copy(made, "FreightCny", json_object_get(record, "plan"), "cny");
    copy(made, "EmissionsKgCo2e", json_object_get(record, "plan"), "co2e_kg");
    copy(made, "Remarks", record, "note");
    *out = made;
    return TQ_OK;
}

tq_status cons_waybill(desk_call *call)
{
    json_t *paper;
    TQ_TRY(waybill_of(call, &paper));
    return desk_answer(call, paper);
}

tq_status cons_waybill_xml(desk_call *call)
{
    json_auto_t *paper = NULL;
    TQ_TRY(waybill_of(call, &paper));
    return cons_xml("ElectronicWaybill", paper, call->answer, call->err);
}

/* ---- weighing ----------------------------------------------------------------------------------
 */

static tq_status take_row(desk_call *call, const json_t *given, size_t at, json_t *rows,
                          double *net_t)
{
    const char *wagon = desk_get_text(given, "wagon"), *box = desk_get_text(given, "box");
    const json_t *gross = json_object_get(given, "gross_t"),
                 *tare = json_object_get(given, "tare_t");
    double full = json_number_value(gross), empty = json_number_value(tare);
    if (!json_is_object(given) || wagon[0] == '\0' || strlen(wagon) > 20 || strlen(box) > 20)
        return desk_bad(call, "\"rows\": row %zu has no \"wagon\" of at most 20 bytes", at);
    if (!json_is_number(gross) || !json_is_number(tare) || !(empty > 0) || !(full >= empty) ||
        full > WAGON_TONNES)
        return desk_bad(call,
                        "\"rows\": row %zu: gross_t %g and tare_t %g: 0 < tare <= gross <= %g", at,
                        full, empty, WAGON_TONNES);
    json_t *row = json_object();
    json_object_set_new(row, "wagon", json_string(wagon));
    json_object_set_new(row, "box", box[0] != '\0' ? json_string(box) : json_null());
    /* Whole kilograms, so that the sums are exact. */
    json_int_t full_kg = (json_int_t)llround(full * TONNE_KG),
               empty_kg = (json_int_t)llround(empty * TONNE_KG);
    json_object_set_new(row, "gross_kg", json_integer(full_kg));
    json_object_set_new(row, "tare_kg", json_integer(empty_kg));
    json_object_set_new(row, "net_kg", json_integer(full_kg - empty_kg));
    json_array_append_new(rows, row);
    *net_t += (double)(full_kg - empty_kg) / TONNE_KG;
    return TQ_OK;
}

static tq_status take_list(desk_call *call, const json_t *record, json_t *list)
{
    const char *train, *scale;
    const json_t *given = json_object_get(call->body, "rows"), *one;
    double leg = 0, net_t = 0;
    int64_t at_ms = call->command->now_ms;
    size_t k;
    json_t *rows = json_array();
    json_object_set_new(list, "rows", rows);
    TQ_TRY(desk_whole(call, "leg", true, 1,
                      (double)json_array_size(json_object_get(record, "legs")), &leg));
    const json_t *of = json_array_get(json_object_get(record, "legs"), (size_t)leg - 1);
    if (strcmp(desk_get_text(of, "mode"), "rail") != 0)
        return desk_bad(call, "\"leg\" %g goes by %s; a train weigh list is of a leg by rail", leg,
                        desk_get_text(of, "mode"));
    TQ_TRY(desk_text(call, "train", true, &train));
    TQ_TRY(desk_text(call, "scale", false, &scale));
    TQ_TRY(desk_instant(call, "at", false, &at_ms));
    if (at_ms > call->command->now_ms + CONS_FUTURE_MS)
        return desk_bad(call, "\"at\" lies in the future");
    if (!json_is_array(given) || json_array_size(given) == 0 ||
        json_array_size(given) > CONS_WEIGHED_MAX)
        return desk_bad(call, "\"rows\" is a list of 1 to %u {wagon, box, gross_t, tare_t}",
                        CONS_WEIGHED_MAX);
    json_array_foreach(given, k, one)
    {
        TQ_TRY(take_row(call, one, k + 1, rows, &net_t));
    }
    double said_t = json_number_value(json_object_get(json_object_get(record, "goods"), "tonnes"));
    json_object_set_new(list, "leg", json_integer((json_int_t)leg));
    json_object_set_new(list, "train", json_string(train));
    json_object_set_new(list, "scale", scale[0] != '\0' ? json_string(scale) : json_null());
    desk_put_instant(call, list, "at", at_ms);
    json_object_set_new(list, "net_t", json_real(net_t));
    json_object_set_new(list, "declared_t", json_real(said_t));
    json_object_set_new(list, "differs",
                        json_boolean(fabs(net_t - said_t) * 1000 > said_t * NET_OFF_PERMIL));
    return TQ_OK;
}

tq_status cons_weigh(desk_call *call)
{
    static const char *const members[] = {"leg", "train", "scale", "at", "rows", NULL};
    const char *id = call->command->id;
    json_auto_t *record = NULL;
    uint64_t version = 0;
    char state[32];
    TQ_TRY(desk_only(call, members));
    TQ_TRY(cons_load(call, id, &record, &version, state));
    TQ_TRY(cons_mine(call, record));
    TQ_TRY(desk_expect(call, CONSIGNMENT, id, version));
    TQ_TRY(cons_open(call, id, state));
    json_t *lists = json_object_get(record, "weigh_lists"), *list = json_object();
    json_array_append_new(lists, list);
    if (json_array_size(lists) > CONS_WEIGH_MAX)
        return tq_fail(call->err, TQ_LIMIT, 0, "there are %u weigh lists already", CONS_WEIGH_MAX);
    TQ_TRY(take_list(call, record, list));
    cons_line(call, record, "weighed", desk_get_text(list, "train"));
    TQ_TRY(cons_save(call, id, state, record, version, "weighed"));
    return cons_answer(call, id);
}

static json_t *wagon_json(const json_t *row)
{
    json_t *out = json_object();
    copy(out, "WagonNumber", row, "wagon");
    copy(out, "ContainerNumber", row, "box");
    copy(out, "GrossWeightKg", row, "gross_kg");
    copy(out, "TareWeightKg", row, "tare_kg");
    copy(out, "NetWeightKg", row, "net_kg");
    return out;
}

static tq_status weigh_list_of(desk_call *call, json_t **out)
{
    json_auto_t *record = NULL;
    const json_t *list, *row;
    size_t k, of;
    TQ_TRY(seen(call, &record));
    json_t *made = json_object(), *trains = json_array();
    json_object_set_new(made, "Standard", json_string("JT/T 1350-2020"));
    copy(made, "WaybillNumber", record, "id");
    json_array_foreach(json_object_get(record, "weigh_lists"), k, list)
    {
        const json_t *leg =
            json_array_get(json_object_get(record, "legs"),
                           (size_t)json_integer_value(json_object_get(list, "leg")) - 1);
        json_t *train = json_object(), *wagons = json_array();
        copy(train, "TrainNumber", list, "train");
        copy(train, "Scale", list, "scale");
        copy(train, "WeighingTime", list, "at");
        json_object_set_new(train, "Origin", place_json(json_object_get(leg, "from")));
        json_object_set_new(train, "Destination", place_json(json_object_get(leg, "to")));
        json_array_foreach(json_object_get(list, "rows"), of, row)
        {
            json_array_append_new(wagons, wagon_json(row));
        }
        json_object_set_new(train, "WagonCount", json_integer((json_int_t)json_array_size(wagons)));
        copy(train, "NetWeightTonnes", list, "net_t");
        copy(train, "DeclaredWeightTonnes", list, "declared_t");
        copy(train, "Differs", list, "differs");
        json_object_set_new(train, "Wagon", wagons);
        json_array_append_new(trains, train);
    }
    json_object_set_new(made, "Train", trains);
    *out = made;
    return TQ_OK;
}

tq_status cons_weigh_list(desk_call *call)
{
    json_t *paper;
    TQ_TRY(weigh_list_of(call, &paper));
    return desk_answer(call, paper);
}

tq_status cons_weigh_list_xml(desk_call *call)
{
    json_auto_t *paper = NULL;
    TQ_TRY(weigh_list_of(call, &paper));
    return cons_xml("TrainWeighList", paper, call->answer, call->err);
}
