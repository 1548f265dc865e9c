// Reads and writes requests and replies: fields that end with NUL.
#include "mta/mailstore/request.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace mxpress::mta::mailstore {
namespace {

constexpr std::string_view kVersion = "mxpress-deliver 4";
constexpr std::size_t kMostOfName = 64;  // octets
constexpr std::array<std::string_view, 3> kFormats = {"automatic", "mbox", "maildir"};
constexpr std::array<std::string_view, 3> kForwardings = {"first", "nothing", "alone"};
constexpr std::array<std::string_view, 5> kReplies = {"delivered", "deferred", "no-such-user", "forward", "no-forward"};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_text(std::string_view text, std::size_t most) {
  return text.size() <= most && std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 32 || c == 127; });
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kMostOfName && std::all_of(text.begin(), text.end(), is_letter_or_digit);
}

// Removes the next field from the packet.
std::optional<std::string_view> take_field(std::string_view& packet) {
  const auto end = packet.find('\0');
  if (end == packet.npos) return std::nullopt;
  const std::string_view field = packet.substr(0, end);
  packet.remove_prefix(end + 1);
  return field;
}

template <std::size_t N>
std::optional<std::size_t> index_in(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? std::nullopt : std::optional<std::size_t>(found - words.begin());
}

// 0 or more.
bool read_number(std::string_view text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}

// Exactly these fields.
template <std::size_t N>
std::optional<std::array<std::string_view, N>> fields_of(std::string_view packet) {
  std::array<std::string_view, N> fields;
  for (std::string_view& field : fields) {
    const auto next = take_field(packet);
    if (!next) return std::nullopt;
    field = *next;
  }
  if (!packet.empty() || fields[0] != kVersion) return std::nullopt;
  return fields;
}

template <std::size_t N>
std::string joined(const std::array<std::string_view, N>& fields) {
  std::string packet;
  for (const std::string_view field : fields) packet.append(field).push_back('\0');
  return packet;
}

}  // namespace

bool is_user_name(std::string_view text) {
  if (text.empty() || text.size() > kMostOfName || text.front() == '-' || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.'; });
}

std::string format_request(const Request& request) {
  const std::string_view format = kFormats[static_cast<std::size_t>(request.format)];
  const std::string_view forwarding = kForwardings[static_cast<std::size_t>(request.forwarding)];
  const std::string time = std::to_string(request.time), offset = std::to_string(request.offset), size = std::to_string(request.size);
  return joined<10>({kVersion, format, forwarding, request.user, request.sender, request.recipient, request.id, time, offset, size});
}

std::optional<Request> parse_request(std::string_view packet) {
  if (packet.size() > kMaxRequest) return std::nullopt;
  const auto fields = fields_of<10>(packet);
  if (!fields) return std::nullopt;
  const auto& [version, format, forwarding, user, sender, recipient, id, time, offset, size] = *fields;
  const auto known = index_in(kFormats, format), known_forwarding = index_in(kForwardings, forwarding);
  if (!known || !known_forwarding || !is_user_name(user) || !is_text(sender, kMaxAddress) || !is_text(recipient, kMaxAddress) || !is_id(id))
    return std::nullopt;
  Request request{static_cast<Format>(*known), static_cast<Forwarding>(*known_forwarding),
                  std::string(user),           std::string(sender),
                  std::string(recipient),      std::string(id)};
  const bool is_right = read_number(time, request.time) && read_number(offset, request.offset) && read_number(size, request.size);
  return is_right ? std::optional(std::move(request)) : std::nullopt;
}

std::string format_reply(const Reply& reply) {
  const bool is_file = reply.kind == Reply::Kind::forward;
  std::string text = reply.text.substr(0, is_file ? kMaxForward : kMaxText);
  const auto is_bad = [is_file](unsigned char c) { return is_file ? c == 0 : c < 32 || c == 127; };
  std::replace_if(text.begin(), text.end(), is_bad, ' ');
  return joined<4>({kVersion, kReplies[static_cast<std::size_t>(reply.kind)], text, is_file ? std::to_string(reply.uid) : ""});
}

std::optional<Reply> parse_reply(std::string_view packet) {
  const auto fields = fields_of<4>(packet);
  if (!fields || packet.size() > kMaxReply) return std::nullopt;
  const auto kind = index_in(kReplies, (*fields)[1]);
  if (!kind) return std::nullopt;
  Reply reply{static_cast<Reply::Kind>(*kind), std::string((*fields)[2])};
  const bool is_file = reply.kind == Reply::Kind::forward;
  const std::string_view uid = (*fields)[3];
  const bool is_right = is_file ? !reply.text.empty() && reply.text.size() <= kMaxForward && read_number(uid, reply.uid) && reply.uid > 0
                                : is_text(reply.text, kMaxText) && uid.empty();
  return is_right ? std::optional(std::move(reply)) : std::nullopt;
}

}  // namespace mxpress::mta::mailstore
