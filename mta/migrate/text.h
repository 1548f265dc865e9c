// Syntax shared by the configuration files of several mail programs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::mta::migrate {

struct TextLine {
  std::size_t number = 1;
  std::string text;  // without the line end
};

std::vector<TextLine> lines_of(std::string_view text);
// Lines that begin with a blank continue the line before; comments (#) and empty lines are skipped: main.cf and tables of Postfix,
// /etc/aliases. The number is that of the first line.
std::vector<TextLine> joined_lines(std::string_view text);

// The words between `separators`, without empty ones.
std::vector<std::string> words_of(std::string_view text, std::string_view separators = " \t\r\n");
// The words of a line by the quoting of POSIX shells: '...', "..." and backslashes; no expansion. nullopt: a quote has no end.
std::optional<std::vector<std::string>> shell_words(std::string_view text);

// The value of "NAME: VALUE" in a file such as /etc/aliases. nullopt: there is none with this name, in any case.
std::optional<std::string> value_in_aliases(std::string_view text, std::string_view name);

// A port: 1 to 65535, or the name of a mail service.
std::optional<std::uint16_t> port_of(std::string_view text);
// The first line, without blanks around it.
std::string first_line(std::string_view text);

}  // namespace mxpress::mta::migrate
