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
  // Follow this file, such as kResolvConfPath, looking for changes now and then. Empty: `options` alone.
  std::string resolv_conf;
  ResolverOptions options;  // with `resolv_conf`, only `total` is used
  // Over what `options` or the file says.
  std::optional<Duration> timeout;
  std::optional<int> attempts;
  CacheLimits cache;
};

// Thread: the one that runs `executor`. Coroutines in flight share what they need: the resolver may be destroyed before them, and they
// end as they would have. A question that is in flight is not asked again; who asks later gets the same answer.
class StubResolver final : public Resolver {
 public:
  StubResolver(Executor executor, StubConfig config, std::uint64_t seed);
  ~StubResolver() override;
  StubResolver(const StubResolver&) = delete;
  StubResolver& operator=(const StubResolver&) = delete;

  Task<Answer> resolve(Question question) override;

  // Other servers or times from the next question on. The cache is emptied.
  void reconfigure(StubConfig config);
  // Where questions go at present, in order: "127.0.0.1:53".
  std::vector<std::string> servers();

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace mxpress::dns
