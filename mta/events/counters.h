// Counts of events since the start.
#pragma once

#include <cstdint>

#include "mta/events/hub.h"
#include "queue/guarded.h"

namespace mxpress::mta::events {

struct Counts {
  std::uint64_t accepted = 0;  // messages; not our own notices
  // Recipients. `deferred`: one for each attempt that deferred them.
  std::uint64_t delivered = 0, deferred = 0, failed = 0, expired = 0, removed = 0, returned = 0;
  std::uint64_t failure_notices = 0, delay_notices = 0, success_notices = 0;
  std::uint64_t notices_left_out = 0, notices_kept = 0;  // delay notices not sent; notices in this host's mailbox
  std::uint64_t held = 0, released = 0, set_aside = 0;   // messages
  std::uint64_t unrecorded = 0;                          // recipients whose outcome the spool did not record
  std::uint64_t unreadable = 0;                          // failed reads of messages
  // New sessions with mail hosts by TLS level; connections ended by a TLS policy, and others that became no session.
  std::uint64_t sessions_verified = 0, sessions_encrypted = 0, sessions_clear = 0;
  std::uint64_t tls_refused = 0, connections_failed = 0;
  std::uint64_t site_failures = 0, site_recoveries = 0;
};

// In the last hour.
struct HourCounts {
  std::uint64_t ended = 0, failed = 0;  // recipients: all, and those that failed or expired
};

// Any thread.
class Counters final : public Sink {
 public:
  std::string_view name() const override { return "counters"; }
  void take(const Event& event) override;
  // A snapshot.
  Counts counts() const { return *counts_.lock(); }

 private:
  mutable queue::Guarded<Counts> counts_;
};

}  // namespace mxpress::mta::events
