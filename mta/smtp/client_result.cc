// Cleans the replies of mail hosts: no text of a host gets past this file unchanged.
#include "mta/smtp/client_result.h"

#include "dns/target.h"
#include "mta/net/tls_result.h"
#include "mta/smtp/client_channel.h"
#include "proto/printable.h"
#include "proto/reply.h"

namespace mxpress::mta::smtp {
namespace {

constexpr std::size_t kMaxWords = 500;
constexpr proto::EnhancedStatus kTlsNotSupported{4, 7, 4};
constexpr proto::EnhancedStatus kTlsFailure{4, 7, 5};

proto::HostResult about(const dns::Target& target, proto::Stage stage) {
  proto::HostResult result;
  result.stage = stage;
  result.host = proto::printable(target.host, kMaxWords);
  result.address = target.address_text();
  return result;
}

}  // namespace

proto::HostResult HostReporter::replied(proto::Stage stage, const proto::Reply& reply) const {
  proto::HostResult result = about(target_, stage);
  result.tls = channel_.tls().description;
  result.status = reply.status();
  result.reply_code = reply.code;
  result.text = reply.to_string();
  return result;
}

proto::HostResult HostReporter::out_of_step(proto::Stage stage, const proto::Reply& reply) const {
  proto::HostResult result = replied(stage, reply);
  result.status = {4, 5, 5};
  return result;
}

proto::HostResult HostReporter::lost(proto::Stage stage, const Error& error, std::string_view doing) const {
  return found(stage, channel_.failure(), error.message + " while " + std::string(doing));
}

proto::HostResult HostReporter::found(proto::Stage stage, proto::EnhancedStatus status, std::string_view words) const {
  proto::HostResult result = about(target_, stage);
  result.tls = channel_.tls().description;
  result.status = status;
  result.text = proto::printable(words, kMaxWords);
  return result;
}

proto::HostResult not_connected(const dns::Target& target, const Error& error) {
  proto::HostResult result = about(target, proto::Stage::connect);
  result.status = {4, 4, 1};
  result.text = proto::printable(error.message, kMaxWords);
  return result;
}

proto::HostResult not_allowed(const dns::Target& target, const net::TlsResult& tls) {
  proto::HostResult result = about(target, proto::Stage::tls);
  result.status = tls.failure == net::TlsFailure::starttls_not_supported ? kTlsNotSupported : kTlsFailure;
  result.text = proto::printable(net::in_words(tls, target.host), kMaxWords);
  return result;
}

proto::HostResult not_vouched_for(const dns::Target& target) {
  proto::HostResult result = about(target, proto::Stage::tls);
  result.status = kRequireTlsNeeded;
  result.text =
      "the sender demands TLS on the whole way (REQUIRETLS), but the domain vouches for no mail host: neither DANE nor an MTA-STS policy "
      "that is enforced; it can be sent without REQUIRETLS, or by a route with tls = \"verify\"";
  return result;
}

void shorten(proto::HostResult& result, std::size_t octets) {
  if (result.text.size() > octets) result.text = result.text.substr(0, octets);
}

}  // namespace mxpress::mta::smtp
