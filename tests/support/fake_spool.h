// A spool that keeps messages in memory, and a deliverer that only records its messages: for tests of intake.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "mta/delivery/deliverer.h"
#include "queue/message_store.h"

namespace mxpress::testing {

struct KeptMessage {
  queue::QueueId id;
  queue::NewMessage message;
  std::string content;  // inline or large
  bool was_large = false;
};

// An error that a test sets while other threads read it.
class Fault {
 public:
  void operator=(Error error) {
    std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }
  void reset() {
    std::lock_guard lock(mutex_);
    error_.reset();
  }
  std::optional<Error> get() const {
    std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
};

class FakeSpool final : public queue::MessageStore {
 public:
  // Faults, until they are reset.
  Fault no_room;
  Fault cannot_store;
  Fault cannot_append;
  std::function<void(const queue::NewMessage&)> on_store;
  queue::SpoolCounters counted;
  proto::ShareOwner owner{};                                            // of all messages
  std::function<void(Status)> say_settled;                              // for the latest settlement, which is not durable before
  Result<queue::Message> loaded = Error::permanent("no such message");  // for any id

  std::vector<KeptMessage> kept() const {
    std::lock_guard lock(mutex_);
    std::vector<KeptMessage> copies;
    for (const auto& message : kept_) {
      copies.push_back({message.id, {}, message.content, message.was_large});
      copies.back().message.envelope = message.message.envelope;
      copies.back().message.drop_name = message.message.drop_name;
    }
    return copies;
  }

  // True if this many messages came within ten seconds.
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, std::chrono::seconds(10), [&] { return kept_.size() >= count; });
  }

  Status room_for(std::uint64_t) override {
    const auto fault = no_room.get();
    return fault ? Status(*fault) : Status();
  }
  Duration age_of(const queue::Message&) const override { return {}; }
  Result<std::unique_ptr<queue::LargeContent>> open_large() override {
    if (auto fault = no_room.get()) return *fault;
    return std::unique_ptr<queue::LargeContent>(std::make_unique<Large>(*this));
  }
  void store(queue::NewMessage message, Stored done) override { store_as(next_id(), std::move(message), std::move(done)); }
  queue::QueueId next_id() override {
    std::lock_guard lock(mutex_);
    return {++last_id_};
  }
  void store_as(queue::QueueId id, queue::NewMessage message, Stored done) override {
    if (auto fault = cannot_store.get()) return done(*fault);
    if (on_store) on_store(message);
    done(keep(id, std::move(message)));
  }

  void settle(queue::Settlement, std::function<void(Status)> done) override { say_settled = std::move(done); }
  void act(queue::ActionKind, std::vector<queue::QueueId>, std::function<void(Status)>) override {}
  void record_site(queue::SiteRecord) override {}
  Result<queue::Message> load(queue::QueueId) override { return loaded; }
  std::vector<queue::QueueId> ids(bool) override { return {}; }
  std::optional<queue::Message> load_if_cached(queue::QueueId) override { return std::nullopt; }
  std::shared_ptr<const queue::Message> fresh(queue::QueueId) override { return nullptr; }
  std::uint64_t octets_to_load(queue::QueueId) override { return 0; }
  std::size_t recipients_of(queue::QueueId) override { return 0; }
  std::optional<queue::QueueId> oldest() override { return std::nullopt; }
  std::vector<queue::QueueId> ids_of(std::int64_t) override { return {}; }
  bool is_accepting() const override { return true; }
  proto::ShareOwner share_owner_of(queue::QueueId) override { return owner; }
  bool has_room_for_notice(queue::QueueId) override { return true; }
  std::vector<queue::QueueId> ended() override { return {}; }
  std::vector<queue::QueueId> ended_of(std::int64_t) override { return {}; }
  bool owns(std::int64_t, queue::QueueId) override { return false; }
  queue::SpoolCounters counters() override { return counted; }

 private:
  struct Large final : queue::LargeContent {
    explicit Large(FakeSpool& owner) : spool(owner) {}
    Status append(std::string_view more) override {
      if (auto fault = spool.cannot_append.get()) return *fault;
      bytes.append(more);
      return {};
    }
    std::uint64_t size() const override { return bytes.size(); }
    FakeSpool& spool;
    std::string bytes;
  };

  queue::QueueId keep(queue::QueueId id, queue::NewMessage message) {
    std::lock_guard lock(mutex_);
    for (const auto& known : kept_) {
      if (!message.drop_name.empty() && known.message.drop_name == message.drop_name) return known.id;
    }
    const auto* large = static_cast<const Large*>(message.large.get());
    KeptMessage kept{id, {}, large ? large->bytes : message.content, large != nullptr};
    kept.message = std::move(message);
    kept_.push_back(std::move(kept));
    came_.notify_all();
    return id;
  }

  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::uint64_t last_id_ = 0;
  std::vector<KeptMessage> kept_;
};

class FakeDeliverer final : public mta::delivery::Deliverer {
 public:
  void admit(queue::QueueId id, const proto::Envelope& envelope) override {
    std::lock_guard lock(mutex_);
    if (envelope.refused)
      given_back_.emplace_back(id, envelope.refused);
    else
      admitted_.push_back(id);
  }
  // Messages to be returned, with the reason.
  std::vector<std::pair<queue::QueueId, proto::Refused>> given_back() const {
    std::lock_guard lock(mutex_);
    return given_back_;
  }
  std::vector<queue::QueueId> admitted() const {
    std::lock_guard lock(mutex_);
    return admitted_;
  }
  void restore(const queue::Message&) override {}
  void restore_site(const queue::SiteRecord&) override {}
  void act(queue::ActionKind, std::vector<queue::QueueId>, std::function<void(Result<std::vector<mta::delivery::ActionEffect>>)>) override {
  }
  void status(std::function<void(std::vector<mta::delivery::DestinationStatus>)>) override {}
  void status_of(queue::QueueId, std::function<void(std::vector<mta::delivery::DestinationStatus>)>) override {}
  void reconfigured() override {}
  void login_changed(const std::string&) override {}

 private:
  mutable std::mutex mutex_;
  std::vector<queue::QueueId> admitted_;
  std::vector<std::pair<queue::QueueId, proto::Refused>> given_back_;
};

}  // namespace mxpress::testing
