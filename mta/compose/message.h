// Turns a letter into the octets of a message. RFC 5322, RFC 2045.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "mta/compose/letter.h"
#include "proto/result.h"

namespace mxpress::mta::compose {

// Takes octets of the message, in order; false ends the writing.
using Sink = std::function<bool(std::string_view)>;

// The message of a letter: 7-bit octets, lines of at most 998 octets with CRLF. It uses constant memory, whatever its parts have.
class Message {
 public:
  // Looks through the texts. Error: one of them cannot be sent as text, or a file cannot be read.
  static Result<Message> make(Letter letter);
  Message(Message&&) noexcept;
  ~Message();

  // Error: the sink wants no more, a file cannot be read, or is no longer what it was (transient): the message is incomplete.
  Status write(const Sink& sink) const;

 private:
  struct Parts;
  explicit Message(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Octets that the message has at least: without header, as far as can be said before its files are read.
std::uint64_t least_size(const Letter& letter);

}  // namespace mxpress::mta::compose
