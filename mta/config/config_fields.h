// Every key of the configuration, once: how its value is read and shown.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mta/config/config.h"
#include "mta/config/config_value.h"

namespace mxpress::mta::config {

struct ConfigField {
  std::string table;  // "" for keys before the first [table]
  std::string name;
  std::function<Status(const ConfigValue&)> read;  // the error describes the expected value
  std::function<std::string()> show;               // as TOML; empty: not set
};

// The fields refer to `config`, which must outlive them.
std::vector<ConfigField> fields_of(Config& config);
// The keys of one [destination."..."]; retry keys that are not set come from `general`.
std::vector<ConfigField> fields_of(DestinationConfig& destination, const queue::RetryPolicy& general);

std::vector<ConfigField> fields_of(DkimConfig& dkim);
std::vector<ConfigField> fields_of(RouteConfig& route);
std::vector<ConfigField> fields_of(SenderConfig& sender);
std::vector<ConfigField> fields_of(CredentialsConfig& credentials);
std::vector<ConfigField> fields_of(OAuthConfig& oauth);

// One table named by the administrator, or [route].
struct ConfigSection {
  std::string heading;  // "route.office"
  std::vector<ConfigField> fields;
};
// All of them, in the order of `config show`. They refer to `config`.
std::vector<ConfigSection> sections_of(Config& config);

// "50MB", "512K", "1GB" (powers of 1024), or octets.
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t octets);

}  // namespace mxpress::mta::config
