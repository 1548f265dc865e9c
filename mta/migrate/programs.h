// The mail programs whose settings can be imported: docs/migrate.md has their equivalents.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "mta/migrate/findings.h"
#include "mta/migrate/tree.h"
#include "proto/result.h"

namespace mxpress::mta::migrate {

// nullopt: the tree has no configuration of the program. The Error names the unusable file. Reads the disk.
using ReadSettings = Result<std::optional<Findings>> (*)(const Tree& tree);

Result<std::optional<Findings>> read_postfix(const Tree& tree);
Result<std::optional<Findings>> read_exim(const Tree& tree);
Result<std::optional<Findings>> read_dma(const Tree& tree);
Result<std::optional<Findings>> read_msmtp(const Tree& tree);
Result<std::optional<Findings>> read_ssmtp(const Tree& tree);
Result<std::optional<Findings>> read_nullmailer(const Tree& tree);

struct OldProgram {
  std::string_view name;  // as on the command line
  std::string_view file;  // its configuration
  ReadSettings read;
};

std::span<const OldProgram> old_programs();

}  // namespace mxpress::mta::migrate
