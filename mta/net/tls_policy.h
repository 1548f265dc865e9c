// The TLS that a mail host must offer before mail is sent to it, as a value. RFC 7435, RFC 7672, RFC 8461, RFC 9525.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mta/net/reference_name.h"
#include "mta/net/tlsa.h"
#include "proto/domain.h"

namespace mxpress::mta::net {

class TrustAnchors;

// An entry of the `mx` list of an MTA-STS policy: "mx.example.org", or "*.example.org" for names with one more label. RFC 8461 4.1.
class MxPattern {
 public:
  static Result<MxPattern> parse(std::string_view text);
  bool matches(std::string_view host) const;
  const std::string& text() const { return text_; }
  auto operator<=>(const MxPattern&) const = default;

 private:
  explicit MxPattern(std::string text) : text_(std::move(text)) {}
  std::string text_;  // lower case, A-labels
};

// The names of a host that has TLSA records.
struct DaneNames {
  std::string base{};                 // the TLSA base domain: asked for in the handshake (SNI), and looked for; empty: the host's name
  std::vector<std::string> others{};  // that a certificate of usage 2 may be for instead (RFC 7672 3.2.2)
};

enum class StsMode : std::uint8_t { enforce, testing };

// A value. Copies share everything except the kind; `none` and `may` without a source need no memory. Two policies are equal if they
// require the same, for any source: the source is for people.
class TlsPolicy {
 public:
  enum class Kind : std::uint8_t {
    none,     // clear text
    may,      // any TLS that works, any certificate, else clear text
    encrypt,  // any TLS, any certificate
    verify,   // a certificate of a trusted authority for one of names()
    dane,     // a certificate that matches one of records() of this host; any certificate if no record is usable
    sts       // a host that matches mx_patterns(), with a certificate of a trusted authority for the host's own name
  };

  TlsPolicy() = default;  // may
  // `source`: the origin of the policy, in words: "[delivery] tls", "MTA-STS policy of example.org".
  static TlsPolicy none(std::string source = {}) { return {Kind::none, std::move(source)}; }
  static TlsPolicy may(std::string source = {}) { return {Kind::may, std::move(source)}; }
  static TlsPolicy encrypt(std::string source) { return {Kind::encrypt, std::move(source)}; }
  // Without a name no certificate is sufficient. `anchors`: null for the system's.
  static TlsPolicy verify(std::vector<ReferenceName> names, std::string source, std::shared_ptr<const TrustAnchors> anchors = nullptr);
  // Without a record no certificate is sufficient.
  static TlsPolicy dane(std::vector<TlsaRecord> records, std::string source, DaneNames names = {});
  // The records of this host could not be looked up: no certificate is sufficient, and no connection is made. `why`: in words.
  static TlsPolicy unknown_dane(std::string why, std::string source);
  static TlsPolicy sts(std::vector<MxPattern> patterns, StsMode mode, std::string source,
                       std::shared_ptr<const TrustAnchors> anchors = nullptr);
  // The same, as the recipient's domain publishes it (RFC 8461), not as the configuration says. DANE goes before it.
  static TlsPolicy published_sts(std::vector<MxPattern> patterns, StsMode mode, std::string source);
  // The same of any domain, for the hosts that its policy lists, or does not list. Takes no memory.
  static TlsPolicy sts_of_listed(StsMode mode);
  static TlsPolicy sts_of_unlisted(StsMode mode);

  Kind kind() const { return kind_; }
  // Mail is sent in clear text if TLS is not available.
  bool allows_clear() const;
  // Mail is sent only to a host with a matching certificate.
  bool needs_certificate() const;
  bool is_testing() const;
  // RFC 8461 4.1: an MTA-STS policy lists the mail hosts; others allow any.
  bool allows_host(std::string_view host) const;

  const std::string& source() const;
  const std::vector<ReferenceName>& names() const;
  const std::vector<TlsaRecord>& records() const;
  const DaneNames& dane_names() const;
  // Why the records are unknown; empty: they are known.
  const std::string& unknown_because() const;
  // The records come from the DNS, not from the configuration.
  bool is_by_dns() const { return !dane_names().base.empty() || !unknown_because().empty(); }
  // It is the MTA-STS policy that a domain publishes.
  bool is_published_sts() const;
  const std::vector<MxPattern>& mx_patterns() const;
  const TrustAnchors* anchors() const;

  // Equal for equal policies, different for different ones, and the same in all versions. No spaces: "may", "verify=mx.example.org",
  // "sts=*.example.org", "dane=3-1-1-0123...".
  std::string text() const;
  bool operator==(const TlsPolicy& other) const;
  std::size_t hash() const;

 private:
  struct Details;
  TlsPolicy(Kind kind, std::string source);
  TlsPolicy(Kind kind, Details details);
  const Details& details() const;

  Kind kind_ = Kind::may;
  std::shared_ptr<const Details> details_;  // shared by copies; null: only the kind
};

// "none", "may", "encrypt" ...
std::string_view to_string(TlsPolicy::Kind kind);

}  // namespace mxpress::mta::net
