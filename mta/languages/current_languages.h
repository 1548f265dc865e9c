// The languages in force: those of mxpress, and a file of the administrator over them.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <string>

#include "mta/languages/languages.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::languages {

// notices.toml beside the configuration: /etc/mxpress/notices.toml.
boost::filesystem::path replacement_for(const Config& config);

struct CurrentLanguages {
  std::shared_ptr<const Languages> languages;  // never null
  std::string failure{};                       // why the administrator's file is not used; empty: it is, or there is none
};
// Reads the disk. Each text of the administrator's file stands over the one of mxpress.
CurrentLanguages current_languages(const Config& config);

}  // namespace mxpress::mta::languages
