// Runs the commands of the configuration: they print passwords, or take alerts. proto/runner.proto
#pragma once

#include <chrono>

#include "mta/runner/commands.h"
#include "mta/runner/service.h"

namespace mxpress::mta::runner {

class CommandService final : public Service {
 public:
  static constexpr std::chrono::milliseconds kRequestPatience{5'000}, kAnswerPatience{5'000};

  // `commands` must outlive it.
  explicit CommandService(const Commands& commands) : commands_(commands) {}
  bool may_ask(uid_t uid) const override { return commands_.may_ask(uid); }
  void refuse(int socket, const std::string& why) const override;
  void answer(int socket, int stop) const override;

 private:
  std::string answer_to(const std::string& request, int socket, int stop) const;

  const Commands& commands_;
};

}  // namespace mxpress::mta::runner
