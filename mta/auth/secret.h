// A password in memory: wiped when it is destroyed, and never part of a text by accident.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::mta::auth {

// Overwrites the octets and empties the text.
void wipe(std::string& text);

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { wipe(text_); }

  // Only for the exchange.
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

}  // namespace mxpress::mta::auth
