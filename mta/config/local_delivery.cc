// Reads [local] deliver, and chooses its default.
#include "mta/config/config.h"

#include <boost/filesystem/operations.hpp>

#include "mta/config/endpoint.h"
#include "proto/printable.h"

namespace mxpress::mta {
namespace {

constexpr std::string_view kLmtp = "lmtp:";
constexpr std::uint16_t kLmtpPort = 24;  // usual port; RFC 2033 names none
constexpr const char* kMailFolder = "/var/mail";

Result<LocalDelivery> parse_lmtp(std::string_view place) {
  LocalDelivery delivery{LocalDelivery::Kind::lmtp};
  if (place.starts_with('/')) {
    delivery.lmtp_socket = std::string(place);
    return delivery;
  }
  auto host = config::parse_host_port(place, kLmtpPort);
  if (!host) return host.error();
  delivery.lmtp_host = std::move(*host);
  return delivery;
}

}  // namespace

Result<LocalDelivery> LocalDelivery::parse(std::string_view text) {
  if (text == "keep") return LocalDelivery{Kind::keep};
  if (text == "mbox") return LocalDelivery{Kind::mbox};
  if (text == "maildir") return LocalDelivery{Kind::maildir};
  if (text.starts_with(kLmtp) && text.size() > kLmtp.size()) return parse_lmtp(text.substr(kLmtp.size()));
  return Error::permanent("must be \"mbox\", \"maildir\", \"keep\", \"lmtp:/PATH/OF/SOCKET\" or \"lmtp:HOST:PORT\", not \"" +
                          proto::printable(text, 100) + "\"");
}

std::string LocalDelivery::to_string() const {
  switch (kind) {
    case Kind::keep:
      return "keep";
    case Kind::automatic:
      return "automatic";
    case Kind::mbox:
      return "mbox";
    case Kind::maildir:
      return "maildir";
    case Kind::lmtp:
      break;
  }
  return std::string(kLmtp) + (lmtp_socket.empty() ? config::to_string(lmtp_host) : lmtp_socket.string());
}

void choose_local_delivery(Config& config) {
  if (config.local.deliver) return;
  boost::system::error_code error;
  const bool can_help = boost::filesystem::status(config.local.deliver_socket, error).type() == boost::filesystem::socket_file;
  const bool has_folder = boost::filesystem::is_directory(kMailFolder, error);
  config.local.deliver = LocalDelivery{can_help && has_folder ? LocalDelivery::Kind::automatic : LocalDelivery::Kind::keep};
}

}  // namespace mxpress::mta
