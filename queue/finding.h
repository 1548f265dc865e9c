// A finding from reading a spool.
#pragma once

#include <string>

namespace mxpress::queue {

struct Finding {
  enum class Kind {
    note,    // no acknowledged mail is lost by it
    damage,  // acknowledged mail is lost or cannot be reached
  };
  Kind kind = Kind::note;
  std::string text;  // one sentence for people; file names in it are cleaned
};

}  // namespace mxpress::queue
