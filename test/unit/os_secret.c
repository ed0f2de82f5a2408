/* os: passwords, keyed hashes and SHA-256 against the values that their standards print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "os/os.h"

static void hex_of(const uint8_t bytes[32], char out[65])
{
    for (unsigned k = 0; k < 32; k++)
        (void)snprintf(out + 2 * k, 3, "%02x", (unsigned)bytes[k]);
}

static void sha256_is_that_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        tq_str text;
        const char *hash;
    } row[] = {
        {{"", 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {{"abc", 3}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56},
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (unsigned k = 0; k < TQ_COUNT(row); k++) {
        uint8_t hash[32];
        char text[65];
        tq_sha256(row[k].text.at, row[k].text.len, hash);
        hex_of(hash, text);
        assert_string_equal(text, row[k].hash);
    }
}

static void a_keyed_hash_is_blake2b(void **state)
{
    (void)state;
    uint8_t key[32], hash[32], other[32];
    char text[65];
    for (unsigned k = 0; k < 32; k++)
        key[k] = (uint8_t)k;
    tq_keyed_hash(key, "closure", 7, hash);
    /* The same by Python's hashlib.blake2b(b"closure", key=bytes(range(32)), digest_size=32). */
    hex_of(hash, text);
    assert_string_equal(text, "02d6e0162ba398d0e1ad121b733dacc5404f89d148ad87c17ba43ce5ce19aea4");
    tq_keyed_hash(key, "closure", 7, other);
    assert_true(tq_same_bytes(hash, other, 32));
    tq_keyed_hash(key, "closurf", 7, other);
    assert_false(tq_same_bytes(hash, other, 32));
    key[31] ^= 1;
    tq_keyed_hash(key, "closure", 7, other);
    assert_false(tq_same_bytes(hash, other, 32));
    assert_true(tq_same_bytes(hash, other, 0));
}

static void a_password_fits_itself_only(void **state)
{
    (void)state;
    char hash[TQ_PASSWORD_TEXT_MAX], again[TQ_PASSWORD_TEXT_MAX];
    static char big[1025];
    tq_str password = TQ_STR("通衢 correct horse");
    assert_int_equal(tq_password_hash(password, hash, NULL), TQ_OK);
    assert_int_equal(tq_password_hash(password, again, NULL), TQ_OK);
    assert_true(tq_str_starts(tq_str_of(hash), "$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_string_not_equal(hash, again); /* each has its own salt */
    assert_true(tq_password_fits(password, hash));
    assert_true(tq_password_fits(password, again));
    assert_false(tq_password_fits(TQ_STR("通衢 correct hors"), hash));
    assert_false(tq_password_fits((tq_str){NULL, 0}, hash));
    assert_false(tq_password_fits(password, NULL));
    assert_false(tq_password_fits(password, ""));
    assert_false(tq_password_fits(password, "$argon2id$v=19$nonsense"));
    memset(big, 'x', sizeof big);
    assert_false(tq_password_fits(password, big)); /* no end within the length of such a text */
    assert_int_equal(tq_password_hash((tq_str){big, sizeof big}, hash, NULL), TQ_LIMIT);
    assert_true(tq_password_fits(password, hash));
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0}, none[32] = {0};
    tq_random_bytes(a, sizeof a);
    tq_random_bytes(b, sizeof b);
    assert_false(tq_same_bytes(a, b, sizeof a));
    assert_false(tq_same_bytes(a, none, sizeof a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_is_that_of_the_standard),
        cmocka_unit_test(a_keyed_hash_is_blake2b),
        cmocka_unit_test(a_password_fits_itself_only),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
