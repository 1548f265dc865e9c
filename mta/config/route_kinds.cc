// Addresses, and receivers of mail.
#include "mta/config/route_kinds.h"

#include <algorithm>

#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

constexpr std::size_t kMostWords = 64, kLongestWord = 4096;  // octets

// UTF-8 is allowed.
bool is_control(unsigned char c) { return c < ' ' || c == 0x7F; }

std::string shown(const ConfigValue& value) { return in_quotes(proto::printable(*value.text(), 100)); }

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
          [](const RouteTransport& target) { return in_quotes(target == RouteTransport::smtp ? "smtp" : "hold"); }};
}

Kind<Rate> rate() {
  return {[](const ConfigValue& value) -> Result<Rate> {
            return value.text() ? Rate::parse(*value.text()) : wants("a rate such as \"100/m\"", value);
          },
          [](const Rate& target) { return in_quotes(target.to_string()); }};
}

Kind<std::vector<Rate>> rates() {
  return {[](const ConfigValue& value) -> Result<std::vector<Rate>> {
            constexpr std::string_view kWanted = "a rate such as \"100/h\", or a list such as [\"20/m\", \"500/d\"]";
            if (!value.text() && !value.list()) return wants(kWanted, value);
            const ConfigValue::List one = value.text() ? ConfigValue::List{value} : ConfigValue::List();
            std::vector<Rate> all;
            for (const ConfigValue& element : value.text() ? one : *value.list()) {
              if (!element.text()) return wants(kWanted, element);
              const auto rate = Rate::parse(*element.text());
              if (!rate) return rate.error();
              const auto is_same = [&](const Rate& other) { return other.period == rate->period; };
              if (std::any_of(all.begin(), all.end(), is_same))
                return Error::permanent("names two limits for the same time (/" + rate->unit() + "): write one of them");
              all.push_back(*rate);
            }
            return all;
          },
          [](const std::vector<Rate>& target) {
            std::string list;
            for (const Rate& rate : target) list += (list.empty() ? "" : ", ") + in_quotes(rate.to_string());
            return target.size() > 1 ? "[" + list + "]" : list;
          }};
}

Kind<std::string> alert_recipient() {
  static constexpr std::string_view kWanted = "a user of this host such as \"root\", or a mail address";
  return {[](const ConfigValue& value) -> Result<std::string> {
            if (!value.text()) return wants(kWanted, value);
            const std::string& text = *value.text();
            if (text.empty()) return text;
            const bool is_address = text.find('@') != text.npos;
            const auto parsed = proto::Mailbox::parse(is_address ? text : text + "@localhost");
            if (parsed) return text;
            return Error::permanent(in_quotes(proto::printable(text, 100)) + " is neither a user of this host nor a mail address");
          },
          [](const std::string& target) { return in_quotes(target); }};
}

Kind<std::vector<std::string>> command() {
  return {[](const ConfigValue& value) -> Result<std::vector<std::string>> {
            constexpr std::string_view kWanted =
                "a program with its full path and its arguments, such as [\"/usr/bin/pass\", \"show\", \"mail\"]";
            if (!value.list() || value.list()->empty()) return wants(kWanted, value);
            if (value.list()->size() > kMostWords) return Error::permanent("has more than " + std::to_string(kMostWords) + " words");
            std::vector<std::string> words;
            for (const ConfigValue& one : *value.list()) {
              if (!one.text()) return wants(kWanted, one);
              if (one.text()->size() > kLongestWord || std::any_of(one.text()->begin(), one.text()->end(), is_control))
                return Error::permanent(shown(one) + " is too long, or has a control character");
              words.push_back(*one.text());
            }
            if (words[0].starts_with('/')) return words;
            return Error::permanent("must begin with the full path of a program, such as \"/usr/bin/pass\", not with " +
                                    in_quotes(proto::printable(words[0], 100)) + ": no shell looks for it");
          },
          [](const std::vector<std::string>& target) {
            std::string list;
            for (const std::string& word : target) {
              list += list.empty() ? "[\"" : ", \"";
              for (const char c : word) list.append(c == '"' || c == '\\' ? 1 : 0, '\\').push_back(c);
              list += '"';
            }
            return list.empty() ? list : list + "]";
          }};
}

Kind<dns::Address> ip_address() {
  return {[](const ConfigValue& value) -> Result<dns::Address> {
            constexpr std::string_view kWanted = "an address of this host, such as \"192.0.2.1\"";
            if (!value.text()) return wants(kWanted, value);
            const auto parsed = dns::Address::parse(*value.text());
            if (parsed && !dns::is_unspecified(*parsed) && !dns::is_multicast(*parsed)) return *parsed;
            return Error::permanent("must be " + std::string(kWanted) + ", not " + shown(value));
          },
          [](const dns::Address& target) { return in_quotes(target.to_string()); }};
}

}  // namespace mxpress::mta::config
