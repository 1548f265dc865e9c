// Reads and writes requests and replies: fields that end with NUL.
#include "mta/runner/alias_request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace mxpress::mta::runner {
namespace {

constexpr std::string_view kVersion = "mxpress-command 1";
constexpr std::size_t kMostOfText = 1200;  // octets: no mailbox is longer (proto/mailbox.h, proto/domain.h)
constexpr std::array<std::string_view, 3> kKinds = {"delivered", "deferred", "failed"};

bool is_text(std::string_view text) {
  return text.size() <= kMostOfText && std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 32 || c == 127; });
}

// Nullopt if text follows the last NUL.
std::optional<std::vector<std::string>> fields_of(std::string_view packet, std::size_t count) {
  std::vector<std::string> fields;
  while (!packet.empty()) {
    const std::size_t end = packet.find('\0');
    if (end == packet.npos || !is_text(packet.substr(0, end))) return std::nullopt;
    fields.emplace_back(packet.substr(0, end));
    packet.remove_prefix(end + 1);
  }
  return fields.size() == count && fields[0] == kVersion ? std::optional(std::move(fields)) : std::nullopt;
}

std::string joined(const std::vector<std::string>& fields) {
  std::string packet;
  for (const std::string& field : fields) packet.append(field).push_back('\0');
  return packet;
}

template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string format_alias_request(const AliasRequest& request) {
  return joined({std::string(kVersion), request.command.alias, std::to_string(request.command.number), request.sender, request.recipient});
}

std::optional<AliasRequest> parse_alias_request(std::string_view packet) {
  const auto fields = packet.size() <= kMaxAliasRequest ? fields_of(packet, 5) : std::nullopt;
  const auto number = fields ? number_in<std::uint32_t>((*fields)[2]) : std::nullopt;
  if (!number || *number == 0 || (*fields)[1].empty()) return std::nullopt;
  return AliasRequest{{(*fields)[1], *number}, (*fields)[3], (*fields)[4]};
}

std::string format_alias_reply(const AliasReply& reply) {
  std::string text = reply.text.substr(0, kMaxAliasReply - 100);
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 32 || c == 127; }, ' ');
  return joined({std::string(kVersion), std::string(kKinds[static_cast<std::size_t>(reply.kind)]), std::to_string(reply.status), text});
}

std::optional<AliasReply> parse_alias_reply(std::string_view packet) {
  const auto fields = packet.size() <= kMaxAliasReply ? fields_of(packet, 4) : std::nullopt;
  const auto status = fields ? number_in<int>((*fields)[2]) : std::nullopt;
  if (!status || *status < 0 || *status > 255) return std::nullopt;
  const auto kind = std::find(kKinds.begin(), kKinds.end(), (*fields)[1]);
  if (kind == kKinds.end()) return std::nullopt;
  return AliasReply{static_cast<AliasReply::Kind>(kind - kKinds.begin()), *status, (*fields)[3]};
}

}  // namespace mxpress::mta::runner
