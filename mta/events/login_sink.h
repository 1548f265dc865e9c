// Reports providers' answers about logins to the keeper of logins.
#pragma once

#include "mta/events/hub.h"

namespace mxpress::mta::auth {
class LoginKeeper;
}

namespace mxpress::mta::events {

// A sink. The keeper must outlive it. Any thread.
class LoginSink final : public Sink {
 public:
  explicit LoginSink(auth::LoginKeeper& keeper) : keeper_(keeper) {}
  std::string_view name() const override { return "logins"; }
  void take(const Event& event) override;

 private:
  auth::LoginKeeper& keeper_;
};

}  // namespace mxpress::mta::events
