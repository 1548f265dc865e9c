// How a key that signs mail stands, for operators.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/time.h"

namespace mxpress::mta::records {

enum class KeyState {
  signs,
  waits,     // for its record, or for that of an RSA key beside it
  lost,      // its record was there and is not any more, or is another one; it signs on
  replaced,  // by the keys of `next`
  off        // sign = "never"
};
std::string_view to_string(KeyState state);

struct KeyStatus {
  std::string domain, selector, kind;
  KeyState state = KeyState::waits;
  std::string why;               // what is wrong with its record, or what receivers may object to
  std::optional<WallTime> seen;  // when its record was seen first
  bool is_next = false;
};

// "rsa1._domainkey.example.org".
std::string record_name_of(const KeyStatus& key);

}  // namespace mxpress::mta::records
