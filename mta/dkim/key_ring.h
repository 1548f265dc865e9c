// Chooses the domain and the keys that sign a message.
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

// A domain that signs (d=), and its keys in the order of their signatures: RSA first.
struct Identity {
  proto::Domain domain;
  std::vector<SigningKey> keys;
};

// The domain of a message's author: of the single mailbox in the single From field. Nullopt if there is none or more than one, or it cannot
// be read.
std::optional<proto::Domain> author_domain(std::string_view header);

// A value. Reading: any thread.
class KeyRing {
 public:
  // Signatures of one message; each costs its receivers a lookup, and some check only a few.
  static constexpr std::size_t kMostKeys = 4;

  // Adds a domain, or replaces its keys. Refused: no RSA key (some receivers know no other kind), more than kMostKeys, a selector that is
  // repeated or malformed (parse_selector()), a domain that is not fully qualified.
  Status add(Identity identity);
  // The domain that signs mail without another domain's keys: of this host's own name, of unknown domains, and without a readable author.
  // It, or a parent of it, must have been added; otherwise such mail is not signed.
  void set_own(const proto::Domain& domain) { own_ = domain; }

  // Mail whose author is of this domain, or below it and of no domain with keys, is not signed: neither by a parent nor by the own domain.
  void exclude(const proto::Domain& domain) { excluded_.insert(domain.text()); }

  // By the author's domain, else its nearest parent, else the host's own domain or its parent. Null: not signed. Valid as long as the ring.
  const Identity* find(std::string_view header) const;
  const std::map<std::string, Identity, std::less<>>& identities() const { return identities_; }
  bool is_empty() const { return identities_.empty(); }
  // True if the domain itself has keys here, and this key.
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
