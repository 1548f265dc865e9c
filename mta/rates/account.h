// The rate limits of one account: the messages and recipients that may be sent now, those reserved by deliveries in progress, and those
// reserved by the record on the disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/config/rate_rules.h"
#include "mta/rates/learned_pace.h"
#include "mta/rates/status.h"
#include "mta/rates/window.h"

namespace mxpress::mta::rates {

// Messages count by transaction.
struct Amount {
  std::uint64_t messages = 0, recipients = 0;
  bool operator==(const Amount&) const = default;
};

enum class Counts : std::uint8_t { messages, recipients };

// The reason why nothing may be sent, and until when; nullopt: until a delivery in progress has ended.
struct Wait {
  std::string limit;  // the limit that is reached: "100/h", "500 recipients/d"
  std::optional<Instant> until;
};

// A delivery takes an amount before it sends, and holds it until the host has answered. Then the amount is counted, from that
// time on, or is released. So no window of the period exceeds the limit, whether the provider counts at the beginning or at the
// end of a transaction. A limit for more than a second survives the process: only amounts that a record on the disk has
// reserved can be taken. A record has the windows and the reserve; after an unknown end of a run the whole reserve counts as
// used at the next start. Limits for a second have no record: at the start such a window is full. Thread: one. `now` never goes
// back.
class Account {
 public:
  Account() = default;

  // At the start: restores a limit that an earlier run has counted. `reserved` counts at `now`.
  void restore(Counts counts, Duration period, const std::vector<Window::Entry>& entries, std::uint64_t reserved, Instant now);
  enum class Past { known, lost };  // lost: there is a record, but it cannot be read
  // The number of an account is exact; an estimate is the starting point of what hosts teach by refusals.
  enum class Kind { exact, estimate };
  // Sets the current rule; nullptr: there is no limit now, and the counts are kept in case there will be one.
  void apply(const RateRule* rule, Kind kind = Kind::exact);
  // After the first apply(): windows without data are full.
  void begin(Past past, Instant now);

  // The host has refused mail because it came too fast: less may be sent for a while, if the rule is an estimate.
  void refused(Instant now);

  bool has_limit() const { return has_limit_; }
  const std::string& routes() const { return routes_; }
  std::vector<LimitStatus> status(Instant now);
  // nullopt: one message to one recipient may be sent, perhaps after a record.
  std::optional<Wait> waits(Instant now);

  // The amount allowed by the windows; SIZE_MAX without a limit.
  Amount free(Instant now);
  // The part of it that may be taken without a new record.
  Amount reserved(Instant now);
  // Takes at most what reserved() returns.
  void take(const Amount& amount);
  void release(const Amount& amount);
  void count(const Amount& amount, Instant now);

  // Makes the next record reserve at least this much, as far as it is free.
  void want(const Amount& amount);
  bool is_wanted() const { return wanted_ != Amount(); }
  // True if last_record() would differ from the previous record.
  bool has_news() const;
  // The lines of a record that reserves the wanted amounts. It applies from recorded() on; until then the previous one does.
  std::string record(std::string_view key, Instant now);
  // The same for the end of a run, when nothing is taken any more: reserves nothing.
  std::string last_record(std::string_view key, Instant now);
  void recorded(bool is_durable);

 private:
  struct Bound {
    Counts counts = Counts::messages;
    Rate rate;
    Window window;
    std::uint64_t left = 0;          // reserved, and neither held nor used
    std::uint64_t block = 0;         // additional reserve of the record being made
    std::uint64_t held_without = 0;  // held by deliveries without a record of this limit
    bool is_kept() const { return rate.period > std::chrono::seconds(1); }
  };
  static std::uint64_t of(const Amount& amount, Counts counts) { return counts == Counts::messages ? amount.messages : amount.recipients; }
  void add_bound(std::vector<Bound>& bounds, Counts counts, const Rate& rate);
  // The number that the bound allows in its period now.
  std::uint64_t most(const Bound& bound, Instant now) const { return pace_.of(bound.rate.count, now); }
  std::uint64_t free(Bound& bound, Instant now) const;
  std::string text_of(const Bound& bound, Instant now) const;
  static void append_line(std::string& lines, std::string_view key, Bound& bound, std::uint64_t reserved, Instant now);

  bool has_limit_ = false;
  Kind kind_ = Kind::exact;
  LearnedPace pace_;
  std::string routes_;
  std::vector<Bound> bounds_;
  Amount held_, wanted_;
  bool has_news_ = false;
};

}  // namespace mxpress::mta::rates
