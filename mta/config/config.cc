// The configuration: reads the file into values, reports what is wrong with it, and fills in what depends on this host.
#include "mta/config/config.h"

#include <algorithm>
#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstring>

#include "mta/config/config_fields.h"
#include "mta/config/endpoint.h"
#include "mta/config/host_name.h"
#include "proto/printable.h"

namespace mxpress::mta {
namespace {

using config::ConfigEntry;
using config::ConfigField;
using config::ConfigValue;

constexpr std::size_t kMaxFile = 1 << 20;  // octets
constexpr std::size_t kMaxErrors = 20;
constexpr const char* kDefaultFile = "/etc/mxpress/mxpress.toml";

// Levenshtein's distance: how many letters differ.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

struct Candidate {
  std::string table;
  std::string name;
};

// The key that was probably meant: the same name in another table, else the nearest name, those of the same table first.
std::string suggestion(const std::string& table, std::string_view key, const std::vector<Candidate>& candidates) {
  key = key.substr(0, 64);
  const Candidate* best = nullptr;
  std::size_t least = 1 + std::max<std::size_t>(2, key.size() / 3);
  for (const Candidate& candidate : candidates) {
    const std::size_t differs = distance(key, candidate.name) + (candidate.table == table ? 0 : candidate.name == key ? 0 : 1);
    if (differs >= least) continue;
    least = differs;
    best = &candidate;
  }
  if (!best) return {};
  if (best->table == table) return "; did you mean \"" + best->name + "\"?";
  return "; did you mean \"" + best->name + "\" " + (best->table.empty() ? "before the first [table]?" : "in [" + best->table + "]?");
}

// Applies the entries of one file to one Config, and collects the errors.
class FileReader {
 public:
  FileReader(Config& config, std::string file_name)
      : config_(config), file_name_(std::move(file_name)), fields_(config::fields_of(config)) {
    for (const ConfigField& field : fields_) candidates_.push_back({field.table, field.name});
    for (const ConfigField& field : fields_)
      if (!field.table.empty() && field.table != candidates_.back().table) candidates_.push_back({"", field.table});
    candidates_.push_back({"", "destination"});
  }

  void read(const ConfigValue::Table& file) {
    for (const ConfigEntry& entry : file)
      if (entry.key != "destination") read_top(entry);
    for (const ConfigEntry& entry : file)  // last, because they start from the general keys
      if (entry.key == "destination") read_destinations(entry);
  }

  void complain(std::uint32_t line, const std::string& text) { errors_.emplace(line, text); }

  Status result() {
    if (errors_.empty()) return {};
    std::string text;
    std::size_t count = 0;
    for (const auto& [line, words] : errors_)
      if (++count <= kMaxErrors) text += (text.empty() ? "" : "\n") + file_name_ + ":" + std::to_string(line) + ": " + words;
    return Error::permanent(text);
  }

  // Where a key stands, for errors found by comparing several; 0 if it is not in the file.
  std::uint32_t line_of(const std::string& name) const {
    const auto found = lines_.find(name);
    return found == lines_.end() ? 0 : found->second;
  }

 private:
  static std::string place(const std::string& table, const std::string& key) {
    return (table.empty() ? "" : "[" + table + "] ") + proto::printable(key, 64);
  }

  bool is_table(const std::string& name) const {
    return !name.empty() && std::any_of(fields_.begin(), fields_.end(), [&](const ConfigField& field) { return field.table == name; });
  }

  void read_top(const ConfigEntry& entry) {
    if (!is_table(entry.key)) return read_key(fields_, "", "", entry);
    if (!entry.value.table()) return complain(entry.line, place("", entry.key) + " must be a table, not " + entry.value.kind());
    for (const ConfigEntry& inner : *entry.value.table()) read_key(fields_, entry.key, entry.key, inner);
  }

  // `table` as the fields know it, `shown` as the file names it.
  void read_key(const std::vector<ConfigField>& fields, const std::string& table, const std::string& shown, const ConfigEntry& entry) {
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const ConfigField& f) { return f.table == table && f.name == entry.key; });
    if (field == fields.end()) return complain_unknown(fields, table, shown, entry);
    lines_[shown + "." + entry.key] = entry.line;
    if (const Status status = field->read(entry.value); !status)
      complain(entry.value.line != 0 ? entry.value.line : entry.line, place(shown, entry.key) + ": " + status.error().message);
  }

  void complain_unknown(const std::vector<ConfigField>& fields, const std::string& table, const std::string& shown,
                        const ConfigEntry& entry) {
    std::vector<Candidate> own;
    for (const ConfigField& field : fields) own.push_back({field.table, field.name});
    std::string text = "unknown key " + place(shown, entry.key) + suggestion(table, entry.key, shown == table ? candidates_ : own);
    const std::string key = proto::printable(entry.key, 64);
    if (entry.value.table() && shown.starts_with("destination.")) text += " (a domain stands in quotes: [destination.\"example.com\"])";
    if (key.find("password") != key.npos || key.find("secret") != key.npos) text += " (a secret never belongs in this file)";
    complain(entry.line, text);
  }

  void read_destinations(const ConfigEntry& entry) {
    if (!entry.value.table())
      return complain(entry.line, "destination must be a table, such as [destination.\"example.com\"], not " + entry.value.kind());
    for (const ConfigEntry& inner : *entry.value.table()) read_destination(inner);
  }

  void read_destination(const ConfigEntry& entry) {
    const std::string shown = "destination.\"" + proto::printable(entry.key, 255) + "\"";
    const auto domain = proto::Domain::parse(entry.key);
    if (!domain) return complain(entry.line, "[" + shown + "]: " + domain.error().message);
    if (!entry.value.table())
      return complain(entry.line,
                      "[" + shown + "] must be a table, not " + entry.value.kind() + " (are quotes around the domain missing?)");
    DestinationConfig destination;
    const auto fields = config::fields_of(destination, config_.retry);
    for (const ConfigEntry& inner : *entry.value.table()) read_destination_entry(fields, shown, inner);
    if (!config_.destinations.emplace(*domain, std::move(destination)).second)
      complain(entry.line, "[" + shown + "] is there twice, written differently");
  }

  void read_destination_entry(const std::vector<ConfigField>& fields, const std::string& shown, const ConfigEntry& entry) {
    if (entry.key != "retry") return read_key(fields, "", shown, entry);
    if (!entry.value.table())
      return complain(entry.line, "[" + shown + "] retry must be a table, such as { lifetime = \"2d\" }, not " + entry.value.kind());
    for (const ConfigEntry& inner : *entry.value.table()) read_key(fields, "retry", shown + ".retry", inner);
  }

  Config& config_;
  std::string file_name_;
  std::vector<ConfigField> fields_;
  std::vector<Candidate> candidates_;
  std::map<std::string, std::uint32_t> lines_;
  std::multimap<std::uint32_t, std::string> errors_;  // by line
};

void check_listeners(const Config& config, FileReader& reader) {
  if (!config.listen.allow.empty()) return;
  for (const std::string& text : config.listen.smtp) {
    const auto endpoint = config::parse_endpoint(text);
    if (endpoint && dns::is_loopback(endpoint->address)) continue;
    reader.complain(reader.line_of("listen.smtp"),
                    "[listen] smtp: " + text +
                        " is reachable from other hosts, so [listen] allow must list the networks that may send "
                        "through it, such as allow = [\"192.0.2.0/24\"]");
  }
}

// Answers that contradict each other.
void check_whole(const Config& config, FileReader& reader) {
  check_listeners(config, reader);
  const bool has_one_attempt = config.retry.lifetime == Duration(0);  // a delay is told of by the final notice
  if (!has_one_attempt && config.retry.delay_notice >= config.retry.lifetime)
    reader.complain(std::max(reader.line_of("retry.delay_notice"), reader.line_of("retry.lifetime")),
                    "[retry] delay_notice must be shorter than lifetime (\"0\" for no such notice)");
  if (config.listen.submission_socket == config.listen.control_socket)
    reader.complain(std::max(reader.line_of("listen.submission_socket"), reader.line_of("listen.control_socket")),
                    "[listen] submission_socket and control_socket must differ");
  if (config.delivery.max_sessions_per_site > config.delivery.max_sessions)
    reader.complain(std::max(reader.line_of("delivery.max_sessions_per_site"), reader.line_of("delivery.max_sessions")),
                    "[delivery] max_sessions_per_site must not be over max_sessions");
}

void complete(Config& config) {
  if (config.hostname.empty())
    config.hostname = config::find_host_name({}, config.warnings);
  else if (!config::is_usable_host_name(config.hostname))
    config.warnings.push_back(
        "hostname = \"" + config.hostname +
        "\" is not fully qualified, so many mail hosts will refuse our mail: give it the domain that the DNS knows it by");
  if (config.local_domains.empty()) {
    for (const std::string& name : {config.hostname, std::string("localhost")})
      if (auto domain = proto::Domain::parse(name)) config.local_domains.push_back(std::move(*domain));
  }
  if (config.listen.smtp_is_default) config.listen.smtp = {"127.0.0.1:25", "[::1]:25"};
}

Result<std::string> read_file(const boost::filesystem::path& path) {
  errno = 0;
  boost::filesystem::ifstream file(path, std::ios::binary);
  std::string text(kMaxFile + 1, '\0');
  if (!file || boost::filesystem::is_directory(path))
    return Error::permanent("cannot read " + path.string() + ": " + (file ? "it is a directory" : std::strerror(errno)));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Error::permanent("cannot read " + path.string() + ": " + std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFile) return Error::permanent(path.string() + " is over 1 MB: that is no configuration of mxpress");
  return text;
}

bool is_absent(const boost::filesystem::path& path) {
  boost::system::error_code error;
  return boost::filesystem::status(path, error).type() == boost::filesystem::file_not_found;
}

const DestinationConfig* destination_of(const Config& config, const proto::Domain& domain) {
  const auto found = config.destinations.find(domain);
  return found == config.destinations.end() ? nullptr : &found->second;
}

}  // namespace

Result<Config> parse_config(std::string_view toml, const std::string& file_name) {
  const auto file = config::parse_toml(toml, file_name);
  if (!file) return file.error();
  Config config;
  FileReader reader(config, file_name);
  reader.read(*file);
  check_whole(config, reader);
  if (const Status status = reader.result(); !status) return status.error();
  complete(config);
  return config;
}

Result<Config> load_config(const std::optional<boost::filesystem::path>& file) {
  const boost::filesystem::path path = file.value_or(kDefaultFile);
  if (!file && is_absent(path)) return parse_config("", "built-in defaults");
  const auto text = read_file(path);
  if (!text) return text.error();
  auto config = parse_config(*text, path.string());
  if (config) config->file = path;
  return config;
}

boost::filesystem::path control_socket_in(const std::optional<boost::filesystem::path>& file) {
  const auto text = read_file(file.value_or(kDefaultFile));
  const auto tables = text ? config::parse_toml(*text, "") : Result<config::ConfigValue::Table>(text.error());
  if (!tables) return ListenConfig().control_socket;
  for (const auto& table : *tables)
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

std::optional<HostPort> Config::next_hop_for(const proto::Domain& domain) const {
  const DestinationConfig* own = destination_of(*this, domain);
  return own ? own->route : std::nullopt;
}

}  // namespace mxpress::mta
