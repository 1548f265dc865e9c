// slow_verify: preloaded into a program, it makes libunbound take 50 ms longer for each signature of an RSA key, as if that were costly.
// Other keys take their usual time.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <unistd.h>

static const useconds_t kWait = 50000;

typedef int Verify(const void *, const uint8_t *, const void *);

static int verify(const char *name, const void *key, const uint8_t *digest, const void *signature) {
  usleep(kWait);
  return ((Verify *)dlsym(RTLD_NEXT, name))(key, digest, signature);
}

int nettle_rsa_sha256_verify_digest(const void *key, const uint8_t *digest, const void *signature) {
  return verify("nettle_rsa_sha256_verify_digest", key, digest, signature);
}

int nettle_rsa_sha512_verify_digest(const void *key, const uint8_t *digest, const void *signature) {
  return verify("nettle_rsa_sha512_verify_digest", key, digest, signature);
}
