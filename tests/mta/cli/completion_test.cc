// Tests of the completions for shells.
#include "mta/cli/completion.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "mta/cli/command_line.h"
#include "mta/cli/command_table.h"
#include "mta/migrate/programs.h"
#include "tests/support/server_house.h"

using namespace mxpress::mta::cli;
using mxpress::testing::run_program;
using mxpress::testing::ScratchFolder;

TEST_CASE("completion: each shell gets every command and every option of the table") {
  for (const char* const shell : {"bash", "zsh", "fish"}) {
    const std::string text = completion_for(shell);
    for (const auto rows : {looking_commands(), acting_commands()})
      for (const CommandRow& row : rows) CHECK(text.find(row.words.substr(0, row.words.find(' '))) != std::string::npos);
    for (const OptionRow& option : all_options()) CHECK(text.find(option.name) != std::string::npos);
    CHECK(text.find("active deferred held all") != std::string::npos);
  }
  CHECK(completion_for("tcsh").empty());
}

TEST_CASE("completion: the argument of trace is a file") {
  CHECK(completion_for("bash").find("|trace) mapfile -t COMPREPLY < <(compgen -f") != std::string::npos);
  CHECK(completion_for("zsh").find("trace) _files ;;") != std::string::npos);
  CHECK(completion_for("fish").find("'__fish_seen_subcommand_from trace' -F") != std::string::npos);
}

TEST_CASE("completion: every option of the table is one that mxpress takes, with a value where the table says so") {
  for (const OptionRow& option : all_options()) {
    std::vector<std::string> words = {"nothing-known", "--" + std::string(option.name)};
    if (!option.value.empty()) words.push_back(option.value == "DURATION" ? "1d" : "1");
    const auto line = parse_command_line(words);
    const bool ends_it = option.name == "help" || option.name == "version";
    CHECK(line.ok() == ends_it);
    if (!line.ok()) CHECK(line.error().message.find("no such command: nothing-known") != std::string::npos);
  }
}

TEST_CASE("completion: every command of the table is one that mxpress knows") {
  for (const auto rows : {looking_commands(), acting_commands()})
    for (const CommandRow& row : rows) {
      const auto line = parse_command_line({std::string(row.words.substr(0, row.words.find(' ')))});
      if (!line.ok()) CHECK(line.error().message.find("no such command") == std::string::npos);
    }
}

TEST_CASE("completion: mxpress knows no command that the table does not have, and the words of import are the programs that it knows") {
  for (const char* const name : {"import", "mailbox", "release", "dkim", "setup", "aliases", "fsck", "reload"}) {
    const auto names = command_names();
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
  }
  std::set<std::string> known, offered;
  for (const auto& program : mxpress::mta::migrate::old_programs()) known.emplace(program.name);
  for (const WordsRow& row : words_after()) {
    if (row.after != "import") continue;
    std::istringstream words{std::string(row.words)};
    for (std::string word; words >> word;) offered.insert(word);
  }
  CHECK(known == offered);
}

TEST_CASE("completion: every word that the table offers behind a command is one that mxpress takes there") {
  for (const WordsRow& row : words_after()) {
    if (row.after.starts_with("-") || row.words == kFiles) continue;
    std::istringstream words{std::string(row.words)};
    for (std::string word; words >> word;) {
      CAPTURE(row.after, word);
      const std::string command(row.after);
      CHECK((parse_command_line({command, word}).ok() || parse_command_line({command, word, "x"}).ok()));
      CHECK_FALSE(parse_command_line({command, "no-such-word"}).ok());
    }
  }
}

TEST_CASE("completion: the command line takes the shells that there are scripts for") {
  CHECK(parse_command_line({"completion", "zsh"}).ok());
  CHECK_FALSE(parse_command_line({"completion"}).ok());
  CHECK_FALSE(parse_command_line({"completion", "tcsh"}).ok());
}

TEST_CASE("completion: behind send, bash offers its options, and files for everything that is no address or text") {
  const ScratchFolder folder;
  std::ofstream((folder.path() / "completion").string()) << completion_for("bash");
  std::ofstream((folder.path() / "report.pdf").string()) << "x";
  const auto offered = [&folder](const std::string& words) {
    const std::string script = "cd " + folder.path().string() + "; source ./completion; COMP_WORDS=(mxpress " + words +
                               "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _mxpress; echo \"${COMPREPLY[*]}\"";
    return run_program({"/bin/bash", "-c", script}, "").output;
  };
  CHECK(offered("send --att") == "--attach\n");
  CHECK(offered("-c file send --in") == "--inline --in-reply-to\n");
  CHECK(offered("send --attach rep") == "report.pdf\n");
  CHECK(offered("send --attach one rep") == "report.pdf\n");
  CHECK(offered("send --to rep") == "\n");
  CHECK(offered("sen") == "send\n");
  CHECK(offered("queue --att") == "\n");
  for (const OptionRow& option : send_options()) {
    CHECK(completion_for("zsh").find("'--" + std::string(option.name) + (option.value.empty() ? "[" : "=[")) != std::string::npos);
    CHECK(completion_for("fish").find("seen_subcommand_from send' -l " + std::string(option.name) + " ") != std::string::npos);
  }
}
