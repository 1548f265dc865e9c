// Reads the built-in list of providers.
#include "mta/config/providers.h"

#include <algorithm>
#include <stdexcept>

#include "mta/config/config_fields.h"
#include "mta/config/config_value.h"
#include "mta/config/providers_toml.h"

namespace mxpress::mta::config {
namespace {

[[noreturn]] void wrong(const std::string& what) { throw std::logic_error("providers.toml: " + what); }

void read_key(Provider& provider, std::vector<ConfigField>& fields, const ConfigEntry& entry) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"user", &provider.user}, {"password", &provider.password}, {"oauth", &provider.oauth}, {"spf", &provider.spf}};
  for (const auto& [key, text] : texts) {
    if (entry.key != key) continue;
    if (!entry.value.text()) wrong(provider.name + ": " + entry.key + " is no text");
    *text = *entry.value.text();
    return;
  }
  const auto field = std::find_if(fields.begin(), fields.end(), [&](const ConfigField& one) { return one.name == entry.key; });
  if (field == fields.end()) wrong(provider.name + ": unknown key " + entry.key);
  if (const Status status = field->read(entry.value); !status) wrong(provider.name + ": " + entry.key + ": " + status.error().message);
}

std::vector<Provider> read_providers() {
  const auto file = parse_toml(kProvidersToml, "providers.toml");
  if (!file) wrong(file.error().message);
  std::vector<Provider> all;
  for (const ConfigEntry& entry : *file) {
    if (!entry.value.table()) wrong(entry.key + " is no table");
    Provider provider;
    provider.name = entry.key;
    auto fields = fields_of(provider.route);
    for (const ConfigEntry& key : *entry.value.table()) read_key(provider, fields, key);
    all.push_back(std::move(provider));
  }
  return all;
}

}  // namespace

const std::vector<Provider>& providers() {
  static const std::vector<Provider> all = read_providers();
  return all;
}

const Provider* find_provider(std::string_view name) {
  const auto& all = providers();
  const auto found = std::find_if(all.begin(), all.end(), [name](const Provider& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace mxpress::mta::config
