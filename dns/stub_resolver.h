// The resolver of mxpress: asks the configured recursive servers, with a cache. RFC 1034 5.3.1 (a stub), RFC 2308, RFC 6891.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dns/cache.h"
#include "dns/resolv_conf.h"
#include "dns/resolver.h"

namespace mxpress::dns {

struct StubConfig {
  // File to follow, such as kResolvConfPath; it is checked for changes. Empty: only `options` count.
  std::string resolv_conf;
  ResolverOptions options;  // with `resolv_conf`, only `total` is used
  // Overrides the value of `options` or of the file.
  std::optional<Duration> timeout;
  std::optional<int> attempts;
  CacheLimits cache;
};

// Thread: the one that runs `executor`. Coroutines in flight share the data they need: the resolver may be destroyed before them, and they
// still complete. A question in flight is not sent again; later askers get the same answer.
class StubResolver final : public Resolver {
 public:
  StubResolver(Executor executor, StubConfig config, std::uint64_t seed);
  ~StubResolver() override;
  StubResolver(const StubResolver&) = delete;
  StubResolver& operator=(const StubResolver&) = delete;

  Task<Answer> resolve(Question question) override;

  // Uses other servers or times from the next question on. Empties the cache.
  void reconfigure(StubConfig config);
  // The servers in use, in order: "127.0.0.1:53".
  std::vector<std::string> servers();

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace mxpress::dns
