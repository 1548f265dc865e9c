// The rules in force: those of mxpress, or a file of the administrator that replaces them.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "mta/replies/rule_file.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::replies {

// The content of etc/replies.toml, which is part of the program.
extern const std::string_view kOwnRules;

// replies.toml beside the configuration: /etc/mxpress/replies.toml.
boost::filesystem::path replacement_for(const Config& config);

struct CurrentRules {
  std::shared_ptr<const RuleSet> rules;  // never null
  std::string source;                    // the file, or "mxpress"
  std::string failure{};                 // why the replacement is not used; empty: it is, or there is none
};

// Reads the disk. The rules of mxpress count if the replacement is missing, cannot be read, or has a mistake.
CurrentRules current_rules(const Config& config);

}  // namespace mxpress::mta::replies
