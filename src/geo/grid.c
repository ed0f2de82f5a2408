/*
 * A frozen grid over boxes: cells in rows, each with the ascending list of items whose box touches
 * it.
 *
 * Two passes over the boxes (count, then fill) and no sorting: items enter in index order, so the
 * lists come out ascending and the bytes depend on the input alone.
 */
#include "geo/geo.h"

#define CELLS_MAX     ((uint64_t)4 << 20)
#define CELLS_AN_ITEM 16
#define CELLS_LEAST   1024
#define ITEMS_MAX     ((uint64_t)1 << 31)
#define E7_OF_METRE   90 /* 1e-7 degrees of latitude, a little more than a metre */
#define CELL_E7_LEAST 900

static uint32_t cell_at(int64_t offset_e7, uint32_t cell_e7)
{
    return (uint32_t)(offset_e7 / cell_e7);
}

bool tq_grid_cells(const tq_grid *grid, const tq_box *box, tq_cells *cells)
{
    if (grid->columns == 0 || box->south_e7 > box->north_e7) return false;
    int64_t south = (int64_t)box->south_e7 - grid->south_e7,
            north = (int64_t)box->north_e7 - grid->south_e7;
    int64_t west = (int64_t)box->west_e7 - grid->west_e7,
            east = (int64_t)box->east_e7 - grid->west_e7;
    int64_t high = (int64_t)grid->rows * grid->cell_e7,
            wide = (int64_t)grid->columns * grid->cell_e7;
    if (north < 0 || east < 0 || south >= high || west >= wide) return false;
    *cells = (tq_cells){cell_at(TQ_MAX(west, 0), grid->cell_e7),
                        cell_at(TQ_MAX(south, 0), grid->cell_e7),
                        cell_at(TQ_MIN(east, wide - 1), grid->cell_e7),
                        cell_at(TQ_MIN(north, high - 1), grid->cell_e7)};
    return true;
}

/* Widen cells until the grid over `all` is small enough: a few cells an item, so that one far place
 * costs little. */
static void shape_grid(tq_grid *grid, const tq_box *all, uint32_t cell_m, uint32_t count)
{
    uint64_t cells_max = TQ_MIN(CELLS_MAX, (uint64_t)count * CELLS_AN_ITEM + CELLS_LEAST);
    uint64_t cell_e7 = TQ_MAX((uint64_t)cell_m * E7_OF_METRE, CELL_E7_LEAST);
    for (;; cell_e7 *= 2) {
        uint64_t columns = (uint64_t)((int64_t)all->east_e7 - all->west_e7) / cell_e7 + 1;
        uint64_t rows = (uint64_t)((int64_t)all->north_e7 - all->south_e7) / cell_e7 + 1;
        if (columns * rows > cells_max) continue;
        *grid = (tq_grid){.south_e7 = all->south_e7,
                          .west_e7 = all->west_e7,
                          .cell_e7 = (uint32_t)TQ_MIN(cell_e7, UINT32_MAX),
                          .columns = (uint32_t)columns,
                          .rows = (uint32_t)rows};
        return;
    }
}

tq_status tq_grid_build(const tq_box *box, uint32_t count, uint32_t cell_m, tq_grid_data *out,
                        tq_err *err)
{
    tq_grid_data data = {0};
    tq_box all = TQ_BOX_EMPTY;
    for (uint32_t item = 0; item < count; item++) {
        if (box[item].south_e7 > box[item].north_e7) continue;
        tq_box_add(&all, (tq_point){box[item].south_e7, box[item].west_e7});
        tq_box_add(&all, (tq_point){box[item].north_e7, box[item].east_e7});
    }
    if (all.south_e7 <= all.north_e7) shape_grid(&data.grid, &all, cell_m, count);
    uint32_t cell_count = data.grid.columns * data.grid.rows;
    data.first = TQ_ALLOC(uint32_t, (size_t)cell_count + 1);
    if (data.first == NULL)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a grid of %u cells", cell_count);
    uint64_t total = 0;
    tq_cells cells;
    for (uint32_t item = 0; item < count; item++) {
        if (!tq_grid_cells(&data.grid, &box[item], &cells)) continue;
        for (uint32_t row = cells.row0; row <= cells.row1; row++)
            for (uint32_t column = cells.column0; column <= cells.column1; column++, total++)
                data.first[row * data.grid.columns + column]++;
    }
    data.item = total <= ITEMS_MAX ? TQ_ALLOC(uint32_t, (size_t)total) : NULL;
    if (data.item == NULL) {
        tq_free(data.first);
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory for a grid of %llu entries",
                       (unsigned long long)total);
    }
    uint32_t sum = 0;
    for (uint32_t cell = 0; cell <= cell_count; cell++) {
        uint32_t here = cell < cell_count ? data.first[cell] : 0;
        data.first[cell] = sum;
        sum += here;
    }
    /* Fill from the front; first[cell] runs ahead and is set back afterwards. */
    for (uint32_t item = 0; item < count; item++) {
        if (!tq_grid_cells(&data.grid, &box[item], &cells)) continue;
        for (uint32_t row = cells.row0; row <= cells.row1; row++)
            for (uint32_t column = cells.column0; column <= cells.column1; column++)
                data.item[data.first[row * data.grid.columns + column]++] = item;
    }
    for (uint32_t cell = cell_count; cell > 0; cell--)
        data.first[cell] = data.first[cell - 1];
    data.first[0] = 0;
    data.grid.first = data.first;
    data.grid.item = data.item;
    *out = data;
    return TQ_OK;
}

void tq_grid_free(tq_grid_data *data)
{
    tq_free(data->first);
    tq_free(data->item);
    *data = (tq_grid_data){0};
}
