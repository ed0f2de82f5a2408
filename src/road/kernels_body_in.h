/*
 * The loops of kernels_in.h over lanes; included by each kernels_avx*.c, which defines before:
 *   LANES         ints in a lanes value
 *   WIDE          attributes of a function: target and always_inline
 *   ENTRY         attributes of a function: target
 *   lanes         the type, and on it lanes_all, lanes_load, lanes_load_first (TQ_ROAD_INF behind
 *                 the first `count`), lanes_store, lanes_add, lanes_min, lanes_least,
 *                 lanes_equal_mask (bit k: lane k is equal)
 */

static ENTRY int32_t min_plus(const int32_t *a, const int32_t *b, uint32_t count)
{
    lanes best = lanes_all(TQ_ROAD_INF), other = best;
    uint32_t k = 0;
    for (; k + 2 * LANES <= count; k += 2 * LANES) {
        best = lanes_min(best, lanes_add(lanes_load(a + k), lanes_load(b + k)));
        other = lanes_min(other, lanes_add(lanes_load(a + k + LANES), lanes_load(b + k + LANES)));
    }
    if (k + LANES <= count) {
        best = lanes_min(best, lanes_add(lanes_load(a + k), lanes_load(b + k)));
        k += LANES;
    }
    if (k < count)
        other = lanes_min(other, lanes_add(lanes_load_first(a + k, count - k),
                                           lanes_load_first(b + k, count - k)));
    return lanes_least(lanes_min(best, other));
}

static ENTRY uint32_t last_equal(const int32_t *a, const int32_t *b, uint32_t count, int32_t sum)
{
    lanes wanted = lanes_all(sum);
    uint32_t k = count - count % LANES;
    if (k < count) {
        uint32_t mask = lanes_equal_mask(wanted, lanes_add(lanes_load_first(a + k, count - k),
                                                           lanes_load_first(b + k, count - k)));
        mask &= (1u << (count - k)) - 1;
        if (mask != 0) return k + 31 - (uint32_t)__builtin_clz(mask);
    }
    while (k > 0) {
        k -= LANES;
        uint32_t mask = lanes_equal_mask(wanted, lanes_add(lanes_load(a + k), lanes_load(b + k)));
        if (mask != 0) return k + 31 - (uint32_t)__builtin_clz(mask);
    }
    return TQ_NONE;
}

static ENTRY void relax(int32_t *to, const int32_t *row, int32_t add, uint32_t count)
{
    lanes more = lanes_all(add);
    uint32_t k = 0;
    for (; k + LANES <= count; k += LANES)
        lanes_store(to + k, lanes_min(lanes_load(to + k), lanes_add(more, lanes_load(row + k))));
    for (; k < count; k++) {
        int32_t sum = add + row[k];
        to[k] = TQ_MIN(sum, to[k]);
    }
}

/* 16 or 32 ints at a time, all parts that reach them: each int is written once. */
static ENTRY void merge(int32_t *to, uint32_t ints, const road_part_row *part, uint32_t parts)
{
    uint32_t k = 0;
    for (; k + 32 <= ints; k += 32) {
        while (parts > 0 && part[parts - 1].ints <= k)
            parts--;
        lanes best[32 / LANES];
        for (uint32_t lane = 0; lane < 32 / LANES; lane++)
            best[lane] = lanes_all(TQ_ROAD_INF);
        uint32_t p = 0;
        for (; p < parts && part[p].ints >= k + 32; p++) {
            lanes add = lanes_all(part[p].add);
            for (uint32_t lane = 0; lane < 32 / LANES; lane++)
                best[lane] = lanes_min(
                    best[lane], lanes_add(add, lanes_load(part[p].row + k + (size_t)lane * LANES)));
        }
        for (; p < parts; p++) {
            lanes add = lanes_all(part[p].add);
            for (uint32_t lane = 0; lane < 16 / LANES; lane++)
                best[lane] = lanes_min(
                    best[lane], lanes_add(add, lanes_load(part[p].row + k + (size_t)lane * LANES)));
        }
        for (uint32_t lane = 0; lane < 32 / LANES; lane++)
            lanes_store(to + k + (size_t)lane * LANES, best[lane]);
    }
    for (; k < ints; k += LANES) {
        lanes best = lanes_all(TQ_ROAD_INF);
        for (uint32_t p = 0; p < parts && part[p].ints > k; p++)
            best = lanes_min(best, lanes_add(lanes_all(part[p].add), lanes_load(part[p].row + k)));
        lanes_store(to + k, best);
    }
}

static ENTRY void tile(const int32_t *const from[ROAD_TILE_FROM], const int32_t *to, uint32_t count,
                       int32_t out[ROAD_TILE_FROM * ROAD_TILE_TO])
{
    const int32_t *a = from[0], *b = from[1], *c = from[2], *d = from[3];
    for (uint32_t half = 0; half < ROAD_TILE_TO; half += LANES) {
        lanes best[ROAD_TILE_FROM];
        for (uint32_t source = 0; source < ROAD_TILE_FROM; source++)
            best[source] = lanes_all(TQ_ROAD_INF);
        for (uint32_t k = 0; k < count; k++) {
            lanes reached = lanes_load(to + (size_t)k * ROAD_TILE_TO + half);
            best[0] = lanes_min(best[0], lanes_add(lanes_all(a[k]), reached));
            best[1] = lanes_min(best[1], lanes_add(lanes_all(b[k]), reached));
            best[2] = lanes_min(best[2], lanes_add(lanes_all(c[k]), reached));
            best[3] = lanes_min(best[3], lanes_add(lanes_all(d[k]), reached));
        }
        for (uint32_t source = 0; source < ROAD_TILE_FROM; source++)
            lanes_store(out + (size_t)source * ROAD_TILE_TO + half, best[source]);
    }
}
