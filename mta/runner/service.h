// The interface between the runner's server and the kind of requests that it answers.
#pragma once

#include <sys/types.h>

#include <string>

namespace mxpress::mta::runner {

// Any thread.
class Service {
 public:
  virtual ~Service() = default;
  // True if this user may send requests.
  virtual bool may_ask(uid_t uid) const = 0;
  // Sends the reason why there is no answer. Does not wait.
  virtual void refuse(int socket, const std::string& why) const = 0;
  // Takes one request and answers it. `stop`: readable when it is to end. Blocks, within its own limits.
  virtual void answer(int socket, int stop) const = 0;
};

}  // namespace mxpress::mta::runner
