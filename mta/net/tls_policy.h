// The TLS that a mail host must offer before mail is sent to it, as a value. RFC 7435, RFC 7672, RFC 8461, RFC 9525.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mta/net/reference_name.h"
#include "proto/domain.h"

namespace mxpress::mta::net {

class TrustAnchors;

// One TLSA record. RFC 6698 2.1.
struct TlsaRecord {
  std::uint8_t usage = 3;     // 2: an authority's certificate, 3: the host's
  std::uint8_t selector = 1;  // 0: the certificate, 1: its public key
  std::uint8_t matching = 1;  // 0: as it is, 1: SHA-256, 2: SHA-512
  std::string data;           // octets
  auto operator<=>(const TlsaRecord&) const = default;
};
// RFC 7672 3.1, 3.1.3: SMTP uses the usages 2 and 3. False for an unknown selector or matching type, or data of a wrong length.
bool is_usable(const TlsaRecord& record);

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
  static TlsPolicy dane(std::vector<TlsaRecord> records, std::string source);
  static TlsPolicy sts(std::vector<MxPattern> patterns, StsMode mode, std::string source,
                       std::shared_ptr<const TrustAnchors> anchors = nullptr);

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
