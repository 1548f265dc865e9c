// Dates of trace fields.
#include "mta/trace/date.h"

#include <catch2/catch.hpp>
#include <tuple>

namespace mxpress::testing {

using namespace mta::trace;

TEST_CASE("trace date: all forms of dates are read") {
  const std::string texts[] = {"Tue, 1 Dec 2026 10:00:05 +0000",
                               "Tue,  1 Dec 2026 11:00:05 +0100 (CET)",
                               "1 Dec 2026 10:00:05 -0000",
                               "Tue, 01 Dec 2026 02:00:05 -0800 (PST)",
                               "Tue, 1 Dec 2026 10:00:05 GMT",
                               "tue, 1 dec 26 10:00:05 UT",
                               "Tue, 1 Dec 2026 15:30:05 +0530 (IST)",
                               "Tue, 1 Dec 2026 18:00:05 +0800 (CST)",
                               "Tue, 1 December 2026 10:00:05 +0000",
                               "Tue 1 Dec 2026 05:00:05 EST"};
  for (const std::string& text : texts) {
    INFO(text);
    const Date date = read_date(text);
    CHECK(date.oddity == "");
    REQUIRE(date.time);
    CHECK(proto::rfc5322_date(*date.time) == "Tue, 01 Dec 2026 10:00:05 +0000");
  }
}

TEST_CASE("trace date: what cannot be is told") {
  const std::tuple<const char*, const char*, bool> rows[] = {
      {"Wed, 1 Dec 2026 10:00:05 +0000", "a Tue, not a Wed", true},
      {"Tue, 1 Dec 2026 10:00:05 +2500", "does not exist", true},
      {"Tue, 1 Dec 2026 10:00:05 -1300", "does not exist", true},
      {"Tue, 1 Dec 2026 10:00:05 +0160", "does not exist", true},
      {"Tue, 1 Dec 2026 10:00:05 +0107", "no country", true},
      {"Tue, 1 Dec 2026 10:00:05 XYZ", "is none", true},
      {"Tue, 1 Dec 2026 10:00:05 +00:00", "is none", true},
      {"Tue, 1 Dec 2026 10:00:05", "no zone", true},
      {"Tue, 1 Dec 2026 10:00:05 +0800 (PST)", "not that of PST", true},
      {"31 Feb 2026 10:00:05 +0000", "does not exist", false},
      {"1 Dec 1890 10:00:05 +0000", "does not exist", false},
      {"Tue, 1 Dec 2026 25:00:05 +0000", "cannot be read", false},
      {"Tue, 1 Foo 2026 10:00:05 +0000", "cannot be read", false},
      {"yesterday", "cannot be read", false},
      {"", "no date", false},
  };
  for (const auto& [text, why, is_read] : rows) {
    INFO(text);
    const Date date = read_date(text);
    CHECK_THAT(date.oddity, Catch::Contains(why));
    CHECK(date.time.has_value() == is_read);
  }
}

}  // namespace mxpress::testing
