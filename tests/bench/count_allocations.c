// count_allocations: preloaded into a program, it counts in the file $COUNT_ALLOCATIONS (64 numbers) how often memory was asked for: number n
// counts sizes from 2^n up to the next power of two. Whatever allocator the program has is asked behind it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t* counts;
static __thread int inside;  // an operator new that asks malloc is one demand

__attribute__((constructor)) static void open_counts(void) {
  const char* const path = getenv("COUNT_ALLOCATIONS");
  const int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  void* const page = file < 0 ? MAP_FAILED : mmap(NULL, 64 * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file >= 0) close(file);
  if (page != MAP_FAILED) counts = page;
}

static void count(size_t size) {
  if (counts && !inside) __atomic_fetch_add(&counts[63 - __builtin_clzll(size | 1)], 1, __ATOMIC_RELAXED);
}

#define COUNTED(name, parameters, size, arguments)               \
  void* name parameters {                                        \
    static void*(*next) parameters;                              \
    if (!next) *(void**)&next = dlsym(RTLD_NEXT, #name);         \
    count(size);                                                 \
    ++inside;                                                    \
    void* const memory = next arguments;                         \
    --inside;                                                    \
    return memory;                                               \
  }

COUNTED(malloc, (size_t size), size, (size))
COUNTED(calloc, (size_t number, size_t size), number* size, (number, size))
COUNTED(realloc, (void* old, size_t size), size, (old, size))
COUNTED(aligned_alloc, (size_t alignment, size_t size), size, (alignment, size))
// operator new in its four forms; new[] asks the same.
COUNTED(_Znwm, (size_t size), size, (size))
COUNTED(_ZnwmSt11align_val_t, (size_t size, size_t alignment), size, (size, alignment))
COUNTED(_ZnwmRKSt9nothrow_t, (size_t size, const void* tag), size, (size, tag))
COUNTED(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void* tag), size, (size, alignment, tag))
COUNTED(_Znam, (size_t size), size, (size))
