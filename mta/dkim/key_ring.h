// Which domain signs a message, and with which keys.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mta/dkim/key.h"
#include "proto/domain.h"

namespace mxpress::mta::dkim {

struct SigningKey {
  std::string selector;
  Key key;
};

// A domain that signs (d=), and its keys in the order in which their signatures stand: RSA first.
struct Identity {
  proto::Domain domain;
  std::vector<SigningKey> keys;
};

// The domain behind the @ of a message's author: of the one mailbox of the one From field. Nothing where there is none or more than one, or
// it cannot be read.
std::optional<proto::Domain> author_domain(std::string_view header);

// A value. Reading: any thread.
class KeyRing {
 public:
  // Signatures of one message; each costs its receivers a look-up, and some look at a few alone.
  static constexpr std::size_t kMostKeys = 4;

  // Adds a domain, or replaces its keys. Refused: no RSA key (some receivers know no other kind), more than kMostKeys, a selector twice or
  // malformed (parse_selector()), a domain that is no fully qualified name.
  Status add(Identity identity);
  // The domain that signs what no other does: mail of this host's own name, of unknown domains, and without a readable author. It is one of
  // those that were added, or a parent of it is; otherwise such mail is not signed.
  void set_own(const proto::Domain& domain) { own_ = domain; }

  // Nobody signs mail whose author is of this domain, or below it and of none with keys: neither a parent nor the own domain.
  void exclude(const proto::Domain& domain) { excluded_.insert(domain.text()); }

  // By the author's domain, else its nearest parent, else the host's own domain or its parent. Null: not signed. Valid as long as the ring.
  const Identity* find(std::string_view header) const;
  const std::map<std::string, Identity, std::less<>>& identities() const { return identities_; }
  bool is_empty() const { return identities_.empty(); }
  // Whether the domain itself has keys here, and this one.
  bool has_keys_of(const proto::Domain& domain) const { return identities_.contains(domain.text()); }
  bool signs(const proto::Domain& domain, std::string_view selector) const;

 private:
  const Identity* of_domain_or_parent(const proto::Domain& domain) const;
  bool is_excluded(const proto::Domain& domain) const;

  std::map<std::string, Identity, std::less<>> identities_;
  std::set<std::string, std::less<>> excluded_;
  std::optional<proto::Domain> own_;
};

}  // namespace mxpress::mta::dkim
