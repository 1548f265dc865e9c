// Tests whether answers come with valid signatures: the root is signed, so its own answers must be authenticated.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "dns/validation_lanes.h"

namespace mxpress::dns {

enum class TestResult : std::uint8_t {
  passed,
  no_answer,  // nothing is known about signatures
  failed
};

struct ServerTest {
  TestResult result = TestResult::failed;
  bool is_trusted = false;  // one of the servers is (is_ad_trusted())
  std::string text;         // for people
};

// By the AD bit. `stub` asks `servers`; it outlives the coroutine.
Task<ServerTest> test_name_servers(Resolver& stub, std::vector<ServerConfig> servers);

struct LibraryTest {
  TestResult result = TestResult::failed;
  bool is_bogus = false;  // answers came, but none that the anchors prove
  std::string text{};     // for people, if it did not pass
};

// `library` must have an empty cache, so that signatures come with the answers. Within 20 s.
Task<LibraryTest> test_library(std::shared_ptr<ValidationLanes> library);

}  // namespace mxpress::dns
