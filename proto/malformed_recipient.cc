// Placeholder mailboxes for recipients that are not mail addresses.
#include "proto/malformed_recipient.h"

#include "proto/printable.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxText = 200;
constexpr std::string_view kDomain = "malformed-address.invalid";

}  // namespace

Mailbox malformed_recipient(std::string_view text) {
  std::string shown = printable(text, kMaxText);
  if (shown.empty()) shown = " ";
  return *Mailbox::of_user(shown, *Domain::parse(kDomain));
}

bool is_malformed_recipient(const Domain& domain) { return domain.text() == kDomain; }

std::string shown_recipient(const Mailbox& mailbox) {
  return is_malformed_recipient(mailbox.domain()) ? mailbox.plain_local_part() : mailbox.to_string();
}

}  // namespace mxpress::proto
