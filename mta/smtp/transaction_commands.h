// The command lines of a transaction, with exactly the parameters that the host offers. RFC 5321 4.1.1.2, 4.1.1.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/envelope.h"
#include "proto/extensions.h"
#include "proto/outcome.h"

namespace mxpress::mta::smtp {

// The SIZE to announce in MAIL, in octets: about what is sent, or more. RFC 1870 6. Signatures are made later; their possible maximum must
// not make the host refuse.
std::uint64_t announced_size(std::uint64_t content, std::uint64_t most_of_signatures, const proto::Extensions& extensions);

struct EnvelopeCommand {
  proto::Stage stage;
  std::size_t end = 0;        // of its line, in the text of all
  std::size_t recipient = 0;  // for RCPT: index into the result's recipients
  bool is_reset = false;
};

// All command lines of an envelope, in the order of sending.
class EnvelopeCommands {
 public:
  void reserve(std::size_t recipients);
  void add_reset();
  // `size`: announced_size().
  void add_mail(const proto::Envelope& envelope, std::uint64_t size, proto::BodyType body, const proto::Extensions& extensions);
  void add_rcpt(std::size_t position, const proto::Recipient& recipient, const proto::Extensions& extensions);
  void add_data();

  const std::vector<EnvelopeCommand>& all() const { return commands_; }
  // The lines of the commands in [begin, end).
  std::string_view lines(std::size_t begin, std::size_t end) const;
  // The end of the group that is sent at once. RFC 2920 3.1: DATA must be the last of a group; it is the last command here.
  std::size_t group_end(std::size_t begin, bool pipelining) const;

 private:
  void add(EnvelopeCommand command);

  std::string text_;
  std::vector<EnvelopeCommand> commands_;
};

}  // namespace mxpress::mta::smtp
