// Reads and shows OAuth providers.
#include "mta/config/oauth_kinds.h"

#include <algorithm>

#include "mta/config/config_fields.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

constexpr std::string_view kWanted = "\"microsoft\", \"google\", or a table such as { token_url = \"https://...\", scope = \"...\" }";

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

Status read_table(OAuthConfig& config, const ConfigValue::Table& table) {
  const auto fields = fields_of(config);
  for (const ConfigEntry& entry : table) {
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const ConfigField& one) { return one.name == entry.key; });
    const std::string key = proto::printable(entry.key, 64);
    std::string known;
    for (const ConfigField& one : fields) known += (known.empty() ? "" : ", ") + one.name;
    if (field == fields.end()) return Error::permanent("unknown key " + key + "; it has " + known);
    if (const Status status = field->read(entry.value); !status) return Error::permanent(key + ": " + status.error().message);
  }
  return {};
}

}  // namespace

Kind<proto::HttpsUrl> https_url() {
  return {[](const ConfigValue& value) -> Result<proto::HttpsUrl> {
            if (!value.text()) return wants("an address such as \"https://login.example.com/token\"", value);
            auto url = proto::HttpsUrl::parse(*value.text());
            return url ? std::move(url) : Error::permanent(in_quotes(proto::printable(*value.text(), 200)) + " " + url.error().message);
          },
          [](const proto::HttpsUrl& target) { return in_quotes(target.text()); }};
}

Kind<std::string> oauth_provider() {
  return {[](const ConfigValue& value) -> Result<std::string> {
            if (!value.text()) return wants(kWanted, value);
            if (is_oauth_provider(*value.text())) return *value.text();
            return Error::permanent("must be " + std::string(kWanted) + ", not " + in_quotes(proto::printable(*value.text(), 100)));
          },
          [](const std::string& target) { return target.empty() ? target : in_quotes(target); }};
}

// It becomes part of a path.
Kind<std::string> oauth_tenant() {
  return {[](const ConfigValue& value) -> Result<std::string> {
            constexpr std::string_view kTenant = "the id or a domain of a directory";
            if (!value.text()) return wants(kTenant, value);
            const auto fits = [](char c) { return proto::is_digit(c) || proto::is_alpha(c) || c == '-' || c == '.'; };
            const std::string& text = *value.text();
            if (!text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), fits)) return text;
            return Error::permanent("must be " + std::string(kTenant) + ", not " + in_quotes(proto::printable(text, 100)));
          },
          [](const std::string& target) { return target.empty() ? target : in_quotes(target); }};
}

Kind<OAuthConfig> oauth() {
  return {[](const ConfigValue& value) -> Result<OAuthConfig> {
            OAuthConfig config;
            if (value.table()) {
              if (const Status status = read_table(config, *value.table()); !status) return status.error();
              return config;
            }
            auto provider = oauth_provider().parse(value);
            if (!provider) return provider.error();
            config.provider = std::move(*provider);
            return config;
          },
          [](const OAuthConfig& target) {
            OAuthConfig shown = target;
            std::string table;
            for (const ConfigField& field : fields_of(shown))
              if (const std::string value = field.show(); !value.empty() && value != "[]")
                table += (table.empty() ? "" : ", ") + field.name + " = " + value;
            return table == "provider = " + in_quotes(target.provider) ? in_quotes(target.provider) : "{ " + table + " }";
          }};
}

}  // namespace mxpress::mta::config
