// One process with a spool on a disk in memory: its requests are noted in the promises.
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
  // All three must outlive it. Errors of a recovery are appended to `broken`.
  Life(test::ForgetfulDisk& disk, Promises& promises, std::vector<std::string>& broken);
  ~Life() = default;

  // Starts a process that opens the spool and recovers; again if a failing disk prevents the start. False: it never started.
  bool start();
  void stop() { spool_.reset(); }
  // The reports of the spool, for people.
  const std::vector<std::string>& reports() const { return reports_; }
  // Cuts power: nothing still in memory reaches the disk.
  void die();

  struct Letter {
    std::vector<std::string> recipients{"b@example.org"};
    std::size_t octets = 600;
    bool has_own_file = false;  // like large content
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
  void write();   // waiting operations reach the kernel; not synced
  void commit();  // all waiting operations are synced
  void checkpoint();
  // Many messages, most of them delivered at once, so that journal segments fill and are removed.
  void busy_hour(int messages);
  // The first work of a daemon: takes in the drop folder, composes pending notices, tries waiting mail, shortens the
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
  std::unique_ptr<queue::SteppedSpool> spool_;  // last: its callbacks use the others
};

// A day that does everything a spool can do, with several batches, segments and restarts. The same at each call; ends early if the disk
// prevents a process from starting.
void live_a_day(Life& life);

}  // namespace mxpress::torture
