// Watches the DNS records of signing keys: a key begins to sign when its record is seen, and continues even if it disappears.
#pragma once

#include <boost/filesystem/path.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "dns/async.h"
#include "mta/records/key_status.h"

namespace mxpress::dns {
class Resolver;
}
namespace mxpress::mta::content {
class DkimSigner;
}
namespace mxpress::mta::events {
class Hub;
}
namespace mxpress::mta::routing {
struct SigningKeys;
}

namespace mxpress::mta::records {

// The state is kept in a file, so that a restart during a DNS outage changes nothing. A key whose table has no `sign`, and that exists
// before this file does, counts as one that has signed before, and signs.
class KeyWatch {
 public:
  // Called on the thread of the executor. The resolver should not cache answers.
  using MakeResolver = std::function<std::shared_ptr<dns::Resolver>()>;

  // Queries on the thread of `executor`, and writes the file there. `events` must outlive it.
  KeyWatch(Executor executor, events::Hub& events, boost::filesystem::path file);
  // Afterwards nothing is queried, reported or written.
  ~KeyWatch();
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;

  // Watches these keys from now on. `signer` signs with those that may: when this returns, by the stored state; then by the DNS, which is
  // queried at once and repeatedly. Any thread.
  void watch(routing::SigningKeys keys, std::shared_ptr<content::DkimSigner> signer, MakeResolver make_resolver);

  // The state of each key, by domain. Any thread.
  std::vector<KeyStatus> status() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;  // shared with its coroutine
};

}  // namespace mxpress::mta::records
