// SMTP replies: reads those of servers, writes ours. RFC 5321 4.2, RFC 2034.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"
#include "proto/status.h"

namespace mxpress::proto {

// RFC 4954 4: the host's challenge, in base64.
constexpr int kAuthContinues = 334;

struct Reply {
  int code = 0;                              // 200 to 599
  std::string text{};                        // its lines without code and separator, joined by LF; as received
  std::optional<EnhancedStatus> enhanced{};  // only if its class matches the code (RFC 2034 4)

  // The text line by line; at least one. Valid as long as `text`.
  std::vector<std::string_view> lines() const;

  bool is_positive() const { return code / 100 == 2; }
  bool is_intermediate() const { return code / 100 == 3; }
  bool is_transient() const { return code / 100 == 4; }
  bool is_permanent() const { return code / 100 == 5; }
  // The enhanced code, else the closest one to the basic code ("5.0.0", "4.0.0").
  EnhancedStatus status() const;
  // One line, cleaned: "550 5.1.1 No such user; see https://..." with lines joined by a space, no control characters, no 8-bit
  // (replaced by '?'), cut at 1000 octets. For logs, notices and terminals.
  std::string to_string() const;
};

// Reads replies from a stream of bytes, in pieces of any size.
class ReplyParser {
 public:
  static constexpr std::size_t kMaxLine = 4096;    // octets; longer lines are an error (RFC 5321 4.5.3.1.5 asks for 512)
  static constexpr std::size_t kMaxReply = 65536;  // octets and...
  static constexpr std::size_t kMaxLines = 1000;   // ...lines of a whole reply

  // Takes bytes up to the end of one reply, and returns their number. After an error or a complete reply it takes no more.
  std::size_t feed(std::string_view bytes);
  // A complete reply, or an Error (mismatched codes, not a reply, too long: transient, 4.5.5), or nullopt if more is needed.
  std::optional<Result<Reply>> take();

 private:
  void end_line();
  std::string line_;
  Reply reply_;
  std::size_t lines_ = 0;  // of reply_
  std::size_t size_ = 0;
  std::optional<Result<Reply>> ready_;
};

// Writes a reply as a server: every line with code, enhanced code if given, and CRLF.
std::string format_reply(int code, std::optional<EnhancedStatus> enhanced, std::string_view text);

}  // namespace mxpress::proto
