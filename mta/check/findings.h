// The findings of a check whether an address takes mail, as values: see check.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dns/authentication.h"
#include "dns/resolver.h"
#include "dns/target.h"
#include "mta/net/tls_result.h"
#include "proto/dialogue.h"
#include "proto/extensions.h"
#include "proto/outcome.h"

namespace mxpress::dns {
enum class TargetsKind;
}

namespace mxpress::mta::check {

// The answer of one configured name server about the mail hosts (MX) of the domain.
struct ServerAnswer {
  std::string server;  // "192.0.2.53:53"
  std::string domain;
  dns::Answer answer;
  Duration took{0};
};

// A line of a dialogue, of at most smtp::Dialogue::kMostOfHeardLine octets. Its time is since the beginning of the check.
using Line = proto::DialogueLine;
inline constexpr std::size_t kMostLines = 200;  // of a dialogue that are kept and told

enum class HostEnd : std::uint8_t {
  accepted,  // the recipient, up to RCPT
  refused,   // the recipient or sender, with 5xx
  deferred,  // the same, with 4xx
  failed,    // no connection, no session, or the host itself failed: a delivery tries the next one
  no_login,  // the host wants a login that this user cannot read: not asked about the recipient
  not_tried  // the time was up
};

// One address of one mail host.
struct HostFinding {
  dns::Target target;
  net::TlsPolicy policy;      // demanded of the host
  bool is_in_attempt = true;  // false: the attempts of a delivery end before it
  std::string limit{};        // what its provider takes, in words; empty: nothing is known
  std::vector<Line> dialogue{};
  HostEnd end = HostEnd::not_tried;
  proto::HostResult result{};  // the reply that decided, or the failure
  net::TlsResult tls{};        // of the last connection
  proto::Extensions extensions{};
  std::string local_address{};  // of the connection; empty: there was none
  Duration connect{0}, total{0};
  bool reached_mail = false;  // the host was asked about the sender
};

// What this host itself does with such mail, before any mail host is asked.
struct OwnRules {
  bool is_local = false;     // the mail stays here
  std::string refused{};     // the reason why it is not accepted here; empty: it is
  std::string held_by{};     // the route that holds it until an operator releases it; empty: none
  std::string redirected{};  // the address that gets it instead: [delivery] redirect; empty: none
};

struct Findings {
  std::string recipient, sender;  // as in RCPT and MAIL: "user@example.org"; the null reverse-path is empty
  std::string domain;
  OwnRules own{};
  std::string way{};       // who names the hosts: "the DNS", "[route]"
  std::string fallback{};  // the route that mail takes while this host reaches no mail host: "[route]"; empty: none
  std::vector<ServerAnswer> servers{};
  dns::Authentication authentication{};
  std::string author{};              // that the route puts into From; empty: none
  std::string sts{};                 // the MTA-STS policy in words; empty: not asked for
  dns::TargetsKind kind{};           // whether hosts were found
  proto::EnhancedStatus status{};    // why not
  std::string failure{};             // the same in words
  std::vector<HostFinding> hosts{};  // in the order of a delivery
  bool is_out_of_time = false;
};

}  // namespace mxpress::mta::check
