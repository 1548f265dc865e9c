// Changes the keys of a domain in two steps.
#include "mta/cli/key_rotation.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ostream>

#include "mta/cli/new_keys.h"
#include "mta/config/config.h"
#include "mta/dkim/key_record.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

// The time that the last host on the way may keep a message (RFC 5321 4.5.4.1: 4 to 5 days), and a margin.
constexpr Duration kLifetimeElsewhere = std::chrono::hours(5 * 24), kMargin = std::chrono::hours(2 * 24);

std::string clean(std::string_view text) { return proto::printable(text, 2000); }

std::string day_of(WallTime time) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  char text[24];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

class Rotation {
 public:
  Rotation(proto::Domain domain, const boost::filesystem::path& file, const Config& config, Streams streams)
      : domain_(std::move(domain)),
        file_(file),
        config_(config),
        table_(config.dkim.at(domain_)),
        out_(streams.out),
        error_(streams.error) {}

  ExitCode run() { return table_.next.empty() ? begin() : go_on(); }

 private:
  ExitCode failed(const std::string& why, ExitCode code = ExitCode::failed) {
    error_ << "mxpress: " << clean(why) << "\n";
    return code;
  }

  ExitCode begin() {
    const auto keys = make_keys(file_, config_, domain_);
    if (!keys) return failed(keys.error().message);
    const auto files = files_of(*keys);
    const Status edited = edit_config(file_, [&](std::string_view text) { return config::with_dkim_next(text, domain_, files); });
    if (edited)
      out_ << file_.string() << " names the new keys of " << domain_.text() << " as next. Publish their records:\n";
    else
      out_ << "The new keys are made, but " << clean(file_.string()) << " was left as it is: " << clean(edited.error().message)
           << ". Add this to [dkim.\"" << domain_.text() << "\"], then mxpress reload:\n  " << config::dkim_next_line(files)
           << "\nPublish the records of the new keys:\n";
    for (const NewKey& key : *keys)
      out_ << "  " << dkim::record_name(key.selector, domain_) << ". IN TXT " << dkim::zone_strings(dkim::record_text(key.key)) << "\n";
    out_ << "The old keys sign until the DNS has the records of all new ones; then the new ones sign. Leave the old records in place, and "
            "run this again to end the change.\n";
    return edited ? reload() : ExitCode::failed;
  }

  ExitCode go_on() {
    const control_pb::StatusInfo status = ask_for_keys(config_);
    if (!status.running()) return failed("mxpressd does not run: it is what looks for the records of the new keys", ExitCode::unreachable);
    bool all_sign = true;
    for (const auto& [selector, file] : table_.next) {
      const auto found = std::find_if(status.signing_key().begin(), status.signing_key().end(), [&, name = &selector](const auto& key) {
        return key.domain() == domain_.text() && key.selector() == *name;
      });
      const bool signs = found != status.signing_key().end() && (found->state() == "signs" || found->state() == "lost");
      all_sign = all_sign && signs;
      if (found == status.signing_key().end())
        out_ << "The new key " << clean(selector) << " is not known to mxpressd: mxpress reload\n";
      else
        seen_ = std::max(seen_, WallTime(Duration(found->seen_ms())));
      if (!signs && found != status.signing_key().end())
        out_ << "The new key " << clean(selector) << " waits for " << clean(found->record()) << ": " << clean(found->why()) << "\n";
    }
    if (all_sign) return end();
    out_ << "The old keys sign until all new ones may. mxpress dkim records prints the records.\n";
    return ExitCode::nothing_matched;
  }

  ExitCode end() {
    const Status edited = edit_config(file_, [&](std::string_view text) { return config::with_dkim_next_as_keys(text, domain_); });
    if (!edited)
      out_ << clean(file_.string()) << " was left as it is: " << clean(edited.error().message) << ". In [dkim.\"" << domain_.text()
           << "\"] give keys what next has, and take next out; then mxpress reload.\n";
    const WallTime until = seen_ + std::max(config_.retry.lifetime, kLifetimeElsewhere) + kMargin;
    out_ << "The new keys sign since " << day_of(seen_) << " (UTC). Mail that the old ones have signed may be on its way until "
         << day_of(until) << ": leave these records in place until then, and remove them afterwards:\n";
    for (const auto& [selector, file] : table_.keys)
      out_ << "  " << dkim::record_name(selector, domain_) << " (its key " << clean(file.string())
           << " signs nothing any more, and may go now)\n";
    return edited ? reload() : ExitCode::failed;
  }

  ExitCode reload() {
    const auto reloaded = reload_daemon(config_);
    if (reloaded && !*reloaded) return failed("mxpressd has not taken the new configuration: " + reloaded->error().message);
    if (!reloaded) out_ << "No daemon runs; it reads the configuration when it starts.\n";
    return ExitCode::ok;
  }

  const proto::Domain domain_;
  const boost::filesystem::path& file_;
  const Config& config_;
  const DkimConfig& table_;
  std::ostream& out_;
  std::ostream& error_;
  WallTime seen_{};  // time when the last record of the new keys was seen
};

}  // namespace

ExitCode run_rotation(const std::string& name, const boost::filesystem::path& file, const Config& config, Streams streams) {
  const auto domain = proto::Domain::parse(name);
  const bool is_known = domain && config.dkim.contains(*domain);
  if (is_known && config.dkim.at(*domain).sign != SignWhen::never) return Rotation(*domain, file, config, streams).run();
  streams.error << "mxpress: "
                << (!domain    ? clean(domain.error().message)
                    : is_known ? "[dkim.\"" + domain->text() + "\"] has sign = \"never\""
                               : "nobody signs for " + domain->text() + ": mxpress setup --domain " + domain->text())
                << "\n";
  return ExitCode::failed;
}

}  // namespace mxpress::mta::cli
