// SPF records merged without loss.
#include "mta/records/spf_merge.h"

#include <catch2/catch.hpp>

#include "mta/dkim/key_record.h"

namespace mxpress::testing {
namespace {

using namespace mta::records;
using Texts = std::vector<std::string>;

struct Row {
  Texts records, missing;
  std::string text;
  std::string warning;  // part of one; empty: none
};

}  // namespace

TEST_CASE("spf: what is missing is added in front, and all of the domain's own stays") {
  const Texts own = {"ip4:192.0.2.1", "ip6:2001:db8::1"};
  const std::string start = "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1";
  const Row rows[] = {
      {{}, own, start + " ~all", ""},
      {{}, {}, "", ""},
      {{"v=spf1 -all"}, own, start + " -all", "no host sends mail"},
      {{"v=spf1 ~all"}, own, start + " ~all", ""},
      {{"v=spf1"}, own, start, ""},
      {{"v=spf1 mx a:web.here.example -all"}, own, start + " mx a:web.here.example -all", ""},
      {{"v=spf1 redirect=_spf.there.example"}, own, start + " redirect=_spf.there.example", ""},
      {{"v=spf1 include:a.example include:b.example ?all"},
       {"include:_spf.p.example"},
       "v=spf1 include:_spf.p.example include:a.example include:b.example ?all",
       "?all"},
      {{"V=SPF1 IP4:192.0.2.9 MX -ALL"}, own, "V=SPF1 ip4:192.0.2.1 ip6:2001:db8::1 IP4:192.0.2.9 MX -ALL", ""},
      {{"v=spf1  mx   -all"}, {}, "v=spf1  mx   -all", ""},
      {{"v=spf1 mx -all", "v=spf1 a mx ~all"}, own, start + " mx a -all", "2 SPF records"},
      {{"v=spf1 +all"}, own, start + " +all", "every host on earth"},
      {{"v=spf1 all"}, own, start + " all", "every host on earth"},
      {{"v=spf1 ipv4:192.0.2.7 -all"}, own, start + " ipv4:192.0.2.7 -all", "no mechanism"},
      {{"v=spf1 ptr -all"}, own, start + " ptr -all", "ptr"},
  };
  for (const Row& row : rows) {
    const SpfMerge merge = merge_spf(row.records, row.missing);
    INFO((row.records.empty() ? "none" : row.records.front()));
    CHECK(merge.text == row.text);
    std::string warnings;
    for (const std::string& warning : merge.warnings) warnings += warning + "; ";
    CHECK_THAT(warnings, Catch::Contains(row.warning));
    if (row.warning.empty()) CHECK(warnings.empty());
  }
}

TEST_CASE("spf: a long record is split into strings of at most 255 octets, and too long a one is told") {
  std::string record = "v=spf1";
  for (int i = 0; i < 40; ++i) record += " ip4:198.51.100." + std::to_string(i);
  const SpfMerge merge = merge_spf({record + " -all"}, {"ip4:192.0.2.1"});
  CHECK(merge.text == "v=spf1 ip4:192.0.2.1" + record.substr(6) + " -all");
  CHECK_THAT(merge.warnings.at(0), Catch::Contains("octets"));
  std::string joined;
  const std::string zone = mta::dkim::zone_strings(merge.text);
  for (std::size_t at = 0; at < zone.size();) {
    const auto end = zone.find('"', at + 1);
    CHECK(end - at - 1 <= 255);
    joined += zone.substr(at + 1, end - at - 1);
    at = end + 2;
  }
  CHECK(joined == merge.text);
}

}  // namespace mxpress::testing
