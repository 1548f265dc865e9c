// Limits alerts to one per incident and hour.
#include "mta/app/alert_desk.h"

#include <algorithm>
#include <utility>

namespace mxpress::mta {
namespace {

constexpr std::string_view kOver = "_over";

// The incident of an alert: its event, and the values that identify its subject.
std::string incident_of(const AlertDesk::Fields& alert) {
  static constexpr std::string_view kNames[] = {"way", "hosts", "credentials", "uid", "domain", "selector", "message", "reason"};
  std::string incident = alert.front().value;
  if (incident.ends_with(kOver)) incident.resize(incident.size() - kOver.size());
  for (const std::string_view name : kNames)
    for (const auto& [key, value] : alert) {
      if (key != name) continue;
      incident += " " + value;
      if (name == "way" || name == "hosts" || name == "credentials" || name == "uid") return incident;
    }
  return incident;
}

}  // namespace

bool AlertDesk::has_room(const std::string& event, Instant now) {
  std::erase_if(told_, [now](const auto& one) { return now - one.first >= kHour; });
  const auto of_event = std::count_if(told_.begin(), told_.end(), [&](const auto& one) { return one.second == event; });
  if (told_.size() >= kMostInHour || static_cast<std::size_t>(of_event) >= kMostOfEvent) return false;
  told_.emplace_back(now, event);
  return true;
}

// Forgets incidents that have ended more than an hour ago; if there are none, the one whose start was sent longest ago.
void AlertDesk::forget_some(Instant now) {
  if (incidents_.size() < kMostIncidents) return;
  std::erase_if(incidents_, [now](const auto& one) {
    const Incident& incident = one.second;
    return !incident.is_open && !incident.waiting && now - incident.told >= kHour;
  });
  if (incidents_.size() < kMostIncidents) return;
  const auto is_earlier = [](const auto& a, const auto& b) { return a.second.told < b.second.told; };
  incidents_.erase(std::min_element(incidents_.begin(), incidents_.end(), is_earlier));
}

std::optional<AlertDesk::Fields> AlertDesk::take(Fields alert, Instant now) {
  if (alert.empty()) return std::nullopt;
  const std::string name = incident_of(alert);
  const auto known = incidents_.find(name);
  if (alert.front().value.ends_with(kOver)) {
    if (known == incidents_.end()) return std::nullopt;
    known->second.waiting.reset();
    return std::exchange(known->second.is_open, false) ? std::optional(std::move(alert)) : std::nullopt;
  }
  if (known != incidents_.end() && now - known->second.told < kHour) {
    known->second.waiting = std::move(alert);
    return std::nullopt;
  }
  if (!has_room(alert.front().value, now)) return std::nullopt;
  forget_some(now);
  incidents_.insert_or_assign(name, Incident{now});
  return alert;
}

std::vector<AlertDesk::Fields> AlertDesk::due(Instant now) {
  std::vector<Fields> all;
  for (auto& [name, incident] : incidents_) {
    if (!incident.waiting || now - incident.told < kHour) continue;
    auto alert = std::exchange(incident.waiting, std::nullopt);
    if (!has_room(alert->front().value, now)) continue;
    incident.told = now;
    incident.is_open = true;
    all.push_back(std::move(*alert));
  }
  return all;
}

std::optional<Instant> AlertDesk::next() const {
  std::optional<Instant> next;
  for (const auto& [name, incident] : incidents_)
    if (incident.waiting && (!next || incident.told + kHour < *next)) next = incident.told + kHour;
  return next;
}

}  // namespace mxpress::mta
