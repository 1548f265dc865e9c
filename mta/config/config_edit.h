// Adds lines to the text of the administrator's configuration, and changes nothing else in it. Pure.
#pragma once

#include <boost/filesystem/path.hpp>
#include <map>
#include <string>
#include <string_view>

#include "proto/domain.h"
#include "proto/result.h"

namespace mxpress::mta::config {

using KeyFiles = std::map<std::string, boost::filesystem::path>;  // by selector

// The lines of such a table, each with LF.
std::string dkim_table(const proto::Domain& domain, const KeyFiles& keys);
// "next = { ... }", without line end.
std::string dkim_next_line(const KeyFiles& keys);

// The text with a table appended, or with a line added after the header of the domain's table: comments, order and line ends (CRLF) are
// kept. Each result has been parsed again, and has exactly the old content plus the addition. The Error: it cannot be added here; the text
// is not TOML, or the domain has a table already, or none that begins with a [header].
Result<std::string> with_dkim_table(std::string_view toml, const proto::Domain& domain, const KeyFiles& keys);
Result<std::string> with_dkim_next(std::string_view toml, const proto::Domain& domain, const KeyFiles& next);
// Completes a change of keys: the value of `next` replaces that of `keys`; each must be on a line of its own.
Result<std::string> with_dkim_next_as_keys(std::string_view toml, const proto::Domain& domain);

}  // namespace mxpress::mta::config
