// The commands and options of mxpress as a table: its usage text and the completions of shells are made of it.
#pragma once

#include <span>
#include <string_view>

namespace mxpress::mta::cli {

// A line of the usage text. Several may begin with the same command.
struct CommandRow {
  std::string_view words;  // "queue --recipient A": the command and what belongs to it
  std::string_view text;   // what it does; its line ends are those of the usage text
};

struct OptionRow {
  std::string_view name;   // "older", as --older
  char letter = 0;         // as -c; 0: none
  std::string_view value;  // what stands behind it, "FILE" for a file; empty: nothing
  std::string_view text;
};

// The words that can stand behind a command or behind an option with a value: {"config", "check show"}, {"--state", "active ..."}.
struct WordsRow {
  std::string_view after;
  std::string_view words;  // with a blank between them
};

std::span<const CommandRow> looking_commands();
std::span<const CommandRow> acting_commands();
std::span<const OptionRow> all_options();
std::span<const WordsRow> words_after();

}  // namespace mxpress::mta::cli
