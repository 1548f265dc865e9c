// Values by key.
#include "mta/migrate/keys.h"

namespace mxpress::mta::migrate {

std::string Keys::text_of(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string() : found->second.text;
}

void Keys::take(const std::string& key, const std::string& becomes) {
  const auto found = values_.find(key);
  if (found != values_.end() && told_.insert(key).second) findings_.take(found->second.place, found->second.shown, becomes);
}

void Keys::leave_rest() {
  for (const auto& [key, value] : values_)
    if (!told_.contains(key)) findings_.leave(value.place, value.shown);
}

}  // namespace mxpress::mta::migrate
