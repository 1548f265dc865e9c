// The configuration: reads the files into values, reports errors, and fills in values that depend on this host.
#include "mta/config/config.h"

#include <algorithm>
#include <boost/filesystem/operations.hpp>

#include "mta/config/config_check.h"
#include "mta/config/config_files.h"
#include "mta/config/config_reader.h"
#include "mta/config/host_name.h"
#include "mta/config/placed_config.h"
#include "proto/printable.h"

namespace mxpress::mta {
namespace {

bool names_key(const config::MergedFiles& files, std::string_view key) {
  return std::any_of(files.table.begin(), files.table.end(), [&](const auto& entry) { return entry.key == key; });
}

void complete(Config& config, const config::MergedFiles& files) {
  if (config.hostname.empty())
    config.hostname = config::find_host_name({}, config.warnings);
  else if (!config::is_usable_host_name(config.hostname))
    config.warnings.push_back(
        "hostname = \"" + config.hostname +
        "\" is not fully qualified, so many mail hosts will refuse our mail: give it the domain that the DNS knows it by");
  if (!names_key(files, "local_domains")) {
    for (const std::string& name : {config.hostname, std::string("localhost")})
      if (auto domain = proto::Domain::parse(name)) config.local_domains.push_back(std::move(*domain));
  }
  if (config.listen.smtp_is_default) config.listen.smtp = {"127.0.0.1:25", "[::1]:25"};
  config.rate_rules = rate_rules(config);
  for (const auto& [address, sender] : config.senders)
    for (const LocalUser& user : sender.users.value_or(std::vector<LocalUser>()))
      if (user.uid < 0)
        config.warnings.push_back("[sender.\"" + address + "\"] users: this host has no user \"" + user.name +
                                  "\"; once there is one, say mxpress reload");
}

// The table of the nearest parent domain.
const DestinationConfig* subdomain_of(const Config& config, std::string_view domain) {
  for (auto dot = domain.find('.'); dot != domain.npos; dot = domain.find('.')) {
    domain.remove_prefix(dot + 1);
    if (const auto found = config.subdomains.find(domain); found != config.subdomains.end()) return &found->second;
  }
  return nullptr;
}

const DestinationConfig* destination_of(const Config& config, const proto::Domain& domain) {
  const auto found = config.destinations.find(domain);
  if (found != config.destinations.end()) return &found->second;
  return config.subdomains.empty() ? nullptr : subdomain_of(config, domain.text());
}

bool is_absent(const boost::filesystem::path& path) {
  boost::system::error_code error;
  return boost::filesystem::status(path, error).type() == boost::filesystem::file_not_found;
}

Result<config::PlacedConfig> config_of(const config::MergedFiles& files) {
  config::PlacedConfig placed;
  config::ConfigReader reader(placed.config, files.lines);
  reader.read(files.table);
  config::check_whole(placed.config, reader);
  if (const Status status = reader.result(); !status) return status.error();
  complete(placed.config, files);
  placed.places = reader.places();
  return placed;
}

}  // namespace

Result<Config> parse_config(std::string_view toml, const std::string& file_name) {
  config::MergedFiles files;
  if (const Status merged = config::merge_file(toml, file_name, files); !merged) return merged.error();
  auto placed = config_of(files);
  if (!placed) return placed.error();
  return std::move(placed->config);
}

Result<Config> load_config(const std::optional<boost::filesystem::path>& file) {
  auto placed = config::load_placed_config(file);
  if (!placed) return placed.error();
  return std::move(placed->config);
}

Result<config::PlacedConfig> config::load_placed_config(const std::optional<boost::filesystem::path>& file) {
  const boost::filesystem::path path = file.value_or(kDefaultConfigFile);
  auto names = config_files(path);
  if (!names) return names.error();
  if (!file && is_absent(path)) names->erase(names->begin());
  MergedFiles merged;
  if (const Status added = add_config_files(*names, merged); !added) return added.error();
  auto placed = config_of(merged);
  if (!placed) return placed.error();
  if (!names->empty()) placed->config.file = path;
  placed->files = std::move(*names);
  return placed;
}

Result<config::PlacedConfig> config::load_with_text(const std::optional<boost::filesystem::path>& file,
                                                    const boost::filesystem::path& changed, std::string_view text) {
  const boost::filesystem::path path = file.value_or(kDefaultConfigFile);
  auto names = config_files(path);
  if (!names) return names.error();
  if (!file && changed != path && is_absent(path)) names->erase(names->begin());
  if (std::find(names->begin(), names->end(), changed) == names->end()) {
    const auto in_folder = std::find(names->begin(), names->end(), path) == names->end() ? names->begin() : names->begin() + 1;
    names->insert(std::upper_bound(in_folder, names->end(), changed, [](const auto& a, const auto& b) { return a.native() < b.native(); }),
                  changed);
  }
  MergedFiles merged;
  for (const auto& name : *names)
    if (const Status added = name == changed ? merge_file(text, name.string(), merged) : add_config_files({name}, merged); !added)
      return added.error();
  auto placed = config_of(merged);
  if (placed) placed->files = std::move(*names);
  return placed;
}

Status config::check_with_text(const boost::filesystem::path& file, std::string_view text) {
  const auto placed = load_with_text(file, file, text);
  return placed ? Status() : Status(placed.error());
}

boost::filesystem::path control_socket_in(const std::optional<boost::filesystem::path>& file) {
  config::MergedFiles merged;
  const boost::filesystem::path path = file.value_or(kDefaultConfigFile);
  auto names = config::config_files(path);
  if (names && !file && is_absent(path)) names->erase(names->begin());
  if (!names || !config::add_config_files(*names, merged)) return ListenConfig().control_socket;
  for (const auto& table : merged.table)
    for (const auto& entry : table.key == "listen" && table.value.table() ? *table.value.table() : config::ConfigValue::Table())
      if (entry.key == "control_socket" && entry.value.text()) return *entry.value.text();
  return ListenConfig().control_socket;
}

proto::Domain Config::own_domain() const {
  auto domain = proto::Domain::parse(hostname);
  return domain ? std::move(*domain) : proto::Domain::parse("localhost").value();
}

bool Config::is_local(const proto::Domain& domain) const {
  return std::find(local_domains.begin(), local_domains.end(), domain) != local_domains.end();
}

bool Config::is_sent_for(const proto::Domain& domain) const {
  const auto covers = [&domain](const proto::Domain& one) { return domain == one || domain.text().ends_with("." + one.text()); };
  return covers(own_domain()) || (sender_domain && covers(*sender_domain)) ||
         std::any_of(local_domains.begin(), local_domains.end(), covers) ||
         std::any_of(dkim.begin(), dkim.end(), [&](const auto& one) { return covers(one.first); });
}

queue::RetryPolicy Config::retry_for(const proto::Domain& domain) const {
  const DestinationConfig* own = destination_of(*this, domain);
  return own && own->retry ? *own->retry : retry;
}

std::size_t Config::max_sessions_for(const proto::Domain& domain) const {
  const DestinationConfig* own = destination_of(*this, domain);
  return own && own->max_sessions ? *own->max_sessions : delivery.max_sessions_per_site;
}

dns::AddressFamily Config::address_family_for(const proto::Domain& domain) const {
  const DestinationConfig* own = destination_of(*this, domain);
  return own && own->address_family ? *own->address_family : delivery.address_family;
}

const RouteConfig* Config::route_for(const proto::Domain& domain) const {
  const DestinationConfig* own = destination_of(*this, domain);
  const bool is_usual = route && route->transport != RouteTransport::hold && (!route->fallback || is_fallback_in_force);
  const RouteConfig* const usual = is_usual ? &*route : nullptr;
  if (!own || own->route.empty()) return usual;
  const auto named = routes.find(own->route);
  if (named == routes.end()) return nullptr;
  return named->second.transport == RouteTransport::hold ? usual : &named->second;
}

const RouteConfig* Config::holding_route(const proto::Domain& domain, std::string_view sender_route) const {
  const DestinationConfig* own = destination_of(*this, domain);
  const std::string name(own && !own->route.empty() ? std::string_view(own->route) : sender_route);
  const auto named = routes.find(name);
  const RouteConfig* chosen = named == routes.end() ? nullptr : &named->second;
  if (name.empty()) chosen = route ? &*route : nullptr;
  return chosen && chosen->transport == RouteTransport::hold ? chosen : nullptr;
}

bool Config::has_own_route(const proto::Domain& domain) const {
  const DestinationConfig* own = destination_of(*this, domain);
  return own && !own->route.empty();
}

}  // namespace mxpress::mta
