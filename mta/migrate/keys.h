// The keys of a configuration file, each with one value, and which of them have been reported.
#pragma once

#include <map>
#include <set>
#include <string>

#include "mta/migrate/findings.h"

namespace mxpress::mta::migrate {

class Keys {
 public:
  // `findings` must outlive it.
  explicit Keys(Findings& findings) : findings_(findings) {}

  struct Value {
    std::string place;  // "/etc/dma/dma.conf:3"
    std::string text;   // empty: the key has no value
    std::string shown;  // key and value for people, without a password
  };
  // Of a repeated key the last value counts.
  void set(const std::string& key, Value value) { values_[key] = std::move(value); }

  bool has(const std::string& key) const { return values_.contains(key); }
  // Empty if it is not set.
  std::string text_of(const std::string& key) const;

  // Reports the equivalent of a key that is set; only the first time.
  void take(const std::string& key, const std::string& becomes);
  // Reports the keys that were not taken.
  void leave_rest();

 private:
  Findings& findings_;
  std::map<std::string, Value> values_;
  std::set<std::string> told_;
};

}  // namespace mxpress::mta::migrate
