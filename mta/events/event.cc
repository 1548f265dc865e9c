// The memory of events, and their words.
#include "mta/events/event.h"

#include "mta/system/log_queue.h"

namespace mxpress::mta::events {

std::string_view to_string(Disposition disposition) {
  switch (disposition) {
    case Disposition::delivered:
      return "delivered";
    case Disposition::deferred:
      return "deferred";
    case Disposition::failed:
      return "failed";
    case Disposition::expired:
      return "expired";
  }
  return "deferred";
}

std::string_view to_string(KeyRecordSeen::What what) {
  static constexpr std::string_view kWords[] = {"signs", "waits", "lost", "back"};
  return kWords[static_cast<std::size_t>(what)];
}

// The keys and numbers of a line are shorter than the RecipientOutcome.
std::uint64_t octets_of(const Attempted& attempted) {
  std::uint64_t octets = 0;
  for (const RecipientOutcome& each : attempted.recipients) {
    octets += octets_of_entry(sizeof each + attempted.reverse_path.size() + each.recipient.size() + each.original_recipient.size() +
                              each.cause.size());
    if (each.result) octets += each.result->host.size() + each.result->address.size() + each.result->tls.size() + each.result->text.size();
  }
  return octets;
}

std::uint64_t octets_of(const Acted& acted) {
  constexpr std::uint64_t kRestOfLine = 100;
  std::uint64_t octets = 0;
  for (const Acted::Withdrawn& each : acted.withdrawn)
    octets += octets_of_entry(kRestOfLine + acted.reverse_path.size() + each.recipient.size() + each.original_recipient.size());
  return octets;
}

}  // namespace mxpress::mta::events
