// Counts steps. Compiled without the instrumentation that calls it; the linker redirects the library functions here (--wrap).
#include "tests/steps/step_counter.h"

#include <algorithm>
#include <cstddef>

namespace {

std::uint64_t count = 0;
std::uint64_t converted = 0;

}  // namespace

namespace mxpress::tests {

std::uint64_t steps() { return count; }
std::uint64_t conversions() { return converted; }

}  // namespace mxpress::tests

extern "C" {

void __sanitizer_cov_trace_pc_guard(std::uint32_t*) { ++count; }
void __sanitizer_cov_trace_pc_guard_init(std::uint32_t*, std::uint32_t*) {}

void* __real_memchr(const void*, int, std::size_t);
int __real_memcmp(const void*, const void*, std::size_t);
int __real_bcmp(const void*, const void*, std::size_t);
void* __real_memcpy(void*, const void*, std::size_t);
void* __real_memmove(void*, const void*, std::size_t);
void* __real_memset(void*, int, std::size_t);

void* __wrap_memchr(const void* text, int octet, std::size_t size) {
  void* found = __real_memchr(text, octet, size);
  count += found ? static_cast<std::size_t>(static_cast<const char*>(found) - static_cast<const char*>(text)) + 1 : size;
  return found;
}

int __wrap_memcmp(const void* a, const void* b, std::size_t size) {
  count += size;
  return __real_memcmp(a, b, size);
}

int __wrap_bcmp(const void* a, const void* b, std::size_t size) {
  count += size;
  return __real_bcmp(a, b, size);
}

void* __wrap_memcpy(void* to, const void* from, std::size_t size) {
  count += size;
  return __real_memcpy(to, from, size);
}

void* __wrap_memmove(void* to, const void* from, std::size_t size) {
  count += size;
  return __real_memmove(to, from, size);
}

int __real_idn2_to_ascii_8z(const char*, char**, int);
int __wrap_idn2_to_ascii_8z(const char* text, char** converted_text, int flags) {
  ++converted;
  return __real_idn2_to_ascii_8z(text, converted_text, flags);
}

void* __wrap_memset(void* to, int octet, std::size_t size) {
  count += size;
  return __real_memset(to, octet, size);
}
}
