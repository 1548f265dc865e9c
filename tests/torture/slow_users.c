// slow_users: preloaded into a program, it makes each lookup of a user by name take 4 ms longer, as by a name service in the network.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <unistd.h>

static const useconds_t kWait = 4000;

typedef int Lookup(const char *, struct passwd *, char *, size_t, struct passwd **);

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **found) {
  usleep(kWait);
  return ((Lookup *)dlsym(RTLD_NEXT, "getpwnam_r"))(name, entry, buffer, size, found);
}
