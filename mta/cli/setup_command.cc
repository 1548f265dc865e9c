// Guides through the setup.
#include "mta/cli/setup_command.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <ostream>
#include <set>
#include <thread>

#include "dns/async.h"
#include "mta/cli/new_keys.h"
#include "mta/cli/record_lookup.h"
#include "mta/cli/record_print.h"
#include "mta/config/config.h"
#include "mta/config/host_name.h"
#include "mta/routing/signing_keys.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using records::HostMail;
using records::HostRecord;
using records::RecordState;

constexpr auto kFirstPause = std::chrono::seconds(2), kLongestPause = std::chrono::seconds(30);

std::string clean(std::string_view text) { return proto::printable(text, 2000); }

bool is_done(const HostRecord& record) { return record.state == RecordState::right || record.state == RecordState::elsewhere; }

class Setup {
 public:
  Setup(const CommandLine& line, const boost::filesystem::path& file, const Config& config, Streams streams)
      : line_(line),
        file_(file),
        config_(config),
        prose_(line.json ? streams.error : streams.out),
        out_(streams.out),
        error_(streams.error) {}

  ExitCode run() {
    const auto domain = choose_domain();
    if (!domain) return failed(domain.error().message);
    mail_ = host_mail(config_, *domain);
    if (const Status keys = find_keys(); !keys) return failed(keys.error().message);
    if (mail_.keys.empty()) {
      if (!agrees("Make an RSA and an Ed25519 key for " + domain->text() + " in " + key_folder(file_).string() + ", and name them in " +
                  file_.string() + "?"))
        return ExitCode::nothing_matched;
      if (const Status made = make(); !made) return failed(made.error().message);
    }
    hint_at_sender();
    std::vector<HostRecord> records = look_up_.records(mail_);
    print(records);
    if (line_.wait) wait_for(records);
    return code_of(records);
  }

 private:
  ExitCode failed(const std::string& why) {
    error_ << "mxpress: " << clean(why) << "\n";
    return ExitCode::failed;
  }

  // An empty line selects the answer in brackets. Empty: there is no answer.
  std::string ask(const std::string& question, const std::string& usual) {
    if (line_.yes) return usual;
    prose_ << question << " [" << usual << "] " << std::flush;
    std::string answer;
    if (!std::getline(std::cin, answer)) return {};
    return answer.empty() ? usual : answer;
  }
  bool agrees(const std::string& question) {
    const std::string answer = ask(question, "yes");
    return answer.starts_with('y') || answer.starts_with('Y');
  }

  Result<proto::Domain> choose_domain() {
    std::string name = line_.domain;
    if (name.empty())
      name =
          ask("Which domain do senders of this host have?", (config_.sender_domain ? *config_.sender_domain : config_.own_domain()).text());
    auto domain = proto::Domain::parse(name);
    if (!domain) return Error::permanent(name + " is no domain: " + domain.error().message);
    if (domain->is_address_literal() || !config::is_usable_host_name(domain->text()))
      return Error::permanent(domain->text() + " is no domain that the DNS knows: say --domain example.com, or set sender_domain in " +
                              file_.string());
    return domain;
  }

  // The keys of the domain, else of the nearest parent that signs.
  Status find_keys() {
    const auto keys = routing::load_signing_keys(config_);
    if (!keys) return keys.error();
    mail_.keys = keys_of(*keys, mail_.domain, [](const std::string&, bool) { return true; });
    if (!mail_.keys.empty())
      prose_ << "Mail of " << mail_.domain.text() << " is signed by the keys of [dkim.\"" << mail_.keys.front().domain.text() << "\"].\n";
    return {};
  }

  Status make() {
    const auto keys = make_keys(file_, config_, mail_.domain);
    if (!keys) return keys.error();
    for (const NewKey& key : *keys) {
      prose_ << "Made the key " << clean(key.file.string()) << ".\n";
      mail_.keys.push_back({mail_.domain, key.selector, key.key});
    }
    const auto files = files_of(*keys);
    const Status edited = edit_config(file_, [&](std::string_view text) { return config::with_dkim_table(text, mail_.domain, files); });
    if (!edited) {
      is_incomplete_ = true;
      prose_ << clean(file_.string()) << " was left as it is: " << clean(edited.error().message)
             << ". Add this to it, then mxpress reload:\n\n"
             << config::dkim_table(mail_.domain, files) << "\n";
      return {};
    }
    prose_ << "Named them in " << clean(file_.string()) << ".\n";
    return reload();
  }

  Status reload() {
    const auto reloaded = reload_daemon(config_);
    if (!reloaded) prose_ << "No daemon runs; it reads the configuration when it starts.\n";
    if (reloaded && !*reloaded) return Error::permanent("mxpressd has not taken the configuration: " + reloaded->error().message);
    return {};
  }

  void hint_at_sender() {
    const proto::Domain own = config_.sender_domain ? *config_.sender_domain : config_.own_domain();
    if (own == mail_.domain) return;
    prose_ << "Users of this host send as @" << own.text() << "; to have them send as @" << mail_.domain.text() << ": sender_domain = \""
           << mail_.domain.text() << "\" in " << clean(file_.string()) << ".\n";
  }

  void print(const std::vector<HostRecord>& records) {
    if (line_.json && line_.wait) return;
    for (const HostRecord& record : records) line_.json ? print_record_json(out_, record) : print_record(out_, record);
    if (!line_.json) print_summary(out_, records, line_.wait.has_value());
  }

  void wait_for(std::vector<HostRecord>& records) {
    const auto deadline = std::chrono::steady_clock::now() + *line_.wait;
    std::set<std::string> seen;
    for (std::chrono::milliseconds pause = kFirstPause;; pause = std::min<std::chrono::milliseconds>(pause * 3 / 2, kLongestPause)) {
      for (const HostRecord& record : records)
        if (is_done(record) && seen.insert(record.title).second) prose_ << "seen: " << clean(record.title) << "\n" << std::flush;
      const bool are_done = std::all_of(records.begin(), records.end(), is_done);
      if (are_done || std::chrono::steady_clock::now() + pause > deadline) break;
      std::this_thread::sleep_for(pause);
      records = look_up_.records(mail_);
    }
    if (line_.json)
      for (const HostRecord& record : records) print_record_json(out_, record);
    // The daemon checks by itself, but perhaps only after some minutes.
    if (const Status reloaded = reload(); !reloaded) error_ << "mxpress: " << clean(reloaded.error().message) << "\n";
  }

  ExitCode code_of(const std::vector<HostRecord>& records) const {
    const auto has = [&](RecordState state) {
      return std::any_of(records.begin(), records.end(), [state](const HostRecord& record) { return record.state == state; });
    };
    if (is_incomplete_) return ExitCode::failed;
    if (has(RecordState::absent) || has(RecordState::different)) return ExitCode::nothing_matched;
    return has(RecordState::unknown) ? ExitCode::unreachable : ExitCode::ok;
  }

  const CommandLine& line_;
  const boost::filesystem::path& file_;
  const Config& config_;
  std::ostream& prose_;  // with --json only records go to stdout
  std::ostream& out_;
  std::ostream& error_;
  RecordLookup look_up_{config_};
  HostMail mail_{proto::Domain::parse("localhost").value(), {}, {}, {}, {}, {}};
  bool is_incomplete_ = false;  // the administrator has to add the keys to the configuration
};

}  // namespace

ExitCode run_setup(const CommandLine& line, const boost::filesystem::path& file, const Config& config, Streams streams) {
  if (!line.yes && (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)) {
    streams.error << "mxpress: setup asks questions: run it on a terminal, or say --yes to take all defaults\n";
    return ExitCode::usage;
  }
  return Setup(line, file, config, streams).run();
}

}  // namespace mxpress::mta::cli
