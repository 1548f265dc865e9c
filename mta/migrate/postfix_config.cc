// Reads main.cf as in postconf(5), and the source files of tables as in postmap(1).
#include "mta/migrate/postfix_config.h"

#include <algorithm>

#include "mta/migrate/text.h"
#include "proto/ascii.h"

namespace mxpress::mta::migrate {
namespace {

constexpr const char* kFile = "/etc/postfix/main.cf";
constexpr std::string_view kListSeparators = ", \t\r\n";
constexpr int kMostDepth = 20, kMostExpanded = 10'000;  // of parameters for one value
constexpr std::size_t kLongest = 64 * 1024;             // octets of a value: parameters that refer to each other twice would grow endlessly

bool is_name_character(char c) { return proto::is_alpha(c) || proto::is_digit(c) || c == '_'; }

// "text" of "{text}" or "text".
std::string_view without_braces(std::string_view text) {
  text = proto::trimmed(text);
  return text.size() >= 2 && text.front() == '{' && text.back() == '}' ? text.substr(1, text.size() - 2) : text;
}

// The position where the brace or parenthesis at the beginning of `text` is closed.
std::size_t end_of_braces(std::string_view text) {
  const char open = text.front(), close = open == '{' ? '}' : ')';
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == open) ++depth;
    if (text[at] == close && --depth == 0) return at;
  }
  return text.npos;
}

bool is_text_type(std::string_view type) {
  for (const std::string_view one : {"hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash"})
    if (type == one) return true;
  return false;
}

// "KEY VALUE", the key perhaps in double quotes.
TableEntry entry_of(const TextLine& line, const std::string& path) {
  std::string_view text = line.text;
  const bool is_quoted = text.front() == '"' && text.find('"', 1) != text.npos;
  const auto end = is_quoted ? text.find('"', 1) : std::min(text.find_first_of(" \t"), text.size());
  const std::string_view key = is_quoted ? text.substr(1, end - 1) : text.substr(0, end);
  const std::string_view value = text.substr(std::min(end + (is_quoted ? 1 : 0), text.size()));
  return {path + ":" + std::to_string(line.number), proto::lower_case(key), std::string(proto::trimmed(value))};
}

// Tables of these kinds have their entries, which may be passwords, in main.cf itself.
std::string shown(const std::string& value) {
  for (const char* kind : {"static:", "inline:"})
    if (value.find(kind) != std::string::npos) return std::string(kind) + "(not shown)";
  return value;
}

}  // namespace

std::string PostfixHop::key() const {
  if (has_mail_hosts) return "mx:" + host;
  return host.find(':') == host.npos ? host : "[" + host + "]";
}

std::optional<PostfixHop> parse_hop(std::string_view text) {
  PostfixHop hop;
  hop.text = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    std::string_view host = text.substr(1, end - 1);
    if (proto::starts_in_any_case(host, "ipv6:")) host.remove_prefix(5);
    hop.host = host;
    port = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    hop.host = text.substr(0, colon);
    hop.has_mail_hosts = true;
    port = text.substr(colon);
  }
  if (port.starts_with(':')) port.remove_prefix(1);
  if (!port.empty() && !(hop.port = port_of(port))) return std::nullopt;
  return hop.host.empty() ? std::nullopt : std::optional(std::move(hop));
}

PostfixConfig::PostfixConfig(const Tree& tree, Findings& findings, std::string_view main_cf) : tree_(tree), findings_(findings) {
  for (const TextLine& line : joined_lines(main_cf)) {
    const auto equals = line.text.find('=');
    const std::string place = kFile + (":" + std::to_string(line.number));
    if (equals == line.text.npos) {
      findings_.leave(place, line.text);
      continue;
    }
    const std::string_view text = line.text;
    parameters_[std::string(proto::trimmed(text.substr(0, equals)))] = {place, std::string(proto::trimmed(text.substr(equals + 1)))};
  }
  if (const auto name = tree_.read("/etc/hostname"); name && *name) host_name_ = first_line(**name);
}

std::string PostfixConfig::default_of(const std::string& name) const {
  if (name == "myhostname") return host_name_.find('.') == host_name_.npos && is_set("mydomain") ? host_name_ + ".$mydomain" : host_name_;
  if (name == "mydomain") {
    const std::string host = is_set("myhostname") ? parameters_.at("myhostname").text : host_name_;
    const auto dot = host.find('.');
    return dot == host.npos ? "localdomain" : host.substr(dot + 1);
  }
  if (name == "myorigin") return "$myhostname";
  if (name == "mydestination") return "$myhostname, localhost.$mydomain, localhost";
  if (name == "alias_maps") return "hash:/etc/aliases";
  if (name == "smtp_sasl_security_options") return "noplaintext, noanonymous";
  return name == "smtp_sasl_tls_security_options" ? "$smtp_sasl_security_options" : "";
}

std::string PostfixConfig::value_at(const std::string& name, int depth) const {
  const auto found = parameters_.find(name);
  return depth > kMostDepth || ++expanded_ > kMostExpanded
             ? std::string()
             : expand(found == parameters_.end() ? default_of(name) : found->second.text, depth + 1);
}

// "name", "name?text", "name:text", "name?{text}:{other}".
std::string PostfixConfig::expand_braces(std::string_view inner, int depth) const {
  const auto end = std::find_if_not(inner.begin(), inner.end(), is_name_character) - inner.begin();
  const std::string text = value_at(std::string(inner.substr(0, static_cast<std::size_t>(end))), depth);
  std::string_view rest = inner.substr(static_cast<std::size_t>(end));
  if (rest.empty()) return text;
  const bool asks = rest.front() == '?';
  rest.remove_prefix(1);
  if (!asks) return text.empty() ? expand(without_braces(rest), depth + 1) : text.substr(0, 0);
  const auto closed = rest.starts_with('{') ? end_of_braces(rest) : rest.npos;
  const std::string_view then = closed == rest.npos ? rest : rest.substr(0, closed + 1);
  const auto colon = closed == rest.npos ? rest.npos : rest.find(':', closed);
  if (!text.empty()) return expand(without_braces(then), depth + 1);
  return colon == rest.npos ? std::string() : expand(without_braces(rest.substr(colon + 1)), depth + 1);
}

std::string PostfixConfig::expand(std::string_view text, int depth) const {
  std::string result;
  while (!text.empty() && depth <= kMostDepth && result.size() < kLongest) {
    const auto dollar = std::min(text.find('$'), text.size());
    result += text.substr(0, dollar);
    text.remove_prefix(std::min(dollar + 1, text.size()));
    if (text.empty()) break;
    if (text.front() == '$') {
      result += '$';
      text.remove_prefix(1);
    } else if (text.front() == '{' || text.front() == '(') {
      const auto end = end_of_braces(text);
      if (end == text.npos) break;
      result += expand_braces(text.substr(1, end - 1), depth);
      text.remove_prefix(end + 1);
    } else {
      const auto length = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_name_character) - text.begin());
      result += value_at(std::string(text.substr(0, length)), depth);
      text.remove_prefix(length);
    }
  }
  return result;
}

std::string PostfixConfig::value(const std::string& name) const {
  expanded_ = 0;
  return std::string(proto::trimmed(value_at(name, 0)));
}

bool PostfixConfig::is_yes(const std::string& name) const { return proto::equal_in_any_case(value(name), "yes"); }

std::vector<std::string> PostfixConfig::list(const std::string& name) const { return words_of(value(name), kListSeparators); }

std::vector<PostfixHop> PostfixConfig::hops(const std::string& name) const {
  std::vector<PostfixHop> all;
  for (const std::string& word : list(name)) {
    if (auto hop = parse_hop(word))
      all.push_back(std::move(*hop));
    else
      findings_.note(name + ": " + word + " is no host.");
  }
  return all;
}

void PostfixConfig::take(const std::string& name, const std::string& becomes) {
  const auto found = parameters_.find(name);
  if (found == parameters_.end() || !told_.insert(name).second) return;
  findings_.take(found->second.place, name + " = " + shown(found->second.text), becomes);
}

void PostfixConfig::leave_rest() {
  for (const auto& [name, parameter] : parameters_)
    if (!told_.contains(name)) findings_.leave(parameter.place, name + " = " + shown(parameter.text));
}

Status PostfixConfig::read_table(const std::string& spec, std::vector<TableEntry>& entries) const {
  const std::string inner = spec.starts_with("proxy:") ? spec.substr(6) : spec;
  const auto colon = inner.find(':');
  const std::string type = colon == inner.npos ? "hash" : inner.substr(0, colon), path = inner.substr(colon == inner.npos ? 0 : colon + 1);
  if (type == "static") {
    entries.push_back({kFile, "*", path});
    return {};
  }
  if (!is_text_type(type) || !path.starts_with('/')) {
    findings_.note("The table " + shown(spec) + " is not read: only the text files of tables such as hash:/etc/postfix/NAME are.");
    return {};
  }
  const auto text = tree_.read(path);
  if (!text) return text.error();
  if (!*text) findings_.note("The table " + spec + " is not read: there is no text file " + path + ".");
  for (const TextLine& line : joined_lines(text->value_or(""))) entries.push_back(entry_of(line, path));
  return {};
}

Result<std::vector<TableEntry>> PostfixConfig::table(const std::string& name) const {
  std::vector<TableEntry> entries;
  if (!is_set(name)) return entries;
  for (const std::string& spec : list(name))
    if (const Status read = read_table(spec, entries); !read) return read.error();
  return entries;
}

}  // namespace mxpress::mta::migrate
