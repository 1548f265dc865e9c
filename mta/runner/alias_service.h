// Runs the commands of [local] alias_file for mail.
#pragma once

#include <sys/types.h>

#include <boost/filesystem/path.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "mta/runner/alias_request.h"
#include "mta/runner/service.h"
#include "proto/result.h"

namespace mxpress::mta::runner {

struct AliasRules {
  uid_t peer = 0;                             // user who may connect, beside root
  boost::filesystem::path alias_file;         // must belong to root, and be writable by nobody else
  std::string user, home;                     // of the commands, also for their environment
  std::chrono::milliseconds timeout{30'000};  // for one command
};

// A request has an alias and the number of its command: the command itself is in the file, which is read for each request.
class AliasService final : public Service {
 public:
  explicit AliasService(AliasRules rules) : rules_(std::move(rules)) {}
  bool may_ask(uid_t uid) const override { return uid == 0 || uid == rules_.peer; }
  void refuse(int socket, const std::string& why) const override;
  void answer(int socket, int stop) const override;

  // The words of the command, from the current file. The error has the reason why there is none.
  Result<std::vector<std::string>> words_of(const proto::AliasCommand& command) const;
  // Runs it with the message as its standard input. Exit status 0: delivered; 75, and any abnormal end: deferred; others: failed, with the
  // first line of its output. Blocks.
  AliasReply run(const AliasRequest& request, int message, int socket, int stop) const;

 private:
  const AliasRules rules_;
};

}  // namespace mxpress::mta::runner
