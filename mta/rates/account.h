// The rate limits of one account: how many messages and recipients may be sent now, how many deliveries under way have reserved, and how
// many the record on the disk reserves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/config/rate_rules.h"
#include "mta/rates/status.h"
#include "mta/rates/window.h"

namespace mxpress::mta::rates {

// Messages count by transaction.
struct Amount {
  std::uint64_t messages = 0, recipients = 0;
  bool operator==(const Amount&) const = default;
};

enum class Counts : std::uint8_t { messages, recipients };

// Why nothing may be handed over, and until when; nullopt: until a delivery that is under way has ended.
struct Wait {
  std::string limit;  // that is reached: "100/h", "500 recipients/d"
  std::optional<Instant> until;
};

// A delivery takes an amount before it sends, and holds it until the host has answered. Then the amount counts, from that moment on, or is
// free again. So no window of the period has more than the limit, whether the provider looks at the begin or at the end of a transaction.
// A limit for more than a second survives the process: nothing is taken that a record on the disk does not have as reserved. A record has
// the windows and the reserve; of a reserve whose end nobody knows all counts as used at the moment of the next start. Limits for a second
// have no record: at the start such a window is full.
// Thread: one. `now` never goes back.
class Account {
 public:
  Account() = default;

  // At the start: a limit that an earlier run has counted for. `reserved` counts at `now`.
  void restore(Counts counts, Duration period, const std::vector<Window::Entry>& entries, std::uint64_t reserved, Instant now);
  enum class Past { known, lost };  // lost: there is a record, and it cannot be read
  // The rule in force; nullptr: there is no limit now, and what has been counted is kept in case there will be.
  void apply(const RateRule* rule);
  // After the first apply(): windows of which nothing is known are full.
  void begin(Past past, Instant now);

  bool has_limit() const { return has_limit_; }
  const std::string& routes() const { return routes_; }
  std::vector<LimitStatus> status(Instant now);
  // nullopt: one message to one recipient may be handed over, perhaps once that is recorded.
  std::optional<Wait> waits(Instant now);

  // By the windows; SIZE_MAX where there is no limit.
  Amount free(Instant now);
  // Of that, what may be taken without a new record.
  Amount reserved(Instant now);
  // At most what reserved() says.
  void take(const Amount& amount);
  void release(const Amount& amount);
  void count(const Amount& amount, Instant now);

  // The next record is to reserve at least so much, as far as it is free.
  void want(const Amount& amount);
  bool is_wanted() const { return wanted_ != Amount(); }
  // A last_record() would say something else than the record before it.
  bool has_news() const;
  // The lines of a record that reserves what is wanted. It holds from recorded() on; until then the one before it does.
  std::string record(std::string_view key, Instant now);
  // The same for the end of a run in which nothing is taken any more: reserves nothing.
  std::string last_record(std::string_view key, Instant now);
  void recorded(bool is_durable);

 private:
  struct Bound {
    Counts counts = Counts::messages;
    Rate rate;
    Window window;
    std::uint64_t left = 0;          // reserved, and neither held nor used
    std::uint64_t block = 0;         // that the record in the making reserves besides
    std::uint64_t held_without = 0;  // of what deliveries hold: what no record of this bound has
    bool is_kept() const { return rate.period > std::chrono::seconds(1); }
  };
  static std::uint64_t of(const Amount& amount, Counts counts) { return counts == Counts::messages ? amount.messages : amount.recipients; }
  void add_bound(std::vector<Bound>& bounds, Counts counts, const Rate& rate);
  std::uint64_t free(Bound& bound, Instant now) const;
  static void append_line(std::string& lines, std::string_view key, Bound& bound, std::uint64_t reserved, Instant now);

  bool has_limit_ = false;
  std::string routes_;
  std::vector<Bound> bounds_;
  Amount held_, wanted_;
  bool has_news_ = false;
};

}  // namespace mxpress::mta::rates
