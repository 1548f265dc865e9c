// What the spool has promised at each moment, kept beside it, and whether what it recovers is exactly that.
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
  // Before the spool is asked. What is only asked for may be there after a cut, wholly, or not at all.
  void ask_store(QueueId id, const queue::NewMessage& message, std::string content);
  void ask_change(QueueId id, const queue::StateChange& change);
  void ask_site(const queue::SiteRecord& site);

  // A new process: what an earlier one was only asked for waits for nothing any more.
  void begin_life() { born_ = moment_; }

  // When the spool says that it is durable. `id`: of the message that a drop file became, now or earlier.
  void promise_store(QueueId asked, QueueId id);
  // `index`: the how-maniest change that was asked for of this message, as changes_of() said before ask_change().
  void promise_change(QueueId id, std::size_t index);
  std::size_t changes_of(QueueId id) const;
  bool is_promised(QueueId id) const;

  // What a recovery found: everything that was promised, and nothing that was never asked for. One sentence for each difference.
  struct Recovered {
    std::map<QueueId, Message> found;
    std::map<std::string, std::uint32_t> sites;  // failures
    queue::MessageStore& spool;
  };
  std::vector<std::string> compare(Recovered& recovered) const;
  // The disk did not give all, and the spool says so: what it told then says nothing of what was promised.
  static bool is_blind(Recovered& recovered) { return recovered.spool.counters().unread != 0; }
  // What a recovery has told is a promise, too: the daemon acts on it.
  void accept(Recovered& recovered);

  // Names of drop files of which nobody was told that they are stored: they are still in the folder, and are taken in again.
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
    Message base;  // held, recipients and attempts, as the last recovery told them
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
  std::map<std::string, bool> drops_;               // whether somebody was told that it is stored
  std::uint64_t moment_ = 0, born_ = 0;
};

}  // namespace mxpress::torture
