// slow_sync: preloaded into a program, it makes each sync take 4 ms longer, as on a disk without a cache.
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

static const useconds_t kWait = 4000;

int fdatasync(int file) {
  usleep(kWait);
  return (int)syscall(SYS_fdatasync, file);
}

int fsync(int file) {
  usleep(kWait);
  return (int)syscall(SYS_fsync, file);
}
