// The form of a message in a mailbox: LF line ends, our fields in front, without fields that mail readers use for themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::mailstore {

struct Mail {
  int content = -1;                   // a file, open for reading...
  std::int64_t offset = 0, size = 0;  // ...and the part of it that is the message: CRLF line ends, starting with a header
  std::string sender;                 // as in Request
  std::string recipient;
  std::string id;
  std::int64_t time = 0;
};

enum class Layout : std::uint8_t {
  mbox,  // "From " line in front, lines quoted as mboxrd, an empty line at the end
  file   // only the message
};

// Takes octets in pieces. An error ends it.
using Sink = std::function<Status(std::string_view)>;

// Removes CRs, drops Status, X-Status, X-UID, X-Keywords, X-IMAP* and Content-Length from the header, and in an mbox adds one more '>' in
// front of each line that begins with ">*From ". Memory: a header line. The last line gets its line end.
class StoredText {
 public:
  StoredText(Layout layout, Sink sink) : layout_(layout), sink_(std::move(sink)) {}
  Status add(std::string octets);
  Status finish();

 private:
  Status add_header(std::string_view& octets);
  Status add_body(std::string_view& octets);
  Status add_all(std::string_view octets);
  Status end_header_line();
  Status start_is_known(bool is_from);
  Status put(std::string_view octets);

  const Layout layout_;
  const Sink sink_;
  bool in_header_ = true;
  bool is_left_out_ = false;  // the field of the last header line
  std::string line_;          // of the header, so far
  bool at_start_ = true;      // of a line of the body: its beginning is not known yet
  std::size_t quotes_ = 0;    // number of '>' at its beginning
  std::size_t matched_ = 0;   // letters of "From " after them
  char last_ = '\n';
};

// The lines in front of the content. A repeated delivery writes the same octets.
std::string front_of(const Mail& mail, Layout layout);
// Writes the whole message, front first. Reads the content. The error is the sink's, or the content cannot be read (transient).
Status write_stored(const Mail& mail, Layout layout, const Sink& sink);

}  // namespace mxpress::mta::mailstore
