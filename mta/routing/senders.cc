// External addresses of local users.
#include "mta/routing/senders.h"

#include <algorithm>

#include "mta/config/config.h"
#include "proto/ascii.h"

namespace mxpress::mta::routing {
namespace {

std::string with_user(std::string pattern, const std::string& user) {
  if (const auto at = pattern.find(kUserOfSender); at != pattern.npos) pattern.replace(at, kUserOfSender.size(), user);
  return pattern;
}

// The host's name counts even if its mail is not delivered here: it completes addresses without a domain.
bool is_of_this_host(const Config& config, const proto::Domain& domain) { return config.is_local(domain) || domain == config.own_domain(); }

}  // namespace

bool renames_senders(const Config& config) { return config.sender_domain || !config.local.senders.empty(); }

std::optional<proto::Mailbox> outside_sender(const Config& config, const proto::Mailbox& mailbox) {
  if (!renames_senders(config) || !is_of_this_host(config, mailbox.domain())) return std::nullopt;
  const auto& senders = config.local.senders;
  auto found = senders.find(proto::lower_case(mailbox.local_part()));
  if (found == senders.end()) found = senders.find("*");
  if (found != senders.end())
    if (auto other = proto::Mailbox::parse(with_user(found->second, mailbox.local_part()))) return std::move(*other);
  if (!config.sender_domain) return std::nullopt;
  auto other = proto::Mailbox::parse(mailbox.local_part() + "@" + config.sender_domain->text());
  return other ? std::optional(std::move(*other)) : std::nullopt;
}

// Other addresses are not converted or parsed: a header may have thousands of addresses.
std::optional<std::string> outside_author(const Config& config, std::string_view address) {
  const auto at = address.rfind('@');
  const auto is_here = [&](const std::string& name) { return proto::equal_in_any_case(name, address.substr(at + 1)); };
  const auto is_local = [&](const proto::Domain& domain) { return is_here(domain.text()); };
  const auto& local = config.local_domains;
  if (at != address.npos && !is_here(config.hostname) && std::none_of(local.begin(), local.end(), is_local)) return std::nullopt;
  const auto mailbox = proto::Mailbox::parse_qualifying(address, config.own_domain());
  if (!mailbox) return std::nullopt;
  const auto other = outside_sender(config, *mailbox);
  return other ? std::optional(other->to_string()) : std::nullopt;
}

}  // namespace mxpress::mta::routing
