// Objects by Boost.JSON.
#include "mta/oauth/json.h"

#include <openssl/crypto.h>

#include <boost/json/parse.hpp>
#include <charconv>
#include <cmath>

namespace mxpress::mta::oauth {

Result<JsonObject> JsonObject::parse(std::string_view text) {
  boost::system::error_code code;
  boost::json::value value = boost::json::parse(boost::json::string_view(text.data(), text.size()), code);
  if (code) return Error::transient("the answer is no JSON");
  if (!value.is_object()) return Error::transient("the answer is no JSON object");
  JsonObject object;
  for (auto& member : value.get_object()) {
    const std::string name(member.key());
    boost::json::value& one = member.value();
    if (one.is_number()) object.numbers_.emplace(name, one.to_number<double>());
    if (!one.is_string()) continue;
    boost::json::string& string = one.get_string();
    object.texts_.emplace(name, auth::Secret(std::string(string.data(), string.size())));
    OPENSSL_cleanse(string.data(), string.size());
  }
  return object;
}

const auth::Secret& JsonObject::text(std::string_view name) const {
  static const auth::Secret kNone;
  const auto found = texts_.find(name);
  return found == texts_.end() ? kNone : found->second;
}

std::optional<double> JsonObject::number(std::string_view name) const {
  if (const auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  const std::string& digits = text(name).reveal();
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_whole = error == std::errc() && end == digits.data() + digits.size();
  return is_whole && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

}  // namespace mxpress::mta::oauth
