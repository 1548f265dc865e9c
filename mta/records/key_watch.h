// Watches the DNS records of the keys that sign: a key begins to sign when its record is seen, and signs on when it is seen no more.
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

// What is known is kept in a file, so that a restart while the DNS is dead changes nothing. A key whose table does not say `sign`, and that
// is there when there is no such file yet, is taken for one that has signed before, and signs.
class KeyWatch {
 public:
  // Called on the thread of the executor. It should not remember answers.
  using MakeResolver = std::function<std::shared_ptr<dns::Resolver>()>;

  // Asks on the thread of `executor`, and writes the file there. `events` outlives it.
  KeyWatch(Executor executor, events::Hub& events, boost::filesystem::path file);
  // Nothing is asked, told or written any more.
  ~KeyWatch();
  KeyWatch(const KeyWatch&) = delete;
  KeyWatch& operator=(const KeyWatch&) = delete;

  // From now on these keys, which `signer` signs with as far as they may: as soon as this returns by what was known before, then by what
  // the DNS says, which is asked at once and again from time to time. Any thread.
  void watch(routing::SigningKeys keys, std::shared_ptr<content::DkimSigner> signer, MakeResolver make_resolver);

  // Of each key, by domain. Any thread.
  std::vector<KeyStatus> status() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;  // shared with its coroutine
};

}  // namespace mxpress::mta::records
