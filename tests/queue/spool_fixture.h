// A spool on a disk in memory that forgets unsynced writes, driven step by step.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/stepped_spool.h"
#include "tests/support/forgetful_disk.h"

namespace mxpress::queue {

inline proto::Mailbox mailbox(const std::string& text) { return std::move(proto::Mailbox::parse(text)).value(); }

inline NewMessage new_message(std::vector<std::string> recipients = {"b@example.org"}, std::string content = "Subject: x\r\n\r\nbody\r\n") {
  NewMessage message;
  message.envelope.reverse_path = proto::ReversePath(mailbox("a@example.com"));
  for (const auto& recipient : recipients) message.envelope.recipients.push_back({mailbox(recipient), {}, {}});
  message.envelope.submitted = WallTime(Duration(1000));
  message.envelope.submitter.entrance = "smtp";
  message.content = std::move(content);
  return message;
}

inline Settlement settlement(QueueId id, std::uint32_t recipient, RecipientStage stage, std::string text = "250 ok") {
  Settlement out{id, {WallTime(Duration(2000)), {recipient}, {}}, {}};
  RecipientState state;
  state.stage = stage;
  state.attempts = 1;
  state.last = proto::HostResult{.stage = proto::Stage::content,
                                 .host = "mx.example.org",
                                 .address = "192.0.2.1:25",
                                 .tls = "",
                                 .status = {2, 0, 0},
                                 .reply_code = 250,
                                 .text = std::move(text)};
  out.changes.push_back({recipient, state});
  return out;
}

struct SpoolFixture {
  test::ForgetfulDisk disk;
  SpoolOptions options;
  std::vector<std::string> reports;
  std::vector<Message> found;
  std::vector<SiteRecord> sites;
  std::uint64_t next_random = 1;
  std::unique_ptr<SteppedSpool> spool;  // last: it calls the report function until it is destroyed

  SpoolFixture() {
    options.directory = "/spool";
    options.segment_size = 64 * 1024;
    options.journal_size = 1 << 20;
    options.room_stays_known = Duration(0);
    options.wall = [] { return WallTime(Duration(5000)); };
    options.since_boot = [] { return Duration(1000); };
    options.random = [this] { return next_random++ * 0x9E3779B97F4A7C15u; };
    options.report = [this](std::string what) { reports.push_back(std::move(what)); };
    options.note = options.report;
  }

  // The next run, before it has read anything of the last one.
  Status open_unread() {
    spool.reset();
    auto opened = SteppedSpool::open(disk, options);
    if (!opened) return opened.error();
    spool = std::move(*opened);
    found.clear();
    sites.clear();
    return {};
  }

  Status open() {
    if (auto s = open_unread(); !s) return s;
    return spool->recover([this](const Message& m) { found.push_back(m); }, [this](const SiteRecord& s) { sites.push_back(s); });
  }

  // Power fails and returns.
  Status cut(test::ForgetfulDisk::Cut cut = test::ForgetfulDisk::Cut::nothing, std::uint64_t seed = 1) {
    disk.cut_at(1);
    spool.reset();
    disk.restart(cut, seed);
    return open();
  }

  void commit() {
    while (spool->commit_batch()) {
    }
  }

  Result<QueueId> store(NewMessage message) {
    std::optional<Result<QueueId>> result;
    spool->store(std::move(message), [&](Result<QueueId> id) { result = std::move(id); });
    commit();
    return result ? std::move(*result) : Error::permanent("never answered");
  }
};

inline std::string read_all(const Content& content) {
  std::string out(content.size(), '\0');
  const auto n = content.read(0, out.data(), out.size());
  return n && *n == out.size() ? out : "short";
}

}  // namespace mxpress::queue
