// The command line of mxpress-send.
#include "mta/send/options.h"

#include <catch2/catch.hpp>

#include "mta/cli/command_table.h"

using mxpress::mta::send::Options;
using mxpress::mta::send::parse_options;

namespace {

bool is_refused(const std::vector<std::string>& arguments, const std::string& naming) {
  const auto options = parse_options(arguments);
  return !options && options.error().message.find(naming) != std::string::npos;
}

}  // namespace

TEST_CASE("mxpress send: options may be repeated, and --attach takes several files") {
  const auto options =
      parse_options({"--to",   "a@b.example", "--to",   "c@d.example", "--attach", "x",    "y",        "--attach=z", "--inline", "l.png",
                     "--html", "h",           "--text", "-",           "--header", "X: 1", "--header", "Y: 2",       "-s",       "Hi"});
  REQUIRE(options);
  CHECK(options->to == std::vector<std::string>{"a@b.example", "c@d.example"});
  CHECK(options->attachments == std::vector<std::string>{"x", "y", "z"});
  CHECK(options->inlines == std::vector<std::string>{"l.png"});
  CHECK(options->text == "-");
  CHECK(options->html == "h");
  CHECK(options->fields == std::vector<std::string>{"X: 1", "Y: 2"});
  CHECK(options->subject == "Hi");
  CHECK_FALSE(options->from);
}

TEST_CASE("mxpress send: says which option is missing or does not fit") {
  CHECK(is_refused({"--text", "x"}, "no recipients"));
  CHECK(is_refused({"--to", "a@b.example"}, "say what to send"));
  CHECK(is_refused({"--to", "a@b.example", "--text", "-", "--html", "-"}, "cannot both be read from standard input"));
  CHECK(is_refused({"--to", "a@b.example", "--text", "x", "--inline", "y"}, "--inline is for --html"));
  CHECK(is_refused({"--to", "a@b.example", "--text", "x", "--text", "y"}, "--text"));
  CHECK(is_refused({"--to", "a@b.example", "--text", "x", "--follow", "--now"}, "leave out --follow"));
  CHECK(is_refused({"--to", "a@b.example", "--text"}, "--text"));
  CHECK(is_refused({"--nothing"}, "--nothing"));
  CHECK(is_refused({"stray", "--to", "a@b.example", "--text", "x"}, ""));
}

TEST_CASE("mxpress send: help and version need nothing else, and help names every option that shells complete, and no other") {
  CHECK(parse_options({"--help"})->help);
  CHECK(parse_options({"--version"})->version);
  const std::string usage = mxpress::mta::send::usage();
  std::size_t named = 0;
  for (const auto& option : mxpress::mta::cli::send_options())
    CHECK(usage.find("--" + std::string(option.name) + " ") != std::string::npos);
  for (std::size_t at = usage.find("\n  -"); at != std::string::npos; at = usage.find("\n  -", at + 1)) ++named;
  CHECK(named == mxpress::mta::cli::send_options().size());
}
