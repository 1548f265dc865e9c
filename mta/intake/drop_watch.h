// Tells which files have got their names in the drop folder since it was asked last.
#pragma once

#include <boost/filesystem/path.hpp>
#include <functional>
#include <string>

#include "mta/system/descriptor.h"

namespace mxpress::mta::intake {

// Thread: one.
class DropWatch {
 public:
  // Where the folder cannot be watched nothing is ever told; the reason is logged.
  explicit DropWatch(const boost::filesystem::path& folder);
  int descriptor() const { return inotify_.get(); }  // readable when there is something to tell
  // False: names were lost, because too many came.
  bool read(const std::function<void(const std::string&)>& named);

 private:
  const system::Descriptor inotify_;
};

}  // namespace mxpress::mta::intake
