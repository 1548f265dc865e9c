// The state of a signing key, for operators.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/time.h"

namespace mxpress::mta::records {

enum class KeyState {
  signs,
  waits,     // for its record, or for that of an RSA key beside it
  lost,      // its record has disappeared or changed; it continues to sign
  replaced,  // by the keys of `next`
  off        // sign = "never"
};
std::string_view to_string(KeyState state);

struct KeyStatus {
  std::string domain, selector, kind;
  KeyState state = KeyState::waits;
  std::string why;               // a problem with its record, or a possible objection of receivers
  std::optional<WallTime> seen;  // when its record was first seen
  bool is_next = false;
};

// "rsa1._domainkey.example.org".
std::string record_name_of(const KeyStatus& key);

}  // namespace mxpress::mta::records
