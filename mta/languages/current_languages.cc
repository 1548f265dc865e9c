// Chooses the languages in force.
#include "mta/languages/current_languages.h"

#include <utility>

#include "mta/config/config.h"
#include "mta/languages/text_file.h"
#include "mta/system/atomic_file.h"

namespace mxpress::mta::languages {
namespace {

constexpr const char* kName = "notices.toml";

CurrentLanguages own_alone(std::string failure) { return {std::make_shared<const Languages>(own_catalogues()), std::move(failure)}; }

}  // namespace

boost::filesystem::path replacement_for(const Config& config) {
  const boost::filesystem::path main = config.file.empty() ? boost::filesystem::path(kDefaultConfigFile) : config.file;
  return main.parent_path() / kName;
}

CurrentLanguages current_languages(const Config& config) {
  const auto path = replacement_for(config);
  const auto text = system::read_small_file(path);
  if (!text) return own_alone(text.error().is_transient() ? text.error().message : std::string());
  TextFile file = parse_texts(*text, path.string());
  if (!file.mistakes.empty()) return own_alone(file.mistakes.front());
  Languages::Catalogues all = own_catalogues();
  for (const auto& [tag, phrases] : file.catalogues) all[tag].add(phrases);
  return {std::make_shared<const Languages>(std::move(all))};
}

}  // namespace mxpress::mta::languages
