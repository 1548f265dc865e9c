// The types of configuration values: how each is read, checked and shown.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mta/config/config.h"
#include "mta/config/config_value.h"

namespace mxpress::mta::config {

// One type of value: read into a T and shown as TOML.
template <class T>
struct Kind {
  std::function<Result<T>(const ConfigValue&)> parse;
  std::function<std::string(const T&)> format;
};

// "must be WHAT, not a string".
Error wants(std::string_view what, const ConfigValue& value);

Kind<bool> flag();
Kind<std::uint64_t> size(std::uint64_t least);
Kind<Duration> duration(Duration least, Duration most);
Kind<Duration> duration_or_zero(Duration most);  // also "0"
Kind<boost::filesystem::path> path();
Kind<boost::filesystem::path> socket_path();
Kind<proto::Domain> domain();
Kind<std::string> host_name();
Kind<std::string> user_name();
Kind<std::string> listen_address();
Kind<std::string> name_server();
Kind<dns::Network> network();
Kind<dns::Address> public_address();
Kind<dns::AddressFamily> family();
Kind<dns::Validate> validate();
Kind<queue::RetrySchedule> schedule();
Kind<NextHops> next_hops();
Kind<RouteTls> route_tls();
Kind<std::string> key_digest();                                    // read as base64, kept as octets
Kind<std::string> sasl_mechanism();                                // kept in upper case
Kind<std::string> optional_text(std::string what);                 // one line of printable ASCII; empty: not set
Kind<std::map<std::string, boost::filesystem::path>> key_files();  // by selector
Kind<SignWhen> sign_when();
Kind<LocalDelivery> local_delivery();
Kind<std::map<std::string, std::string>> senders();  // addresses, perhaps with "{user}"

template <class T>
Kind<T> count(std::int64_t least, std::int64_t most) {
  const std::string what = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  return {[=](const ConfigValue& value) -> Result<T> {
            if (!value.number()) return wants(what, value);
            if (*value.number() < least || *value.number() > most)
              return Error::permanent("must be " + what + ", not " + std::to_string(*value.number()));
            return static_cast<T>(*value.number());
          },
          [](const T& target) { return std::to_string(target); }};
}

template <class T>
Kind<std::optional<T>> maybe(Kind<T> kind) {
  return {[parse = kind.parse](const ConfigValue& value) -> Result<std::optional<T>> {
            auto parsed = parse(value);
            if (!parsed) return parsed.error();
            return std::optional<T>(std::move(*parsed));
          },
          [format = kind.format](const std::optional<T>& target) { return target ? format(*target) : std::string(); }};
}

template <class T>
Kind<std::vector<T>> list_of(std::string what, Kind<T> item) {
  return {[what, parse = item.parse](const ConfigValue& value) -> Result<std::vector<T>> {
            if (!value.list()) return wants(what, value);
            std::vector<T> result;
            for (const ConfigValue& element : *value.list()) {
              auto parsed = parse(element);
              if (!parsed) return parsed.error();
              result.push_back(std::move(*parsed));
            }
            return result;
          },
          [format = item.format](const std::vector<T>& target) {
            std::string result;
            for (const T& element : target) result += (result.empty() ? "" : ", ") + format(element);
            return "[" + result + "]";
          }};
}

}  // namespace mxpress::mta::config
