// Aliases of local recipients.
#include "mta/routing/aliases.h"

#include <unordered_map>

#include "mta/config/config.h"
#include "proto/ascii.h"
#include "proto/text_hash.h"
#include "proto/xtext.h"

namespace mxpress::mta::routing {
namespace {

constexpr int kMaxSteps = 10;
constexpr std::string_view kMailAddress = "rfc822;";  // RFC 3461 4.2: the type of address

const proto::Mailbox* alias_of(const Config& config, const proto::Mailbox& mailbox) {
  if (!config.is_local(mailbox.domain())) return nullptr;
  const std::string name = proto::lower_case(mailbox.local_part());
  if (const auto alias = config.local.aliases.find(name); alias != config.local.aliases.end()) return &alias->second;
  if (name != "postmaster") return nullptr;
  const auto root = config.local.aliases.find("root");
  return root == config.local.aliases.end() ? nullptr : &root->second;
}

void add_notify(proto::Notify& notify, const proto::Notify& other) {
  if (!notify.given && !other.given) return;
  notify = {.given = true,
            .success = notify.success || other.success,
            .failure = notify.wants_failure() || other.wants_failure(),
            .delay = notify.wants_delay() || other.wants_delay()};
}

}  // namespace

void resolve_alias(const Config& config, proto::Recipient& recipient) {
  const proto::Mailbox given = recipient.mailbox;
  for (int step = 0; step < kMaxSteps; ++step) {
    const proto::Mailbox* address = alias_of(config, recipient.mailbox);
    if (!address || *address == recipient.mailbox) break;
    recipient.mailbox = *address;
  }
  if (recipient.mailbox != given && recipient.original_recipient.empty()) {
    recipient.original_recipient = std::string(kMailAddress) + proto::encode_xtext(given.to_string());
  }
}

void resolve_aliases(const Config& config, std::vector<proto::Recipient>& recipients) {
  for (proto::Recipient& recipient : recipients) resolve_alias(config, recipient);
  if (recipients.size() < 2) return;
  std::unordered_map<std::string, std::size_t, proto::TextHash> places;
  std::size_t kept = 0;
  for (proto::Recipient& recipient : recipients) {
    const auto [place, is_new] = places.try_emplace(recipient.mailbox.to_string(), kept);
    if (!is_new) {
      add_notify(recipients[place->second].notify, recipient.notify);
      continue;
    }
    if (&recipients[kept] != &recipient) recipients[kept] = std::move(recipient);
    ++kept;
  }
  recipients.erase(recipients.begin() + static_cast<std::ptrdiff_t>(kept), recipients.end());
}

std::string original_address(const proto::Recipient& recipient) {
  if (!recipient.original_recipient.starts_with(kMailAddress)) return {};
  const auto given = proto::decode_xtext(std::string_view(recipient.original_recipient).substr(kMailAddress.size()));
  return given && *given != recipient.mailbox.to_string() ? *given : std::string();
}

}  // namespace mxpress::mta::routing
