// The test of the torture itself: each sync of the spool is left out, and that must be found.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/torture/explorer.h"

namespace mxpress::torture {

struct LeftOut {
  const char* what;  // which sync
  bool (*matches)(test::ForgetfulDisk::Call call, const std::string& path);
};

// Every place in queue/ that syncs, told apart by what it syncs.
const std::vector<LeftOut>& syncs();

struct Finding {
  std::uint64_t cuts = 0;  // until it was found
  std::string what;        // empty: it was not
};
Finding find_left_out(const LeftOut& sync, std::uint64_t seed);

}  // namespace mxpress::torture
