// The test of the torture itself: each sync of the spool is left out in turn, and that must be detected.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/torture/explorer.h"

namespace mxpress::torture {

struct LeftOut {
  const char* what;  // the sync
  bool (*matches)(test::ForgetfulDisk::Call call, const std::string& path);
};

// Every place in queue/ that syncs, identified by the thing synced.
const std::vector<LeftOut>& syncs();

struct Finding {
  std::uint64_t cuts = 0;  // until it was detected
  std::string what;        // empty: not detected
};
Finding find_left_out(const LeftOut& sync, std::uint64_t seed);

}  // namespace mxpress::torture
