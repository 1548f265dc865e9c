// The request from mxpressd to run a command of an alias, and the reply: one packet each, with the message as an open
// descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/command_recipient.h"

namespace mxpress::mta::runner {

inline constexpr std::size_t kMaxAliasRequest = 4096;  // octets
inline constexpr std::size_t kMaxAliasReply = 1024;    // octets; longer texts are cut

struct AliasRequest {
  proto::AliasCommand command;
  std::string sender;     // reverse-path without brackets; empty: null
  std::string recipient;  // the address that the mail was sent to
  bool operator==(const AliasRequest&) const = default;
};

// `request` must be valid: no field has a control character, none is longer than 1,200 octets.
std::string format_alias_request(const AliasRequest& request);
std::optional<AliasRequest> parse_alias_request(std::string_view packet);

struct AliasReply {
  enum class Kind : std::uint8_t { delivered, deferred, failed };
  Kind kind = Kind::deferred;
  int status = 0;    // exit status of the command, if it failed
  std::string text;  // the reason; one line
  bool operator==(const AliasReply&) const = default;
};

std::string format_alias_reply(const AliasReply& reply);
std::optional<AliasReply> parse_alias_reply(std::string_view packet);

}  // namespace mxpress::mta::runner
