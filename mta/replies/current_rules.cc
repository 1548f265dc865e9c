// Chooses the rules in force.
#include "mta/replies/current_rules.h"

#include <stdexcept>
#include <utility>

#include "mta/config/config.h"
#include "mta/system/atomic_file.h"

namespace mxpress::mta::replies {
namespace {

constexpr const char* kName = "replies.toml";

CurrentRules own_rules(std::string failure) {
  RuleFile file = parse_rules(kOwnRules, kName);
  if (!file.mistakes.empty()) throw std::logic_error(file.mistakes.front());
  return {std::make_shared<const RuleSet>(std::move(file.rules)), "mxpress", std::move(failure)};
}

}  // namespace

boost::filesystem::path replacement_for(const Config& config) {
  const boost::filesystem::path main = config.file.empty() ? boost::filesystem::path(kDefaultConfigFile) : config.file;
  return main.parent_path() / kName;
}

CurrentRules current_rules(const Config& config) {
  const auto path = replacement_for(config);
  const auto text = system::read_small_file(path);
  if (!text) return own_rules(text.error().is_transient() ? text.error().message : std::string());
  RuleFile file = parse_rules(*text, path.string());
  if (!file.mistakes.empty()) return own_rules(file.mistakes.front());
  file.rules.set_source(path.string());
  return {std::make_shared<const RuleSet>(std::move(file.rules)), path.string()};
}

}  // namespace mxpress::mta::replies
