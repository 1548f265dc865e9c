// Goes through every file of a spool: what is wrong with it, and what would put it right. Writes nothing.
#pragma once

#include <string>
#include <vector>

#include "queue/fsck.h"

namespace mxpress::queue {

struct Problem {
  enum class Remedy {
    none,           // only to be told
    wait,           // the disk or the rights refuse it, not what lies there: it stays in its place, and can be read another time
    set_aside,      // to corrupt/
    make_folder,    // it is missing
    move,           // an intact message to the place that its id says
    rewrite,        // a message file, without what is damaged in it
    empty_journal,  // everything that is whole into message files, then the segments can go
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
