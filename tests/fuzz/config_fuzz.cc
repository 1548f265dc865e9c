// Fuzzes the configuration: a file is either refused in clean words, or gives values within their limits that are shown as TOML with the
// same meaning, and never an open relay.
#include <algorithm>
#include <map>

#include "mta/config/config.h"
#include "mta/config/config_fields.h"
#include "mta/config/endpoint.h"
#include "tests/fuzz/expect.h"

using namespace mxpress;
using namespace mxpress::mta;

namespace {

constexpr const char* kName = "fuzz.toml";

// In the form of fields_of(): tables in order, unset keys left out.
std::string as_toml(Config& config) {
  std::map<std::string, std::string> tables;
  for (const config::ConfigField& field : config::fields_of(config)) {
    const std::string shown = field.show();
    if (!shown.empty()) tables[field.table] += field.name + " = " + shown + "\n";
  }
  std::string text = tables[""];
  for (const auto& [table, lines] : tables)
    if (!table.empty()) text += "[" + table + "]\n" + lines;
  return text;
}

bool is_open_relay(const Config& config) {
  if (!config.listen.allow.empty()) return false;
  return std::any_of(config.listen.smtp.begin(), config.listen.smtp.end(), [](const std::string& text) {
    const auto endpoint = config::parse_endpoint(text);
    return !endpoint || !dns::is_loopback(endpoint->address);
  });
}

void check_limits(const Config& config) {
  expect(!is_open_relay(config));
  expect(!config.hostname.empty() && is_plain(config.hostname) && config.hostname.size() <= 255);
  expect(is_plain(config.user) && config.spool_directory.is_absolute());
  expect(config.max_message_size >= 1024 && config.max_recipients >= 100);
  expect(config.retry.delay_notice < config.retry.lifetime && config.listen.submission_socket != config.listen.control_socket);
  expect(config.delivery.max_sessions_per_site <= config.delivery.max_sessions && config.delivery.workers <= 64);
  for (const auto& [domain, destination] : config.destinations)
    expect(is_plain(domain.text()) && config.max_sessions_for(domain) <= 1000 && config.retry_for(domain).lifetime > Duration(0));
}

void check_shown(Config config) {
  const std::string shown = as_toml(config);
  auto again = parse_config(shown, kName);
  expect(again.ok());
  again->hostname = config.hostname;
  expect(as_toml(*again) == shown);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const auto config = parse_config(text, kName);
  if (config) {
    check_limits(*config);
    check_shown(*config);
    return 0;
  }
  std::string words = config.error().message;
  expect(words.starts_with(kName) && words.size() < 100'000);
  std::replace(words.begin(), words.end(), '\n', ' ');
  expect(is_plain(words));
  return 0;
}
