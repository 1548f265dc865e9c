// Requests a password from the runner.
#include "mta/auth/command_source.h"

#include <utility>

#include "mta/auth/password.h"
#include "mta/config/config.h"
#include "mta/runner/client.h"
#include "proto/printable.h"

namespace mxpress::mta::auth {
namespace {

constexpr std::size_t kShownErrors = 500;  // letters

class CommandSource final : public LoginSource {
 public:
  CommandSource(RunnerConfig runner, std::string name) : runner_(std::move(runner)), name_(std::move(name)) {}

  Result<FetchedSecret> fetch(const std::stop_token& stop) override {
    auto output = runner::ask_for_password(runner_, name_, stop);
    if (!output) return output.error();
    auto secret = password_in(output->text, "the output of password_command");
    if (secret) return FetchedSecret{std::move(*secret)};
    const std::string errors = proto::printable(output->errors, kShownErrors);
    return Error::transient(secret.error().message + (errors.empty() ? "" : " (its standard error: " + errors + ")"));
  }

 private:
  const RunnerConfig runner_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<LoginSource> command_source(const RunnerConfig& runner, std::string name) {
  return std::make_unique<CommandSource>(runner, std::move(name));
}

}  // namespace mxpress::mta::auth
