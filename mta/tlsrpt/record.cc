// Reads records that ask for reports.
#include "mta/tlsrpt/record.h"

#include <algorithm>
#include <optional>

#include "proto/ascii.h"
#include "proto/command_recipient.h"
#include "proto/malformed_recipient.h"

namespace mxpress::mta::tlsrpt {
namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";
constexpr std::string_view kReceivers = "rua=";
constexpr std::string_view kMail = "mailto:";
constexpr std::string_view kHttps = "https:";

// Takes the text up to `end` from the front, without blanks around it.
std::string_view take_part(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view part = proto::trimmed(text.substr(0, at));
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

// RFC 8460 3: the version is followed by a field.
bool is_record(std::string_view text) { return take_part(text, ';') == kVersion; }

std::optional<int> hex_digit(char c) {
  const char lower = proto::to_lower(c);
  if (proto::is_digit(c)) return c - '0';
  return lower >= 'a' && lower <= 'f' ? std::optional(lower - 'a' + 10) : std::nullopt;
}

// RFC 3986 2.1
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

// RFC 6068 2: header fields behind the address are left out.
Result<Receiver> mail_to(std::string_view uri) {
  const std::string_view address = uri.substr(kMail.size());
  const auto decoded = percent_decoded(address.substr(0, address.find('?')));
  if (!decoded) return Error::permanent("the address is encoded wrongly");
  auto mailbox = proto::Mailbox::parse(*decoded);
  if (!mailbox) return mailbox.error();
  const proto::Domain& domain = mailbox->domain();
  if (proto::is_command_recipient(domain) || proto::is_malformed_recipient(domain)) return Error::permanent("it is no mail address");
  return Receiver{std::string(uri), std::move(*mailbox)};
}

Result<Receiver> post_to(std::string_view uri) {
  auto url = proto::HttpsUrl::parse(uri);
  if (!url) return url.error();
  return Receiver{std::string(uri), std::move(*url)};
}

std::string_view receivers_of(std::string_view record) {
  while (!record.empty()) {
    const std::string_view field = take_part(record, ';');
    if (field.starts_with(kReceivers)) return field.substr(kReceivers.size());
  }
  return {};
}

}  // namespace

std::string record_name(const std::string& domain) { return "_smtp._tls." + domain; }

Result<Receiver> parse_receiver(std::string_view uri) {
  if (uri.size() > kLongestReceiver) return Error::permanent("it is longer than " + std::to_string(kLongestReceiver) + " octets");
  // RFC 3986 2: others are encoded.
  if (!std::all_of(uri.begin(), uri.end(), [](char c) { return c > ' ' && c < 127; })) return Error::permanent("it is no URI");
  if (proto::starts_in_any_case(uri, kMail)) return mail_to(uri);
  if (proto::starts_in_any_case(uri, kHttps)) return post_to(uri);
  return Error::permanent("it is neither mailto: nor https:");
}

Result<std::vector<Receiver>> receivers_in(const std::vector<std::string>& texts) {
  std::vector<Receiver> receivers;
  const auto record = std::find_if(texts.begin(), texts.end(), is_record);
  if (record == texts.end()) return receivers;
  if (std::count_if(texts.begin(), texts.end(), is_record) > 1) return Error::permanent("there are several records");
  for (std::string_view list = receivers_of(*record); !list.empty() && receivers.size() < kMostReceivers;) {
    auto receiver = parse_receiver(take_part(list, ','));
    if (receiver) receivers.push_back(std::move(*receiver));
  }
  if (receivers.empty()) return Error::permanent("the record names nobody who can get reports");
  return receivers;
}

}  // namespace mxpress::mta::tlsrpt
