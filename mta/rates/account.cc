// Accounts: windows and reserves.
#include "mta/rates/account.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace mxpress::mta::rates {
namespace {

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
// A record reserves at least 1/16 of the limit, which bounds the number of records, and the loss after a crash.
constexpr std::uint64_t kBlocks = 16;

std::string limit_text(Counts counts, const Rate& rate) {
  return std::to_string(rate.count) + (counts == Counts::messages ? "" : " recipients") + "/" + rate.unit();
}

std::uint64_t minus(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

}  // namespace

void Account::restore(Counts counts, Duration period, const std::vector<Window::Entry>& entries, std::uint64_t reserved, Instant now) {
  Bound bound{counts, {1, period}, Window(period)};
  for (const Window::Entry& entry : entries) bound.window.count(entry.count, std::min(entry.last, now));
  bound.window.count(reserved, now);
  bounds_.push_back(std::move(bound));
}

void Account::apply(const RateRule* rule, Kind kind) {
  has_limit_ = rule != nullptr;
  if (!rule) return;
  routes_ = rule->routes;
  kind_ = kind;
  std::vector<Bound> bounds;
  for (const Rate& rate : rule->messages) add_bound(bounds, Counts::messages, rate);
  for (const Rate& rate : rule->recipients) add_bound(bounds, Counts::recipients, rate);
  bounds_ = std::move(bounds);
}

// A limit for another period starts with the counts of the longest one.
void Account::add_bound(std::vector<Bound>& bounds, Counts counts, const Rate& rate) {
  Bound bound{counts, rate, Window(rate.period)};
  bound.held_without = of(held_, counts);
  const Bound* longest = nullptr;
  for (const Bound& old : bounds_) {
    if (old.counts != counts) continue;
    if (!longest || old.rate.period > longest->rate.period) longest = &old;
    if (old.rate.period != rate.period) continue;
    bounds.push_back(old);
    bounds.back().rate = rate;
    return;
  }
  if (longest)
    for (const Window::Entry& entry : longest->window.entries()) bound.window.count(entry.count, entry.last);
  bounds.push_back(std::move(bound));
}

void Account::begin(Past past, Instant now) {
  for (Bound& bound : bounds_)
    if (!bound.is_kept() || past == Past::lost) bound.window.count(bound.rate.count, now);
}

void Account::refused(Instant now) {
  if (kind_ == Kind::estimate) pace_.refused(now);
}

std::uint64_t Account::free(Bound& bound, Instant now) const {
  return minus(most(bound, now), bound.window.counted(now) + of(held_, bound.counts));
}

Amount Account::free(Instant now) {
  Amount amount{kAll, kAll};
  for (Bound& bound : bounds_) {
    std::uint64_t& number = bound.counts == Counts::messages ? amount.messages : amount.recipients;
    number = std::min(number, free(bound, now));
  }
  return amount;
}

Amount Account::reserved(Instant now) {
  Amount amount = free(now);
  for (const Bound& bound : bounds_) {
    std::uint64_t& number = bound.counts == Counts::messages ? amount.messages : amount.recipients;
    if (bound.is_kept()) number = std::min(number, bound.left);
  }
  return amount;
}

void Account::take(const Amount& amount) {
  held_.messages += amount.messages;
  held_.recipients += amount.recipients;
  has_news_ = true;
  for (Bound& bound : bounds_) bound.left = minus(bound.left, of(amount, bound.counts));
}

void Account::release(const Amount& amount) {
  held_.messages -= amount.messages;
  held_.recipients -= amount.recipients;
  for (Bound& bound : bounds_) {
    const std::uint64_t number = of(amount, bound.counts), without = std::min(bound.held_without, number);
    bound.held_without -= without;
    bound.left += number - without;
  }
}

void Account::count(const Amount& amount, Instant now) {
  held_.messages -= amount.messages;
  held_.recipients -= amount.recipients;
  has_news_ = true;
  for (Bound& bound : bounds_) {
    const std::uint64_t number = of(amount, bound.counts);
    bound.held_without = minus(bound.held_without, number);
    bound.window.count(number, now);
  }
}

void Account::want(const Amount& amount) {
  wanted_.messages = std::max(wanted_.messages, amount.messages);
  wanted_.recipients = std::max(wanted_.recipients, amount.recipients);
}

std::vector<LimitStatus> Account::status(Instant now) {
  std::vector<LimitStatus> all;
  for (Bound& bound : bounds_) all.push_back({text_of(bound, now), bound.window.counted(now) + of(held_, bound.counts), most(bound, now)});
  return all;
}

std::string Account::text_of(const Bound& bound, Instant now) const {
  const std::string text = limit_text(bound.counts, bound.rate);
  if (pace_.is_whole(now)) return text;
  return text + ", now " + limit_text(bound.counts, {most(bound, now), bound.rate.period}) + " after refusals";
}

std::optional<Wait> Account::waits(Instant now) {
  std::optional<Wait> latest;
  for (Bound& bound : bounds_) {
    const std::uint64_t used = bound.window.counted(now) + of(held_, bound.counts);
    if (used < most(bound, now)) continue;
    const auto until = bound.window.time_until_left(used + 1 - most(bound, now));
    if (!latest || (latest->until && (!until || *until > *latest->until))) latest = {text_of(bound, now), until};
  }
  return latest;
}

bool Account::has_news() const {
  return has_news_ || std::any_of(bounds_.begin(), bounds_.end(), [](const Bound& bound) { return bound.is_kept() && bound.left > 0; });
}

std::string Account::record(std::string_view key, Instant now) {
  std::string lines;
  for (Bound& bound : bounds_) {
    if (!bound.is_kept()) continue;
    const std::uint64_t wanted = of(wanted_, bound.counts), room = minus(free(bound, now), bound.left);
    if (wanted > bound.left) bound.block = std::min(room, std::max({wanted - bound.left, bound.rate.count / kBlocks, std::uint64_t{1}}));
    append_line(lines, key, bound, of(held_, bound.counts) + bound.left + bound.block, now);
  }
  wanted_ = {};
  has_news_ = false;
  return lines;
}

std::string Account::last_record(std::string_view key, Instant now) {
  for (Bound& bound : bounds_) bound.left = 0;
  return record(key, now);
}

// LIMIT: "limit KEY messages PERIOD RESERVED AGE*COUNT ...": ms, the oldest first.
void Account::append_line(std::string& lines, std::string_view key, Bound& bound, std::uint64_t reserved, Instant now) {
  if (bound.window.counted(now) + reserved == 0) return;
  lines += "limit " + std::string(key) + (bound.counts == Counts::messages ? " messages " : " recipients ") +
           std::to_string(bound.rate.period.count()) + " " + std::to_string(reserved);
  for (const Window::Entry& entry : bound.window.entries())
    lines += " " + std::to_string((now - entry.last).count()) + "*" + std::to_string(entry.count);
  lines += "\n";
}

void Account::recorded(bool is_durable) {
  has_news_ = has_news_ || !is_durable;
  for (Bound& bound : bounds_) {
    const std::uint64_t block = std::exchange(bound.block, 0);
    if (!is_durable) continue;
    bound.left += block;
    bound.held_without = 0;
  }
}

}  // namespace mxpress::mta::rates
