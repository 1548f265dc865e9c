// Checks the files of aliases once a second, on a thread of its own.
#pragma once

#include <memory>

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::routing {

class AliasBook;

class AliasWatch {
 public:
  AliasWatch();
  // Does not wait for a disk that hangs: the thread ends when the disk answers.
  ~AliasWatch();
  AliasWatch(const AliasWatch&) = delete;
  AliasWatch& operator=(const AliasWatch&) = delete;

  // The aliases of this configuration, read now if they were not read before; from now on these files are watched. Reads the disk.
  std::shared_ptr<const AliasBook> watch(const Config& config);

 private:
  struct Core;
  const std::shared_ptr<Core> core_;  // shared with the thread
};

// Reads the files of this configuration once.
std::shared_ptr<const AliasBook> read_aliases(const Config& config);

}  // namespace mxpress::mta::routing
