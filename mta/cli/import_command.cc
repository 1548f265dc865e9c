// Shows imported settings, checks them, and writes them.
#include "mta/cli/import_command.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <map>
#include <tuple>
#include <vector>

#include "mta/cli/new_keys.h"
#include "mta/config/config.h"
#include "mta/config/placed_config.h"
#include "mta/migrate/programs.h"
#include "mta/system/atomic_file.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using Path = boost::filesystem::path;
using migrate::Findings;

constexpr std::size_t kColumn = 56;  // where the new setting begins

std::string clean(std::string_view text) { return proto::printable(text, 1000); }

bool is_there(const Path& file) {
  struct stat status{};
  return ::lstat(file.c_str(), &status) == 0;
}

// The file, and the line number with its length in front, so that 10 sorts after 9.
using Place = std::tuple<std::string, std::size_t, std::string>;

// "FILE:LINE" or "FILE".
Place place_of(const std::string& text) {
  const auto colon = text.rfind(':');
  return colon == text.npos ? Place(text, 0, "") : Place(text.substr(0, colon), text.size() - colon - 1, text.substr(colon + 1));
}

// A file with a password.
struct PasswordFile {
  Path path;
  std::string user, password;
};

class Import {
 public:
  Import(const CommandLine& line, const std::optional<Path>& file, const Config& config, Streams streams)
      : line_(line),
        file_(file),
        main_file_(file.value_or(kDefaultConfigFile)),
        target_(main_file_.parent_path() / "conf.d" / "60-imported.toml"),
        config_(config),
        tree_(line.from.value_or("/")),
        out_(streams.out),
        error_(streams.error) {}

  ExitCode run() {
    struct stat status{};
    if (line_.from && (::stat(line_.from->c_str(), &status) != 0 || !S_ISDIR(status.st_mode)))
      return failed("--from: " + line_.from->string() + " is no folder that can be read");
    const auto chosen = choose();
    if (!chosen) return code_;
    findings_ = *chosen;
    findings_.settings.settle_local_domains(config_.hostname);
    text_ = "# Written by mxpress import: the settings of " + findings_.program + ". It is yours to edit.\n" +
            migrate::toml_of(findings_.settings, main_file_.parent_path().string());
    collect_passwords();
    const auto placed = config::load_with_text(file_, target_, text_);
    if (placed) note_overridden(*placed);
    print_findings();
    print_files();
    if (!placed) return failed("nothing was written, because mxpress would refuse it:\n" + placed.error().message);
    return decide();
  }

 private:
  ExitCode failed(const std::string& why) {
    for (std::size_t begin = 0, end = 0; begin < why.size(); begin = end + 1) {
      end = std::min(why.find('\n', begin), why.size());
      error_ << (begin == 0 ? "mxpress: " : "  ") << clean(std::string_view(why).substr(begin, end - begin)) << "\n";
    }
    return ExitCode::failed;
  }
  std::optional<Findings> ends(ExitCode code, const std::string& why) {
    (void)failed(why);
    code_ = code;
    return std::nullopt;
  }

  bool has_settings(const Findings& findings) const {
    migrate::Settings settings = findings.settings;
    settings.settle_local_domains(config_.hostname);
    return !migrate::toml_of(settings, "/").empty();
  }

  // The settings of the only program that has some, or of the named one.
  std::optional<Findings> choose() {
    const std::string named = line_.arguments.empty() ? "" : line_.arguments.front();
    std::vector<Findings> all;
    for (const migrate::OldProgram& program : migrate::old_programs()) {
      if (!named.empty() && named != program.name) continue;
      auto findings = program.read(tree_);
      if (!findings) return ends(ExitCode::failed, findings.error().message);
      if (*findings && has_settings(**findings)) all.push_back(std::move(**findings));
      if (!named.empty() && all.empty())
        return ends(ExitCode::nothing_matched,
                    std::string(program.file) + (*findings ? " has nothing that mxpress would need" : ": there is no such file"));
    }
    if (all.size() == 1) return std::move(all.front());
    if (!all.empty()) return ends(ExitCode::usage, "several programs have settings; say which are to be taken: " + commands_for(all));
    return ends(ExitCode::nothing_matched, "no settings of postfix, exim, dma, msmtp, ssmtp or nullmailer were found");
  }

  static std::string commands_for(const std::vector<Findings>& all) {
    std::string text;
    for (const Findings& one : all) text += (text.empty() ? "mxpress import " : ", mxpress import ") + one.program;
    return text;
  }

  void collect_passwords() {
    for (const migrate::NewLogin& login : findings_.settings.logins) {
      if (!login.has_password_file()) continue;
      const std::string path = migrate::password_file(login, main_file_.parent_path().string());
      if (login.password.empty())
        findings_.note("No password of " + login.user + " was found: write it to " + path + ", then chown root:mxpress and chmod 640 it.");
      else
        passwords_.push_back({path, login.user, login.password});
    }
  }

  // Prints the settings of each file below its name, by line. `has_counterpart`: which of them.
  void print_settings(bool has_counterpart) {
    std::multimap<Place, const migrate::FoundSetting*> sorted;
    for (const migrate::FoundSetting& one : findings_.found)
      if (one.becomes.empty() != has_counterpart) sorted.emplace(place_of(one.place), &one);
    if (!has_counterpart && !sorted.empty()) out_ << "\nWithout a counterpart in mxpress:\n";
    std::string file;
    for (const auto& [place, one] : sorted) {
      const auto& [name, digits, number] = place;
      if (name != file) out_ << "  " << clean(file = name) << "\n";
      std::string row = std::string(digits < 5 ? 5 - digits : 0, ' ') + clean(number) + "  " + clean(one->text);
      if (has_counterpart) row.resize(std::max(kColumn, row.size() + 2), ' ');
      out_ << row << clean(one->becomes) << "\n";
    }
  }

  void print_findings() {
    out_ << "Settings of " << findings_.program << ", and what becomes of them:\n";
    print_settings(true);
    print_settings(false);
    if (!findings_.notes.empty()) out_ << "\nNotes:\n";
    for (const std::string& note : findings_.notes) out_ << "  * " << clean(note) << "\n";
  }

  void print_files() {
    out_ << "\n" << clean(target_.string()) << ":\n\n";
    for (std::size_t begin = 0, end = 0; begin < text_.size(); begin = end + 1) {
      end = std::min(text_.find('\n', begin), text_.size());
      const std::string line = clean(std::string_view(text_).substr(begin, end - begin));
      out_ << (line.empty() ? "" : "    ") << line << "\n";
    }
    for (const PasswordFile& one : passwords_)
      out_ << "\n"
           << clean(one.path.string()) << " (mode 0640, root:" << clean(config_.user) << "): the password of " << clean(one.user) << "\n";
  }

  // Aliases and senders of several files are merged.
  void note_overridden(const config::PlacedConfig& after) {
    const auto before = config::load_placed_config(file_);
    if (!before) return;
    const auto is_ours = [&](const std::string& place) { return place.starts_with(target_.string() + ":"); };
    for (const auto& [key, place] : after.places) {
      const auto old = before->places.find(key);
      if (!is_ours(place) || old == before->places.end() || is_ours(old->second)) continue;
      const bool is_table = key == "local.aliases" || key == "local.senders";
      findings_.note(key.substr(key.starts_with('.') ? 1 : 0) + (is_table ? " is added to that of " : " takes the place of ") +
                     old->second + ".");
    }
  }

  ExitCode decide() {
    if (line_.dry_run) return out_ << "\nNothing was written (dry run).\n", ExitCode::ok;
    if (!line_.force) {
      std::vector<Path> targets = {target_};
      for (const PasswordFile& one : passwords_) targets.push_back(one.path);
      for (const Path& path : targets)
        if (is_there(path)) return failed(path.string() + " is there already, and nothing was written: --force replaces it");
    }
    if (!line_.yes && (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0))
      return out_ << "\nNothing was written: run this on a terminal, or say mxpress import --yes.\n", ExitCode::ok;
    if (!line_.yes && !agrees()) return out_ << "Nothing was written.\n", ExitCode::nothing_matched;
    return write();
  }

  bool agrees() {
    out_ << "\nWrite this? (yes or no) " << std::flush;
    std::string answer;
    return std::getline(std::cin, answer) && (answer.starts_with('y') || answer.starts_with('Y'));
  }

  // Passwords first: the configuration refers to their files.
  ExitCode write() {
    const auto owner = owner_of_secrets(config_);
    if (!owner) return failed(owner.error().message);
    if (::mkdir(target_.parent_path().c_str(), 0755) != 0 && errno != EEXIST)
      return failed("cannot make " + target_.parent_path().string() + ": " + std::strerror(errno) +
                    (errno == EACCES ? " (run this as root)" : ""));
    std::vector<Path> made;
    Status status;
    for (const PasswordFile& one : passwords_) {
      const bool is_new = !is_there(one.path);
      status = put(one.path, one.password + "\n", {.mode = 0640, .owner = *owner});
      if (!status) break;
      if (is_new) made.push_back(one.path);
    }
    if (status) status = put(target_, text_, {.mode = 0644});
    if (status) return finish();
    for (const Path& path : made) ::unlink(path.c_str());
    return failed(status.error().message);
  }

  Status put(const Path& path, const std::string& text, const system::NewFile& as) const {
    return line_.force ? system::replace_file(path, text, as) : system::create_file(path, text, as);
  }

  ExitCode finish() {
    out_ << "\nWritten. Send yourself a letter before you remove " << findings_.program << ".\n";
    const auto reloaded = reload_daemon(config_);
    if (!reloaded) return out_ << "No daemon runs; it reads the configuration when it starts.\n", ExitCode::ok;
    if (!*reloaded) return failed("mxpressd has not taken the configuration: " + reloaded->error().message);
    return out_ << "mxpressd has read the configuration again.\n", ExitCode::ok;
  }

  const CommandLine& line_;
  const std::optional<Path>& file_;
  Path main_file_, target_;
  const Config& config_;
  migrate::Tree tree_;
  std::ostream& out_;
  std::ostream& error_;
  Findings findings_;
  std::string text_;  // new content of target_
  std::vector<PasswordFile> passwords_;
  ExitCode code_ = ExitCode::failed;  // if there is nothing to import
};

}  // namespace

ExitCode run_import(const CommandLine& line, const std::optional<Path>& file, const Config& config, Streams streams) {
  return Import(line, file, config, streams).run();
}

}  // namespace mxpress::mta::cli
