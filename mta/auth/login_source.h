// The source of a login's secret: a file, a credential of systemd, a command.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "mta/auth/secret.h"
#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::mta::auth {

struct FetchedSecret {
  Secret secret;                       // in the form for the provider: never empty
  std::optional<Duration> lifetime{};  // how long the provider accepts it, from now on; nullopt: unknown
};

// One for each [credentials.NAME]. The LoginKeeper decides when to ask, and keeps the result; a source stores nothing of that.
class LoginSource {
 public:
  virtual ~LoginSource() = default;

  // The current secret. The error is one sentence for people with the action to take, and never contains the secret; it is retried even if
  // it is permanent. Thread: any, one at a time. May take a minute unless is_immediate(); once `stop` is requested it returns soon, with
  // any error.
  virtual Result<FetchedSecret> fetch(const std::stop_token& stop) = 0;

  // True if it reads a local file and never waits: it is asked at the start and at each reload, on the thread that reads the configuration,
  // and at no other time. Others are asked on a thread of the keeper: then, before the secret's lifetime ends, and after a refusal.
  virtual bool is_immediate() const { return false; }

  // True if it holds something in memory that could not be written: after a reload it is kept, as long as its credentials are the same. Any
  // thread.
  virtual bool must_stay() const { return false; }

  // Sources with the same name wait for each other; empty: for none. So the sources of a host that hangs do not take all threads.
  virtual std::string queue_name() const { return {}; }
};

}  // namespace mxpress::mta::auth
