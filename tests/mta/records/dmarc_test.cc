// DMARC records by RFC 9989.
#include "mta/records/dmarc.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {

using namespace mta::records;
using Texts = std::vector<std::string>;

TEST_CASE("dmarc: the walk up the tree asks eight names at most") {
  CHECK(dmarc_names("here.example") == Texts{"_dmarc.here.example", "_dmarc.example"});
  const Texts names = dmarc_names("a.b.c.d.e.f.g.h.i.here.example");
  CHECK(names.size() == 8);
  CHECK(names[0] == "_dmarc.a.b.c.d.e.f.g.h.i.here.example");
  CHECK(names[1] == "_dmarc.e.f.g.h.i.here.example");
  CHECK(names[7] == "_dmarc.example");
}

TEST_CASE("dmarc: what is published has no tag that is gone, and tags that are gone are told") {
  CHECK(is_dmarc(kDmarcToPublish));
  CHECK(dmarc_warnings(kDmarcToPublish).empty());
  CHECK(dmarc_warnings("v=DMARC1; p=reject; pct=50; ri=86400; rua=mailto:x@here.example").size() == 2);
  CHECK(dmarc_warnings("v=DMARC1; rua=mailto:x@here.example").size() == 1);
  CHECK(dmarc_warnings("v=DMARC1; p=refuse").size() == 1);
  CHECK(is_dmarc("v = DMARC1 ; p=none"));
  CHECK_FALSE(is_dmarc("v=DMARC2; p=none"));
  CHECK_FALSE(is_dmarc("v=spf1 -all"));
  CHECK_FALSE(is_dmarc(""));
}

}  // namespace mxpress::testing
