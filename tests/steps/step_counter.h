// Counts the steps of code that was compiled with -fsanitize-coverage=trace-pc-guard: one for each edge of its control flow, and one for
// each octet that memchr, memcmp, memcpy, memmove and memset process. The same input takes the same number of steps on every machine.
#pragma once

#include <cstdint>

namespace mxpress::tests {

// Since the program began.
std::uint64_t steps();

// Calls of libidn2 since the program began: each takes about a microsecond for any input.
std::uint64_t conversions();

template <class Call>
std::uint64_t conversions_of(Call call) {
  const std::uint64_t before = conversions();
  call();
  return conversions() - before;
}

template <class Call>
std::uint64_t steps_of(Call call) {
  const std::uint64_t before = steps();
  call();
  return steps() - before;
}

}  // namespace mxpress::tests
