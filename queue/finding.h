// What looking through a spool brings up.
#pragma once

#include <string>

namespace mxpress::queue {

struct Finding {
  enum class Kind {
    note,    // nothing that was acknowledged is lost by it
    damage,  // something that was acknowledged is lost, or cannot be reached
  };
  Kind kind = Kind::note;
  std::string text;  // one sentence for people; names of files in it are cleaned
};

}  // namespace mxpress::queue
