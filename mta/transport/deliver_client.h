// Asks mxpress-deliver to put a message into a user's mailbox.
#pragma once

#include <boost/filesystem/path.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "dns/async.h"
#include "mta/mailstore/request.h"
#include "mta/system/descriptor.h"
#include "proto/result.h"

namespace mxpress::queue {
class Content;
}

namespace mxpress::mta::transport {

// Content for another process.
struct PassedContent {
  system::Descriptor file;  // open for reading alone
  std::int64_t offset = 0, size = 0;
};

// Content of at most kInlineContent octets is copied into memory, and sealed. Of larger content it is the file of the message, so that it
// takes no memory while its delivery lasts. Blocks. Error (transient): it cannot be read, or memory is short.
Result<PassedContent> pass_content(const queue::Content& content);

// The same for commands, open at its beginning: `front` and the content, with LF line ends. Of more than kMostForCommand octets of content
// it is a file without a name in `folder`.
inline constexpr std::uint64_t kMostForCommand = 32u << 10;
Result<system::Descriptor> text_for_command(const std::string& front, const queue::Content& content, const boost::filesystem::path& folder);

// The program behind a socket.
struct Helper {
  std::string program;            // for people
  std::string unit;               // of systemd, which starts it
  std::chrono::seconds patience;  // for its reply
  std::size_t most;               // octets of a reply
};
// One packet to the program behind that socket, with an open descriptor beside it, and its reply. `content` outlives the call. Error
// (transient): there is none, with what to do about it.
Task<Result<std::string>> ask_helper(boost::filesystem::path socket, std::string packet, const system::Descriptor& content, Helper helper);

// One request to the program behind that socket, and its reply; `content` goes along, and outlives the call. A reply that does not come is
// `deferred`, and says what to do about it.
Task<mailstore::Reply> ask_deliver(boost::filesystem::path socket, mailstore::Request request, const PassedContent& content);

}  // namespace mxpress::mta::transport
