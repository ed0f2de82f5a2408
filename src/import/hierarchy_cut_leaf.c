/*
 * The order of a small piece: minimum degree, rows of bits.
 *
 * Method: the node of least degree goes next; neighbours outside the piece (the rim) are ordered
 * later and count in the degrees. Among equals the one with the lowest elimination tree below it
 * goes first, then the first given, so that chains go in halves.
 *
 * Limits: CUT_LEAF_NODES nodes; of a rim that does not fit, the rest is not counted.
 */
#include "import/hierarchy_in.h"

#define FREE_DEGREE 2u /* up to here a node costs no more than an arc: all are as good */

static uint32_t bits_of(const uint64_t *row, uint32_t words)
{
    uint32_t sum = 0;
    for (uint32_t k = 0; k < words; k++)
        sum += (uint32_t)__builtin_popcountll(row[k]);
    return sum;
}

static uint32_t fill_rows(const order_lists *lists, const uint32_t *node, uint32_t count,
                          cut_leaf *with, uint32_t *local)
{
    uint32_t known = count;
    memset(with->row, 0, count * sizeof with->row[0]);
    memset(with->height, 0, sizeof with->height);
    with->rim_count = 0;
    for (uint32_t k = 0; k < count; k++)
        local[node[k]] = k;
    for (uint32_t k = 0; k < count; k++) {
        for (uint32_t at = lists->first[node[k]]; at < lists->first[node[k] + 1]; at++) {
            uint32_t other = lists->neighbour[at];
            if (local[other] == TQ_NONE) {
                if (known == CUT_LEAF_WORDS * 64) continue;
                with->rim[with->rim_count++] = other;
                local[other] = known++;
            }
            with->row[k][local[other] >> 6] |= (uint64_t)1 << (local[other] & 63);
        }
    }
    for (uint32_t k = 0; k < count; k++)
        local[node[k]] = TQ_NONE;
    for (uint32_t k = 0; k < with->rim_count; k++)
        local[with->rim[k]] = TQ_NONE;
    return (known + 63) / 64;
}

/* Neighbours of `gone` become neighbours of each other. */
static void eliminate(cut_leaf *with, uint32_t count, uint32_t words, uint32_t gone,
                      uint32_t *degree)
{
    const uint64_t *from = with->row[gone];
    for (uint32_t word = 0; word < (count + 63) / 64; word++) {
        for (uint64_t left = from[word]; left != 0; left &= left - 1) {
            uint32_t other = word * 64 + (uint32_t)__builtin_ctzll(left);
            if (other >= count) break;
            for (uint32_t k = 0; k < words; k++)
                with->row[other][k] |= from[k];
            with->row[other][other >> 6] &= ~((uint64_t)1 << (other & 63));
            with->row[other][gone >> 6] &= ~((uint64_t)1 << (gone & 63));
            with->height[other] = TQ_MAX(with->height[other], with->height[gone] + 1);
            degree[other] = bits_of(with->row[other], words);
        }
    }
}

void cut_leaf_order(const order_lists *lists, uint32_t *node, uint32_t count, cut_leaf *with,
                    uint32_t *local)
{
    TQ_ASSERT(count <= CUT_LEAF_NODES);
    uint32_t words = fill_rows(lists, node, count, with, local);
    uint32_t degree[CUT_LEAF_NODES], left[CUT_LEAF_NODES], ordered[CUT_LEAF_NODES];
    for (uint32_t k = 0; k < count; k++) {
        degree[k] = bits_of(with->row[k], words);
        left[k] = k;
    }
    for (uint32_t done = 0; done < count; done++) {
        uint32_t best = 0, rest = count - done;
        for (uint32_t k = 1; k < rest; k++) {
            uint32_t a = left[k], b = left[best];
            uint32_t more = TQ_MAX(degree[a], FREE_DEGREE), most = TQ_MAX(degree[b], FREE_DEGREE);
            if (more != most ? more < most : with->height[a] < with->height[b]) best = k;
        }
        uint32_t gone = left[best];
        ordered[done] = node[gone];
        memmove(left + best, left + best + 1, (rest - best - 1) * sizeof *left);
        eliminate(with, count, words, gone, degree);
    }
    memcpy(node, ordered, count * sizeof *node);
}
