// Remembers the providers at which this host cannot sign in, for `mxpress status`.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "mta/events/hub.h"

namespace mxpress::mta::events {

// A sink. Any thread.
class SignInAlarm final : public Sink {
 public:
  static constexpr std::size_t kMost = 100;  // providers

  std::string_view name() const override { return "sign-in alarm"; }
  void take(const Event& event) override;

  // One sentence for each, until mail has been sent there again.
  std::vector<std::string> failures() const;
  // The configuration has changed: lasting problems are reported again.
  void clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> reasons_;  // by the hosts of the site
};

}  // namespace mxpress::mta::events
