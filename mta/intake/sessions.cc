// Divides places for sessions fairly.
#include "mta/intake/sessions.h"

#include <algorithm>

#include "mta/smtp/server_session.h"

namespace mxpress::mta::intake {
namespace {

constexpr std::chrono::seconds kPatience(10);  // with a client that is silent during a transaction

bool is_idle(const smtp::ServerSession& session) {
  const auto since = session.waiting_since();
  return since && (!session.in_transaction() || BootClock::now() - *since > kPatience);
}

}  // namespace

Sessions::Entry::Entry(Sessions& sessions, smtp::ServerSession& session, const fairness::Owner& owner) : sessions_(sessions) {
  place_ = sessions_.items_.insert(sessions_.items_.end(), Item{&session, owner});
}

Sessions::Entry::~Entry() {
  if (place_->leaving) --sessions_.leaving_;
  sessions_.items_.erase(place_);
}

Sessions::Counts Sessions::count() const {
  Counts of_owner;
  for (const auto& item : items_) of_owner[item.owner] += item.leaving ? 0 : 1;
  return of_owner;
}

Sessions::Place Sessions::find_idle(const Counts& of_owner, std::size_t own) {
  auto victim = items_.end();
  for (auto item = items_.begin(); item != items_.end(); ++item) {
    if (item->leaving || !is_idle(*item->session)) continue;
    const std::size_t mine = of_owner.at(item->owner);
    if (mine < own) continue;
    if (victim != items_.end()) {
      const std::size_t best = of_owner.at(victim->owner);
      if (mine < best || (mine == best && *item->session->waiting_since() >= *victim->session->waiting_since())) continue;
    }
    victim = item;
  }
  return victim;
}

// Twice as many, so that two busy owners do not displace each other in turn.
Sessions::Place Sessions::find_greedy(const Counts& of_owner, std::size_t own) {
  const auto most = std::max_element(of_owner.begin(), of_owner.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most->second <= 2 * own + 1) return items_.end();
  return std::find_if(items_.begin(), items_.end(), [&](const auto& item) { return !item.leaving && item.owner == most->first; });
}

bool Sessions::make_room(const fairness::Owner& owner) {
  if (items_.size() - leaving_ < limit_) return true;
  if (leaving_ >= limit_) return false;
  const Counts of_owner = count();
  const auto known = of_owner.find(owner);
  const std::size_t own = known == of_owner.end() ? 0 : known->second;
  auto victim = find_idle(of_owner, own);
  if (victim == items_.end()) victim = find_greedy(of_owner, own);
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
