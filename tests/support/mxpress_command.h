// The mxpress command over a queue in memory.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "mta/cli/commands.h"
#include "mta/config/config.h"
#include "queue/changes.h"
#include "tests/support/fake_control.h"

namespace mxpress::testing {

struct Ran {
  mta::cli::ExitCode code;
  std::string out, error;
};

// Separates the backend from its owner: the client owns a view of it.
class ControlOf final : public mta::control::ControlBackend {
 public:
  explicit ControlOf(FakeControl& real) : real_(real) {}
  Status ready() override { return real_.ready(); }
  std::vector<queue::QueueId> ids() override { return real_.ids(); }
  std::uint64_t message_count() override { return real_.message_count(); }
  std::vector<queue::QueueId> ids_of(uid_t uid) override { return real_.ids_of(uid); }
  std::vector<queue::QueueId> ended() override { return real_.ended(); }
  std::vector<queue::QueueId> ended_of(uid_t uid) override { return real_.ended_of(uid); }
  bool owns(uid_t uid, queue::QueueId id) override { return real_.owns(uid, id); }
  Result<queue::Message> load(queue::QueueId id) override { return real_.load(id); }
  void tell(const mta::events::Event& event) override { real_.tell(event); }
  Result<std::vector<mta::delivery::ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) override {
    return real_.act(action, std::move(ids));
  }
  Result<std::vector<mta::delivery::DestinationStatus>> destinations() override { return real_.destinations(); }
  mta::control::DaemonStatus status() override { return real_.status(); }
  Status reload() override { return real_.reload(); }
  std::shared_ptr<const mta::Config> config() override { return real_.config(); }
  const mta::history::Search* history() override { return real_.history(); }
  const mta::history::Search* dialogues() override { return real_.dialogues(); }
  mta::events::Followers* followers() override { return real_.followers(); }

 private:
  FakeControl& real_;
};

inline Ran run(FakeControl& backend, std::vector<std::string> arguments, mta::control::ControlPeer peer = {0, true}) {
  const auto line = mta::cli::parse_command_line(arguments);
  INFO((line ? "" : line.error().message));
  REQUIRE(line);
  const auto client = mta::cli::answer_here(std::make_unique<ControlOf>(backend), peer);
  std::ostringstream out, error;
  const mta::cli::ExitCode code = mta::cli::run_command(*line, *client, {out, error});
  return {code, out.str(), error.str()};
}

}  // namespace mxpress::testing
