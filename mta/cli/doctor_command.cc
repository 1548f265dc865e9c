// Gathers facts, has them judged, and prints the findings.
#include "mta/cli/doctor_command.h"

#include <future>
#include <ostream>
#include <random>
#include <thread>

#include "dns/stub_resolver.h"
#include "dns/zone_resolver.h"
#include "mta/cli/doctor_facts.h"
#include "mta/cli/doctor_print.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/doctor/examination.h"
#include "mta/doctor/history.h"
#include "mta/doctor/probers.h"
#include "mta/doctor/system_facts.h"
#include "mta/routing/signing_keys.h"
#include "mta/system/atomic_file.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using doctor::Findings;
using doctor::State;

constexpr auto kHostTime = std::chrono::seconds(10);
// What can be blocking is done on a thread of its own, which the end of the process ends: a name service, a disk, a daemon may hang.
template <class T>
std::optional<T> within(std::chrono::seconds time, std::function<T()> work) {
  std::promise<T> promise;
  std::future<T> result = promise.get_future();
  std::thread([work = std::move(work), promise = std::move(promise)]() mutable {
    try {
      promise.set_value(work());
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  }).detach();
  if (result.wait_for(time) != std::future_status::ready) return std::nullopt;
  return result.get();
}

// `config` is shared with the thread.
Findings host_findings(const std::shared_ptr<const Config>& config) {
  Findings findings{doctor::check_clock(doctor::clock_facts({config->file, config->state_directory, config->spool_directory}))};
  const auto disk = within<doctor::DiskFacts>(kHostTime, [config] { return doctor::disk_facts(*config); });
  const Findings room = disk ? doctor::check_disk(*disk) : Findings{doctor::unknown("disk", "The file system does not answer.")};
  findings.insert(findings.end(), room.begin(), room.end());
  for (const char* name : {"/usr/sbin/sendmail", "/usr/bin/mailq"})
    findings.push_back(doctor::check_program(doctor::program_facts(name, doctor::own_sendmail())));
  const auto alias = within<doctor::AliasFacts>(kHostTime, [config] { return doctor::alias_facts(*config, "root"); });
  findings.push_back(alias ? doctor::check_alias(*alias) : doctor::unknown("alias root", "The name service does not answer."));
  return findings;
}

std::string random_label() {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  std::random_device random;
  std::string label = "mxpress-";
  for (int i = 0; i < 16; ++i) label += kLetters[random() % kLetters.size()];
  return label;
}

class Doctor {
 public:
  Doctor(const CommandLine& line, const Config& config, Streams streams) : line_(line), config_(config), streams_(streams) {}

  ExitCode run() {
    auto domain = config_.sender_domain ? *config_.sender_domain : config_.own_domain();
    if (!line_.domain.empty()) {
      auto given = proto::Domain::parse(line_.domain);
      if (!given) return complain(line_.domain + " is no domain: " + given.error().message, ExitCode::usage);
      domain = std::move(*given);
    }
    const Findings findings = find(domain);
    if (line_.json)
      print_findings_json(streams_.out, findings);
    else
      print_findings(streams_.out, findings);
    if (line_.alert)
      if (const Status told = tell_changes(findings); !told) return complain(told.error().message, ExitCode::failed);
    if (doctor::has(findings, State::wrong)) return ExitCode::nothing_matched;
    return doctor::has(findings, State::unknown) ? ExitCode::temporary : ExitCode::ok;
  }

 private:
  ExitCode complain(const std::string& text, ExitCode code) {
    streams_.error << "mxpress: " << proto::printable(text, 1000) << "\n";
    return code;
  }

  Findings find(const proto::Domain& domain) {
    const auto shared = std::make_shared<const Config>(config_);
    const WallTime now = Clock::current().wall();
    auto daemon = within<DaemonAnswer>(kHostTime, [shared, now] { return ask_daemon(*shared, now); });
    if (!daemon) daemon.emplace().facts.failure = "no answer within 10 s";
    const auto keys = routing::load_signing_keys(config_);
    doctor::Case all{subject_of(config_, domain, keys ? &*keys : nullptr, daemon->facts)};
    if (keys)
      all.keys = &*keys;
    else
      all.subject.keys_unknown_because = keys.error().message;
    all.daemon = std::move(daemon->facts);
    all.port = {std::move(daemon->successes), config_.doctor.probe_domains};
    all.block_lists = config_.doctor.block_lists;
    all.listeners = doctor::listeners_of(config_);
    all.random_label = random_label();
    Findings findings = examine(std::move(all));
    const Findings host = host_findings(shared);
    findings.insert(findings.end(), host.begin(), host.end());
    return findings;
  }

  Findings examine(doctor::Case all) {
    asio::io_context io(1);
    const auto executor = io.get_executor();
    dns::StubConfig config = config::stub_config(config_);
    config.cache.entries = 0;  // as mxpress setup: records may have been changed a moment ago
    const auto usual = std::make_shared<dns::StubResolver>(executor, std::move(config), std::random_device()());
    dns::ZoneResolver zone(usual, std::random_device()());
    for (const std::string& text : usual->servers())
      if (auto server = dns::parse_server(text)) all.servers.push_back(std::move(*server));
    doctor::DnsServerProber servers(std::random_device{}());
    doctor::TcpProber hosts(executor);
    return doctor::examine(io, all, {*usual, zone, servers, hosts}, config_.doctor.timeout);
  }

  // What the daemon has not taken is told by the next run: the file changes afterwards. If it cannot be written, nothing is told, because
  // each run would tell the same again.
  Status tell_changes(const Findings& findings) {
    const boost::filesystem::path file = config_.state_directory / "doctor";
    const auto before = system::read_small_file(file);
    if (!before && before.error().is_transient()) return before.error();
    const std::string text = before ? *before : std::string();
    const doctor::Change change = doctor::change_of(doctor::parse_wrongs(text), findings);
    if (const Status writable = system::replace_file(file, text, {.mode = 0644}); !writable) return writable;
    if (change.is_empty()) return {};
    if (const Status sent = send_alert(config_, doctor::words_of(change)); !sent) return sent;
    return system::replace_file(file, doctor::text_of(change.now), {.mode = 0644});
  }

  const CommandLine& line_;
  const Config& config_;
  const Streams streams_;
};

}  // namespace

ExitCode run_doctor(const CommandLine& line, const Config& config, Streams streams) { return Doctor(line, config, streams).run(); }

}  // namespace mxpress::mta::cli
