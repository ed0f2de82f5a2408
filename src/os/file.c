/*
 * Files: mapping for reading, and writing that is all or nothing.
 *
 * A written file appears under its name only after its bytes and its folder entry are on disk; a
 * crash leaves at most PATH.tmp behind, which the next writer replaces.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"

static tq_status io_failed(tq_err *err, const char *what, const char *path)
{
    return tq_fail(err, TQ_IO, 0, "%s %s: %s", what, path, strerror(errno));
}

tq_status tq_map_open(const char *path, tq_map *map, tq_err *err)
{
    static const uint8_t empty[1] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return io_failed(err, "cannot open", path);
    struct stat info;
    tq_status status = TQ_OK;
    void *at = NULL;
    if (fstat(fd, &info) != 0) {
        status = io_failed(err, "cannot look at", path);
    } else if (!S_ISREG(info.st_mode)) {
        status = tq_fail(err, TQ_IO, 0, "%s is not a file", path);
    } else if (info.st_size > 0) {
        at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED) status = io_failed(err, "cannot map", path);
    }
    close(fd);
    if (status != TQ_OK) return status;
    *map = (tq_map){at != NULL ? at : empty, at != NULL ? (size_t)info.st_size : 0, at};
    return TQ_OK;
}

void tq_map_close(tq_map *map)
{
    if (map->handle != NULL) munmap(map->handle, map->len);
    *map = (tq_map){0};
}

tq_status tq_file_read(const char *path, size_t limit, char **bytes, size_t *len, tq_err *err)
{
    tq_map map;
    TQ_TRY(tq_map_open(path, &map, err));
    tq_status status = TQ_OK;
    char *copy = NULL;
    if (map.len > limit)
        status =
            tq_fail(err, TQ_LIMIT, 0, "%s has %zu bytes; the limit is %zu", path, map.len, limit);
    else if ((copy = tq_alloc(map.len + 1, 1)) == NULL)
        status = tq_fail(err, TQ_NO_MEMORY, 0, "no memory for %s", path);
    else
        memcpy(copy, map.at, map.len);
    size_t size = map.len;
    tq_map_close(&map);
    if (status != TQ_OK) return status;
    *bytes = copy;
    *len = size;
    return TQ_OK;
}

struct tq_file_out {
    int fd;
    char path[TQ_PATH_MAX], temporary[TQ_PATH_MAX + 4];
};

tq_status tq_file_create(const char *path, tq_file_out **file, tq_err *err)
{
    if (strlen(path) >= TQ_PATH_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "a path may have %d bytes; this one has %zu",
                       TQ_PATH_MAX - 1, strlen(path));
    tq_file_out *out = TQ_ALLOC(tq_file_out, 1);
    if (out == NULL) return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to write %s", path);
    memcpy(out->path, path, strlen(path) + 1);
    (void)snprintf(out->temporary, sizeof out->temporary, "%s.tmp", path);
    out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out->fd < 0) {
        tq_status status = io_failed(err, "cannot write", out->temporary);
        tq_free(out);
        return status;
    }
    *file = out;
    return TQ_OK;
}

tq_status tq_file_write_at(tq_file_out *file, uint64_t offset, const void *bytes, size_t len,
                           tq_err *err)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t done = pwrite(file->fd, at, len, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return io_failed(err, "cannot write", file->temporary);
        at += done;
        offset += (uint64_t)done;
        len -= (size_t)done;
    }
    return TQ_OK;
}

tq_status tq_file_write(tq_file_out *file, const void *bytes, size_t len, tq_err *err)
{
    off_t end = lseek(file->fd, 0, SEEK_END);
    if (end < 0) return io_failed(err, "cannot write", file->temporary);
    return tq_file_write_at(file, (uint64_t)end, bytes, len, err);
}

static tq_status sync_folder(const char *path, tq_err *err)
{
    char folder[TQ_PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        memcpy(folder, ".", 2);
    else
        slash[slash == folder] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return io_failed(err, "cannot open folder", folder);
    tq_status status = fsync(fd) == 0 ? TQ_OK : io_failed(err, "cannot sync folder", folder);
    close(fd);
    return status;
}

tq_status tq_file_commit(tq_file_out *file, tq_err *err)
{
    tq_status status = TQ_OK;
    if (fsync(file->fd) != 0) status = io_failed(err, "cannot sync", file->temporary);
    if (close(file->fd) != 0 && status == TQ_OK)
        status = io_failed(err, "cannot close", file->temporary);
    if (status == TQ_OK && rename(file->temporary, file->path) != 0)
        status = io_failed(err, "cannot put in place", file->path);
    if (status == TQ_OK) status = sync_folder(file->path, err);
    if (status != TQ_OK) unlink(file->temporary);
    tq_free(file);
    return status;
}

void tq_file_discard(tq_file_out *file)
{
    if (file == NULL) return;
    close(file->fd);
    unlink(file->temporary);
    tq_free(file);
}

tq_file_info tq_file_look(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) return (tq_file_info){0};
    return (tq_file_info){.exists = true,
                          .is_folder = S_ISDIR(info.st_mode),
                          .size = (uint64_t)info.st_size,
                          .changed_ms =
                              (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000};
}

tq_status tq_folder_make(const char *path, tq_err *err)
{
    if (mkdir(path, 0755) == 0 || (errno == EEXIST && tq_file_look(path).is_folder)) return TQ_OK;
    return io_failed(err, "cannot make folder", path);
}

static int wanted_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

tq_status tq_folder_list(const char *path, void (*seen)(void *user, const char *name), void *user,
                         tq_err *err)
{
    struct dirent **entry = NULL;
    int count = scandir(path, &entry, wanted_name, by_bytes);
    if (count < 0) return io_failed(err, "cannot read folder", path);
    for (int k = 0; k < count; k++) {
        seen(user, entry[k]->d_name);
        free(entry[k]);
    }
    free(entry);
    return TQ_OK;
}

tq_status tq_path_full(const char *path, char out[TQ_PATH_MAX], tq_err *err)
{
    char *full = realpath(path, NULL);
    if (full == NULL) return io_failed(err, "cannot find", path);
    size_t len = strlen(full);
    if (len < TQ_PATH_MAX) memcpy(out, full, len + 1);
    free(full);
    return len < TQ_PATH_MAX ? TQ_OK
                             : tq_fail(err, TQ_LIMIT, 0, "the path of %s is over %d bytes", path,
                                       TQ_PATH_MAX - 1);
}

bool tq_path_join(char out[TQ_PATH_MAX], const char *folder, const char *name)
{
    const char *slash = folder[0] != '\0' && folder[strlen(folder) - 1] != '/' ? "/" : "";
    int len = name[0] == '/' ? snprintf(out, TQ_PATH_MAX, "%s", name)
                             : snprintf(out, TQ_PATH_MAX, "%s%s%s", folder, slash, name);
    return len >= 0 && len < TQ_PATH_MAX;
}
