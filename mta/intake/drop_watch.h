// Reports the files that have got their names in the drop folder since the last call.
#pragma once

#include <boost/filesystem/path.hpp>
#include <functional>
#include <string>

#include "mta/system/descriptor.h"

namespace mxpress::mta::intake {

// Thread: one.
class DropWatch {
 public:
  // If the folder cannot be watched no file is reported; the reason is logged.
  explicit DropWatch(const boost::filesystem::path& folder);
  int descriptor() const { return inotify_.get(); }  // readable when there is something to report
  // False: names were lost, because there were too many.
  bool read(const std::function<void(const std::string&)>& named);

 private:
  const system::Descriptor inotify_;
};

}  // namespace mxpress::mta::intake
