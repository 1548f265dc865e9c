// Bounds the records of sites, so that a checkpoint that records them again always makes the journal shorter.
#include "queue/sites.h"

#include <algorithm>
#include <tuple>

#include "proto/site_key.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kMaxName = 300;  // octets of a host, an address, a TLS version
constexpr std::size_t kMaxText = 500;  // octets of a reply; for people
constexpr std::uint64_t kFixed = 192;  // octets; header, padding and numbers of a record

void cut(std::string& text, std::size_t most) {
  if (text.size() > most) text.resize(most);
}

}  // namespace

SiteRecord within_limits(SiteRecord site) {
  site.site = proto::short_site_key(std::move(site.site));
  if (!site.last) return site;
  cut(site.last->host, kMaxName);
  cut(site.last->address, kMaxName);
  cut(site.last->tls, kMaxName);
  cut(site.last->text, kMaxText);
  return site;
}

std::uint64_t octets_of(const SiteRecord& site) {
  std::uint64_t octets = kFixed + site.site.size();
  if (site.last) octets += site.last->host.size() + site.last->address.size() + site.last->tls.size() + site.last->text.size();
  return octets;
}

void Sites::set(std::string_view name, Known known) {
  octets_ += known.octets;
  if (const auto found = known_.find(name); found != known_.end()) {
    octets_ -= found->second.octets;
    found->second = known;
  } else {
    known_.emplace(SmallText(name), known);
  }
  if (known_.size() > kMaxRecords || octets_ > max_octets_) forget_first();
}

void Sites::erase(std::string_view name) {
  const auto found = known_.find(name);
  if (found == known_.end()) return;
  octets_ -= found->second.octets;
  known_.erase(found);
}

void Sites::forget_old(WallTime now) {
  boost::unordered::erase_if(known_, [&](const auto& entry) {
    const bool is_old = now - kKeptAfterProbe > entry.second.next_probe;
    if (is_old) octets_ -= entry.second.octets;
    return is_old;
  });
}

const Sites::Known* Sites::find(std::string_view name) const {
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : &found->second;
}

std::vector<std::string> Sites::in_segment(std::uint32_t segment) const {
  std::vector<std::string> names;
  for (const auto& [name, known] : known_)
    if (known.location.segment == segment) names.emplace_back(name.view());
  return names;
}

// Drops an eighth more than necessary, so that not every new site sorts them all.
void Sites::forget_first() {
  std::vector<std::tuple<WallTime, std::string>> all;
  all.reserve(known_.size());
  for (const auto& [name, known] : known_) all.emplace_back(known.next_probe, name.view());
  std::sort(all.begin(), all.end());
  for (const auto& [next_probe, name] : all) {
    if (known_.size() <= kMaxRecords / 8 * 7 && octets_ <= max_octets_ / 8 * 7) return;
    erase(name);
  }
}

}  // namespace mxpress::queue
