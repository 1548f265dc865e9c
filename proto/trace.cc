// Composes the Received field.
#include "proto/trace.h"

#include "proto/printable.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxRemote = 255;  // octets of what the client said

std::string_view protocol(TransmissionType type) {
  switch (type) {
    case TransmissionType::local:
      return "local";
    case TransmissionType::smtp:
      return "SMTP";
    case TransmissionType::esmtp:
      return "ESMTP";
    case TransmissionType::esmtps:
      return "ESMTPS";
  }
  return "SMTP";
}

// Text for a comment: cleaned, and nothing that could end it. RFC 5322 3.2.2
std::string in_comment(std::string_view text) {
  std::string clean = printable(text, kMaxRemote);
  for (char& c : clean) {
    if (c == '(' || c == ')' || c == '\\') c = '?';
  }
  return clean;
}

// RFC 5321 4.1.3; "unknown" for what is no address.
std::string literal(const std::string& address) {
  if (Domain::parse("[" + address + "]")) return "[" + address + "]";
  const auto domain = Domain::parse("[IPv6:" + address + "]");
  return domain ? "[IPv6:" + domain->address() + "]" : "unknown";
}

// RFC 5321 4.4: From-domain and TCP-info. A name that is no domain goes into the comment.
std::string from_client(const Trace& trace) {
  const std::string address = literal(trace.client_address);
  const auto name = Domain::parse(trace.client_name);
  if (name) return "from " + name->text() + " (" + address + ")";
  return "from " + address + " (helo=" + in_comment(trace.client_name) + ")";
}

}  // namespace

std::string received_field(const Trace& trace) {
  std::string field = "Received: ";
  if (trace.type == TransmissionType::local) {
    field += "by " + trace.by.text() + " (mxpress, from uid " + std::to_string(trace.uid) + ") with local";
  } else {
    field += from_client(trace) + "\r\n\tby " + trace.by.text() + " (mxpress) with " + std::string(protocol(trace.type));
    if (!trace.tls.empty()) field += " (" + in_comment(trace.tls) + ")";
  }
  field += "\r\n\tid " + trace.id.to_string();
  // RFC 5321 7.2: with more recipients the field would show them to each other.
  if (trace.recipient) field += "\r\n\tfor <" + trace.recipient->to_string() + ">";
  return field + ";\r\n\t" + rfc5322_date(trace.now, trace.zone_minutes) + "\r\n";
}

}  // namespace mxpress::proto
