// The text form of a dialogue, parsed.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::testing {

enum class StepKind { say, raw, drip, flood, close, hang, wait, expect_line, expect_content, expect_octets, expect_close, expect_no_dot };

struct Step {
  StepKind kind;
  std::string text;             // with escapes resolved; no line end
  std::chrono::seconds time{};  // of drip and wait
  std::size_t octets = 0;       // of expect_octets
  int line = 0;
};

struct Setting {
  std::string key;
  std::string value;
};

struct DialogueScript {
  std::vector<Setting> settings;
  std::vector<Step> steps;
  std::vector<Setting> expectations;
};

// Throws std::invalid_argument, naming the line, if the file itself is wrong.
DialogueScript parse_dialogue(std::string_view text);
std::string resolve_escapes(std::string_view text);

}  // namespace mxpress::testing
