// resolv.conf as a file that may change: checked rarely, and read only when it changed.
#pragma once

#include <sys/stat.h>

#include <string>

#include "dns/async.h"
#include "dns/resolv_conf.h"

namespace mxpress::dns {

class ResolvConfFile {
 public:
  explicit ResolvConfFile(std::string path) : path_(std::move(path)) {}

  // The content of the file. Checks it at most every 3 s; a file that is missing or unreadable counts as empty (127.0.0.1).
  const ResolverOptions& current(BootTime now);

 private:
  // The values of stat() that change with the content.
  struct Version {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, seconds = 0, nanoseconds = 0;
    bool operator==(const Version&) const = default;
  };
  Version look() const;
  std::string read() const;

  std::string path_;
  BootTime next_look_ = BootTime::min();
  Version version_;
  ResolverOptions options_ = parse_resolv_conf({});
};

}  // namespace mxpress::dns
