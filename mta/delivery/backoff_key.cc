// The name of a backoff, as the spool stores it.
#include "mta/delivery/backoff_key.h"

#include "queue/message_store.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::string_view kLookup = "lookup:";

// "25", "25 route": the text before it is a host that is called "lookup", and this is its port. No domain is a number.
bool is_port(std::string_view text) {
  const std::string_view port = text.substr(0, text.find(' '));
  return !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

BackoffKey BackoffKey::of_record(std::string_view stored) {
  const std::string_view destination = stored.starts_with(kLookup) ? stored.substr(kLookup.size()) : std::string_view();
  if (destination.empty() || is_port(destination)) return of_site(std::string(stored));
  return BackoffKey(Kind::lookup, std::string(destination));
}

std::string BackoffKey::stored() const { return is_lookup() ? std::string(kLookup) + name_ : name_; }

}  // namespace mxpress::mta::delivery
