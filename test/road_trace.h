/*
 * Generated traces: points sampled along a known way at even times, with noise by a normal law.
 * They are generated, not measured: real receivers err in longer swings and near tall houses.
 */
#ifndef TQ_TEST_ROAD_TRACE_H
#define TQ_TEST_ROAD_TRACE_H

#include <math.h>

#include "road/road_in.h"

static inline tq_point trace_place(const tq_streets *streets, uint32_t arc, uint32_t at_dm)
{
    uint32_t edge = arc >> 1, length_dm = streets->edge_length_dm[edge];
    uint32_t along_dm = arc & 1 ? length_dm - at_dm : at_dm;
    tq_point a = streets->node_at[streets->edge_from[edge]];
    for (uint32_t k = streets->edge_first_point[edge]; k <= streets->edge_first_point[edge + 1];
         k++) {
        tq_point b = k < streets->edge_first_point[edge + 1]
                         ? streets->point[k]
                         : streets->node_at[streets->edge_to[edge]];
        uint32_t piece_dm = tq_distance_dm(a, b);
        if (along_dm <= piece_dm) return tq_between(a, b, along_dm, piece_dm);
        along_dm -= piece_dm;
        a = b;
    }
    return a;
}

/* Two independent numbers by the normal law (Box, Muller 1958). */
static inline void trace_normal(tq_random *random, double out[2])
{
    double u = (tq_random_below(random, 1u << 30) + 1.0) / (1u << 30);
    double turn = tq_random_below(random, 1u << 30) * (6.283185307179586 / (1u << 30));
    out[0] = sqrt(-2 * log(u)) * cos(turn);
    out[1] = sqrt(-2 * log(u)) * sin(turn);
}

static inline tq_point trace_noise(tq_random *random, tq_point at, double noise_m)
{
    double off[2];
    trace_normal(random, off);
    double shrink = cos(at.lat_e7 * (3.14159265358979323846 / 1.8e9));
    at.lat_e7 += (int32_t)lround(off[0] * noise_m * 89.93);
    at.lon_e7 += (int32_t)lround(off[1] * noise_m * 89.93 / shrink);
    return at;
}

/* Points of a drive along a way; returns how many, at most `cap`. */
static inline uint32_t trace_drive(const tq_city *city, const tq_metric *metric, const tq_way *way,
                                   uint32_t interval_s, double noise_m, tq_random *random,
                                   tq_trace_point *out, uint32_t cap)
{
    uint32_t count = 0;
    int64_t next_ds = 0, now_ds = 0;
    for (uint32_t k = 0; k < way->arc_count; k++) {
        uint32_t arc = way->arc[k], length_dm = city->streets.edge_length_dm[arc >> 1];
        uint32_t begin = k == 0 ? way->first_from_dm : 0;
        uint32_t end = k + 1 == way->arc_count ? way->last_to_dm : length_dm;
        int32_t piece_ds =
            end > begin ? road_part_ds(metric->arc_ds[arc], end - begin, length_dm) : 0;
        for (; next_ds <= now_ds + piece_ds && count < cap; next_ds += 10ll * interval_s) {
            int64_t into_ds = TQ_MAX(next_ds - now_ds, 0);
            uint32_t at_dm =
                begin + (uint32_t)(piece_ds == 0 ? 0 : (end - begin) * into_ds / piece_ds);
            tq_point at = trace_place(&city->streets, arc, at_dm);
            out[count++] = (tq_trace_point){trace_noise(random, at, noise_m),
                                            1700000000 + next_ds / 10, (uint32_t)noise_m};
        }
        now_ds += piece_ds + way->turn_ds[k];
    }
    return count;
}

/* Metres of a way that were matched, and metres matched that are not of it. `mark` is [2 *
 * edge_count] zeros, and is left so. */
typedef struct trace_share {
    uint64_t way_dm, right_dm, wrong_dm;
} trace_share;

static inline void trace_compare(const tq_city *city, const tq_way *way,
                                 const tq_matching *matching, uint8_t *mark, trace_share *sum)
{
    for (uint32_t k = 0; k < way->arc_count; k++)
        mark[way->arc[k]] = 1;
    for (uint32_t p = 0; p < matching->piece_count; p++) {
        const tq_matched_piece *piece = &matching->piece[p];
        for (uint32_t w = 0; w < piece->way_count; w++) {
            for (uint32_t k = 0; k < piece->way[w].arc_count; k++) {
                uint32_t arc = piece->way[w].arc[k];
                if (mark[arc] == 0) sum->wrong_dm += road_piece_dm(city, &piece->way[w], k);
                mark[arc] |= mark[arc] == 0 ? 0 : 2;
            }
        }
    }
    for (uint32_t k = 0; k < way->arc_count; k++) {
        uint32_t dm = road_piece_dm(city, way, k);
        sum->way_dm += dm;
        if (mark[way->arc[k]] & 2) sum->right_dm += dm;
    }
    for (uint32_t k = 0; k < way->arc_count; k++)
        mark[way->arc[k]] = 0;
}

#endif
