// Files of texts for notices, in TOML: docs/mxpress-notices.5.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mta/languages/languages.h"

namespace mxpress::mta::languages {

// The content of etc/notices.toml, which is part of the program.
extern const std::string_view kOwnTexts;
// The catalogues of kOwnTexts. Any thread.
const Languages::Catalogues& own_catalogues();

struct TextFile {
  Languages::Catalogues catalogues;
  std::size_t texts = 0;
  std::vector<std::string> mistakes;  // each with file and line; with one of them the file is not used
  std::vector<std::string> unknown;   // keys that are no sentence of mxpress: perhaps of rules about replies of the administrator's own
};
// Any input.
TextFile parse_texts(std::string_view toml, const std::string& file_name);

}  // namespace mxpress::mta::languages
