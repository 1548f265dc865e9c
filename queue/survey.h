// Checks every file of a spool: lists problems and the remedy for each. Writes nothing.
#pragma once

#include <string>
#include <vector>

#include "queue/fsck.h"

namespace mxpress::queue {

struct Problem {
  enum class Remedy {
    none,           // report only
    wait,           // the disk or its permissions refuse it: it stays in place, and can be read another time
    set_aside,      // to corrupt/
    make_folder,    // it is missing
    move,           // an intact message to the place that its id says
    rewrite,        // a message file, without its damaged parts
    empty_journal,  // move all whole records into message files, then remove the segments
  };
  Remedy remedy = Remedy::none;
  Path path;
  std::string text;
  Path target{};  // move
  QueueId id{};   // rewrite
};

struct Survey {
  FsckReport counts;  // without findings
  std::vector<Problem> problems;
};
Result<Survey> survey(Disk& disk, const Paths& paths);

}  // namespace mxpress::queue
