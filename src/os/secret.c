/*
 * Secrets, by libsodium: passwords (argon2id, RFC 9106), random bytes from the kernel, keyed
 * BLAKE2b (RFC 7693), SHA-256 (FIPS 180-4), and a comparison whose time says nothing.
 *
 * The cost of a password is the smaller of the two that OWASP names as enough for argon2id: 19 MiB,
 * two passes. A text from another setting is still checked, since it carries its own cost.
 */
#include <pthread.h>
#include <sodium.h>

#include "os/os.h"

#define PASSWORD_PASSES       2
#define PASSWORD_MEMORY_BYTES ((size_t)19 << 20)
#define PASSWORD_BYTES_MAX    1024 /* longer ones only cost time */

_Static_assert(TQ_PASSWORD_TEXT_MAX == crypto_pwhash_STRBYTES, "libsodium's text of a password");
_Static_assert(crypto_hash_sha256_BYTES == 32, "SHA-256 has 32 bytes");

static pthread_once_t started = PTHREAD_ONCE_INIT;

static void start_sodium(void)
{
    /* Fails only when the kernel has no random numbers: nothing secret may be made then. */
    TQ_ASSERT(sodium_init() >= 0);
}

static void need_sodium(void)
{
    (void)pthread_once(&started, start_sodium);
}

tq_status tq_password_hash(tq_str password, char out[TQ_PASSWORD_TEXT_MAX], tq_err *err)
{
    char text[TQ_PASSWORD_TEXT_MAX];
    need_sodium();
    if (password.len > PASSWORD_BYTES_MAX)
        return tq_fail(err, TQ_LIMIT, 0, "a password has at most %d bytes", PASSWORD_BYTES_MAX);
    if (crypto_pwhash_str(text, password.at != NULL ? password.at : "", password.len,
                          PASSWORD_PASSES, PASSWORD_MEMORY_BYTES) != 0)
        return tq_fail(err, TQ_NO_MEMORY, 0, "no memory to hash a password (%zu MiB)",
                       PASSWORD_MEMORY_BYTES >> 20);
    memcpy(out, text, sizeof text);
    return TQ_OK;
}

bool tq_password_fits(tq_str password, const char *hash)
{
    char text[TQ_PASSWORD_TEXT_MAX] = {0}; /* libsodium reads it as an array of this length */
    need_sodium();
    if (hash == NULL || password.len > PASSWORD_BYTES_MAX) return false;
    size_t len = strnlen(hash, sizeof text);
    if (len == sizeof text) return false;
    memcpy(text, hash, len);
    return crypto_pwhash_str_verify(text, password.at != NULL ? password.at : "", password.len) ==
           0;
}

void tq_random_bytes(void *out, size_t len)
{
    need_sodium();
    randombytes_buf(out, len);
}

void tq_keyed_hash(const uint8_t key[32], const void *bytes, size_t len, uint8_t out[32])
{
    need_sodium();
    (void)crypto_generichash(out, 32, bytes, len, key, 32);
}

bool tq_same_bytes(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void tq_sha256(const void *bytes, size_t len, uint8_t out[32])
{
    need_sodium();
    (void)crypto_hash_sha256(out, bytes, len);
}
