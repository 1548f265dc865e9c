// The counts of sessions by recipient domain and UTC day, until they are reported. RFC 8460 4.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mta/tlsrpt/session.h"
#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::mta::tlsrpt {

using Day = std::chrono::sys_days;

// The UTC day of the time.
inline Day day_of(WallTime time) { return std::chrono::floor<std::chrono::days>(time); }
// "2026-11-30"
std::string to_string(Day day);

struct PolicyCounts {
  std::uint64_t succeeded = 0, failed = 0;      // sessions
  std::map<Failure, std::uint64_t> failures{};  // all that failed, by what is known of them
};

// Where the report goes, and when.
struct Sending {
  std::chrono::seconds delay{0};       // after the end of the day
  std::uint32_t tries = 0;             // that left something to send
  WallTime next_try{};                 // not before it
  std::vector<std::string> pending{};  // URIs of receivers that have not got it; empty: not asked for yet
};

// The counts of one domain on one day.
struct DomainDay {
  Day day;
  std::string domain;
  Sending sending{};
  std::map<Policy, PolicyCounts> policies{};
  std::size_t octets = 0;  // of memory, about

  // The report may be sent then.
  WallTime due() const;
};

// Bounded in count and octets. Thread: one.
class Ledger {
 public:
  static constexpr std::size_t kMostDays = 2000;  // of a domain each
  static constexpr std::size_t kMostPolicies = 16;
  static constexpr std::size_t kMostFailures = 64;  // of a policy; further ones are counted by their type alone
  static constexpr std::size_t kMostOctetsOfDay = 96 * 1024;
  static constexpr std::size_t kMostOctets = 4 << 20;

  using Key = std::pair<Day, std::string>;
  enum class Added : std::uint8_t {
    yes,
    first,   // of its domain on this day
    no_room  // not counted
  };

  // `delay`: of the report, if the session is the first.
  Added add(const Session& session, Day day, std::chrono::seconds delay);
  // Null: there is none. Valid until the next change.
  const DomainDay* find(const Key& key) const;
  // No effect if there is none any more.
  void set_sending(const Key& key, Sending sending);
  void erase(const Key& key);
  // Days whose report may be sent now, the oldest first.
  std::vector<Key> due(WallTime now) const;
  // Days outside this range: reports are too late, or the clock was wrong. Returns their number.
  std::size_t forget_outside(Day first, Day last);
  void clear();
  std::size_t size() const { return days_.size(); }
  std::size_t octets() const { return octets_; }

  // As a file: a line with the format, one of JSON, and one with the digest of both.
  std::string text() const;
  // An Error: it is not what text() gave.
  static Result<Ledger> parse(std::string_view text);

 private:
  void insert(DomainDay day);

  std::map<Key, DomainDay> days_;
  std::size_t octets_ = 0;
};

}  // namespace mxpress::mta::tlsrpt
