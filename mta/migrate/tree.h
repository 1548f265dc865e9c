// Reads the files of a host, or of a copy of one.
#pragma once

#include <boost/filesystem/path.hpp>
#include <optional>
#include <string>

#include "proto/result.h"

namespace mxpress::mta::migrate {

class Tree {
 public:
  // `root`: the folder that stands for "/". Symbolic links cannot lead outside of it.
  explicit Tree(boost::filesystem::path root);

  // The text of a file by its absolute path within the tree. nullopt: there is none. The Error names the file: it cannot be read, is not a
  // regular file (FIFOs are not waited for), has more than 1 MiB, or has a NUL octet.
  Result<std::optional<std::string>> read(const std::string& path) const;
  // True if this is the host itself.
  bool is_host() const { return root_ == "/"; }

 private:
  boost::filesystem::path root_;
};

}  // namespace mxpress::mta::migrate
