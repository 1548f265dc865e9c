// Addresses, and what takes mail.
#include "mta/config/route_kinds.h"

#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string shown(const ConfigValue& value) { return quoted(proto::printable(*value.text(), 100)); }

}  // namespace

Kind<proto::Mailbox> mailbox() {
  return {[](const ConfigValue& value) -> Result<proto::Mailbox> {
            if (!value.text()) return wants("a mail address", value);
            auto parsed = proto::Mailbox::parse(*value.text());
            return parsed ? std::move(parsed) : Error::permanent(shown(value) + " is not one mail address: " + parsed.error().message);
          },
          [](const proto::Mailbox& target) {
            std::string text = "\"";
            for (const char c : target.to_string()) text.append(c == '"' || c == '\\' ? 1 : 0, '\\').push_back(c);
            return text + "\"";
          }};
}

Kind<RouteTransport> route_transport() {
  return {[](const ConfigValue& value) -> Result<RouteTransport> {
            constexpr std::string_view kWanted = "\"smtp\" or \"hold\"";
            if (!value.text()) return wants(kWanted, value);
            if (*value.text() == "smtp") return RouteTransport::smtp;
            if (*value.text() == "hold") return RouteTransport::hold;
            return Error::permanent("must be " + std::string(kWanted) + ", not " + shown(value));
          },
          [](const RouteTransport& target) { return quoted(target == RouteTransport::smtp ? "smtp" : "hold"); }};
}

Kind<dns::Address> ip_address() {
  return {[](const ConfigValue& value) -> Result<dns::Address> {
            constexpr std::string_view kWanted = "an address of this host, such as \"192.0.2.1\"";
            if (!value.text()) return wants(kWanted, value);
            const auto parsed = dns::Address::parse(*value.text());
            if (parsed && !dns::is_unspecified(*parsed) && !dns::is_multicast(*parsed)) return *parsed;
            return Error::permanent("must be " + std::string(kWanted) + ", not " + shown(value));
          },
          [](const dns::Address& target) { return quoted(target.to_string()); }};
}

}  // namespace mxpress::mta::config
