// The life of one process with a spool on a disk in memory: what it asks for is noted in the promises beside it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "queue/stepped_spool.h"
#include "tests/support/forgetful_disk.h"
#include "tests/torture/promises.h"

namespace mxpress::torture {

class Life {
 public:
  // All three outlive it. What a recovery gets wrong is added to `broken`.
  Life(test::ForgetfulDisk& disk, Promises& promises, std::vector<std::string>& broken);
  ~Life() = default;

  // A process that opens the spool and recovers, again when a disk that fails lets it not start. False: it never did.
  bool start();
  void stop() { spool_.reset(); }
  // What the spool reported, for people.
  const std::vector<std::string>& reports() const { return reports_; }
  // Loses the power: nothing of what is still in memory reaches the disk.
  void die();

  struct Letter {
    std::vector<std::string> recipients{"b@example.org"};
    std::size_t octets = 600;
    bool has_own_file = false;  // as large content has
    std::string drop_name{};
    std::vector<queue::NewMessage::NoticeFor> notice_for{};
  };
  QueueId store(Letter letter);
  QueueId notice_for(QueueId failed, std::vector<std::uint32_t> recipients,
                     queue::NewMessage::NoticeFor::Kind kind = queue::NewMessage::NoticeFor::Kind::failure);
  // None of these for a message that was not promised: the daemon does not know it.
  void settle(QueueId id, std::vector<std::uint32_t> recipients, queue::RecipientStage stage);
  void expire(QueueId id, std::vector<std::uint32_t> recipients);
  void act(queue::ActionKind action, std::vector<QueueId> ids);
  void record_site(const std::string& name, std::uint32_t failures);
  void write();   // what waits reaches the kernel; not synced
  void commit();  // all that waits is synced
  void checkpoint();
  // Many messages, most of them delivered at once, so that journal segments fill and go.
  void busy_hour(int messages);
  // What a daemon does first of all: it takes the drop folder in, composes the notices that are pending, tries what waits, shortens the
  // journal.
  void first_hour();

 private:
  bool start_once();
  queue::SpoolOptions options();
  queue::NewMessage compose(const Letter& letter, const std::string& content);
  std::unique_ptr<queue::LargeContent> receive(const std::string& content);
  std::string next_content(std::size_t octets);
  void settle(QueueId id, queue::Settlement settlement);

  test::ForgetfulDisk& disk_;
  Promises& promises_;
  std::vector<std::string>& broken_;
  std::vector<std::string> reports_;
  std::vector<Message> found_;
  std::uint64_t salt_;
  int number_ = 0;
  std::unique_ptr<queue::SteppedSpool> spool_;  // last: its callbacks know the others
};

// A day that does everything a spool does, with several batches, segments and restarts. The same at each call; ends early when the disk
// does not let a process start any more.
void live_a_day(Life& life);

}  // namespace mxpress::torture
