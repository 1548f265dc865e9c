// Finds the command for a request in the configuration, as it is now.
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

// The configuration file, read again when it has changed. Any thread.
class Commands {
 public:
  // `file`: none is the default place.
  explicit Commands(std::optional<boost::filesystem::path> file);
  ~Commands();

  // Whether this user may ask: root and the user of mxpressd may. Where the system does not have that user, it runs as ours.
  bool may_ask(uid_t uid) const;

  struct Command {
    std::string purpose;  // for the log: "password of [credentials.office]"
    Program program;      // without an input
    ProgramLimits limits;
    std::string input{};  // what it reads as standard input; empty: that is /dev/null
  };
  // password_command of [credentials.`name`]. The error says what is wrong with the configuration.
  Result<Command> password_of(const std::string& name) const;
  // command of [alerts], with this text as its standard input. The same.
  Result<Command> alert(std::string text) const;

 private:
  struct Known;
  Result<std::shared_ptr<const Config>> config() const;

  const std::optional<boost::filesystem::path> file_;
  const std::unique_ptr<Known> known_;
};

}  // namespace mxpress::mta::runner
