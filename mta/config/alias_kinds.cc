// Values of [local]: aliases, and the handling of mail for unknown names.
#include "mta/config/alias_kinds.h"

#include "proto/alias_target.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::config {
namespace {

using TargetKind = proto::AliasTarget::Kind;

constexpr std::string_view kTableWanted = "a table such as { root = \"admin@example.com\" }";
constexpr std::string_view kTargetWanted = "must be one mail address in quotes, or a list of them";
constexpr std::string_view kPolicyWanted = "\"refuse\" or \"keep\"";

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result + "\"";
}

Result<std::string> parse_target(const ConfigValue& value) {
  if (!value.text()) return Error::permanent(std::string(kTargetWanted) + ", not " + value.kind());
  const auto targets = proto::parse_alias_targets(*value.text());
  const std::string shown = in_quotes(proto::printable(*value.text(), 200));
  if (targets.size() != 1) return Error::permanent(shown + " is not one mail address: write several as a list, in [ and ]");
  const proto::AliasTarget& target = targets.front();
  if (target.kind == TargetKind::mistake) return Error::permanent(shown + " is not one mail address: " + target.text);
  if (target.kind == TargetKind::command || target.kind == TargetKind::file)
    return Error::permanent(shown + " is not one mail address: commands get no mail, and files neither");
  return *value.text();
}

Result<std::vector<std::string>> parse_targets(const ConfigValue& value) {
  std::vector<std::string> all;
  const auto add = [&all](const ConfigValue& one) -> Status {
    auto target = parse_target(one);
    if (!target) return target.error();
    all.push_back(std::move(*target));
    return {};
  };
  if (!value.list()) {
    const Status added = add(value);
    return added ? Result<std::vector<std::string>>(std::move(all)) : added.error();
  }
  if (value.list()->empty()) return Error::permanent("has no target");
  for (const ConfigValue& one : *value.list())
    if (const Status added = add(one); !added) return added.error();
  return all;
}

using Aliases = std::map<std::string, std::vector<std::string>>;

Result<Aliases> parse_aliases(const ConfigValue& value) {
  if (!value.table()) return wants(kTableWanted, value);
  Aliases names;
  for (const ConfigEntry& entry : *value.table()) {
    const std::string name = proto::printable(entry.key, 64);
    if (name.empty() || name.find('@') != name.npos)
      return Error::permanent(in_quotes(name) +
                              ": write only the part before the @, such as root: the names are those of users of this host");
    auto targets = parse_targets(entry.value);
    if (!targets) return Error::permanent(name + ": " + targets.error().message);
    names.emplace(proto::lower_case(name), std::move(*targets));
  }
  return names;
}

std::string shown(const std::vector<std::string>& targets) {
  std::string list;
  for (const std::string& target : targets) list += (list.empty() ? "" : ", ") + in_quotes(target);
  return targets.size() == 1 ? list : "[" + list + "]";
}

}  // namespace

Kind<Aliases> aliases() {
  return {parse_aliases, [](const Aliases& names) {
            std::string result;
            for (const auto& [name, targets] : names) result += (result.empty() ? " " : ", ") + in_quotes(name) + " = " + shown(targets);
            return result.empty() ? std::string("{}") : "{" + result + " }";
          }};
}

Kind<UnknownUsers> unknown_users() {
  return {[](const ConfigValue& value) -> Result<UnknownUsers> {
            if (!value.text()) return wants(kPolicyWanted, value);
            if (*value.text() == "refuse") return UnknownUsers::refuse;
            if (*value.text() == "keep") return UnknownUsers::keep;
            return Error::permanent("must be " + std::string(kPolicyWanted) + ", not " + in_quotes(proto::printable(*value.text(), 50)));
          },
          [](const UnknownUsers& target) { return in_quotes(target == UnknownUsers::refuse ? "refuse" : "keep"); }};
}

Kind<boost::filesystem::path> path_or_none() {
  const Kind<boost::filesystem::path> usual = path();
  return {[parse = usual.parse](const ConfigValue& value) -> Result<boost::filesystem::path> {
            return value.text() && value.text()->empty() ? Result<boost::filesystem::path>(boost::filesystem::path()) : parse(value);
          },
          usual.format};
}

}  // namespace mxpress::mta::config
