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

constexpr std::size_t kMostAuthors = 20;  // that are looked at: each may have a domain that takes long to convert
constexpr std::string_view kAll = "*";
constexpr std::string_view kUnreadable = "mail whose From cannot be read";  // instead of an address

// Null: there is no table for it.
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

// Root could become anybody.
bool is_listed(const std::vector<LocalUser>& users, std::int64_t uid) {
  if (uid <= 0) return uid == 0;
  return std::any_of(users.begin(), users.end(), [uid](const LocalUser& user) { return user.uid == uid; });
}

// mxpressd itself is allowed. If a ~/.forward made the message, its user must be allowed as well: he chooses the recipients.
bool may_use(const SenderConfig& sender, const proto::Envelope& envelope) {
  if (!sender.users) return true;
  const proto::Submitter& by = envelope.submitter;
  if (by.forwarder >= 0 && !is_listed(*sender.users, by.forwarder)) return false;
  return envelope.is_notice || is_listed(*sender.users, by.sending_user());
}

struct Claim {
  std::string_view address;
  const Rule* rule;
};

bool is_own_table(const Rule* rule) { return rule && rule->first != kAll; }

// Each address with its table, those of authors first.
std::vector<Claim> claims(const SenderTable& senders, const Authors& authors, const std::string& sender) {
  std::vector<Claim> result;
  const Rule* const all = rule_of_all(senders);
  bool any_own = false;
  const auto add = [&](std::string_view address, const Rule* rule) {
    any_own = any_own || is_own_table(rule);
    if (rule) result.push_back({address, rule});
  };
  for (const std::string& author : authors.addresses) {
    const Rule* const rule = rule_of(senders, author);
    add(author, rule ? rule : all);
  }
  const Rule* const of_sender = rule_of(senders, sender);
  add(sender, of_sender || any_own ? of_sender : all);
  if (!authors.is_readable) {
    for (const Rule& rule : senders) result.push_back({kUnreadable, &rule});
  }
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
  std::size_t most = kMostAuthors;
  const auto add = [&](const std::string& text) {
    if (most > 0) --most;
    const auto mailbox = proto::Mailbox::parse(text);
    authors.is_readable = authors.is_readable && mailbox.ok();
    if (!mailbox) return;
    std::string address = mailbox->to_string();
    if (std::find(authors.addresses.begin(), authors.addresses.end(), address) == authors.addresses.end())
      authors.addresses.push_back(std::move(address));
  };
  proto::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!proto::equal_in_any_case(field->name, "From")) continue;
    const proto::AddressList list = proto::read_address_list(field->value, most);
    authors.is_readable = authors.is_readable && list.unreadable.empty() && !list.addresses.empty();
    for (const std::string& name : list.names_like_addresses) add(name);
    for (const std::string& address : list.addresses) add(address);
    if (most == 0) break;
  }
  authors.is_readable = authors.is_readable && most > 0;
  return authors;
}

bool may_send(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors) {
  return senders.empty() || may_use_all(claims(senders, authors, envelope.reverse_path.to_string()), envelope);
}

std::string deciding_author(const SenderTable& senders, const Authors& authors) {
  for (const std::string& author : authors.addresses) {
    if (rule_of(senders, author)) return author;
  }
  return authors.one() ? *authors.one() : std::string();
}

std::optional<std::string> sender_refusal(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors) {
  if (senders.empty()) return std::nullopt;
  const std::string sender = envelope.reverse_path.to_string();
  for (const auto& [address, rule] : claims(senders, authors, sender)) {
    if (rule->second.others != SenderConfig::Others::refuse || may_use(rule->second, envelope)) continue;
    const std::string claimed = address.empty() ? "without a sender" : (address == kUnreadable ? "" : "as ") + std::string(address);
    return name_of_submitter(envelope) + " may not send " + claimed + ", by [sender.\"" + rule->first + "\"] users of this host";
  }
  return std::nullopt;
}

std::string_view sender_route(const SenderTable& senders, const proto::Envelope& envelope) {
  if (senders.empty()) return {};
  if (envelope.is_as_other) return kDirectRoute;
  const std::string sender = envelope.reverse_path.to_string();
  Authors authors;
  if (!envelope.author.empty()) authors.addresses.push_back(envelope.author);
  const std::vector<Claim> found = claims(senders, authors, sender);
  if (!may_use_all(found, envelope)) return kDirectRoute;
  // The table of "*" gives the route only if no address has a table of its own.
  const auto own = std::find_if(found.begin(), found.end(), [](const Claim& claim) { return is_own_table(claim.rule); });
  if (own != found.end()) return own->rule->second.route;
  return found.empty() ? std::string_view() : std::string_view(found.front().rule->second.route);
}

bool may_sign(const SenderTable& senders, const proto::Envelope& envelope, const Authors& authors, const proto::Domain& domain) {
  if (senders.empty()) return true;
  if (envelope.is_as_other || !may_send(senders, envelope, authors)) return false;
  return std::none_of(senders.begin(), senders.end(), [&](const Rule& rule) {
    const auto at = rule.first.rfind('@');
    if (at == std::string::npos || may_use(rule.second, envelope)) return false;
    const std::string_view of_rule = std::string_view(rule.first).substr(at + 1);
    const bool is_near = is_same_or_below(of_rule, domain.text()) || is_same_or_below(domain.text(), of_rule);
    return (at == 0 && of_rule == domain.text()) || (!authors.one() && is_near);
  });
}

std::function<bool(const proto::Envelope& envelope, std::string_view header, const proto::Domain& domain)> signing_rule(
    SenderTable senders) {
  return [senders = std::move(senders)](const proto::Envelope& envelope, std::string_view header, const proto::Domain& domain) {
    return senders.empty() || may_sign(senders, envelope, authors_of(header), domain);
  };
}

}  // namespace mxpress::mta::routing
