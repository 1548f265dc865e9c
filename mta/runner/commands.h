// Finds the command for a request in the current configuration.
#pragma once

#include <sys/types.h>

#include <boost/filesystem/path.hpp>
#include <memory>
#include <optional>
#include <string>

#include "mta/runner/program.h"
#include "proto/result.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::runner {

// The configuration file, read again after changes. Any thread.
class Commands {
 public:
  // `file`: nullopt is the default file.
  explicit Commands(std::optional<boost::filesystem::path> file);
  ~Commands();

  // True for root and the user of mxpressd. If the system does not have that user, mxpressd runs as the runner's own user.
  bool may_ask(uid_t uid) const;

  struct Command {
    std::string purpose;  // for the log: "password of [credentials.office]"
    Program program;      // without standard input
    ProgramLimits limits;
    std::string input{};  // its standard input; empty: /dev/null
  };
  // password_command of [credentials.`name`]. The error describes the problem in the configuration.
  Result<Command> password_of(const std::string& name) const;
  // command of [alerts], with this text as its standard input. Errors as above.
  Result<Command> alert(std::string text) const;

 private:
  struct Known;
  Result<std::shared_ptr<const Config>> config() const;

  const std::optional<boost::filesystem::path> file_;
  const std::unique_ptr<Known> known_;
};

}  // namespace mxpress::mta::runner
