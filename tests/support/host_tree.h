// A folder with files of a host, for the settings of other mail programs.
#pragma once

#include <boost/filesystem/fstream.hpp>
#include <boost/filesystem/operations.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "mta/migrate/programs.h"
#include "tests/support/temp_folder.h"

namespace mxpress::test {

struct HostTree {
  TempFolder folder;

  boost::filesystem::path path(const std::string& name) const { return folder.path() / name.substr(1); }
  // `name`: the absolute path within the tree.
  HostTree& write(const std::string& name, const std::string& text) {
    boost::filesystem::create_directories(path(name).parent_path());
    boost::filesystem::ofstream(path(name), std::ios::binary) << text;
    return *this;
  }
  mta::migrate::Findings read(mta::migrate::ReadSettings read) const {
    auto findings = read(mta::migrate::Tree(folder.path()));
    INFO((findings.ok() ? "" : findings.error().message));
    REQUIRE(findings.ok());
    REQUIRE(findings->has_value());
    return std::move(**findings);
  }
  // The configuration, with passwords in /p.
  std::string toml(mta::migrate::ReadSettings reader) const { return mta::migrate::toml_of(read(reader).settings, "/p"); }
  std::string error(mta::migrate::ReadSettings read) const {
    const auto findings = read(mta::migrate::Tree(folder.path()));
    return findings ? "" : findings.error().message;
  }
};

// The settings without an equivalent, one per line.
inline std::string left_of(const mta::migrate::Findings& findings) {
  std::string text;
  for (const auto& one : findings.found)
    if (one.becomes.empty()) text += one.place + " " + one.text + "\n";
  return text;
}

inline bool has_note(const mta::migrate::Findings& findings, const std::string& part) {
  for (const std::string& note : findings.notes)
    if (note.find(part) != note.npos) return true;
  return false;
}

}  // namespace mxpress::test
