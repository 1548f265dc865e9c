// The progress bar.
#include "mta/send/progress.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using mxpress::mta::send::Progress;

TEST_CASE("progress: draws once for each percent, never beyond 100, and clears its line") {
  std::vector<std::string> drawn;
  {
    Progress progress(2'000'000, [&drawn](std::string_view text) { drawn.emplace_back(text); });
    for (int i = 0; i < 3000; ++i) progress.advance(1000);
  }
  REQUIRE(drawn.size() == 102);
  CHECK(drawn.front() == "\r[                              ]   0 % of 2.0 MB");
  CHECK(drawn[50] == "\r[###############               ]  50 % of 2.0 MB");
  CHECK(drawn[100] == "\r[##############################] 100 % of 2.0 MB");
  CHECK(drawn.back() == "\r\x1B[K");
}

TEST_CASE("progress: nothing is drawn for a small message, or without a terminal") {
  std::vector<std::string> drawn;
  Progress small(999'999, [&drawn](std::string_view text) { drawn.emplace_back(text); });
  small.advance(999'999);
  small.clear();
  Progress nowhere(2'000'000, {});
  nowhere.advance(1'000'000);
  CHECK(drawn.empty());
}
