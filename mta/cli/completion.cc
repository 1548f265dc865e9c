// Writes completions for three shells.
#include "mta/cli/completion.h"

#include <algorithm>
#include <vector>

#include "mta/cli/command_table.h"

namespace mxpress::mta::cli {
namespace {

struct Name {
  std::string_view name, text;
};

const CommandRow& first_row(std::string_view command) {
  const auto is_it = [command](const CommandRow& row) { return row.words.substr(0, row.words.find(' ')) == command; };
  const auto looking = looking_commands(), acting = acting_commands();
  const auto found = std::find_if(looking.begin(), looking.end(), is_it);
  return found != looking.end() ? *found : *std::find_if(acting.begin(), acting.end(), is_it);
}

// Each command with the text of its first row up to the first line end.
std::vector<Name> commands() {
  std::vector<Name> names;
  for (const std::string_view name : command_names()) {
    const CommandRow& row = first_row(name);
    names.push_back({name, row.text.substr(0, row.text.find('\n'))});
  }
  return names;
}

std::string command_words() {
  std::string words;
  for (const Name& command : commands()) words += (words.empty() ? "" : " ") + std::string(command.name);
  return words;
}

// Without brackets, which end a description in zsh.
std::string plain(std::string_view text) {
  std::string result(text);
  std::erase_if(result, [](char c) { return c == '[' || c == ']'; });
  return result;
}

// In a shell's single quotes; `escaped` gets a backslash.
std::string in_quotes(std::string_view text, std::string_view escaped = "") {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
      continue;
    }
    if (escaped.find(c) != escaped.npos) result += '\\';
    result += c;
  }
  return result + "'";
}

// After `mxpress send` other words are files: --attach takes several.
std::string bash_of_send() {
  std::string options, files, silent;
  for (const OptionRow& option : send_options()) {
    const std::string name = "--" + std::string(option.name);
    options += (options.empty() ? "" : " ") + name;
    if (option.value.empty()) continue;
    std::string& kind = option.value == "FILE" ? files : silent;
    kind += (kind.empty() ? "" : "|") + name + (option.letter == 0 ? "" : std::string("|-") + option.letter);
  }
  return "  if [[ \" ${COMP_WORDS[*]:1:COMP_CWORD-1} \" == *' send '* ]]; then\n    case $before in " + silent +
         ") return ;; esac\n    if [[ $current == -* ]]; then mapfile -t COMPREPLY < <(compgen -W '" + options +
         "' -- \"$current\"); return; fi\n    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n    return\n  fi\n";
}

std::string bash() {
  std::string options, files, silent, cases;
  for (const OptionRow& option : all_options()) {
    const std::string name = "--" + std::string(option.name);
    options += (options.empty() ? "" : " ") + name;
    if (option.value.empty()) continue;
    std::string& kind = option.value == "FILE" ? files : silent;
    kind += (kind.empty() ? "" : "|") + name + (option.letter == 0 ? "" : std::string("|-") + option.letter);
  }
  for (const WordsRow& row : words_after()) {
    if (row.words == kFiles)
      files += "|" + std::string(row.after);
    else
      cases += "    " + std::string(row.after) + ") words='" + std::string(row.words) + "' ;;\n";
  }
  return "# bash completion for mxpress, made by: mxpress completion bash\n_mxpress() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words word\n"
         "  COMPREPLY=()\n" +
         bash_of_send() + "  case $before in\n" + cases + "    " + files +
         ") mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;\n    " + silent + ") return ;;\n    *)\n      words='" +
         command_words() +
         "'\n      for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "        case \" $words \" in *\" $word \"*) words=''; break ;; esac\n      done\n      ;;\n  esac\n"
         "  if [[ $current == -* ]]; then words='" +
         options + "'; fi\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\ncomplete -F _mxpress mxpress\n";
}

// In the form of _arguments.
std::string zsh_specs(std::span<const OptionRow> rows) {
  std::string specs;
  for (const OptionRow& option : rows) {
    std::string spec = "--" + std::string(option.name) + (option.value.empty() ? "" : "=") + "[" + plain(option.text) + "]";
    if (option.value == "FILE") spec += ":file:_files";
    const auto choices = std::find_if(words_after().begin(), words_after().end(),
                                      [&](const WordsRow& row) { return row.after == "--" + std::string(option.name); });
    if (choices != words_after().end())
      spec += ":" + std::string(option.value) + ":(" + std::string(choices->words) + ")";
    else if (!option.value.empty() && option.value != "FILE")
      spec += ":" + std::string(option.value) + ": ";
    specs += "    " + in_quotes(spec) + " \\\n";
  }
  return specs;
}

std::string zsh() {
  std::string described, cases;
  for (const Name& command : commands())
    described += "    " + in_quotes(std::string(command.name) + ":" + std::string(command.text)) + "\n";
  for (const WordsRow& row : words_after())
    if (!row.after.starts_with("-"))
      cases +=
          "        " + std::string(row.after) + ") " + (row.words == kFiles ? "_files" : "compadd -- " + std::string(row.words)) + " ;;\n";
  return "#compdef mxpress\n# zsh completion for mxpress, made by: mxpress completion zsh\n_mxpress() {\n  local state line\n"
         "  local -a commands=(\n" +
         described + "  )\n  _arguments -C \\\n" + zsh_specs(all_options()) +
         "    '1:command:->command' '*::argument:->argument'\n  case $state in\n    command) _describe command commands ;;\n"
         "    argument)\n      case $line[1] in\n" +
         cases + "        send) _arguments \\\n" + zsh_specs(send_options()) +
         "    '*:file:_files' ;;\n      esac\n      ;;\n  esac\n}\n_mxpress \"$@\"\n";
}

std::string fish() {
  const std::string none = "not __fish_seen_subcommand_from " + command_words();
  std::string text = "# fish completion for mxpress, made by: mxpress completion fish\ncomplete -c mxpress -f\n";
  for (const Name& command : commands())
    text +=
        "complete -c mxpress -n " + in_quotes(none) + " -a " + std::string(command.name) + " -d " + in_quotes(command.text, "\\") + "\n";
  for (const WordsRow& row : words_after())
    if (!row.after.starts_with("-"))
      text += "complete -c mxpress -n '__fish_seen_subcommand_from " + std::string(row.after) + "' " +
              (row.words == kFiles ? "-F" : "-a '" + std::string(row.words) + "'") + "\n";
  for (const OptionRow& option : all_options()) {
    text += "complete -c mxpress -l " + std::string(option.name);
    if (option.letter != 0) text += std::string(" -s ") + option.letter;
    if (option.value == "FILE") text += " -r -F";
    if (!option.value.empty() && option.value != "FILE") text += " -x";
    for (const WordsRow& row : words_after())
      if (row.after == "--" + std::string(option.name)) text += " -a '" + std::string(row.words) + "'";
    text += " -d " + in_quotes(option.text, "\\") + "\n";
  }
  for (const OptionRow& option : send_options()) {
    text += "complete -c mxpress -n '__fish_seen_subcommand_from send' -l " + std::string(option.name);
    if (option.letter != 0) text += std::string(" -s ") + option.letter;
    if (!option.value.empty()) text += option.value == "FILE" ? " -r -F" : " -x";
    text += " -d " + in_quotes(option.text, "\\") + "\n";
  }
  return text;
}

}  // namespace

std::string completion_for(std::string_view shell) {
  if (shell == "bash") return bash();
  if (shell == "zsh") return zsh();
  if (shell == "fish") return fish();
  return {};
}

}  // namespace mxpress::mta::cli
