// The spool's promises at each moment, recorded beside it, and the comparison with its recovery.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "queue/message_store.h"
#include "queue/state.h"

namespace mxpress::torture {

using queue::Message;
using queue::QueueId;

// Copied for each cut. One thread.
class Promises {
 public:
  // Call it before the spool is asked. A request may be found after a cut, completely or not at all.
  void ask_store(QueueId id, const queue::NewMessage& message, std::string content);
  void ask_change(QueueId id, const queue::StateChange& change);
  void ask_site(const queue::SiteRecord& site);

  // A new process: open requests of an earlier one will not complete any more.
  void begin_life() { born_ = moment_; }

  // Call it when the spool reports durability. `id`: of the message that a drop file became, now or earlier.
  void promise_store(QueueId asked, QueueId id);
  // `index`: the number of the change requested for this message, from changes_of() before ask_change().
  void promise_change(QueueId id, std::size_t index);
  std::size_t changes_of(QueueId id) const;
  bool is_promised(QueueId id) const;

  // The findings of a recovery: everything that was promised, and nothing that was never requested. One sentence for each difference.
  struct Recovered {
    std::map<QueueId, Message> found;
    std::map<std::string, std::uint32_t> sites;  // failures
    queue::MessageStore& spool;
  };
  std::vector<std::string> compare(Recovered& recovered) const;
  // The disk could not read everything, and the spool reports that: then its findings prove nothing about the promises.
  static bool is_blind(Recovered& recovered) { return recovered.spool.counters().unread != 0; }
  // The findings of a recovery become promises, too: the daemon acts on them.
  void accept(Recovered& recovered);

  // Names of drop files that nobody was told are stored: they are still in the folder, and are taken in again.
  std::vector<std::string> untaken_drops() const;
  std::size_t promised() const;

 private:
  struct Asked {
    queue::StateChange change;
    std::uint64_t moment = 0;
    bool is_promised = false;
    QueueId notice{};  // the message whose store carries the change; none: 0
  };
  struct Letter {
    std::string content, drop_name;
    std::vector<std::string> recipients;
    std::uint64_t moment = 0;
    bool is_promised = false;
    Message base;  // held, recipients and attempts, as the last recovery found them
    std::vector<Asked> changes;
    std::size_t forgotten = 0;  // changes that are in `base`, or never will be
  };
  struct Site {
    std::uint64_t moment = 0;
    std::uint32_t failures = 0;
  };

  static std::vector<Message> possible(const Letter& letter, const Asked* without = nullptr);
  static bool can_be_over(const Letter& letter, const Asked* without = nullptr);
  void compare_letter(QueueId id, const Letter& letter, Recovered& recovered, std::vector<std::string>& out) const;
  void compare_notice(QueueId id, const Letter& letter, const Asked& told, Recovered& recovered, std::vector<std::string>& out) const;
  void compare_drops(Recovered& recovered, std::vector<std::string>& out) const;
  void compare_sites(const Recovered& recovered, std::vector<std::string>& out) const;
  void promise_sites(std::uint64_t before);

  std::map<QueueId, Letter> letters_;
  std::map<std::string, std::vector<Site>> sites_;  // the first is promised
  std::map<std::string, bool> drops_;               // true if somebody was told that it is stored
  std::uint64_t moment_ = 0, born_ = 0;
};

}  // namespace mxpress::torture
