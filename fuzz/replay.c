/* Runs a fuzz target over a corpus folder and over seeded damage of each file, without libFuzzer.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned long replay(const uint8_t *bytes, size_t len, uint64_t seed)
{
    unsigned long runs = 1;
    (void)LLVMFuzzerTestOneInput(bytes, len);
    /* Exact-size copies, so that a read past the end is seen by the sanitizers. */
    for (unsigned round = 0; round < 200 && len > 0; round++, runs++) {
        size_t cut = round % 4 == 0 ? (size_t)(next_random(&seed) % len) + 1 : len;
        uint8_t *copy = malloc(cut);
        if (copy == NULL) abort();
        memcpy(copy, bytes, cut);
        for (unsigned hits = (unsigned)(next_random(&seed) % 8); hits > 0; hits--)
            copy[next_random(&seed) % cut] = (uint8_t)next_random(&seed);
        (void)LLVMFuzzerTestOneInput(copy, cut);
        free(copy);
    }
    return runs;
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    unsigned long runs = replay((const uint8_t *)"", 0, 1);
    DIR *folder = opendir(argv[1]);
    if (folder == NULL) {
        fprintf(stderr, "no corpus folder %s\n", argv[1]);
        return 1;
    }
    unsigned files = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        FILE *file = fopen(path, "rb");
        if (file == NULL) continue;
        uint8_t *bytes = malloc(1 << 20);
        size_t len = bytes != NULL ? fread(bytes, 1, 1 << 20, file) : 0;
        fclose(file);
        runs += replay(bytes, len, files++);
        free(bytes);
    }
    closedir(folder);
    if (files == 0) {
        fprintf(stderr, "empty corpus folder %s\n", argv[1]);
        return 1;
    }
    printf("%u corpus files, %lu runs\n", files, runs);
    return 0;
}
