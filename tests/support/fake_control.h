// A queue in memory behind the control interface.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "queue/changes.h"
#include "tests/support/logging_hub.h"

namespace mxpress::testing {

class TextContent final : public queue::Content {
 public:
  explicit TextContent(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  Result<std::size_t> read(std::uint64_t offset, char* buffer, std::size_t size) const override {
    return text_.copy(buffer, size, std::min<std::size_t>(offset, text_.size()));
  }
  Status verify() const override { return {}; }
  Status verify(std::string_view) const override { return {}; }
  Status verify_crc(std::uint32_t) const override { return {}; }

 private:
  std::string text_;
};

inline WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

// A message of `uid` for one pending recipient, that is due at once.
inline queue::Message make_message(std::uint64_t id, std::int64_t uid, const std::string& sender, const std::string& recipient,
                                   const std::string& content) {
  queue::Message message;
  message.id = {id};
  if (!sender.empty()) message.envelope.reverse_path = proto::ReversePath(*proto::Mailbox::parse(sender));
  message.envelope.recipients.push_back({*proto::Mailbox::parse(recipient), {}, {}});
  message.envelope.submitter.entrance = "sendmail";
  message.envelope.submitter.uid = uid;
  message.recipients.resize(1);
  message.content = std::make_shared<TextContent>(content);
  return message;
}

class FakeControl final : public mta::control::ControlBackend {
 public:
  struct Acted {
    queue::ActionKind action;
    std::vector<queue::QueueId> ids;
  };
  std::map<queue::QueueId, queue::Message> messages;
  std::vector<mta::delivery::DestinationStatus> rows;
  std::size_t asked = 0;                                          // for those of one message
  std::map<queue::QueueId, mta::delivery::ActionEffect> effects;  // else done
  queue::SpoolCounters counters;
  std::vector<std::string> failures;
  Status is_ready;
  std::atomic<std::size_t> looks = 0, loads = 0;  // number of requests
  mta::Config settings;
  bool running = true;
  Status reload_result;
  LoggingHub events;
  std::vector<mta::events::Hub::Loss> losses;
  std::vector<mta::records::KeyStatus> keys;
  std::vector<mta::delivery::OutageStatus> outages;
  std::vector<std::string> refused_logins;
  mta::events::HourCounts hour;
  const mta::history::Search* past = nullptr;
  const mta::history::Search* past_dialogues = nullptr;
  mta::events::Followers* following = nullptr;

  void add(queue::Message message) { messages.insert_or_assign(message.id, std::move(message)); }
  std::vector<Acted> acted() const {
    std::lock_guard lock(mutex_);
    return acted_;
  }

  Status ready() override { return is_ready; }
  std::vector<queue::QueueId> ids() override {
    std::vector<queue::QueueId> ids;
    for (const auto& [id, message] : messages)
      if (!message.ended) ids.push_back(id);
    return ids;
  }
  std::vector<queue::QueueId> ids_of(uid_t uid) override {
    std::vector<queue::QueueId> own = ids();
    std::erase_if(own, [&](queue::QueueId id) { return messages.at(id).envelope.submitter.uid != std::int64_t{uid}; });
    return own;
  }
  // By the time at which they ended.
  std::vector<queue::QueueId> ended() override {
    std::vector<queue::QueueId> ids;
    for (const auto& [id, message] : messages)
      if (message.ended) ids.push_back(id);
    std::sort(ids.begin(), ids.end(), [&](auto a, auto b) { return messages.at(a).ended_at > messages.at(b).ended_at; });
    return ids;
  }
  std::vector<queue::QueueId> ended_of(uid_t uid) override {
    std::vector<queue::QueueId> own = ended();
    std::erase_if(own, [&](queue::QueueId id) { return messages.at(id).envelope.submitter.uid != std::int64_t{uid}; });
    return own;
  }
  bool owns(uid_t uid, queue::QueueId id) override {
    ++looks;
    const auto found = messages.find(id);
    return found != messages.end() && found->second.envelope.submitter.uid == std::int64_t{uid};
  }
  Result<queue::Message> load(queue::QueueId id) override {
    ++loads;
    const auto found = messages.find(id);
    if (found == messages.end()) return Error::permanent("no such message");
    return found->second;
  }
  void tell(const mta::events::Event& event) override { events.hub().emit(event); }
  Result<std::vector<mta::delivery::ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) override {
    std::vector<mta::delivery::ActionEffect> result;
    for (const auto id : ids) withdraw(messages.at(id), action);
    for (const auto id : ids) result.push_back(effects.contains(id) ? effects.at(id) : mta::delivery::ActionEffect::done);
    std::lock_guard lock(mutex_);
    acted_.push_back({action, std::move(ids)});
    return result;
  }
  Result<std::vector<mta::delivery::DestinationStatus>> destinations() override { return rows; }
  Result<std::vector<mta::delivery::DestinationStatus>> status_of(queue::QueueId) override {
    ++asked;
    return rows;
  }
  mta::control::DaemonStatus status() override {
    return {running, at(0), counters, failures, events.counters.counts(), losses, keys, {}, outages, refused_logins, hour};
  }
  Status reload() override { return reload_result; }
  std::shared_ptr<const mta::Config> config() override { return std::make_shared<const mta::Config>(settings); }
  const mta::history::Search* history() override { return past; }
  const mta::history::Search* dialogues() override { return past_dialogues; }
  mta::events::Followers* followers() override { return following; }

 private:
  static void withdraw(queue::Message& message, queue::ActionKind action) {
    for (queue::RecipientState& state : message.recipients) {
      if (state.stage != queue::RecipientStage::pending) continue;
      if (action == queue::ActionKind::remove) state.stage = queue::RecipientStage::removed;
      if (action != queue::ActionKind::bounce) continue;
      state.stage = queue::RecipientStage::notice_pending;
      state.last = proto::HostResult{proto::Stage::local, "", "", "", {5, 0, 0}, 0, "returned to the sender by the operator", false};
    }
  }

  mutable std::mutex mutex_;
  std::vector<Acted> acted_;
};

}  // namespace mxpress::testing
