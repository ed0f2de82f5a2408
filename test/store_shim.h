/*
 * A SQLite file layer in memory that loses power. Each file has what programs see and what is on
 * the disk; writes lie between the two until the file is synced. At the cut (the n-th write,
 * truncation or sync) every call begins to fail; after shim_restart each file is what was synced,
 * and of the rest nothing, everything, some, or a beginning with its last write torn.
 *
 * Names in the folder: a file stays once it has been synced; a removal without a sync of the folder
 * may come undone. Sectors that are not written are never damaged. One connection at a time: locks
 * always succeed. Also fills the disk: writes fail, half done, by chance.
 */
#ifndef TQ_STORE_SHIM_H
#define TQ_STORE_SHIM_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define SHIM_FILES   8
#define SHIM_REGIONS 16
#define SHIM_NAME    256
#define SHIM_SECTOR  512

typedef struct shim_op {
    sqlite3_int64 at;
    uint32_t len; /* of bytes; a truncation has none */
    bool truncate;
    char *bytes;
} shim_op;

typedef TQ_VEC(char) shim_bytes;

typedef struct shim_file {
    char name[SHIM_NAME];
    bool there, on_disk;
    shim_bytes now, disk;
    TQ_VEC(shim_op) waiting;
    void *region[SHIM_REGIONS];
} shim_file;

typedef struct shim_handle {
    sqlite3_file base;
    shim_file *file;
} shim_handle;

static struct shim {
    sqlite3_vfs vfs;
    shim_file file[SHIM_FILES];
    tq_random random;
    uint64_t steps, cut_at; /* cut_at 0 = never */
    bool cut, no_psow;
    uint32_t full_percent;
    uint64_t fulls;
} shim;

static void shim_need(bool fine)
{
    if (fine) return;
    fprintf(stderr, "store_shim: out of memory or slots\n");
    abort();
}

static void shim_apply(shim_bytes *bytes, const shim_op *op, uint32_t from, uint32_t to)
{
    size_t end = (size_t)op->at + (op->truncate ? 0 : to);
    if (op->truncate) {
        if (end < bytes->count) bytes->count = end;
        return;
    }
    if (end > bytes->count) {
        shim_need(tq_vec_room(bytes, end - bytes->count));
        memset(bytes->at + bytes->count, 0, end - bytes->count);
        bytes->count = end;
    }
    memcpy(bytes->at + op->at + from, op->bytes + from, to - from);
}

static void shim_drop_waiting(shim_file *file)
{
    for (size_t k = 0; k < file->waiting.count; k++)
        free(file->waiting.at[k].bytes);
    file->waiting.count = 0;
}

static void shim_drop_regions(shim_file *file)
{
    for (unsigned k = 0; k < SHIM_REGIONS; k++) {
        free(file->region[k]);
        file->region[k] = NULL;
    }
}

/* True at the cut and ever after. */
static bool shim_tick(void)
{
    if (!shim.cut && shim.cut_at != 0 && ++shim.steps >= shim.cut_at) shim.cut = true;
    return shim.cut;
}

static void shim_change(shim_file *file, const void *bytes, uint32_t len, sqlite3_int64 at)
{
    shim_op op = {.at = at, .len = len, .truncate = bytes == NULL};
    if (bytes != NULL) {
        op.bytes = malloc(len);
        shim_need(op.bytes != NULL);
        memcpy(op.bytes, bytes, len);
    }
    shim_apply(&file->now, &op, 0, len);
    shim_need(tq_vec_push(&file->waiting, op));
}

static int shim_close(sqlite3_file *base)
{
    (void)base;
    return SQLITE_OK;
}

static int shim_read(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
    shim_file *file = ((shim_handle *)base)->file;
    if (shim.cut) return SQLITE_IOERR_READ;
    size_t have = (size_t)at < file->now.count ? file->now.count - (size_t)at : 0;
    have = TQ_MIN(have, (size_t)len);
    if (have != 0) memcpy(out, file->now.at + at, have);
    memset((char *)out + have, 0, (size_t)len - have);
    return have == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int shim_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 at)
{
    shim_file *file = ((shim_handle *)base)->file;
    if (shim.cut) return SQLITE_IOERR_WRITE;
    if (shim.full_percent != 0 && tq_random_below(&shim.random, 100) < shim.full_percent) {
        uint32_t part = tq_random_below(&shim.random, (uint32_t)len);
        if (part != 0) shim_change(file, bytes, part, at);
        shim.fulls++;
        return SQLITE_FULL;
    }
    shim_change(file, bytes, (uint32_t)len, at);
    return shim_tick() ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int shim_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    shim_file *file = ((shim_handle *)base)->file;
    if (shim.cut) return SQLITE_IOERR_TRUNCATE;
    shim_change(file, NULL, 0, size);
    return shim_tick() ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int shim_sync(sqlite3_file *base, int flags)
{
    shim_file *file = ((shim_handle *)base)->file;
    (void)flags;
    if (shim_tick()) return SQLITE_IOERR_FSYNC;
    for (size_t k = 0; k < file->waiting.count; k++)
        shim_apply(&file->disk, &file->waiting.at[k], 0, file->waiting.at[k].len);
    shim_drop_waiting(file);
    file->on_disk = true;
    return SQLITE_OK;
}

static int shim_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)((shim_handle *)base)->file->now.count;
    return shim.cut ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int shim_lock(sqlite3_file *base, int level)
{
    (void)base, (void)level;
    return SQLITE_OK;
}

static int shim_reserved(sqlite3_file *base, int *out)
{
    (void)base;
    *out = 0;
    return SQLITE_OK;
}

static int shim_control(sqlite3_file *base, int op, void *value)
{
    (void)base, (void)op, (void)value;
    return SQLITE_NOTFOUND;
}

static int shim_sector(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int shim_traits(sqlite3_file *base)
{
    (void)base;
    return shim.no_psow ? 0 : SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shim_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    shim_file *file = ((shim_handle *)base)->file;
    *out = NULL;
    if (shim.cut || region >= SHIM_REGIONS) return SQLITE_IOERR_SHMMAP;
    if (file->region[region] == NULL && extend) {
        file->region[region] = calloc(1, (size_t)size);
        shim_need(file->region[region] != NULL);
    }
    *out = file->region[region];
    return SQLITE_OK;
}

static int shim_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    (void)base, (void)offset, (void)count, (void)flags;
    return SQLITE_OK;
}

static void shim_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int shim_shm_unmap(sqlite3_file *base, int remove)
{
    (void)remove; /* with one connection, the last one always leaves */
    shim_drop_regions(((shim_handle *)base)->file);
    return SQLITE_OK;
}

static const sqlite3_io_methods SHIM_METHODS = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_lock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};

/* The slot of that name, else a free one when `make`, else NULL. */
static shim_file *shim_find(const char *name, bool make)
{
    shim_file *empty = NULL;
    for (unsigned k = 0; k < SHIM_FILES; k++) {
        if (strcmp(shim.file[k].name, name) == 0) return &shim.file[k];
        if (shim.file[k].name[0] == '\0' && empty == NULL) empty = &shim.file[k];
    }
    if (!make) return NULL;
    shim_need(empty != NULL && strlen(name) < SHIM_NAME);
    memcpy(empty->name, name, strlen(name) + 1);
    return empty;
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                     int *out_flags)
{
    shim_handle *handle = (shim_handle *)base;
    (void)vfs;
    *handle = (shim_handle){0};
    if (shim.cut || name == NULL) return SQLITE_CANTOPEN;
    shim_file *file = shim_find(name, (flags & SQLITE_OPEN_CREATE) != 0);
    if (file == NULL || (!file->there && (flags & SQLITE_OPEN_CREATE) == 0)) return SQLITE_CANTOPEN;
    if (!file->there) {
        file->there = true;
        shim_drop_waiting(file);
        shim_change(file, NULL, 0, 0); /* what a removed file of that name had is not in it */
    }
    handle->file = file;
    handle->base.pMethods = &SHIM_METHODS;
    if (out_flags != NULL) *out_flags = flags;
    return SQLITE_OK;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (shim_tick()) return SQLITE_IOERR_DELETE;
    shim_file *file = shim_find(name, false);
    if (file == NULL || !file->there) return SQLITE_IOERR_DELETE_NOENT;
    file->there = false;
    file->now.count = 0;
    shim_drop_waiting(file);
    if (sync_folder) {
        file->on_disk = false;
        file->disk.count = 0;
    }
    return SQLITE_OK;
}

static int shim_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    shim_file *file = shim_find(name, false);
    *out = file != NULL && file->there && (flags != SQLITE_ACCESS_EXISTS || file->now.count != 0);
    return shim.cut ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int shim_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    (void)snprintf(out, (size_t)size, "%s", name);
    return SQLITE_OK;
}

static int shim_random_bytes(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    for (int k = 0; k < len; k++)
        out[k] = (char)tq_random_below(&shim.random, 256);
    return len;
}

static int shim_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int shim_time(sqlite3_vfs *vfs, double *days)
{
    (void)vfs;
    *days = 2460000.5;
    return SQLITE_OK;
}

static int shim_last_error(sqlite3_vfs *vfs, int len, char *text)
{
    (void)vfs, (void)len, (void)text;
    return 0;
}

/** A disk with nothing on it. Give "shim" as the store's file layer. */
static inline void shim_fresh(uint64_t seed)
{
    for (unsigned k = 0; k < SHIM_FILES; k++) {
        shim_drop_waiting(&shim.file[k]);
        shim_drop_regions(&shim.file[k]);
        tq_vec_free(&shim.file[k].waiting);
        tq_vec_free(&shim.file[k].now);
        tq_vec_free(&shim.file[k].disk);
        memset(&shim.file[k], 0, sizeof shim.file[k]);
    }
    shim.random.state = seed;
    shim.steps = shim.cut_at = 0;
    shim.cut = false;
    shim.full_percent = 0;
    shim.no_psow = tq_random_below(&shim.random, 2) == 0;
    if (shim.vfs.zName != NULL) return;
    shim.vfs = (sqlite3_vfs){.iVersion = 1,
                             .szOsFile = sizeof(shim_handle),
                             .mxPathname = SHIM_NAME - 16,
                             .zName = "shim",
                             .xOpen = shim_open,
                             .xDelete = shim_delete,
                             .xAccess = shim_access,
                             .xFullPathname = shim_full_path,
                             .xRandomness = shim_random_bytes,
                             .xSleep = shim_sleep,
                             .xCurrentTime = shim_time,
                             .xGetLastError = shim_last_error};
    shim_need(sqlite3_vfs_register(&shim.vfs, 0) == SQLITE_OK);
}

/** The power fails `after` writes, truncations, syncs and removals from now. */
static inline void shim_cut_after(uint64_t after)
{
    shim.steps = 0;
    shim.cut_at = TQ_MAX(after, 1);
}

/* Some sectors of a write arrive, the others do not. */
static inline void shim_tear(shim_file *file, const shim_op *op)
{
    if (op->truncate) return;
    for (uint32_t from = 0; from < op->len; from += SHIM_SECTOR)
        if (tq_random_below(&shim.random, 2) == 0)
            shim_apply(&file->disk, op, from, TQ_MIN(from + SHIM_SECTOR, op->len));
}

static inline void shim_settle(shim_file *file)
{
    uint32_t mode = tq_random_below(&shim.random, 4);
    size_t count = file->waiting.count;
    size_t torn = count != 0 ? tq_random_below(&shim.random, (uint32_t)count) : 0;
    for (size_t k = 0; k < count; k++) {
        const shim_op *op = &file->waiting.at[k];
        bool whole = mode == 1 || (mode == 2 && tq_random_below(&shim.random, 2) == 0) ||
                     (mode == 3 && k < torn);
        if (whole) shim_apply(&file->disk, op, 0, op->len);
        if (mode == 3 && k == torn) shim_tear(file, op);
    }
    shim_drop_waiting(file);
}

/** The machine comes up again. Every connection must be closed. */
static inline void shim_restart(void)
{
    for (unsigned k = 0; k < SHIM_FILES; k++) {
        shim_file *file = &shim.file[k];
        if (file->there) shim_settle(file);
        bool stays = file->there && file->on_disk;
        /* An entry that was never synced, or whose removal was not, is there by chance. */
        if (file->there != file->on_disk) stays = tq_random_below(&shim.random, 2) == 0;
        if (!stays) file->disk.count = 0;
        file->there = file->on_disk = stays;
        file->now.count = 0;
        shim_op all = {.len = (uint32_t)file->disk.count, .bytes = file->disk.at};
        if (file->disk.count != 0) shim_apply(&file->now, &all, 0, all.len);
        shim_drop_regions(file);
    }
    shim.cut = false;
    shim.cut_at = 0;
}

#endif
