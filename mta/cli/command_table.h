// The commands and options of mxpress as a table, from which its usage text and the completions of shells are made.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace mxpress::mta::cli {

// A line of the usage text. Several may begin with the same command.
struct CommandRow {
  std::string_view words;  // "queue --recipient A": the command with its arguments
  std::string_view text;   // its description; with the line ends of the usage text
};

struct OptionRow {
  std::string_view name;   // "older", as --older
  char letter = 0;         // as -c; 0: none
  std::string_view value;  // its argument, "FILE" for a file; empty: none
  std::string_view text;
};

inline constexpr std::string_view kFiles = "FILE";  // instead of words: names of files

// The possible words after a command or an option with a value: {"config", "check show"}, {"--state", "active ..."}, {"trace", kFiles}.
struct WordsRow {
  std::string_view after;
  std::string_view words;  // separated by blanks
};

std::span<const CommandRow> looking_commands();
std::span<const CommandRow> acting_commands();
std::span<const OptionRow> all_options();
// Those of `mxpress send`, which mxpress-send reads.
std::span<const OptionRow> send_options();
std::span<const WordsRow> words_after();
// The names of all commands, each once, in the order of the table.
std::vector<std::string_view> command_names();

}  // namespace mxpress::mta::cli
