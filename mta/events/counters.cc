// Counts events.
#include "mta/events/counters.h"

#include "mta/net/tls_result.h"
#include "queue/changes.h"

namespace mxpress::mta::events {
namespace {

using queue::ActionKind;
using Kind = queue::NoticeKind;

struct Adder {
  Counts& counts;

  void operator()(const Accepted&) const { ++counts.accepted; }
  void operator()(const Attempted& event) const {
    for (const RecipientOutcome& recipient : event.recipients) ++count_of(recipient.disposition);
  }
  void operator()(const Unrecorded& event) const { counts.unrecorded += event.attempted.recipients.size(); }
  void operator()(const Acted& event) const {
    if (event.action == ActionKind::hold) ++counts.held;
    if (event.action == ActionKind::release) ++counts.released;
    if (event.action == ActionKind::remove) counts.removed += event.withdrawn.size();
    if (event.action == ActionKind::bounce) counts.returned += event.withdrawn.size();
  }
  void operator()(const NoticeSent& event) const {
    ++(event.kind == Kind::delay ? counts.delay_notices : event.kind == Kind::success ? counts.success_notices : counts.failure_notices);
  }
  void operator()(const NoticeLeftOut&) const { ++counts.notices_left_out; }
  void operator()(const NoticeKept&) const { ++counts.notices_kept; }
  // The DSN is counted when it is sent or kept.
  void operator()(const NoticeWaits&) const {}
  void operator()(const NoticePostponed&) const {}
  void operator()(const NoticeNotStored&) const {}
  void operator()(const NoticeNotKept&) const {}
  void operator()(const HeaderBroken&) const {}   // the outcome of the attempt is counted
  void operator()(const FamilyChanged&) const {}  // the same
  void operator()(const Connected& event) const {
    if (!event.is_open)
      ++(event.tls.forbids_mail() ? counts.tls_refused : counts.connections_failed);
    else if (event.tls.reached == net::TlsLevel::verified)
      ++counts.sessions_verified;
    else
      ++(event.tls.reached == net::TlsLevel::encrypted ? counts.sessions_encrypted : counts.sessions_clear);
  }
  void operator()(const Conversed&) const {}
  void operator()(const SiteFailed&) const { ++counts.site_failures; }
  void operator()(const SiteRecovered&) const { ++counts.site_recoveries; }
  void operator()(const SetAside&) const { ++counts.set_aside; }
  void operator()(const Unreadable&) const { ++counts.unreadable; }
  void operator()(const OwnFault&) const {}
  void operator()(const LoginRefused&) const {}
  void operator()(const OutageBegan&) const {}
  void operator()(const OutageEnded&) const {}
  void operator()(const KeyRecordSeen&) const {}

 private:
  std::uint64_t& count_of(Disposition disposition) const {
    switch (disposition) {
      case Disposition::delivered:
        return counts.delivered;
      case Disposition::deferred:
        return counts.deferred;
      case Disposition::failed:
        return counts.failed;
      case Disposition::expired:
        return counts.expired;
    }
    return counts.deferred;
  }
};

}  // namespace

void Counters::take(const Event& event) {
  auto counts = counts_.lock();
  std::visit(Adder{*counts}, event);
}

}  // namespace mxpress::mta::events
