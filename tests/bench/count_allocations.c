// count_allocations: preloaded into a program, it counts in the file $COUNT_ALLOCATIONS (64 numbers) how often memory was asked for: number n
// counts sizes from 2^n up to the next power of two.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* old, size_t size);

static uint64_t* counts;

__attribute__((constructor)) static void open_counts(void) {
  const char* const path = getenv("COUNT_ALLOCATIONS");
  const int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  void* const page = file < 0 ? MAP_FAILED : mmap(NULL, 64 * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file >= 0) close(file);
  if (page != MAP_FAILED) counts = page;
}

static void count(size_t size) {
  if (counts) __atomic_fetch_add(&counts[63 - __builtin_clzll(size | 1)], 1, __ATOMIC_RELAXED);
}

void* malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

void* calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

void* realloc(void* old, size_t size) {
  count(size);
  return __libc_realloc(old, size);
}
