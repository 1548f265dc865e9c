// The names of session keys.
#include "mta/transport/session_key.h"

#include "dns/targets.h"
#include "mta/auth/current_login.h"
#include "mta/auth/login.h"
#include "mta/net/dane.h"
#include "proto/envelope.h"
#include "proto/site_key.h"
#include "proto/text_hash.h"

namespace mxpress::mta::transport {
namespace {

// Encodes all spaces, '/' and '%', except characters in `kept`, so that different keys have different texts.
std::string in_quotes(std::string_view text, std::string_view kept = {}) {
  std::string result;
  for (const char c : text) {
    if (kept.find(c) != kept.npos)
      result += c;
    else if (c == ' ')
      result += "%20";
    else if (c == '/')
      result += "%2F";
    else if (c == '%')
      result += "%25";
    else
      result += c;
  }
  return result;
}

}  // namespace

// Terms with equal hashes that are not equal differ in what the configuration names: there are few.
std::size_t SessionTerms::hash() const {
  std::size_t hash = tls.hash();
  for (const std::size_t part :
       {static_cast<std::size_t>(transport), std::hash<const auth::CurrentLogin*>()(login.get()), proto::TextHash()(limit)})
    hash = hash * 31 + part;
  return hash * 4 + (implicit_tls ? 2 : 0) + (is_lmtp ? 1 : 0);
}

std::shared_ptr<const SessionTerms> usual_terms() {
  static const auto usual = std::make_shared<const SessionTerms>();
  return usual;
}

std::string SessionKey::text() const {
  std::string text = in_quotes(next_hop.hosts, "/");  // of a Unix socket
  if (!next_hop.dane.empty()) text += " dane=" + next_hop.dane;
  if (next_hop.kind == NextHop::Kind::route) text += " route";
  if (terms.transport == routing::TransportKind::mailbox) text += " mailbox";
  if (terms.transport == routing::TransportKind::deliver) text += " deliver";
  if (terms.transport == routing::TransportKind::command) text += " command";
  if (terms.is_lmtp) text += " lmtp";
  if (terms.tls.kind() != net::TlsPolicy::Kind::may) text += " tls=" + terms.tls.text();
  if (terms.require_tls) text += " requiretls";
  if (terms.implicit_tls) text += " implicit";
  if (terms.login) text += " login=" + in_quotes(terms.login->name()) + "/" + in_quotes(terms.login->get()->user);
  if (terms.source) text += " from=" + terms.source->to_string();
  if (terms.author) text += " as=" + in_quotes(terms.author->to_string());
  if (!terms.limit.empty()) text += " limit=" + in_quotes(terms.limit);
  return proto::short_site_key(std::move(text));
}

SessionKey session_key(const routing::Route& route, const dns::Targets& found) {
  const auto kind = route.is_direct() ? NextHop::Kind::mail_hosts : NextHop::Kind::route;
  return {{kind, found.site, net::dane_digest(found.targets, route.tls)},
          {route.transport, route.tls, route.implicit_tls, route.login, route.from_address, route.author, route.is_lmtp,
           route.wish == proto::TlsWish::require, route.limit}};
}

std::string_view hosts_of(std::string_view text) { return text.substr(0, text.find(' ')); }

}  // namespace mxpress::mta::transport
