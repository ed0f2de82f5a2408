/*
 * What a turn looks like: its angle, and what stands at the node (signals, crossings, greater
 * streets).
 *
 * The bearing of a street at its end is taken some metres along its course, so that a short kink at
 * the node does not count. An arc without extent (a gate) has none; turns into and out of it are
 * straight.
 */
#include "import/links_in.h"
#include "import/streets_in.h"

#define ACCESS_ACTIVE (TQ_ACCESS_FOOT | TQ_ACCESS_BIKE | TQ_ACCESS_WHEELCHAIR)

static int16_t bearing_at_tail(const tq_streets *streets, uint32_t arc)
{
    uint32_t edge = arc >> 1, first = streets->edge_first_point[edge],
             count = streets->edge_first_point[edge + 1] - first, left_dm = LINKS_LOOK_DM;
    tq_point tail = streets->node_at[tq_arc_tail(streets, arc)], at = tail;
    for (uint32_t k = 0; k <= count && left_dm > 0; k++) {
        tq_point next = k == count ? streets->node_at[tq_arc_head(streets, arc)]
                                   : streets->point[arc & 1 ? first + count - 1 - k : first + k];
        uint32_t piece_dm = tq_distance_dm(at, next);
        if (piece_dm >= left_dm) {
            at = tq_between(at, next, left_dm, piece_dm);
            break;
        }
        left_dm -= piece_dm;
        at = next;
    }
    if (at.lat_e7 == tail.lat_e7 && at.lon_e7 == tail.lon_e7) return -1;
    return (int16_t)tq_bearing_deg(tail, at);
}

/* Bits that a street lets in at some time, and at any time, in each direction. */
static void access_of(const tq_conditions *conditions, const tq_street_attr *attr, uint8_t some[2],
                      uint8_t always[2])
{
    for (unsigned direction = 0; direction < 2; direction++)
        some[direction] = always[direction] = attr->access[direction];
    if (conditions->rule_set_count == 0) return;
    for (uint32_t k = conditions->first_rule[attr->rules];
         k < conditions->first_rule[attr->rules + 1]; k++) {
        const tq_rule *rule = &conditions->rule[k];
        for (unsigned direction = 0; direction < 2; direction++) {
            if ((rule->directions >> direction & 1) == 0) continue;
            if (rule->effect == TQ_EFFECT_DENY)
                always[direction] &= (uint8_t)~rule->access;
            else if (rule->effect != TQ_EFFECT_SPEED)
                some[direction] |= rule->access;
        }
    }
}

static bool open_always(const tq_build *build, uint32_t date)
{
    if (date == 0) return true;
    const tq_date_row *row = build->dates.count > 0 ? build->dates.at : build->city.dates.row;
    return row != NULL && row[date].life == TQ_OPEN && row[date].from_ms == INT64_MIN &&
           row[date].to_ms == INT64_MAX;
}

tq_status links_streets_make(const tq_build *build, tq_hierarchy_kind kind, links_streets *out,
                             tq_err *err)
{
    const tq_streets *streets = &build->city.streets;
    size_t arcs = 2 * (size_t)streets->edge_count;
    *out = (links_streets){.streets = streets, .kind = kind};
    if (build->node_flags.count == streets->node_count) out->node_flags = build->node_flags.at;
    out->access = TQ_ALLOC(uint8_t, arcs);
    out->sure = TQ_ALLOC(uint8_t, arcs);
    out->bearing = TQ_ALLOC(int16_t, arcs);
    if (out->access == NULL || out->sure == NULL || out->bearing == NULL)
        return import_no_memory(err);
    uint8_t mask = kind == TQ_HIERARCHY_MOTOR ? TQ_ACCESS_MOTOR : ACCESS_ACTIVE;
    for (uint32_t edge = 0; edge < streets->edge_count; edge++) {
        uint8_t some[2], always[2];
        const tq_street_attr *attr = tq_edge_attr(streets, edge);
        access_of(&build->city.conditions, attr, some, always);
        /* Not everyone takes a ferry or drives on a track: one may turn back before it. */
        bool open = open_always(build, streets->edge_date[edge]) &&
                    attr->street_class != TQ_FERRY &&
                    (attr->street_class != TQ_TRACK || kind != TQ_HIERARCHY_MOTOR);
        for (uint32_t direction = 0; direction < 2; direction++) {
            uint32_t arc = 2 * edge + direction;
            out->access[arc] = some[direction] & mask;
            out->sure[arc] = open ? always[direction] & mask : 0;
            out->bearing[arc] = bearing_at_tail(streets, arc);
        }
    }
    return TQ_OK;
}

void links_streets_free(links_streets *streets)
{
    tq_free(streets->access);
    tq_free(streets->sure);
    tq_free(streets->bearing);
}

/* How great a street is: a slip road counts as its street, all ways without cars come last. */
static uint8_t rank_of(const tq_street_attr *attr)
{
    uint8_t street_class = attr->street_class;
    return street_class <= TQ_TERTIARY_LINK ? street_class / 2
                                            : (uint8_t)(street_class - TQ_TERTIARY_LINK / 2);
}

static bool signals_at(const links_streets *streets, uint32_t arc, uint32_t node)
{
    if (streets->node_flags != NULL && (streets->node_flags[node] & IMPORT_NODE_SIGNAL) != 0)
        return true;
    uint16_t flag = (arc & 1) != 0 ? TQ_STREET_SIGNAL_START : TQ_STREET_SIGNAL_END;
    return (tq_edge_attr(streets->streets, arc >> 1)->flags & flag) != 0;
}

void links_corner_at(const links_streets *streets, uint32_t arc, links_corner *out)
{
    const tq_streets *s = streets->streets;
    uint32_t node = tq_arc_head(s, arc), ways = 0;
    uint8_t onward = 0;
    bool gate = false;
    *out = (links_corner){.arc = arc, .node = node, .signal = signals_at(streets, arc, node)};
    for (uint32_t k = s->first_out[node]; k < s->first_out[node + 1]; k++) {
        uint32_t to = s->out_arc[k], edge = to >> 1;
        const tq_street_attr *attr = tq_edge_attr(s, edge);
        if (((attr->access[0] | attr->access[1]) & TQ_ACCESS_CAR) != 0 && edge != arc >> 1 &&
            attr->street_class != TQ_BARRIER && out->arm_count < LINKS_ARMS_MAX)
            out->arm[out->arm_count++] = (links_arm){edge, streets->bearing[to], rank_of(attr),
                                                     attr->street_class <= TQ_TERTIARY_LINK};
        if (to == (arc ^ 1) || streets->access[to] == 0) continue;
        ways++;
        onward |= streets->sure[to];
        gate = gate || attr->street_class == TQ_BARRIER;
    }
    out->choice = ways > 1;
    uint8_t flags = streets->node_flags == NULL ? 0 : streets->node_flags[node];
    if ((streets->access[arc] & ~onward & streets->access[arc ^ 1]) != 0)
        out->u_turn = TQ_LINK_U_TURN | TQ_LINK_DEAD_END;
    else if ((flags & IMPORT_NODE_TURNING) != 0 ||
             (gate && tq_edge_attr(s, arc >> 1)->street_class != TQ_BARRIER))
        out->u_turn = TQ_LINK_U_TURN;
}

/* Do streets of cars leave the node on both sides of the way from one arc to the other? */
static bool crosses(const links_streets *streets, const links_corner *corner, uint32_t to)
{
    int from_deg = streets->bearing[corner->arc ^ 1], to_deg = streets->bearing[to];
    bool side[2] = {false, false};
    if (from_deg < 0 || to_deg < 0) return false;
    int width = (to_deg - from_deg + 360) % 360;
    for (uint32_t k = 0; k < corner->arm_count; k++) {
        const links_arm *arm = &corner->arm[k];
        if (!arm->wide || arm->edge == to >> 1 || arm->bearing < 0) continue;
        side[(arm->bearing - from_deg + 360) % 360 < width] = true;
    }
    return side[0] && side[1];
}

static bool yields(const links_streets *streets, const links_corner *corner, uint32_t to)
{
    const tq_street_attr *from = tq_edge_attr(streets->streets, corner->arc >> 1);
    const tq_street_attr *into = tq_edge_attr(streets->streets, to >> 1);
    uint8_t flags = streets->node_flags == NULL ? 0 : streets->node_flags[corner->node];
    if ((flags & (IMPORT_NODE_STOP | IMPORT_NODE_GIVE_WAY)) != 0) return true;
    if ((from->flags & TQ_STREET_ROUNDABOUT) != 0 || from->street_class == TQ_BARRIER) return false;
    uint8_t rank = rank_of(from);
    uint32_t greater = 0;
    for (uint32_t k = 0; k < corner->arm_count; k++)
        greater += corner->arm[k].edge != to >> 1 && corner->arm[k].rank < rank;
    return rank_of(into) < rank || greater >= 2;
}

tq_link links_turn(const links_streets *streets, const links_corner *corner, uint32_t to)
{
    const tq_street_attr *from = tq_edge_attr(streets->streets, corner->arc >> 1);
    const tq_street_attr *into = tq_edge_attr(streets->streets, to >> 1);
    tq_link link = {0};
    if (corner->signal) link.flags |= TQ_LINK_SIGNAL;
    if (corner->choice) link.flags |= TQ_LINK_CHOICE;
    if (to == (corner->arc ^ 1)) {
        link.angle_deg = 180;
        link.flags |= corner->u_turn | TQ_LINK_U_TURN;
        return link;
    }
    int from_deg = streets->bearing[corner->arc ^ 1], to_deg = streets->bearing[to];
    if (from_deg >= 0 && to_deg >= 0) {
        int turned = (to_deg - from_deg + 540) % 360; /* 0 straight on, clockwise */
        link.angle_deg = (int16_t)(turned > 180 ? turned - 360 : turned);
    }
    if ((from->flags & into->flags & TQ_STREET_ROUNDABOUT) != 0) link.flags |= TQ_LINK_ROUNDABOUT;
    if (streets->kind == TQ_HIERARCHY_ACTIVE && !corner->signal &&
        from->crossing == TQ_CROSSING_NONE && into->crossing == TQ_CROSSING_NONE &&
        crosses(streets, corner, to))
        link.flags |= TQ_LINK_CROSSING;
    if (!corner->signal && yields(streets, corner, to)) link.flags |= TQ_LINK_YIELD;
    return link;
}
