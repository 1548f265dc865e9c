// The cache of answers: bounded, least recently used out first; entries are dropped when their TTL ends. RFC 1034 4.3.1, RFC 2308 5.
#pragma once

#include <list>
#include <map>
#include <optional>

#include "dns/resolver.h"

namespace mxpress::dns {

struct CacheLimits {
  std::size_t entries = 10'000;
  std::size_t bytes = 8 << 20;
};

// Thread: one.
class Cache {
 public:
  explicit Cache(CacheLimits limits = {}) : limits_(limits) {}

  // The answer with its remaining TTL.
  std::optional<Answer> find(const Question& question, BootTime now);
  // A TTL of zero is not cached, a failure for a few seconds, a negative answer for at most 3 h, any for at most a day.
  void store(const Question& question, const Answer& answer, BootTime now);
  // Forgets all answers, because other servers are to be asked from now on.
  void clear();

  std::size_t entries() const { return index_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    Question question;
    Answer answer;
    BootTime expires;
    std::size_t size = 0;
  };
  using Entries = std::list<Entry>;
  void erase(Entries::iterator entry);

  CacheLimits limits_;
  Entries entries_;  // most recently used first
  std::map<Question, Entries::iterator> index_;
  std::size_t bytes_ = 0;
};

}  // namespace mxpress::dns
