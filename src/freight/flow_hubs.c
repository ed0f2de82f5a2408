/*
 * Tags of hubs as a table, hubs.csv: kind,id,name_zh,name_en,places,links,lines,confidence,source.
 *
 * A row is one tag: its kind is the city's own word (such as 中心, 片区, 体系, 集群, 通道), its
 * members are places, links and whole lines (the links of that line_zh), each divided by ';'. A
 * place or link may carry any number of tags. A tag without a member, an id twice, an unknown
 * member is refused by file, row and column.
 */
#include "freight/flow_in.h"
#include "freight/load_in.h"

enum { H_KIND, H_ID, H_ZH, H_EN, H_PLACES, H_LINKS, H_LINES, H_CONF, H_SOURCE, H_COLUMNS };
static const column_head columns[H_COLUMNS] = {
    {"kind", NEEDED},    {"id", NEEDED},         {"name_zh", NEEDED},
    {"name_en", NEEDED}, {"places", NEEDED},     {"links", NEEDED},
    {"lines", NEEDED},   {"confidence", NEEDED}, {"source", NEEDED}};

/* The loader is first, so that the sheet's loader is this. */
typedef struct hub_table {
    loader load;
    const tq_freight *net;
    tq_pool *pool;
    flow_case *out;
} hub_table;

static hub_table *table_of(const table_sheet *sheet)
{
    return (hub_table *)(void *)sheet->load;
}

static tq_status keep_cell(const table_sheet *sheet, uint32_t column, const char **out)
{
    tq_str text = sheet_cell(sheet, column);
    if (text.len > FLOW_TEXT_MAX || !tq_utf8_valid(text))
        return sheet_bad(sheet, column, "write at most 120 bytes of UTF-8", "too long or no text");
    *out = flow_keep(table_of(sheet)->pool, text);
    return *out != NULL ? TQ_OK : sheet_memory(sheet);
}

static tq_status add_member(const table_sheet *sheet, bool link, uint32_t row)
{
    flow_case *out = table_of(sheet)->out;
    if (out->member.count == FLOW_MEMBERS_MAX)
        return tq_fail(sheet->load->err, TQ_LIMIT, sheet->csv.line,
                       "hubs.csv line %u: more than %u members in all; use fewer tags",
                       sheet->csv.line, FLOW_MEMBERS_MAX);
    return tq_vec_push(&out->member, ((flow_member){link, row})) ? TQ_OK : sheet_memory(sheet);
}

static tq_status read_members(const table_sheet *sheet)
{
    const tq_freight *net = table_of(sheet)->net;
    tq_str rest = sheet_cell(sheet, H_PLACES), piece;
    while (next_piece(&rest, ';', &piece)) {
        uint32_t node = tq_freight_node_find(net, piece);
        if (node == TQ_NONE)
            return sheet_bad(sheet, H_PLACES, "use ids of nodes.csv, divided by ;", "no place «%s»",
                             flow_brief(piece).text);
        TQ_TRY(add_member(sheet, false, node));
    }
    rest = sheet_cell(sheet, H_LINKS);
    while (next_piece(&rest, ';', &piece)) {
        uint32_t link = tq_freight_link_find(net, piece);
        if (link == TQ_NONE)
            return sheet_bad(sheet, H_LINKS, "use ids of links.csv, divided by ;", "no link «%s»",
                             flow_brief(piece).text);
        TQ_TRY(add_member(sheet, true, link));
    }
    rest = sheet_cell(sheet, H_LINES);
    while (next_piece(&rest, ';', &piece)) {
        uint32_t found = 0;
        for (uint32_t link = 0; piece.len > 0 && link < net->link_count; link++)
            if (tq_str_is(piece, text_at(net, net->link[link].line_zh))) {
                TQ_TRY(add_member(sheet, true, link));
                found++;
            }
        if (found == 0)
            return sheet_bad(sheet, H_LINES, "use a line_zh of links.csv", "no line «%s»",
                             flow_brief(piece).text);
    }
    return TQ_OK;
}

static tq_status read_row(table_sheet *sheet)
{
    hub_table *table = table_of(sheet);
    flow_hub hub = {.first = (uint32_t)table->out->member.count};
    TQ_TRY(keep_cell(sheet, H_KIND, &hub.kind));
    TQ_TRY(keep_cell(sheet, H_ID, &hub.id));
    TQ_TRY(keep_cell(sheet, H_ZH, &hub.name_zh));
    TQ_TRY(keep_cell(sheet, H_EN, &hub.name_en));
    TQ_TRY(keep_cell(sheet, H_CONF, &hub.confidence));
    TQ_TRY(keep_cell(sheet, H_SOURCE, &hub.source));
    if (hub.kind[0] == '\0')
        return sheet_bad(sheet, H_KIND, "write the kind of tag, such as 片区", "nothing");
    if (hub.id[0] == '\0') return sheet_bad(sheet, H_ID, "write a short id", "nothing");
    for (size_t k = 0; k < table->out->hub.count; k++)
        if (strcmp(table->out->hub.at[k].id, hub.id) == 0)
            return sheet_bad(sheet, H_ID, "give each tag an id of its own",
                             "another row has it already");
    TQ_TRY(read_members(sheet));
    hub.count = (uint32_t)table->out->member.count - hub.first;
    if (hub.count == 0)
        return sheet_bad(sheet, H_PLACES, "name places, links or lines", "the tag has no member");
    return tq_vec_push(&table->out->hub, hub) ? TQ_OK : sheet_memory(sheet);
}

tq_status flow_hubs_table(const tq_freight *net, tq_str bytes, tq_pool *pool, flow_case *out,
                          tq_err *err)
{
    tq_freight_text text = {"hubs.csv", bytes};
    hub_table table = {.load = {.err = err}, .net = net, .pool = pool, .out = out};
    return sheet_read(&table.load, &text, columns, H_COLUMNS, TQ_FLOW_HUBS_MAX, read_row);
}
