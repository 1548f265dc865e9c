// Fair places for sessions.
#include "mta/intake/sessions.h"

#include <algorithm>

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

Sessions::Counts Sessions::count() const {
  Counts of_peer;
  for (const auto& item : items_) of_peer[item.peer] += item.leaving ? 0 : 1;
  return of_peer;
}

Sessions::Place Sessions::find_idle(const Counts& of_peer) {
  auto victim = items_.end();
  for (auto item = items_.begin(); item != items_.end(); ++item) {
    if (item->leaving || !is_idle(*item->session)) continue;
    if (victim != items_.end()) {
      const std::size_t mine = of_peer.at(item->peer), best = of_peer.at(victim->peer);
      if (mine < best || (mine == best && *item->session->waiting_since() >= *victim->session->waiting_since())) continue;
    }
    victim = item;
  }
  return victim;
}

// Twice as many, so that two who are both busy do not throw each other out in turn.
Sessions::Place Sessions::find_greedy(const Counts& of_peer, std::string_view peer) {
  const auto most = std::max_element(of_peer.begin(), of_peer.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto own = of_peer.find(peer);
  if (most->second <= 2 * (own == of_peer.end() ? 0 : own->second) + 1) return items_.end();
  return std::find_if(items_.begin(), items_.end(), [&](const auto& item) { return !item.leaving && item.peer == most->first; });
}

bool Sessions::make_room(std::string_view peer) {
  if (items_.size() - leaving_ < limit_) return true;
  if (leaving_ >= limit_) return false;
  const Counts of_peer = count();
  auto victim = find_idle(of_peer);
  if (victim == items_.end()) victim = find_greedy(of_peer, peer);
  if (victim == items_.end()) return false;
  victim->leaving = true;
  ++leaving_;
  victim->session->stop({421, proto::EnhancedStatus{4, 3, 2}, "Too many connections; closing this one"});
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
