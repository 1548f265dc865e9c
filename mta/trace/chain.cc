// Puts hops together: see chain.h.
#include "mta/trace/chain.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "mta/trace/doubts.h"
#include "mta/trace/host_names.h"
#include "proto/ascii.h"
#include "proto/header.h"

namespace mxpress::mta::trace {
namespace {

// Fields that the author's program writes, and hosts only if they are missing.
bool is_of_author(std::string_view name) {
  static constexpr std::string_view kNames[] = {"From", "To", "Cc", "Subject"};
  return std::any_of(std::begin(kNames), std::end(kNames), [&](std::string_view one) { return proto::equal_in_any_case(one, name); });
}

std::string path_of(std::string_view value) {
  std::string path = proto::unfolded(value);
  if (path.starts_with('<') && path.ends_with('>')) path = path.substr(1, path.size() - 2);
  return path;
}

// What the header has of traces, the newest first.
struct Fields {
  std::vector<Hop> hops;
  std::vector<std::string> paths;       // of Return-Path fields
  std::vector<std::size_t> hops_above;  // of each path
  bool has_more = false;
};

Fields read_fields(std::string_view header) {
  Fields fields;
  bool is_below_author = false;
  proto::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    is_below_author = is_below_author || is_of_author(field->name);
    if (proto::equal_in_any_case(field->name, "Return-Path") && fields.paths.size() < kMostHops) {
      fields.paths.push_back(path_of(field->value));
      fields.hops_above.push_back(fields.hops.size());
    }
    if (!proto::equal_in_any_case(field->name, "Received")) continue;
    fields.has_more = fields.hops.size() == kMostHops;
    if (fields.has_more) break;
    Hop hop;
    hop.received = parse_received(field->value);
    if (is_below_author) hop.doubts.push_back(wrong_place());
    fields.hops.push_back(std::move(hop));
  }
  return fields;
}

// LMTP is no protocol between strangers (RFC 2033); POP3 and IMAP: one's own program fetched the message from one's own mailbox.
bool is_of_known_client(std::string_view protocol) {
  return protocol.starts_with("LMTP") || protocol.starts_with("POP3") || protocol.starts_with("IMAP");
}

class Trust {
 public:
  // `hops`: the newest first. Without `own`, the first full name of a host counts, but none that a client of others may have written.
  Trust(const OwnHosts& own, const std::vector<Hop>& hops) : own_(own) {
    if (!own_.names.empty() || !own_.networks.empty()) return;
    for (const Hop& hop : hops) {
      const bool is_named = is_public_name(hop.received.by);
      if (is_named) own_.names.push_back(registered_domain(hop.received.by));
      if (is_named || !has_own_client(hop.received)) return;
    }
  }

  bool is_own(std::string_view name) const {
    return std::any_of(own_.names.begin(), own_.names.end(), [&](const std::string& domain) {
      const bool is_below = name.size() > domain.size() && name[name.size() - domain.size() - 1] == '.';
      return proto::equal_in_any_case(name, domain) ||
             (is_below && proto::equal_in_any_case(name.substr(name.size() - domain.size()), domain));
    });
  }
  bool is_own(const dns::Address& address) const {
    return std::any_of(own_.networks.begin(), own_.networks.end(), [&](const dns::Network& one) { return one.contains(address); });
  }

  // A client is a host of one's own by its address, or by the name that the host has found for it. Its name in HELO proves nothing.
  bool has_own_client(const Received& received) const {
    if (!received.has_from || is_of_known_client(received.protocol)) return true;
    if (received.client) return is_inside(*received.client) || is_own(*received.client) || is_own(received.client_name);
    return received.client_name.empty() ? is_own(received.helo) : is_own(received.client_name);
  }

  // From the top: own hosts, up to the first one whose client is not. `hops`: the newest first.
  void mark(std::vector<Hop>& hops) const {
    for (std::size_t i = 0; i < hops.size(); ++i) {
      const bool is_last = i + 1 == hops.size();
      const bool has_own = has_own_client(hops[i].received) && !hops[i].received.is_authenticated;
      hops[i].author = has_own ? Author::own_host : Author::entry_host;
      if (!has_own || is_last) return;
    }
  }

 private:
  OwnHosts own_;
};

}  // namespace

std::string_view to_string(DoubtKind kind) {
  static constexpr std::array<std::string_view, 7> kWords = {"gap",      "false-name",  "false-own-host", "time-reversed",
                                                             "odd-date", "wrong-place", "unreadable"};
  return kWords.at(static_cast<std::size_t>(kind));
}

const Hop* Chain::entry() const {
  const auto found = std::find_if(hops.begin(), hops.end(), [](const Hop& hop) { return hop.author == Author::entry_host; });
  return found == hops.end() ? nullptr : &*found;
}

std::size_t Chain::doubts() const {
  std::size_t count = 0;
  for (const Hop& hop : hops) count += hop.doubts.size();
  return count;
}

Chain read_chain(std::string_view header, const OwnHosts& own, WallTime now) {
  Fields fields = read_fields(header);
  Chain chain;
  chain.has_more = fields.has_more;
  if (fields.hops.empty()) return chain;
  const Trust trust(own, fields.hops);
  trust.mark(fields.hops);
  const auto entry = std::find_if(fields.hops.begin(), fields.hops.end(), [](const Hop& hop) { return hop.author == Author::entry_host; });
  const auto above = static_cast<std::size_t>(entry - fields.hops.begin());
  for (std::size_t i = 0; i < fields.paths.size() && !chain.has_sender; ++i) {
    chain.has_sender = fields.hops_above[i] <= above;
    if (chain.has_sender) chain.sender = fields.paths[i];
  }
  if (!chain.has_sender && entry != fields.hops.end() && !entry->received.sender.empty()) {
    chain.sender = entry->received.sender;
    chain.has_sender = true;
  }
  chain.hops.assign(std::make_move_iterator(fields.hops.rbegin()), std::make_move_iterator(fields.hops.rend()));
  find_doubts(chain.hops, [&](const std::string& name) { return trust.is_own(name); }, now);
  return chain;
}

}  // namespace mxpress::mta::trace
