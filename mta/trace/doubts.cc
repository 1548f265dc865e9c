// Judges hops: see doubts.h.
#include "mta/trace/doubts.h"

#include <algorithm>

#include "mta/trace/host_names.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::trace {
namespace {

constexpr std::chrono::hours kMostAhead{24};  // of now

std::string shown(std::string_view text) { return proto::printable(text, 200); }

std::string client_of(const Received& received) {
  const std::string name = !received.client_name.empty() ? received.client_name : received.helo;
  if (!received.client) return shown(name);
  const std::string address = received.client->to_string();
  return name.empty() || name == address ? address : shown(name) + " (" + address + ")";
}

// True if the client of `next` may be the host of `hop`, also if the two fields have nothing to compare.
bool connects(const Received& hop, const Received& next) {
  if (!next.has_from || hop.by.empty()) return true;
  if (next.client && is_inside(*next.client)) return true;
  if (hop.by_address && next.client && *hop.by_address == *next.client) return true;
  if (!is_public_name(hop.by)) return true;
  const auto is_same = [&](const std::string& name) { return are_of_one_owner(hop.by, name); };
  if (!next.client_name.empty()) return is_same(next.client_name) || proto::equal_in_any_case(next.helo, hop.by);
  return !is_public_name(next.helo) || is_same(next.helo);
}

// `follows`: the hosts of all hops from the entry down to this one name each other with the same addresses, as programs do that note no
// names of addresses (Exchange).
void check_place(const Hop& hop, bool follows, const std::function<bool(const std::string&)>& is_own, std::vector<Doubt>& doubts) {
  const Received& one = hop.received;
  if (one.by.empty() && one.has_from) doubts.push_back({DoubtKind::unreadable, "The field does not name the host that wrote it"});
  if (hop.author == Author::unknown && is_own(one.by) && !follows)
    doubts.push_back({DoubtKind::false_own_host, "It names " + shown(one.by) +
                                                     ", one of your own hosts, but the message had this field when it came in: either it "
                                                     "was here before, or the field is invented"});
}

// RFC 5321 4.1.4: a name that does not fit the address is no reason to refuse mail, but one to doubt.
void check_name(const Received& one, std::vector<Doubt>& doubts) {
  if (one.is_authenticated || !one.client || is_inside(*one.client)) return;
  const std::string address = one.client->to_string();
  const auto literal = address_in(one.helo);
  if (literal && *literal != *one.client && !is_inside(*literal))
    doubts.push_back({DoubtKind::false_name, "The client calls itself " + shown(one.helo) + ", but its address is " + address});
  if (literal || !is_public_name(one.helo)) return;
  if (one.has_no_name)
    doubts.push_back({DoubtKind::false_name,
                      "The client calls itself " + shown(one.helo) + ", but its address " + address + " has no name that confirms it"});
  else if (!one.client_name.empty() && !are_of_one_owner(one.client_name, one.helo))
    doubts.push_back({DoubtKind::false_name, "The client calls itself " + shown(one.helo) + ", but its address " + address +
                                                 " has the name " + shown(one.client_name)});
}

void check_date(const Received& one, WallTime now, std::vector<Doubt>& doubts) {
  if (!one.date.oddity.empty()) {
    std::string text = one.date.oddity;
    text.front() = proto::upper_case(text.substr(0, 1)).front();
    doubts.push_back({DoubtKind::odd_date, text + (one.date_text.empty() ? "" : ": " + shown(one.date_text))});
  }
  if (one.date.time && *one.date.time > now + kMostAhead) doubts.push_back({DoubtKind::odd_date, "The date is in the future"});
}

void check_connection(const Received& hop, const Received& next, std::size_t number, std::vector<Doubt>& doubts) {
  if (connects(hop, next)) return;
  doubts.push_back({DoubtKind::gap, "It ends at " + shown(hop.by) + ", but hop " + std::to_string(number + 1) + " got the message from " +
                                        client_of(next) + ": a host between them left no trace, or this field is invented"});
}

// The oldest of the hops that, from the newest on, hang together by names and addresses.
std::size_t first_of_followers(const std::vector<Hop>& hops) {
  std::size_t first = hops.size();
  while (first > 0) {
    --first;
    if (first == 0) break;
    const Received &hop = hops[first - 1].received, &next = hops[first].received;
    const bool has_same = hop.by_address && next.client == hop.by_address && proto::equal_in_any_case(hop.by, next.helo);
    if (hops[first].author != Author::own_host && !has_same) break;
  }
  return first;
}

}  // namespace

std::string in_words(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172800) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " days";
}

Doubt wrong_place() { return {DoubtKind::wrong_place, "It stands below fields of the author (From, To, Subject), where hosts put none"}; }

void find_doubts(std::vector<Hop>& hops, const std::function<bool(const std::string&)>& is_own, WallTime now) {
  std::optional<WallTime> before;
  const std::size_t followers = first_of_followers(hops);
  for (std::size_t i = 0; i < hops.size(); ++i) {
    Hop& hop = hops[i];
    check_place(hop, i >= followers, is_own, hop.doubts);
    check_name(hop.received, hop.doubts);
    check_date(hop.received, now, hop.doubts);
    if (i + 1 < hops.size()) check_connection(hop.received, hops[i + 1].received, i + 1, hop.doubts);
    const auto& time = hop.received.date.time;
    if (!time) continue;
    if (before) hop.delay = *time - *before;
    if (hop.delay && *hop.delay < -kClockError)
      hop.doubts.push_back({DoubtKind::time_reversed, "It is dated " + in_words(-*hop.delay) + " before the hop before it"});
    before = time;
  }
}

}  // namespace mxpress::mta::trace
