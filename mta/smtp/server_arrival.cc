// Receives content.
#include "mta/smtp/server_arrival.h"

#include <string_view>

#include "mta/smtp/server_session.h"

namespace mxpress::mta::smtp {
namespace {

constexpr std::size_t kUsualPiece = 4 * 1024;  // octets of content between two waits

}  // namespace

ServerReply to_reply(const proto::CommandError& error) { return {error.code, error.status, error.text}; }

ServerReply too_big(std::uint64_t limit) {
  return {552, proto::EnhancedStatus{5, 3, 4}, "Message is too big; the limit is " + std::to_string(limit) + " octets"};
}

bool Arrival::take(LineReader& lines) {
  const std::string_view plain = decoder_.take_plain(lines.rest());
  if (!refusal_ && !plain.empty()) refusal_ = message_->append(plain);
  lines.take(plain.size());
  content_.clear();
  lines.take(decoder_.feed(lines.rest(), content_));
  if (!refusal_ && !content_.empty()) refusal_ = message_->append(content_);
  if (content_.capacity() > kUsualPiece) content_ = {};  // no more may come for an hour
  judge();
  return decoder_.complete();
}

void Arrival::judge() {
  if (decoder_.octets() > options_.max_message_size) {
    refusal_ = too_big(options_.max_message_size);  // RFC 1870 6.2
  } else if (const auto flaw = proto::refusal(decoder_.flaw()); flaw && !refusal_) {
    refusal_ = to_reply(*flaw);
  }
  if (refusal_) message_.reset();
}

}  // namespace mxpress::mta::smtp
