// Where the secret of a login comes from: a file, a credential of systemd, a command.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "mta/auth/secret.h"
#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::mta::auth {

struct FetchedSecret {
  Secret secret;                       // as it is shown to the provider: never empty
  std::optional<Duration> lifetime{};  // how long the provider takes it, from now on; none: nobody knows
};

// One for each [credentials.NAME]. The LoginKeeper keeps what it gives, and says when it is asked; a source remembers nothing of that.
class LoginSource {
 public:
  virtual ~LoginSource() = default;

  // The secret as it is now. The error is one sentence for people that says what to do, and never has the secret; it is asked again
  // whatever its permanence. Thread: any, one at a time. May take a minute unless is_immediate(); once `stop` is requested it returns
  // soon, with any error.
  virtual Result<FetchedSecret> fetch(const std::stop_token& stop) = 0;

  // True if it reads a local file and never waits: it is asked at the start and at each reload, on the thread that reads the configuration,
  // and at no other time. Others are asked on a thread of the keeper: then, before the secret's lifetime ends, and after a refusal.
  virtual bool is_immediate() const { return false; }

  // It has something in memory that it could not write anywhere: after a reload it goes on, as long as its credentials are the same. Any
  // thread.
  virtual bool must_stay() const { return false; }

  // Sources with the same name wait for each other; empty: for nobody. So those of a host that hangs do not take all threads.
  virtual std::string queue_name() const { return {}; }
};

}  // namespace mxpress::mta::auth
