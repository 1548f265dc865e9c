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
  system::Descriptor file;  // read-only
  std::int64_t offset = 0, size = 0;
};

// Content of at most kInlineContent octets is copied into sealed memory. Larger content is passed as the message's file, so that it takes
// no memory during its delivery. Blocks. Error (transient): it cannot be read, or memory is short.
Result<PassedContent> pass_content(const queue::Content& content);

// The same for commands, open at its beginning: `front` and the content, with LF line ends. Of more than kMostForCommand octets of content
// it is a file without a name in `folder`, whose disk has `reserve` octets free besides: while a command takes its time they are those that
// the spool needs. Error (transient): it has not.
inline constexpr std::uint64_t kMostForCommand = 32u << 10;
Result<system::Descriptor> text_for_command(const std::string& front, const queue::Content& content, const boost::filesystem::path& folder,
                                            std::uint64_t reserve);

// The program behind a socket.
struct Helper {
  std::string program;            // for people
  std::string unit;               // the systemd unit that starts it
  std::chrono::seconds patience;  // for its reply
  std::size_t most;               // octets of a reply
};
// Sends one packet, with an open descriptor, to the program behind that socket, and returns its reply. `content` must outlive the call.
// Error (transient): no reply, with the action to take.
Task<Result<std::string>> ask_helper(boost::filesystem::path socket, std::string packet, const system::Descriptor& content, Helper helper);

// Sends one request with `content`, which must outlive the call, to the program behind that socket, and returns its reply. Without a reply
// the result is `deferred`, with the action to take.
Task<mailstore::Reply> ask_deliver(boost::filesystem::path socket, mailstore::Request request, const PassedContent& content);

}  // namespace mxpress::mta::transport
