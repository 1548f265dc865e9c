// Words for network errors.
#include "mta/net/stream_error.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>

#include "proto/network_words.h"
#include "proto/printable.h"

namespace mxpress::mta::net {
namespace {

namespace error = boost::asio::error;

constexpr std::size_t kMaxWords = 200;

struct Words {
  boost::system::error_code code;
  std::string_view text;
};

const Words kWords[] = {
    {error::connection_refused, proto::kConnectionRefused},
    {error::connection_reset, "connection reset"},
    {error::broken_pipe, "connection closed"},
    {error::eof, "connection closed"},
    {boost::asio::ssl::error::stream_truncated, "connection closed"},
    {error::operation_aborted, "connection closed"},
    {error::bad_descriptor, "connection closed"},
    {error::not_connected, "connection closed"},
    {error::connection_aborted, "connection aborted"},
    {error::timed_out, proto::kConnectionTimedOut},
    {error::network_unreachable, proto::kNetworkUnreachable},
    {error::host_unreachable, proto::kNoRoute},
    {error::network_down, proto::kNetworkDown},
    {error::access_denied, proto::kNotPermitted},
    {error::no_permission, proto::kNotPermitted},
    {{EADDRNOTAVAIL, boost::system::system_category()}, proto::kNoLocalAddress},
    {error::no_descriptors, proto::kTooManyFiles},
    {error::no_buffer_space, proto::kNoBufferSpace},
    {error::address_family_not_supported, proto::kNoAddressFamily},
};

}  // namespace

std::string network_words(const boost::system::error_code& code) {
  for (const Words& words : kWords) {
    if (words.code == code) return std::string(words.text);
  }
  const std::string prefix = code.category() == error::get_ssl_category() ? "TLS: " : "";
  return proto::printable(prefix + code.message(), kMaxWords);
}

Error network_error(const boost::system::error_code& code) { return Error::transient(network_words(code)); }

}  // namespace mxpress::mta::net
