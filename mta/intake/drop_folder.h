// The drop folder: messages that sendmail left while nobody served its socket.
//
// A drop file is what sendmail would have said to the daemon: SMTP from MAIL to the final dot. Anybody may put files there, so a file is
// believed only as far as an SMTP client would be; its submitter is its owner. Names are 32 hexadecimal digits; ".part" files are still
// being written. A message that is too big or in a loop is taken in and returned to its sender: sendmail has told its caller that all is
// well. What is not a message (links, FIFOs, folders, other names, SMTP that is refused for good) is moved to "drop-refused" beside the
// folder, or removed when 100 are there already (files with the name of a message stay), with a line in the log; a temporary refusal leaves
// the file for the next round.
// ".part" files that nobody has written to for a day are removed: their sendmail has told its caller that it failed, or is gone.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <boost/filesystem/path.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "mta/intake/drop_lines.h"
#include "mta/intake/drop_round.h"
#include "mta/intake/drop_watch.h"
#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::intake {

struct Context;

class DropFolder {
 public:
  explicit DropFolder(Context& context);
  ~DropFolder() { stop(); }

  // A thread of its own: one round at once, then the files that get their names, and a round every 30 seconds. It goes over a large folder
  // in pieces, with a pause between them. Owners of files take turns. Several small files are taken in at a time, so that they share a
  // sync, and at most 1,000 files of one owner in a second.
  Status start();
  void stop();

  // One round: everything that is there is taken in, and unlinked when it is durable, but no more than 1,000 files of one owner. Blocking.
  // Not while the thread runs.
  void scan();

 private:
  enum class Fate { taken, refused, no_message, later };

  void run();
  bool take_named(DropWatch& watch);
  bool look_at_piece();
  bool look_at(const std::string& name, int folder);
  // A file that is being taken in.
  struct Opened {
    std::string name;
    system::Descriptor file;
    struct stat facts;
  };
  bool serve_some();
  bool open_some(int folder, std::vector<Opened>& files);
  std::optional<Opened> open(const std::string& name, int folder);
  Task<void> take(Opened opened, int folder);
  Task<Fate> read_message(Opened& opened);
  bool move_aside(const std::string& name, int folder);
  void put_aside(const std::string& name, int folder, Fate fate, std::string_view reason);
  void remove_old_part(const std::string& name, int folder, const struct stat& file);

  Context& context_;
  const boost::filesystem::path folder_;
  const boost::filesystem::path refused_;
  DropRound round_;
  DropLines lines_;
  DropShares shares_;
  bool skipped_ = false;  // in this round, files whose owner has had his share, or whose lines wait
  bool looks_at_parts_ = true;
  BootTime next_parts_{};
  BootTime full_until_{};  // drop-refused
  system::Descriptor wake_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::set<std::string> stuck_;  // files that could not be removed: not tried, and not logged, again
};

}  // namespace mxpress::mta::intake
