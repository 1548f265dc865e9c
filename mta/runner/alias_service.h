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
  uid_t peer = 0;                             // who may ask, beside root
  boost::filesystem::path alias_file;         // belongs to root, and nobody else may write it
  std::string user, home;                     // as whom the commands run: for their environment
  std::chrono::milliseconds timeout{30'000};  // of one command
};

// A request names an alias and the number of its command: what that is stands in the file, which is read for each.
class AliasService final : public Service {
 public:
  explicit AliasService(AliasRules rules) : rules_(std::move(rules)) {}
  bool may_ask(uid_t uid) const override { return uid == 0 || uid == rules_.peer; }
  void refuse(int socket, const std::string& why) const override;
  void answer(int socket, int stop) const override;

  // The words of the command, as the file is now. The error says why there is none.
  Result<std::vector<std::string>> words_of(const proto::AliasCommand& command) const;
  // Runs it with the message as its standard input. Exit status 0: delivered; 75, and whatever keeps it from ending by itself: deferred;
  // others: failed, with the first line that it printed. Blocks.
  AliasReply run(const AliasRequest& request, int message, int socket, int stop) const;

 private:
  const AliasRules rules_;
};

}  // namespace mxpress::mta::runner
