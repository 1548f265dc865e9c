// JSON objects as OAuth providers send them, by Boost.JSON. RFC 8259.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "mta/auth/secret.h"
#include "proto/result.h"

namespace mxpress::mta::oauth {

// The texts and numbers of an object; other members are dropped. Wipes the memory used for parsing.
class JsonObject {
 public:
  // The Error never contains part of the text.
  static Result<JsonObject> parse(std::string_view text);
  // Empty if there is no such member, or it is not a text.
  const auth::Secret& text(std::string_view name) const;
  // A number, or a text that holds one: some providers send that.
  std::optional<double> number(std::string_view name) const;

 private:
  std::map<std::string, auth::Secret, std::less<>> texts_;
  std::map<std::string, double, std::less<>> numbers_;
};

}  // namespace mxpress::mta::oauth
