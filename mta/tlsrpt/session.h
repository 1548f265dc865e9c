// One session with a mail host, as reports count it. RFC 8460 4.3, 4.4.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/net/tls_result.h"

namespace mxpress::proto {
struct Submitter;
}
namespace mxpress::mta::events {
struct Connected;
}
namespace mxpress::mta::sts {
class Policies;
struct FetchFailure;
}  // namespace mxpress::mta::sts

namespace mxpress::mta::tlsrpt {

// What was demanded of the host, and by whom.
struct Policy {
  enum class Type : std::uint8_t { none, tlsa, sts };
  Type type = Type::none;
  std::string domain;                // DANE: the TLSA base domain of the host; else the recipient's domain
  std::vector<std::string> lines{};  // DANE: the records, "3 1 1 0123..."; MTA-STS: the lines of the policy
  std::vector<std::string> mx{};     // MTA-STS: the patterns of the policy
  auto operator<=>(const Policy&) const = default;
};
// "no-policy-found", "tlsa", "sts"
std::string_view to_string(Policy::Type type);
std::optional<Policy::Type> policy_type(std::string_view text);

// The texts are printable ASCII, and bounded; each may be empty: not known.
struct Failure {
  net::TlsFailure type = net::TlsFailure::none;
  std::string sending_address{};  // "192.0.2.9"
  std::string host{};             // the name of the mail host
  std::string host_name{};        // by which it calls itself
  std::string address{};          // of the mail host
  std::string reason{};
  auto operator<=>(const Failure&) const = default;
};
std::optional<net::TlsFailure> failure_type(std::string_view text);

struct Session {
  std::string domain;  // of the recipient
  Policy policy;
  std::optional<Failure> failure{};  // nullopt: TLS as demanded
};

// Nullopt: the connection says nothing about TLS or the policies of the domain, its host is not found by the DNS, or it is for a report.
// `policies`: have the age of the policy; may be null.
std::optional<Session> session_of(const events::Connected& connected, sts::Policies* policies);
// A policy that could not be fetched.
Session session_of(const std::string& domain, const sts::FetchFailure& failure);

// The mark of reports among messages: failures to report are not reported.
inline constexpr std::string_view kEntrance = "mxpressd";
inline constexpr std::string_view kProgram = "tlsrpt";
bool is_report(const proto::Submitter& submitter);

}  // namespace mxpress::mta::tlsrpt
