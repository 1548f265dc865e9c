// Looks addresses up in [sender].
#include "mta/routing/sender_rules.h"

#include <algorithm>
#include <utility>

#include "mta/config/config.h"
#include "proto/address_list.h"
#include "proto/ascii.h"
#include "proto/envelope.h"
#include "proto/header.h"
#include "proto/mailbox.h"

namespace mxpress::mta::routing {
namespace {

using Rule = SenderTable::value_type;

constexpr std::size_t kMostAuthors = 100;  // are looked at: each may have a domain that takes long to convert
constexpr std::string_view kAll = "*";

// Null: it has no table.
const Rule* rule_of(const SenderTable& senders, std::string_view address) {
  const auto mailbox = proto::Mailbox::parse(address);
  if (!mailbox) return nullptr;
  const std::string name = sender_key(*mailbox);
  auto found = senders.find(name);
  if (found == senders.end()) found = senders.find(std::string_view(name).substr(std::min(name.rfind('@'), name.size())));
  return found == senders.end() || found->first == kAll ? nullptr : &*found;
}

const Rule* rule_of_all(const SenderTable& senders) {
  const auto found = senders.find(kAll);
  return found == senders.end() ? nullptr : &*found;
}

// mxpressd itself, and root, who could become anybody, may.
bool may_use(const SenderConfig& sender, const proto::Envelope& envelope) {
  const std::int64_t uid = envelope.submitter.sending_user();
  if (!sender.users || envelope.is_notice || uid == 0) return true;
  return uid > 0 && std::any_of(sender.users->begin(), sender.users->end(), [uid](const LocalUser& user) { return user.uid == uid; });
}

struct Claim {
  std::string_view address;
  const Rule* rule;
};

// That have a table, those of authors first; or else the one for all.
std::vector<Claim> claims(const SenderTable& senders, const std::vector<std::string>& authors, const std::string& sender) {
  std::vector<Claim> result;
  const auto add = [&](std::string_view address) {
    if (const Rule* rule = address.empty() ? nullptr : rule_of(senders, address)) result.push_back({address, rule});
  };
  for (const std::string& author : authors) add(author);
  add(sender);
  if (const Rule* rule = result.empty() ? rule_of_all(senders) : nullptr)
    result.push_back({authors.empty() ? std::string_view(sender) : std::string_view(authors.front()), rule});
  return result;
}

bool may_use_all(const std::vector<Claim>& claims, const proto::Envelope& envelope) {
  return std::all_of(claims.begin(), claims.end(), [&](const Claim& claim) { return may_use(claim.rule->second, envelope); });
}

std::string name_of_submitter(const proto::Envelope& envelope) {
  const std::int64_t uid = envelope.submitter.sending_user();
  return uid < 0 ? std::string("A client whose user is not known") : "The user with uid " + std::to_string(uid);
}

bool is_same_or_below(std::string_view domain, std::string_view above) {
  return domain.ends_with(above) && (domain.size() == above.size() || domain[domain.size() - above.size() - 1] == '.');
}

}  // namespace

Authors authors_of(std::string_view header) {
  Authors authors;
  proto::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!proto::equal_in_any_case(field->name, "From")) continue;
    const proto::AddressList list = proto::read_address_list(field->value, kMostAuthors - authors.addresses.size());
    authors.is_readable = authors.is_readable && list.unreadable.empty();
    for (const std::string& address : list.addresses) {
      const auto mailbox = proto::Mailbox::parse(address);
      authors.is_readable = authors.is_readable && mailbox.ok();
      authors.addresses.push_back(mailbox ? mailbox->to_string() : std::string());
    }
    if (authors.addresses.size() == kMostAuthors) break;
  }
  if (authors.addresses.size() == kMostAuthors) authors.is_readable = false;
  std::erase(authors.addresses, std::string());
  return authors;
}

std::optional<std::string> sender_refusal(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors) {
  if (senders.empty()) return std::nullopt;
  const std::string sender = envelope.reverse_path.to_string();
  for (const auto& [address, rule] : claims(senders, authors.addresses, sender)) {
    if (rule->second.others != SenderConfig::Others::refuse || may_use(rule->second, envelope)) continue;
    const std::string claimed = address.empty() ? "without a sender" : "as " + std::string(address);
    return name_of_submitter(envelope) + " may not send " + claimed + ", by [sender.\"" + rule->first + "\"] users of this host";
  }
  return std::nullopt;
}

std::string_view sender_route(const SenderTable& senders, const proto::Envelope& envelope) {
  if (senders.empty()) return {};
  const std::string sender = envelope.reverse_path.to_string();
  const std::vector<std::string> author(envelope.author.empty() ? 0 : 1, envelope.author);
  const std::vector<Claim> found = claims(senders, author, sender);
  if (!may_use_all(found, envelope)) return kDirectRoute;
  return found.empty() ? std::string_view() : std::string_view(found.front().rule->second.route);
}

bool may_sign(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors, const proto::Domain& domain) {
  if (senders.empty()) return true;
  const std::string sender = envelope.reverse_path.to_string();
  if (!may_use_all(claims(senders, authors.addresses, sender), envelope)) return false;
  return std::none_of(senders.begin(), senders.end(), [&](const Rule& rule) {
    const auto at = rule.first.rfind('@');
    if (at == std::string::npos || may_use(rule.second, envelope)) return false;
    const bool is_whole_domain = at == 0 && rule.first.substr(1) == domain.text();
    return is_whole_domain || (!authors.one() && is_same_or_below(rule.first.substr(at + 1), domain.text()));
  });
}

std::function<bool(const proto::Envelope& envelope, std::string_view header, const proto::Domain& domain)> signing_rule(
    SenderTable senders) {
  return [senders = std::move(senders)](const proto::Envelope& envelope, std::string_view header, const proto::Domain& domain) {
    return senders.empty() || may_sign(senders, envelope, authors_of(header), domain);
  };
}

}  // namespace mxpress::mta::routing
