// Composes the Received field.
#include "proto/trace.h"

#include "proto/printable.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxRemote = 255;   // octets of text from the client
constexpr std::size_t kUsualField = 400;  // octets

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

// Text for a comment: cleaned, without characters that could end it. RFC 5322 3.2.2
std::string in_comment(std::string_view text) {
  std::string clean = printable(text, kMaxRemote);
  for (char& c : clean) {
    if (c == '(' || c == ')' || c == '\\') c = '?';
  }
  return clean;
}

// RFC 5321 4.1.3; "unknown" for text that is not an address.
std::string literal(std::string_view address) {
  std::string text = std::string("[").append(address).append("]");
  if (Domain::parse(text)) return text;
  const auto domain = Domain::parse(std::string("[IPv6:").append(address).append("]"));
  return domain ? "[IPv6:" + domain->address() + "]" : "unknown";
}

// RFC 5321 4.4: From-domain and TCP-info. A name that is not a domain goes into the comment.
void append_client(const Trace& trace, std::string& field) {
  const std::string address = literal(trace.client_address);
  if (const auto name = Domain::parse(trace.client_name)) {
    field.append(name->text()).append(" (").append(address).append(")");
  } else {
    field.append(address).append(" (helo=").append(in_comment(trace.client_name)).append(")");
  }
}

}  // namespace

std::string received_field(const Trace& trace) {
  std::string field;
  field.reserve(kUsualField);
  field.append("Received: ");
  if (trace.type == TransmissionType::local) {
    field.append("by ").append(trace.by.text()).append(" (mxpress, from uid ").append(std::to_string(trace.uid)).append(") with local");
  } else {
    field.append("from ");
    append_client(trace, field);
    field.append("\r\n\tby ").append(trace.by.text()).append(" (mxpress) with ").append(protocol(trace.type));
    if (!trace.tls.empty()) field.append(" (").append(in_comment(trace.tls)).append(")");
  }
  field.append("\r\n\tid ").append(trace.id.to_string());
  // RFC 5321 7.2: with more recipients the field would show them to each other.
  if (trace.recipient)
    field.append("\r\n\tfor <").append(trace.recipient->local_part()).append("@").append(trace.recipient->domain().text()).append(">");
  return field.append(";\r\n\t").append(rfc5322_date(trace.now, trace.zone_minutes)).append("\r\n");
}

}  // namespace mxpress::proto
