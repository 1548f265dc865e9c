// The interface between the runner's server and the kind of requests that it answers.
#pragma once

#include <sys/types.h>

#include <string>

namespace mxpress::mta::runner {

// Any thread.
class Service {
 public:
  virtual ~Service() = default;
  // Whether this user may ask.
  virtual bool may_ask(uid_t uid) const = 0;
  // Tells why there is no answer. Does not wait.
  virtual void refuse(int socket, const std::string& why) const = 0;
  // Takes one request and answers it. `stop`: readable when this is to end. Blocks, within bounds of its own.
  virtual void answer(int socket, int stop) const = 0;
};

}  // namespace mxpress::mta::runner
