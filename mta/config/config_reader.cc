// Reads the configuration key by key.
#include "mta/config/config_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "mta/config/endpoint.h"
#include "mta/config/providers.h"
#include "mta/config/sender_kinds.h"
#include "proto/printable.h"
#include "proto/spelling.h"

namespace mxpress::mta::config {
namespace {

constexpr std::size_t kMaxErrors = 20;

// The key that was probably meant: the same name in another table, else the nearest name, preferably in the same table.
std::string suggestion(const std::string& table, std::string_view key, const std::vector<Candidate>& candidates) {
  key = key.substr(0, 64);
  const Candidate* best = nullptr;
  std::size_t least = 1 + std::max<std::size_t>(2, key.size() / 3);
  for (const Candidate& candidate : candidates) {
    const std::size_t differs = proto::spelling_distance(key, candidate.name) + (candidate.table == table ? 0
                                                                                 : candidate.name == key  ? 0
                                                                                                          : 1);
    if (differs >= least) continue;
    least = differs;
    best = &candidate;
  }
  if (!best) return {};
  if (best->table == table) return "; did you mean \"" + best->name + "\"?";
  return "; did you mean \"" + best->name + "\" " + (best->table.empty() ? "before the first [table]?" : "in [" + best->table + "]?");
}

// "[table] key", for people.
std::string place(const std::string& table, const std::string& key) {
  return (table.empty() ? "" : "[" + table + "] ") + proto::printable(key, 64);
}

// A name that other keys may use: "office", "gmail-2".
bool is_name(std::string_view text) {
  const auto fits = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), fits);
}

constexpr std::string_view kNameWanted = ": a name has letters, digits, '-' and '_' only";

// The tables that hold tables of one kind.
constexpr std::string_view kCollections[] = {"destination", "route", "credentials", "dkim", "sender"};

bool is_collection(std::string_view key) {
  return std::find(std::begin(kCollections), std::end(kCollections), key) != std::end(kCollections);
}

}  // namespace

ConfigReader::ConfigReader(Config& config, FileLines lines) : config_(config), files_(std::move(lines)), fields_(fields_of(config)) {
  for (const ConfigField& field : fields_) candidates_.push_back({field.table, field.name});
  for (const ConfigField& field : fields_)
    if (!field.table.empty() && field.table != candidates_.back().table) candidates_.push_back({"", field.table});
  for (const std::string_view collection : kCollections) candidates_.push_back({"", std::string(collection)});
}

void ConfigReader::read(const ConfigValue::Table& file) {
  for (const ConfigEntry& entry : file)
    if (!is_collection(entry.key)) read_top(entry);
  for (const ConfigEntry& entry : file) {
    if (entry.key == "route") read_routes(entry);
    if (entry.key == "dkim") read_each(entry, "[dkim.\"example.com\"]", &ConfigReader::read_dkim);
    if (entry.key == "credentials") read_each(entry, "[credentials.provider]", &ConfigReader::read_credentials);
  }
  for (const ConfigEntry& entry : file) {  // last, because they use the general keys, and name routes
    if (entry.key == "destination") read_each(entry, "[destination.\"example.com\"]", &ConfigReader::read_destination);
    if (entry.key == "sender") read_each(entry, "[sender.\"@example.com\"]", &ConfigReader::read_sender);
  }
}

Status ConfigReader::result() const {
  if (errors_.empty()) return {};
  std::string text;
  std::size_t count = 0;
  for (const auto& [line, words] : errors_)
    if (++count <= kMaxErrors) text += (text.empty() ? "" : "\n") + files_.place(line) + ": " + words;
  return Error::permanent(text);
}

std::uint32_t ConfigReader::line_of(const std::string& name) const {
  const auto found = lines_.find(name);
  return found == lines_.end() ? 0 : found->second;
}

std::map<std::string, std::string> ConfigReader::places() const {
  std::map<std::string, std::string> places;
  for (const auto& [name, line] : lines_) places.emplace(name, files_.place(line));
  return places;
}

bool ConfigReader::is_table(const std::string& name) const {
  return !name.empty() && std::any_of(fields_.begin(), fields_.end(), [&](const ConfigField& field) { return field.table == name; });
}

void ConfigReader::read_top(const ConfigEntry& entry) {
  if (!is_table(entry.key)) return read_key(fields_, "", "", entry);
  if (!entry.value.table()) return complain(entry.line, place("", entry.key) + " must be a table, not " + entry.value.kind());
  for (const ConfigEntry& inner : *entry.value.table()) read_key(fields_, entry.key, entry.key, inner);
}

// `table`: its name in the fields; `shown`: its name in the file.
void ConfigReader::read_key(const Fields& fields, const std::string& table, const std::string& shown, const ConfigEntry& entry) {
  const auto field =
      std::find_if(fields.begin(), fields.end(), [&](const ConfigField& f) { return f.table == table && f.name == entry.key; });
  if (field == fields.end()) return complain_unknown(fields, table, shown, entry);
  lines_[shown + "." + entry.key] = entry.line;
  if (const Status status = field->read(entry.value); !status)
    complain(entry.value.line != 0 ? entry.value.line : entry.line, place(shown, entry.key) + ": " + status.error().message);
}

void ConfigReader::read_keys(const Fields& fields, const std::string& shown, const ConfigEntry& entry) {
  for (const ConfigEntry& inner : *entry.value.table()) read_key(fields, "", shown, inner);
}

void ConfigReader::complain_unknown(const Fields& fields, const std::string& table, const std::string& shown, const ConfigEntry& entry) {
  std::vector<Candidate> own;
  for (const ConfigField& field : fields) own.push_back({field.table, field.name});
  std::string text = "unknown key " + place(shown, entry.key) + suggestion(table, entry.key, shown == table ? candidates_ : own);
  const std::string key = proto::printable(entry.key, 64);
  if (entry.value.table() && shown.starts_with("destination.")) text += " (a domain stands in quotes: [destination.\"example.com\"])";
  if (key.find("password") != key.npos || key.find("secret") != key.npos)
    text += " (a secret never belongs in this file: see password_file and password_command in [credentials.NAME])";
  complain(entry.line, text);
}

void ConfigReader::read_each(const ConfigEntry& entry, std::string_view example, ReadNamed read) {
  if (!entry.value.table())
    return complain(entry.line, entry.key + " must be a table, such as " + std::string(example) + ", not " + entry.value.kind());
  for (const ConfigEntry& inner : *entry.value.table()) (this->*read)(inner);
}

// [route] has its own keys, and the tables [route.NAME].
void ConfigReader::read_routes(const ConfigEntry& entry) {
  if (!entry.value.table()) return complain(entry.line, "route must be a table, such as [route], not " + entry.value.kind());
  ConfigEntry own{entry.key, entry.line, {entry.value.line, ConfigValue::Table()}};
  for (const ConfigEntry& inner : *entry.value.table()) {
    if (!inner.value.table()) {
      std::get<ConfigValue::Table>(own.value.data).push_back(inner);
      continue;
    }
    const std::string shown = "route." + proto::printable(inner.key, 64);
    if (!is_name(inner.key) || inner.key == kDirectRoute || inner.key == kHoldRoute) {
      complain(inner.line,
               "[" + shown + "]" + (is_name(inner.key) ? ": \"" + inner.key + "\" stands for no route" : std::string(kNameWanted)));
      continue;
    }
    read_route(shown, config_.routes[inner.key], inner);
  }
  if (!own.value.table()->empty()) read_route("route", config_.route.emplace(), own);
}

void ConfigReader::read_route(const std::string& shown, RouteConfig& route, const ConfigEntry& entry) {
  take_provider(shown, route, entry);
  route.source = "[" + shown + "]";
  read_keys(fields_of(route), shown, entry);
  lines_.emplace(shown, entry.line);
}

// Applies the provider's settings before the route's own keys.
void ConfigReader::take_provider(const std::string& shown, RouteConfig& route, const ConfigEntry& entry) {
  for (const ConfigEntry& inner : *entry.value.table()) {
    if (inner.key != "provider" || !inner.value.text()) continue;
    if (const Provider* const provider = find_provider(*inner.value.text())) {
      route = provider->route;
      continue;
    }
    std::string known;
    for (const Provider& one : providers()) known += (known.empty() ? "" : ", ") + one.name;
    complain(inner.line, place(shown, "provider") + ": \"" + proto::printable(*inner.value.text(), 64) + "\" is none of " + known +
                             "; set host and port instead");
  }
}

void ConfigReader::read_credentials(const ConfigEntry& entry) {
  const std::string shown = "credentials." + proto::printable(entry.key, 64);
  if (!entry.value.table() || !is_name(entry.key))
    return complain(entry.line,
                    "[" + shown + "]" + (entry.value.table() ? std::string(kNameWanted) : " must be a table, not " + entry.value.kind()));
  read_keys(fields_of(config_.credentials[entry.key]), shown, entry);
  lines_.emplace(shown, entry.line);
}

void ConfigReader::read_dkim(const ConfigEntry& entry) {
  const std::string shown = "dkim.\"" + proto::printable(entry.key, 255) + "\"";
  const auto domain = proto::Domain::parse(entry.key);
  if (!domain) return complain(entry.line, "[" + shown + "]: " + domain.error().message);
  if (!entry.value.table())
    return complain(entry.line, "[" + shown + "] must be a table, not " + entry.value.kind() + " (are quotes around the domain missing?)");
  DkimConfig dkim;
  read_keys(fields_of(dkim), shown, entry);
  if (dkim.keys.empty()) complain(entry.line, "[" + shown + "] keys is missing: the selectors and their key files");
  if (!config_.dkim.emplace(*domain, std::move(dkim)).second) complain(entry.line, "[" + shown + "] is there twice, written differently");
}

void ConfigReader::read_sender(const ConfigEntry& entry) {
  const std::string shown = "sender.\"" + proto::printable(entry.key, 255) + "\"";
  const auto address = parse_sender_pattern(entry.key);
  if (!address) return complain(entry.line, "[" + shown + "]: " + address.error().message);
  if (!entry.value.table())
    return complain(entry.line, "[" + shown + "] must be a table, not " + entry.value.kind() + " (are quotes around the address missing?)");
  SenderConfig sender;
  read_keys(fields_of(sender), shown, entry);
  name_route(shown, sender.route);
  if (!config_.senders.emplace(*address, std::move(sender)).second)
    complain(entry.line, "[" + shown + "] is there twice, written differently");
}

void ConfigReader::read_destination(const ConfigEntry& entry) {
  const std::string shown = "destination.\"" + proto::printable(entry.key, 255) + "\"";
  const bool is_wildcard = entry.key.starts_with("*.");
  const auto domain = proto::Domain::parse(std::string_view(entry.key).substr(is_wildcard ? 2 : 0));
  if (!domain) return complain(entry.line, "[" + shown + "]: " + domain.error().message);
  if (!entry.value.table())
    return complain(entry.line, "[" + shown + "] must be a table, not " + entry.value.kind() + " (are quotes around the domain missing?)");
  DestinationConfig destination;
  const Fields fields = fields_of(destination, config_.retry);
  for (const ConfigEntry& inner : *entry.value.table()) read_destination_entry(fields, shown, inner);
  name_route(shown, destination.route);
  const bool is_new = is_wildcard ? config_.subdomains.emplace(domain->text(), std::move(destination)).second
                                  : config_.destinations.emplace(*domain, std::move(destination)).second;
  if (!is_new) complain(entry.line, "[" + shown + "] is there twice, written differently");
}

void ConfigReader::read_destination_entry(const Fields& fields, const std::string& shown, const ConfigEntry& entry) {
  if (entry.key != "retry") return read_key(fields, "", shown, entry);
  if (!entry.value.table())
    return complain(entry.line, "[" + shown + "] retry must be a table, such as { lifetime = \"2d\" }, not " + entry.value.kind());
  for (const ConfigEntry& inner : *entry.value.table()) read_key(fields, "retry", shown + ".retry", inner);
}

// The name of a route, or a host that becomes one.
void ConfigReader::name_route(const std::string& shown, const std::string& name) {
  if (name.empty() || name == kDirectRoute || config_.routes.contains(name)) return;
  if (name == kHoldRoute) {
    RouteConfig& route = config_.routes[name];
    route.transport = RouteTransport::hold;
    route.source = "route = \"hold\"";
    return;
  }
  const std::string key = "[" + shown + "] route";
  const auto hops = parse_next_hops(name);
  const bool is_word = is_name(name) && name != "localhost";
  if (is_word)
    return complain(line_of(shown + ".route"), key + ": there is no [route." + name + "]; a host with that name is \"" + name + ":25\"");
  if (!hops) return complain(line_of(shown + ".route"), key + ": " + hops.error().message);
  RouteConfig route;
  route.next_hops = *hops;
  route.source = key;
  config_.routes.emplace(name, std::move(route));
}

}  // namespace mxpress::mta::config
