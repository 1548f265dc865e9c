// Reads the text form of a dialogue.
#include "tests/support/dialogue_script.h"

#include <sstream>
#include <stdexcept>

namespace mxpress::testing {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view without_first_space(std::string_view text) { return text.starts_with(' ') ? text.substr(1) : text; }

// "{3*ab}" is "ababab"; `text` begins after the brace.
std::string take_repetition(std::string_view& text) {
  const auto star = text.find('*');
  const auto end = text.find('}');
  const std::string piece = resolve_escapes(text.substr(star + 1, end - star - 1));
  std::string all;
  for (int count = std::stoi(std::string(text.substr(0, star))); count > 0; --count) all += piece;
  text.remove_prefix(end + 1);
  return all;
}

// `text` begins after the backslash.
char take_escape(std::string_view& text) {
  const char letter = text.at(0);
  text.remove_prefix(1);
  if (letter == 'r') return '\r';
  if (letter == 'n') return '\n';
  if (letter != 'x') return letter;
  const char octet = static_cast<char>(std::stoi(std::string(text.substr(0, 2)), nullptr, 16));
  text.remove_prefix(2);
  return octet;
}

Step make_step(StepKind kind, std::string_view text) {
  Step step{kind, std::string(without_first_space(text)), {}, 0, 0};
  return step;
}

Step parse_server_step(std::string_view line) {
  if (take_prefix(line, "S:")) return make_step(StepKind::say, resolve_escapes(line));
  if (take_prefix(line, "S raw:")) return make_step(StepKind::raw, resolve_escapes(line));
  if (take_prefix(line, "S flood:")) return make_step(StepKind::flood, resolve_escapes(line));
  if (line == "S close") return make_step(StepKind::close, "");
  if (line == "S hang") return make_step(StepKind::hang, "");
  Step step = make_step(StepKind::wait, "");
  if (take_prefix(line, "S drip ")) {
    const auto colon = line.find(':');
    step = make_step(StepKind::drip, resolve_escapes(line.substr(colon + 1)));
    line = line.substr(0, colon);
  } else if (!take_prefix(line, "S wait ")) {
    throw std::invalid_argument("no such step of the server");
  }
  step.time = std::chrono::seconds(std::stoi(std::string(line)));
  return step;
}

Step parse_client_step(std::string_view line) {
  if (take_prefix(line, "C:")) return make_step(StepKind::expect_line, resolve_escapes(line));
  if (line == "C content") return make_step(StepKind::expect_content, "");
  if (line == "C closes") return make_step(StepKind::expect_close, "");
  if (line == "C never sends the dot") return make_step(StepKind::expect_no_dot, "");
  if (!take_prefix(line, "C sends ")) throw std::invalid_argument("no such step of the client");
  Step step = make_step(StepKind::expect_octets, "");
  step.octets = std::stoul(std::string(line));
  return step;
}

Setting parse_setting(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) throw std::invalid_argument("a line without a colon");
  return {std::string(line.substr(0, colon)), std::string(without_first_space(line.substr(colon + 1)))};
}

void parse_line(std::string_view line, int part, DialogueScript& script) {
  if (part == 0) script.settings.push_back(parse_setting(line));
  if (part == 1) script.steps.push_back(line.starts_with('S') ? parse_server_step(line) : parse_client_step(line));
  if (part == 2) script.expectations.push_back(parse_setting(line));
  if (part > 2) throw std::invalid_argument("more than three parts");
}

}  // namespace

std::string resolve_escapes(std::string_view text) {
  std::string resolved;
  while (!text.empty()) {
    const char octet = text.front();
    text.remove_prefix(1);
    if (octet == '{') {
      resolved += take_repetition(text);
    } else {
      resolved += octet == '\\' ? take_escape(text) : octet;
    }
  }
  return resolved;
}

DialogueScript parse_dialogue(std::string_view text) {
  DialogueScript script;
  std::istringstream lines{std::string(text)};
  std::string line;
  int part = 0;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    if (line == "---") {
      ++part;
      continue;
    }
    try {
      parse_line(line, part, script);
      if (part == 1) script.steps.back().line = number;
    } catch (const std::exception& error) {
      throw std::invalid_argument("line " + std::to_string(number) + ": " + error.what());
    }
  }
  return script;
}

}  // namespace mxpress::testing
