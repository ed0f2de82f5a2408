/*
 * Flows of a city: its tags of hubs (freight/hubs.csv) and its worked question (freight/flow.json)
 * beside the network, and what command and server ask.
 *
 * Both files are optional and are read when the network is; they are looked at when they are asked
 * for, so that a mistake in them hinders no other question about freight.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "journey/freight_in.h"

#define LOCAL_S (8 * 3600)
#define DAY_S   86400

static tq_status read_optional(const char *folder, const char *name, char **bytes, size_t *len,
                               tq_err *err)
{
    char path[TQ_PATH_MAX];
    if (!tq_path_join(path, folder, name))
        return tq_fail(err, TQ_BAD_INPUT, 0, "the city's path is too long");
    if (!tq_file_look(path).exists) return TQ_OK;
    return tq_file_read(path, TQ_FLOW_BODY_MAX, bytes, len, err);
}

tq_status goods_flow_open(const char *folder, tq_goods *goods, tq_err *err)
{
    TQ_TRY(read_optional(folder, "hubs.csv", &goods->hubs, &goods->hubs_len, err));
    return read_optional(folder, "flow.json", &goods->flow, &goods->flow_len, err);
}

static tq_flow_ask ask_of(const tq_goods *goods, tq_str body, double seconds_max, int64_t now_ms)
{
    int64_t local_s = tq_floor_div(now_ms, 1000) + LOCAL_S;
    return (tq_flow_ask){.size = sizeof(tq_flow_ask),
                         .body = body,
                         .hubs = {goods->hubs, goods->hubs_len},
                         .today = (int32_t)tq_floor_div(local_s, DAY_S),
                         .seconds_max = seconds_max};
}

tq_status tq_goods_flow_json(const tq_goods *goods, const tq_goods_flow_query *query, tq_buf *out,
                             tq_err *err)
{
    if (query->size != sizeof *query)
        return tq_fail(err, TQ_BAD_INPUT, 0, "the question is of another version of the library");
    tq_flow_ask ask = ask_of(goods, query->body, query->seconds_max, query->now_ms);
    ask.against = query->against;
    return tq_flow_answer(goods->net, &ask, out, err);
}

/* ---- the worked question ----------------------------------------------------------------------
 */

static void put_links(const tq_freight *net, tq_json *json)
{
    uint32_t links = tq_freight_size(net).links;
    tq_json_key(json, "links");
    tq_json_array(json);
    for (uint32_t link = 0; link < links; link++) {
        tq_freight_link row = tq_freight_link_at(net, link);
        if (!row.on_demand) continue;
        tq_json_object(json);
        tq_json_put_text(json, "id", row.id);
        tq_json_put_text_or_null(json, "name_zh", row.line_zh);
        tq_json_put_text(json, "mode", tq_freight_mode_name(row.mode));
        tq_json_put_text(json, "from", tq_freight_node_at(net, row.from).id);
        tq_json_put_text(json, "to", tq_freight_node_at(net, row.to).id);
        if (row.capacity_kt_y >= 0)
            tq_json_put_fixed(json, "capacity_mt_y", row.capacity_kt_y, 3);
        else
            tq_json_put_text(json, "capacity_mt_y", NULL);
        tq_json_end_object(json);
    }
    tq_json_end_array(json);
}

/* The file as one line, keys as they stand; the caller frees it. */
static tq_status one_line(const tq_goods *goods, char **out, tq_err *err)
{
    *out = NULL;
    if (goods->flow == NULL) return TQ_OK;
    json_t *root = json_loadb(goods->flow, goods->flow_len, JSON_REJECT_DUPLICATES, NULL);
    if (root != NULL) *out = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return *out != NULL ? TQ_OK : tq_fail(err, TQ_NO_MEMORY, 0, "no memory for flow.json");
}

tq_status tq_goods_flow_example_json(const tq_goods *goods, double seconds_max, tq_buf *out,
                                     tq_err *err)
{
    const tq_freight *net = goods->net;
    char version[20], *question;
    tq_json json;
    if (goods->flow != NULL) {
        tq_err why = {0};
        tq_flow_ask ask = ask_of(goods, (tq_str){goods->flow, goods->flow_len}, seconds_max, 0);
        if (tq_flow_check(net, &ask, &why) != TQ_OK)
            return tq_fail(err, TQ_BAD_FILE, 0, "freight/flow.json: %s", why.text);
    }
    TQ_TRY(one_line(goods, &question, err));
    (void)snprintf(version, sizeof version, "%016llx", (unsigned long long)tq_freight_version(net));
    tq_json_begin(&json, out);
    tq_json_object(&json);
    tq_json_put_text(&json, "version", version);
    tq_json_key(&json, "question");
    if (question != NULL)
        tq_json_raw(&json, tq_str_of(question));
    else
        tq_json_null(&json);
    put_links(net, &json);
    tq_json_key(&json, "limits");
    tq_json_object(&json);
    tq_json_put_fixed(&json, "seconds", (int64_t)(seconds_max * 10), 1);
    tq_json_put_i64(&json, "lots", TQ_FLOW_LOTS_MAX);
    tq_json_put_i64(&json, "changes", TQ_FLOW_CHANGES_MAX);
    tq_json_end_object(&json);
    tq_json_end_object(&json);
    free(question);
    return TQ_OK;
}
