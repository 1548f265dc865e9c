// The types of configuration values: how each is read, checked and shown.
#include "mta/config/config_kinds.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

#include "mta/config/config_fields.h"
#include "mta/config/endpoint.h"
#include "proto/ascii.h"
#include "proto/encoding.h"
#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

using Value = ConfigValue;

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result + "\"";
}

template <class T>
Kind<T> of_text(std::string what, std::function<Result<T>(std::string_view)> parse, std::function<std::string(const T&)> format) {
  return {[what, parse](const Value& value) -> Result<T> { return value.text() ? parse(*value.text()) : Result<T>(wants(what, value)); },
          [format](const T& target) { return in_quotes(format(target)); }};
}

// A table of names before the @, with an address for each, which `parse` checks: its Error describes the problem.
template <class T>
Result<std::map<std::string, T>> parse_names(const Value& value, const std::function<Result<T>(std::string_view)>& parse) {
  if (!value.table()) return wants("a table such as { root = \"admin@example.com\" }", value);
  std::map<std::string, T> names;
  for (const ConfigEntry& entry : *value.table()) {
    std::string name = proto::printable(entry.key, 64);
    if (name.empty() || name.find('@') != name.npos)
      return Error::permanent(in_quotes(name) +
                              ": write only the part before the @, such as root: the names are those of users of this host");
    if (!entry.value.text()) return Error::permanent(name + ": must be one mail address in quotes, not " + entry.value.kind());
    auto address = parse(*entry.value.text());
    if (!address)
      return Error::permanent(name + ": " + in_quotes(proto::printable(*entry.value.text(), 200)) +
                              " is not one mail address: " + address.error().message);
    names.emplace(proto::lower_case(name), std::move(*address));
  }
  return names;
}

// Checks the form that a user "user" would get.
Result<std::string> parse_sender(std::string_view text) {
  std::string example(text);
  if (const auto at = example.find(kUserOfSender); at != example.npos) example.replace(at, kUserOfSender.size(), "user");
  const auto mailbox = proto::Mailbox::parse(example);
  return mailbox ? Result<std::string>(std::string(text)) : mailbox.error();
}

template <class T>
std::string show_names(const std::map<std::string, T>& names, const std::function<std::string(const T&)>& text_of) {
  std::string result;
  for (const auto& [name, address] : names) result += (result.empty() ? " " : ", ") + in_quotes(name) + " = " + in_quotes(text_of(address));
  return result.empty() ? std::string("{}") : "{" + result + " }";
}

}  // namespace

Error wants(std::string_view what, const Value& value) {
  return Error::permanent("must be " + std::string(what) + ", not " + value.kind());
}

Kind<bool> flag() {
  return {[](const Value& value) -> Result<bool> { return value.flag() ? Result<bool>(*value.flag()) : wants("true or false", value); },
          [](const bool& target) { return std::string(target ? "true" : "false"); }};
}

Kind<std::uint64_t> size(std::uint64_t least) {
  return {[=](const Value& value) -> Result<std::uint64_t> {
            if (!value.text() && !value.number()) return wants("a size such as \"50MB\" or a number of octets", value);
            if (value.number() && *value.number() < 0) return Error::permanent("must not be negative");
            const auto octets =
                value.text() ? parse_size(*value.text()) : Result<std::uint64_t>(static_cast<std::uint64_t>(*value.number()));
            if (octets && *octets < least) return Error::permanent("must be at least " + format_size(least));
            return octets;
          },
          [](const std::uint64_t& target) { return in_quotes(format_size(target)); }};
}

Kind<Duration> duration(Duration least, Duration most) {
  return {[=](const Value& value) -> Result<Duration> {
            if (!value.text()) return wants("a duration such as \"90s\", \"5m\" or \"1h30m\"", value);
            const auto parsed = queue::parse_duration(*value.text());
            if (parsed && (*parsed < least || *parsed > most))
              return Error::permanent("must be from " + queue::format_duration(least) + " to " + queue::format_duration(most));
            return parsed;
          },
          [](const Duration& target) { return in_quotes(queue::format_duration(target)); }};
}

// Like duration(), and "0", whose meaning depends on the key.
Kind<Duration> duration_or_zero(Duration most) {
  const Kind<Duration> usual = duration(std::chrono::seconds(1), most);
  return {[parse = usual.parse](const Value& value) -> Result<Duration> {
            return value.text() && *value.text() == "0" ? Result<Duration>(Duration(0)) : parse(value);
          },
          [](const Duration& target) { return in_quotes(target == Duration(0) ? "0" : queue::format_duration(target)); }};
}

Kind<boost::filesystem::path> path() {
  return of_text<boost::filesystem::path>(
      "a path",
      [](std::string_view text) -> Result<boost::filesystem::path> {
        if (!text.starts_with('/') || text.size() > 4000 || proto::printable(text, text.size()).size() != text.size())
          return Error::permanent("must be an absolute path, such as \"/var/spool/mxpress\"");
        return boost::filesystem::path(text.begin(), text.end());
      },
      [](const boost::filesystem::path& target) { return target.string(); });
}

// The limit of sun_path in sockaddr_un, see unix(7).
Kind<boost::filesystem::path> socket_path() {
  const Kind<boost::filesystem::path> usual = path();
  return {[parse = usual.parse](const Value& value) -> Result<boost::filesystem::path> {
            auto parsed = parse(value);
            if (parsed && parsed->size() > 107) return Error::permanent("is too long: the path of a socket has at most 107 octets");
            return parsed;
          },
          usual.format};
}

Kind<proto::Domain> domain() {
  return of_text<proto::Domain>(
      "a domain", [](std::string_view text) { return proto::Domain::parse(text); },
      [](const proto::Domain& target) { return target.text(); });
}

Kind<std::string> host_name() {
  return of_text<std::string>(
      "a host name",
      [](std::string_view text) -> Result<std::string> {
        const auto parsed = proto::Domain::parse(text);
        if (!parsed) return parsed.error();
        if (parsed->is_address_literal() || parsed->text() == "localhost" || parsed->text().starts_with("localhost."))
          return Error::permanent("must be the name that the DNS has for this host, such as \"mail.example.com\"");
        return parsed->text();
      },
      [](const std::string& target) { return target; });
}

Kind<std::string> user_name() {
  return of_text<std::string>(
      "the name of a user",
      [](std::string_view text) -> Result<std::string> {
        if (text.empty() || text.size() > 64 || text == "root") return Error::permanent("must be the name of an unprivileged user");
        return proto::printable(text, 64);
      },
      [](const std::string& target) { return target; });
}

Kind<std::string> listen_address() {
  return of_text<std::string>(
      "an address with port",
      [](std::string_view text) -> Result<std::string> {
        const auto parsed = parse_endpoint(text);
        return parsed ? Result<std::string>(parsed->to_string()) : parsed.error();
      },
      [](const std::string& target) { return target; });
}

Kind<std::string> name_server() {
  return of_text<std::string>(
      "the address of a name server",
      [](std::string_view text) -> Result<std::string> {
        if (dns::Address::parse(text)) return std::string(text);
        const auto parsed = parse_endpoint(text);
        if (parsed && parsed->port != 0) return parsed->to_string();
        return Error::permanent("\"" + proto::printable(text, 100) + "\" is not an address such as \"192.0.2.53\" or \"192.0.2.53:5353\"");
      },
      [](const std::string& target) { return target; });
}

Kind<dns::Network> network() {
  return of_text<dns::Network>(
      "a network", [](std::string_view text) { return dns::Network::parse(text); },
      [](const dns::Network& target) { return target.to_string(); });
}

Kind<dns::Address> public_address() {
  return of_text<dns::Address>(
      "an address",
      [](std::string_view text) -> Result<dns::Address> {
        const auto parsed = dns::Address::parse(text);
        if (!parsed) return parsed.error();
        if (!dns::peculiarity(*parsed).empty() || dns::is_private(*parsed))
          return Error::permanent(parsed->to_string() + " is not an address that other hosts see: use the one outside of the router");
        return parsed;
      },
      [](const dns::Address& target) { return target.to_string(); });
}

Kind<dns::AddressFamily> family() {
  return of_text<dns::AddressFamily>(
      "\"any\", \"ipv4\" or \"ipv6\"",
      [](std::string_view text) -> Result<dns::AddressFamily> {
        if (text == "any") return dns::AddressFamily::any;
        if (text == "ipv4") return dns::AddressFamily::ipv4;
        if (text == "ipv6") return dns::AddressFamily::ipv6;
        return Error::permanent("must be \"any\", \"ipv4\" or \"ipv6\", not \"" + proto::printable(text, 50) + "\"");
      },
      [](const dns::AddressFamily& target) {
        return std::string(target == dns::AddressFamily::any ? "any" : target == dns::AddressFamily::ipv4 ? "ipv4" : "ipv6");
      });
}

Kind<dns::Validate> validate() {
  static constexpr std::string_view kWords[] = {"auto", "yes", "no"};
  return of_text<dns::Validate>(
      "\"auto\", \"yes\" or \"no\"",
      [](std::string_view text) -> Result<dns::Validate> {
        const auto found = std::find(std::begin(kWords), std::end(kWords), text);
        if (found != std::end(kWords)) return static_cast<dns::Validate>(found - std::begin(kWords));
        return Error::permanent("must be \"auto\", \"yes\" or \"no\", not \"" + proto::printable(text, 50) + "\"");
      },
      [](const dns::Validate& target) { return std::string(kWords[static_cast<std::size_t>(target)]); });
}

Kind<queue::RetrySchedule> schedule() {
  return of_text<queue::RetrySchedule>("a list of waits such as \"1m 5m 10m 30m 1h*4 3h*\"", queue::RetrySchedule::parse,
                                       [](const queue::RetrySchedule& target) { return target.to_string(); });
}

Kind<NextHops> next_hops() {
  return {[](const Value& value) -> Result<NextHops> {
            if (value.text()) return parse_next_hops(*value.text());
            if (!value.list() || value.list()->empty()) return wants("a host such as \"smtp.example.com\", or a list of hosts", value);
            NextHops all;
            for (const Value& element : *value.list()) {
              const auto one = element.text() ? parse_host_port(*element.text(), 0) : Result<HostPort>(wants("a host", element));
              if (!one) return one.error();
              all.hosts.push_back(*one);
            }
            return all;
          },
          [](const NextHops& target) {
            if (target.mail_hosts_of) return in_quotes("mx:" + target.mail_hosts_of->text());
            std::string list;
            for (const HostPort& host : target.hosts) list += (list.empty() ? "" : ", ") + in_quotes(to_string(host));
            return target.hosts.size() > 1 ? "[" + list + "]" : list;
          }};
}

Kind<RouteTls> route_tls() {
  static constexpr std::string_view kWords[] = {"none", "may", "encrypt", "verify"};
  return of_text<RouteTls>(
      "\"none\", \"may\", \"encrypt\" or \"verify\"",
      [](std::string_view text) -> Result<RouteTls> {
        const auto found = std::find(std::begin(kWords), std::end(kWords), text);
        if (found != std::end(kWords)) return static_cast<RouteTls>(found - std::begin(kWords));
        return Error::permanent("must be \"none\", \"may\", \"encrypt\" or \"verify\", not \"" + proto::printable(text, 50) + "\"");
      },
      [](const RouteTls& target) { return std::string(kWords[static_cast<std::size_t>(target)]); });
}

Kind<std::string> key_digest() {
  return of_text<std::string>(
      "a key's digest such as \"sha256/BASE64\"",
      [](std::string_view text) -> Result<std::string> {
        constexpr std::string_view kPrefix = "sha256/";
        const auto octets = text.starts_with(kPrefix) ? proto::decoded_base64(text.substr(kPrefix.size())) : std::nullopt;
        if (octets && octets->size() == 32) return *octets;
        return Error::permanent("must be \"sha256/\" and the base64 of the 32 octets of the public key's SHA-256");
      },
      [](const std::string& target) { return "sha256/" + proto::base64(target); });
}

Kind<std::string> sasl_mechanism() {
  return of_text<std::string>(
      "the name of a mechanism, such as \"PLAIN\"",
      [](std::string_view text) -> Result<std::string> {
        std::string name = proto::upper_case(text);
        const auto known = auth_mechanisms();
        if (std::find(known.begin(), known.end(), name) != known.end()) return name;
        std::string all;
        for (const std::string_view each : known) all += (all.empty() ? "" : ", ") + std::string(each);
        return Error::permanent("\"" + proto::printable(text, 50) + "\" is none of " + all);
      },
      [](const std::string& target) { return target; });
}

Kind<std::string> optional_text(std::string what) {
  return {[what](const Value& value) -> Result<std::string> {
            if (!value.text()) return wants(what, value);
            const std::string& text = *value.text();
            if (text.empty() || text.size() > 255 || proto::printable(text, 255) != text)
              return Error::permanent("must be " + what + ": printable ASCII, at most 255 letters");
            return text;
          },
          [](const std::string& target) { return target.empty() ? std::string() : in_quotes(target); }};
}

// The selectors are checked with the keys.
Kind<std::map<std::string, boost::filesystem::path>> key_files() {
  return {[one = path()](const Value& value) -> Result<std::map<std::string, boost::filesystem::path>> {
            if (!value.table() || value.table()->empty())
              return wants("a table of selectors and key files, such as { mx1 = \"/etc/mxpress/dkim/mx1.pem\" }", value);
            std::map<std::string, boost::filesystem::path> files;
            for (const ConfigEntry& entry : *value.table()) {
              auto file = one.parse(entry.value);
              if (!file) return Error::permanent(proto::printable(entry.key, 64) + ": " + file.error().message);
              files.emplace(proto::printable(entry.key, 255), std::move(*file));
            }
            return files;
          },
          [](const auto& target) {
            if (target.empty()) return std::string();
            return show_names<boost::filesystem::path>(target, [](const boost::filesystem::path& file) { return file.string(); });
          }};
}

Kind<SignWhen> sign_when() {
  static constexpr std::string_view kWords[] = {"when published", "always", "never"};
  static constexpr std::string_view kWanted = "\"when published\", \"always\" or \"never\"";
  return of_text<SignWhen>(
      std::string(kWanted),
      [](std::string_view text) -> Result<SignWhen> {
        const auto found = std::find(std::begin(kWords), std::end(kWords), text);
        if (found != std::end(kWords)) return static_cast<SignWhen>(found - std::begin(kWords));
        return Error::permanent("must be " + std::string(kWanted) + ", not \"" + proto::printable(text, 50) + "\"");
      },
      [](const SignWhen& target) { return std::string(kWords[static_cast<std::size_t>(target)]); });
}

Kind<LocalDelivery> local_delivery() {
  return of_text<LocalDelivery>("a way of delivery such as \"mbox\"", LocalDelivery::parse,
                                [](const LocalDelivery& target) { return target.to_string(); });
}

Kind<std::map<std::string, std::string>> senders() {
  return {[](const Value& value) { return parse_names<std::string>(value, parse_sender); },
          [](const auto& target) { return show_names<std::string>(target, [](const std::string& one) { return one; }); }};
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (unit.ends_with("B")) unit.pop_back();
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : unit == "T" ? 40 : -1;
  if (error != std::errc() || shift < 0 || number > std::numeric_limits<std::int64_t>::max() >> shift)
    return Error::permanent("\"" + proto::printable(text, 50) + "\" is not a size such as \"50MB\", \"512KB\" or \"1GB\"");
  return number << shift;
}

std::string format_size(std::uint64_t octets) {
  static constexpr std::string_view kUnits[] = {"", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; octets != 0 && octets % 1024 == 0 && unit + 1 < std::size(kUnits); ++unit) octets /= 1024;
  return std::to_string(octets) + std::string(kUnits[unit]);
}

}  // namespace mxpress::mta::config
