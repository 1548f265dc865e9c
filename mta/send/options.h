// The command line of mxpress-send.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proto/result.h"

namespace mxpress::mta::send {

inline constexpr const char* kStandardInput = "-";  // instead of a file with text

struct Options {
  bool help = false, version = false;
  std::string config;  // empty: the default one
  std::optional<std::string> from;
  std::vector<std::string> to, cc, bcc, reply_to;  // address lists, as given
  std::string subject;
  std::optional<std::string> in_reply_to, text, html;  // text, html: a path or kStandardInput
  std::vector<std::string> inlines, attachments;       // paths
  std::vector<std::string> fields;                     // "Name: value"
  bool follow = false, now = false;
};

// `arguments` without the program's name. An Error means exit code 64.
Result<Options> parse_options(const std::vector<std::string>& arguments);
// Names of the options and what they are for.
std::string usage();

}  // namespace mxpress::mta::send
