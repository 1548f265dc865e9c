// Words for what the network does to us.
#include "mta/smtp/stream_error.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include "proto/printable.h"

namespace mxpress::mta::smtp {
namespace {

namespace error = boost::asio::error;

constexpr std::size_t kMaxWords = 200;

struct Words {
  boost::system::error_code code;
  const char* text;
};

const Words kWords[] = {
    {error::connection_refused, "connection refused"},
    {error::connection_reset, "connection reset"},
    {error::broken_pipe, "connection closed"},
    {error::eof, "connection closed"},
    {boost::asio::ssl::error::stream_truncated, "connection closed"},
    {error::operation_aborted, "connection closed"},
    {error::bad_descriptor, "connection closed"},
    {error::not_connected, "connection closed"},
    {error::connection_aborted, "connection aborted"},
    {error::timed_out, "connection timed out"},
    {error::network_unreachable, "network is unreachable"},
    {error::host_unreachable, "no route to host"},
    {error::network_down, "network is down"},
    {error::access_denied, "not permitted (by a firewall of this machine?)"},
    {error::no_descriptors, "too many open files on this machine"},
    {error::no_buffer_space, "no buffer space on this machine"},
    {error::address_family_not_supported, "address family not supported by this machine"},
};

}  // namespace

std::string network_words(const boost::system::error_code& code) {
  for (const Words& words : kWords) {
    if (words.code == code) return words.text;
  }
  const std::string prefix = code.category() == error::get_ssl_category() ? "TLS: " : "";
  return proto::printable(prefix + code.message(), kMaxWords);
}

Error network_error(const boost::system::error_code& code) { return Error::transient(network_words(code)); }

}  // namespace mxpress::mta::smtp
