// The drop folder: messages that sendmail left while its socket was not served.
//
// A drop file holds sendmail's side of an SMTP dialogue: from MAIL to the final dot. Anybody may put files there, so a file is trusted
// only as far as an SMTP client; its submitter is its owner. Names are 32 hexadecimal digits; ".part" files are still being written. A
// message that is too big or in a loop is accepted and returned to its sender, because sendmail has reported success to its caller.
// Anything else (links, FIFOs, folders, other names, SMTP that is refused permanently) is moved to "drop-refused" beside the folder, or
// removed when 100 are there already (files with the name of a message stay), with a line in the log. After a temporary refusal the
// file stays for the next round. ".part" files that were not written for a day are removed: their sendmail has reported failure, or is
// gone.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <boost/filesystem/path.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "mta/intake/drop_lines.h"
#include "mta/intake/drop_round.h"
#include "mta/intake/drop_watch.h"
#include "mta/intake/drop_work.h"
#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::intake {

struct Context;

class DropFolder {
 public:
  explicit DropFolder(Context& context);
  ~DropFolder() { stop(); }

  // Starts a thread: one round at once, then new files as they get their names, and a round every 30 seconds. It handles a large folder in
  // pieces, with pauses. Owners of files take turns. Several small files are taken in together, so that they share a sync, and at most
  // 1,000 files of one owner per second. A file that takes longer than a moment holds up its owner's other files alone.
  Status start();
  // Files whose recipients are still being looked up stay for the next start.
  void stop();

  // One round: takes in all files, and unlinks them when they are durable, but at most 1,000 files of one owner. Blocking. Do not call it
  // while the thread runs.
  void scan();

 private:
  enum class Fate { taken, refused, no_message, later };

  void run();
  bool take_named(DropWatch& watch);
  bool look_at_piece();
  bool look_at(const std::string& name, int folder);
  // A file being taken in.
  struct Opened {
    std::string name;
    system::Descriptor file;
    struct stat facts;
  };
  using SharedFolder = std::shared_ptr<const system::Descriptor>;  // of the folder: files that take their time share it
  bool serve_some();
  bool open_some(int folder, std::vector<Opened>& files);
  std::optional<Opened> open(const std::string& name, int folder);
  Task<void> take(Opened opened, SharedFolder folder);
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
  DropWork work_;
  bool skipped_ = false;  // in this round, files of owners who have used up their share, or whose log lines wait
  bool looks_at_parts_ = true;
  BootTime next_parts_{};
  BootTime full_until_{};  // of drop-refused
  system::Descriptor wake_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::set<std::string> stuck_;  // files that could not be removed: not tried or logged again
};

}  // namespace mxpress::mta::intake
