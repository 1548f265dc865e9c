// Events as words, for tests that compare them: "delivered you@there.example".
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dns/target.h"
#include "mta/events/event.h"

namespace mxpress::testing {

// Appends the steps of an event.
class Steps {
 public:
  explicit Steps(std::vector<std::string>& steps) : steps_(steps) {}

  void operator()(const mta::events::Accepted& event) const {
    add("accepted", std::to_string(event.envelope.recipients.size()) + " of uid " + std::to_string(event.envelope.submitter.uid));
  }
  void operator()(const mta::events::Attempted& event) const {
    for (const auto& recipient : event.recipients) add(to_string(recipient.disposition), recipient.recipient);
  }
  void operator()(const mta::events::Unrecorded& event) const {
    for (const auto& recipient : event.attempted.recipients) add("unrecorded", recipient.recipient);
  }
  void operator()(const mta::events::Acted& event) const {
    static constexpr std::string_view kWords[] = {"hold", "release", "retry", "remove", "bounce"};
    add(kWords[static_cast<std::size_t>(event.action)], event.message.to_string() + " by uid " + std::to_string(event.uid));
    for (const auto& withdrawn : event.withdrawn) add("withdrawn", withdrawn.recipient);
  }
  void operator()(const mta::events::NoticeSent& event) const {
    static constexpr std::string_view kWords[] = {"failure notice", "delay notice", "success notice"};
    add(kWords[static_cast<std::size_t>(event.kind)], "to " + event.to.to_string());
  }
  void operator()(const mta::events::NoticeLeftOut&) const { add("notice", "left out"); }
  void operator()(const mta::events::NoticeKept&) const { add("notice", "kept"); }
  void operator()(const mta::events::NoticeWaits& event) const { add("notice waits", event.reason); }
  void operator()(const mta::events::NoticePostponed&) const { add("notice", "postponed"); }
  void operator()(const mta::events::NoticeNotStored& event) const { add("notice not stored", event.reason); }
  void operator()(const mta::events::NoticeNotKept& event) const { add("notice not kept", event.reason); }
  void operator()(const mta::events::HeaderBroken& event) const { add("header broken", event.host); }
  void operator()(const mta::events::Conversed&) const {}
  void operator()(const mta::events::FamilyChanged& event) const { add("other family", event.end); }
  void operator()(const mta::events::Connected& event) const { add(event.is_open ? "connected" : "not connected", event.target.host); }
  void operator()(const mta::events::SiteFailed& event) const { add("site failed", event.hosts); }
  void operator()(const mta::events::SiteRecovered& event) const { add("site recovered", event.hosts); }
  void operator()(const mta::events::SetAside& event) const { add("set aside", event.message.to_string()); }
  void operator()(const mta::events::OutageBegan& event) const { add("outage", event.way); }
  void operator()(const mta::events::OutageEnded& event) const { add("outage over", event.way); }
  void operator()(const mta::events::OwnFault& event) const { add("own fault", event.kind); }
  void operator()(const mta::events::LoginRefused& event) const { add("login refused", event.login); }
  void operator()(const mta::events::KeyRecordSeen& event) const { add(to_string(event.what), event.selector); }
  void operator()(const mta::events::Unreadable& event) const { add("unreadable", event.message.to_string()); }

 private:
  void add(std::string_view step, std::string_view what) const { steps_.push_back(std::string(step).append(" ").append(what)); }

  std::vector<std::string>& steps_;
};

}  // namespace mxpress::testing
