// Aliases of local recipients.
#include "mta/host/aliases.h"

#include "proto/ascii.h"
#include "proto/xtext.h"

namespace mxpress::mta::host {
namespace {

constexpr int kMaxSteps = 10;

const proto::Mailbox* alias_of(const Config& config, const proto::Mailbox& mailbox) {
  if (!config.is_local(mailbox.domain())) return nullptr;
  const std::string name = proto::lower_case(mailbox.local_part());
  for (const auto& [alias, address] : config.local.aliases) {
    if (proto::equal_in_any_case(alias, name)) return &address;
  }
  if (name != "postmaster") return nullptr;
  const auto root = config.local.aliases.find("root");
  return root == config.local.aliases.end() ? nullptr : &root->second;
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
    recipient.original_recipient = "rfc822;" + proto::encode_xtext(given.to_string());
  }
}

}  // namespace mxpress::mta::host
