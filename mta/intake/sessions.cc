// Fair places for sessions.
#include "mta/intake/sessions.h"

#include <map>

namespace mxpress::mta::intake {
namespace {

constexpr std::chrono::seconds kPatience(10);  // with a client that is silent in the middle of a transaction

bool is_idle(const smtp::ServerSession& session) {
  const auto since = session.waiting_since();
  return since && (!session.in_transaction() || BootClock::now() - *since > kPatience);
}

}  // namespace

Sessions::Entry::Entry(Sessions& sessions, smtp::ServerSession& session, std::string peer) : sessions_(sessions) {
  place_ = sessions_.items_.insert(sessions_.items_.end(), Item{&session, std::move(peer)});
}

Sessions::Entry::~Entry() {
  if (place_->leaving) --sessions_.leaving_;
  sessions_.items_.erase(place_);
}

std::list<Sessions::Entry::Item>::iterator Sessions::find_victim() {
  std::map<std::string_view, std::size_t> of_peer;
  for (const auto& item : items_) of_peer[item.peer] += item.leaving ? 0 : 1;
  auto victim = items_.end();
  for (auto item = items_.begin(); item != items_.end(); ++item) {
    if (item->leaving || !is_idle(*item->session)) continue;
    if (victim != items_.end()) {
      const std::size_t mine = of_peer[item->peer], best = of_peer[victim->peer];
      if (mine < best || (mine == best && *item->session->waiting_since() >= *victim->session->waiting_since())) continue;
    }
    victim = item;
  }
  return victim;
}

bool Sessions::make_room() {
  if (items_.size() - leaving_ < limit_) return true;
  if (leaving_ >= limit_) return false;
  const auto victim = find_victim();
  if (victim == items_.end()) return false;
  victim->leaving = true;
  ++leaving_;
  victim->session->stop({421, proto::EnhancedStatus{4, 3, 2}, "Too many connections; closing the one idle for longest"});
  return true;
}

void Sessions::stop(const smtp::ServerReply& last_words) {
  for (auto& item : items_) {
    if (!item.leaving) ++leaving_;
    item.leaving = true;
    item.session->stop(last_words);
  }
}

}  // namespace mxpress::mta::intake
