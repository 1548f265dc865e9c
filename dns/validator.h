// Decides how answers of the DNS become authenticated: by a name server that is trusted, by libunbound, or not at all; and tests it. RFC
// 4035 4.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dns/authentication.h"
#include "dns/resolver.h"
#include "dns/stub_resolver.h"
#include "dns/validate.h"

namespace mxpress::dns {

struct ValidatorConfig {
  bool is_wanted = true;  // false: nobody needs authenticated answers, so nothing is tested
  Validate validate = Validate::automatic;
  StubConfig stub;            // the name servers
  std::string trust_anchor;   // the file of the system, AnchorStore's source
  std::string anchor_folder;  // AnchorStore's folder
  std::string root_hints;     // UnboundSettings::root_hints; empty: the zones' own servers are not asked
};

// Tests at the start, after reconfigure(), when resolv.conf names other servers, when an answer is bogus or missing, each hour, and, while
// nobody authenticates, after 1 minute and then at growing intervals. The test: the signed SOA record of the root, and the proof that the
// root has no TLSA record. libunbound forwards to the name servers, or, if these withhold signatures, asks the zones' own servers.
// Thread: that of `executor`, for all but state().
class Validator {
 public:
  // Told of each change of state(), and of trouble with trust anchors (`is_problem`).
  using Report = std::function<void(bool is_problem, const std::string& text)>;

  Validator(Executor executor, ValidatorConfig config, Report report, std::uint64_t seed);
  // Ends what is in progress. Must be destroyed before the executor's context.
  ~Validator();
  Validator(const Validator&) = delete;
  Validator& operator=(const Validator&) = delete;

  void start();
  void reconfigure(ValidatorConfig config);

  Authentication state() const;  // any thread
  Executor executor() const;     // any thread

  // The end of the first test, or of one that has been begun since; within a minute.
  Task<void> tested();
  // Nullopt: not to be validated by libunbound, so ask the name servers. So are negative answers that are not proven: the name servers' own
  // ones are believed under conditions (NameServers). A bogus or missing answer is of the kind failed, if the root can be validated
  // meanwhile. `owner`: see Resolver::resolve_validated().
  Task<std::optional<Answer>> resolve(Question question, proto::ShareOwner owner);

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace mxpress::dns
