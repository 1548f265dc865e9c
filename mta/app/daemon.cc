// The daemon: starts its parts and stops them.
#include "mta/app/daemon.h"

#include <signal.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <mutex>
#include <thread>
#include <vector>

#include "mta/app/alerts.h"
#include "mta/app/daemon_failures.h"
#include "mta/app/memory_sum.h"
#include "mta/app/name_resolution.h"
#include "mta/app/outage_response.h"
#include "mta/app/read_files.h"
#include "mta/app/recovery_thread.h"
#include "mta/app/suspect_trial.h"
#include "mta/app/tls_reports.h"
#include "mta/auth/login_keeper.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/content/dkim_signer.h"
#include "mta/control/live.h"
#include "mta/control/server.h"
#include "mta/delivery/dispatcher.h"
#include "mta/delivery/outages.h"
#include "mta/events/counters.h"
#include "mta/events/followers.h"
#include "mta/events/hub.h"
#include "mta/events/last_hour.h"
#include "mta/events/log_sink.h"
#include "mta/events/login_sink.h"
#include "mta/events/sign_in_alarm.h"
#include "mta/fairness/file_turns.h"
#include "mta/history/recorder.h"
#include "mta/history/search.h"
#include "mta/intake/drop_folder.h"
#include "mta/intake/intake.h"
#include "mta/intake/rate_guard.h"
#include "mta/intake/submit.h"
#include "mta/net/connector.h"
#include "mta/net/handshake_lane.h"
#include "mta/net/tls.h"
#include "mta/net/tls_sessions.h"
#include "mta/oauth/login_sources.h"
#include "mta/rates/rate_limits.h"
#include "mta/records/key_watch.h"
#include "mta/records/seen_keys.h"
#include "mta/replies/rule_set.h"
#include "mta/routing/alias_watch.h"
#include "mta/routing/sender_rules.h"
#include "mta/routing/signing_keys.h"
#include "mta/sts/policies.h"
#include "mta/system/crash_record.h"
#include "mta/system/instant.h"
#include "mta/system/local_route.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
#include "mta/system/log_watch.h"
#include "mta/system/memory_limit.h"
#include "mta/system/notify.h"
#include "mta/system/privileges.h"
#include "mta/system/user_lookup.h"
#include "mta/transport/local_mailbox.h"
#include "queue/disk.h"
#include "queue/spool.h"

namespace mxpress::mta {
namespace {

constexpr std::size_t kMostWorkers = 8;
constexpr std::size_t kFileThreads = 4;
constexpr Duration kStopTime = std::chrono::seconds(20);  // for deliveries in flight; the others are tried again later
constexpr std::uint64_t kLeastRoom = 1 << 20;             // octets
constexpr Duration kRoomFor = std::chrono::seconds(65), kLookForRoom = std::chrono::seconds(5);
constexpr Duration kHealthInterval = std::chrono::seconds(1);
constexpr Duration kBrokenFor = std::chrono::minutes(2);  // a disk that recovers within this time was only full or busy

std::size_t worker_count(const Config& config) {
  if (config.delivery.workers > 0) return config.delivery.workers;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostWorkers);
}

queue::SpoolOptions spool_options(const Config& config) {
  queue::SpoolOptions options;
  options.directory = config.spool_directory;
  options.reserve_bytes = config.spool_reserve;
  options.memory = config.spool_memory.value_or(memory_of_waiting_mail(system::memory_limit(), worker_count(config)));
  options.report = [](const std::string& what) { log(LogLine(Priority::error, "spool").add("reason", what)); };
  options.note = [](const std::string& what) { log(LogLine(Priority::notice, "spool").add("note", what)); };
  return options;
}

// If a key cannot be read mail is not sent unsigned: that is a configuration error. KeyWatch decides which keys
// sign.
Result<routing::SigningKeys> read_signing_keys(const Result<Config>& config) {
  return config ? routing::load_signing_keys(*config) : config.error();
}

bool is_full(const boost::filesystem::path& folder) {
  struct statvfs disk{};
  return ::statvfs(folder.c_str(), &disk) == 0 && (std::uint64_t{disk.f_bavail} * disk.f_frsize < kLeastRoom || disk.f_favail == 0);
}

// On a full disk a start takes this long before it fails, so that a service manager that counts starts does not give up while it is full.
Result<std::unique_ptr<queue::Spool>> open_spool(queue::Disk& disk, const Config& config) {
  const BootTime until = BootClock::now() + kRoomFor;
  while (true) {
    auto spool = queue::Spool::open(disk, spool_options(config));
    const bool waits = !spool && spool.error().is_transient() && is_full(config.spool_directory) && BootClock::now() < until;
    if (!waits) return spool;
    log(LogLine(Priority::error, "spool").add("reason", spool.error().message).add("note", "the disk is full; trying again for a minute"));
    std::this_thread::sleep_for(kLookForRoom);
  }
}

rates::RateServices rate_services(queue::Disk& disk, const CurrentConfig& config, fairness::FileTurns& files) {
  return {disk, rates::record_file(config.get()->spool_directory), &files, rates::boot_id()};
}

history::Limits history_limits(const Config& config) { return {config.history.keep, config.history.max_size, config.spool_reserve}; }
history::Limits dialogue_limits(const Config& config) { return {config.history.keep, config.history.dialogues, config.spool_reserve}; }

control::ControlServerOptions control_options(const Config& config) {
  control::ControlServerOptions options;
  options.socket = config.listen.control_socket;
  options.group = config.user;
  return options;
}

// The sockets need their folders, and only root can create those in /run.
Status prepare_folders(const Config& config) {
  if (!system::is_root()) return {};
  const auto user = system::find_user(config.user);
  return user ? system::prepare_directories_as_root(config, *user) : Status(user.error());
}

// An event loop and its thread; runs until it is stopped.
class LoopThread {
 public:
  LoopThread() : io_(1), work_(io_.get_executor()) {}
  asio::io_context& io() { return io_; }
  void start() {
    thread_ = std::thread([this] { io_.run(); });
  }
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  asio::io_context io_;
  asio::executor_work_guard<Executor> work_;
  std::thread thread_;
};

std::unique_ptr<net::Connector> make_connector(asio::io_context& io, net::HandshakeLane& lane) {
  return std::make_unique<net::TcpConnector>(io.get_executor(), &lane, std::make_shared<net::TlsSessions>());
}

std::vector<asio::io_context*> contexts_of(const std::vector<std::unique_ptr<LoopThread>>& loops) {
  std::vector<asio::io_context*> result;
  for (const auto& loop : loops) result.push_back(&loop->io());
  return result;
}

class RunningDaemon final : public Daemon {
 public:
  RunningDaemon(Config config, std::optional<boost::filesystem::path> file, intake::Listeners listeners, std::unique_ptr<queue::Disk> disk,
                std::unique_ptr<queue::Spool> spool, std::unique_ptr<system::CrashRecord> crash_record,
                std::unique_ptr<auth::LoginKeeper> logins, std::unique_ptr<routing::AliasWatch> aliases, routing::SigningKeys keys)
      : file_(std::move(file)),
        config_(std::move(config)),
        logins_(std::move(logins)),
        aliases_(std::move(aliases)),
        listeners_(std::move(listeners)),
        disk_(std::move(disk)),
        spool_(std::move(spool)),
        crash_record_(std::move(crash_record)),
        signals_(main_, SIGTERM, SIGINT, SIGHUP),
        health_(main_),
        stop_timer_(main_) {
    Config with_signer = *config_.get();
    watch_keys(std::move(keys), with_signer);
    config_.set(std::move(with_signer));
    for (std::size_t i = 0; i < worker_count(*config_.get()); ++i) loops_.push_back(std::make_unique<LoopThread>());
    make_parts();
    logins_->when_changed([this](const std::string& name) { login_changed(name); });
  }
  ~RunningDaemon() override { take_apart(); }

  Status open_control() {
    auto control = control::ControlServer::open(control_options(*config_.get()), *backend_, std::move(listeners_.control));
    if (!control) return control.error();
    control_ = std::move(*control);
    return {};
  }

  int run() override {
    for (history::Recorder* const recorder : {&history_, &dialogues_})
      if (const Status recording = recorder->start(); !recording)
        log(LogLine(Priority::error, recorder->name()).add("reason", recording.error().message));
    tls_reports_.start({loops_.front()->io(), *spool_, files_, *dispatcher_, names_});
    for (auto& loop : loops_) loop->start();
    intake_->start(std::move(listeners_));
    system::notify_ready("accepting mail");
    log(LogLine(Priority::info, "started")
            .add("hostname", config_.get()->hostname)
            .add("workers", static_cast<std::int64_t>(loops_.size())));
    alerts_.emplace(Alerts::Parts{main_, *spool_, config_, *dispatcher_, *outage_response_});
    outage_response_->use_fallback();  // for an outage of the last run
    recovery_.emplace(RecoveryThread::Parts{*spool_, *dispatcher_, *drop_folder_, recovery_progress_, crash_record_.get(),
                                            suspect_trial_ ? &*suspect_trial_ : nullptr});
    recovery_->start();
    // The mailbox is listed once now, so that no later message has to wait for it.
    asio::post(file_pool_, [mailbox = config_.get()->mailbox_directory()] { (void)transport::mailbox_use(mailbox); });
    wait_for_signal();
    names_.start();
    watch_health();
    main_.run();
    return exit_code_;
  }

 private:
  void make_parts() {
    delivery::DispatcherServices services{
        .workers = contexts_of(loops_),
        .spool = *spool_,
        .config = config_,
        .events = events_,
        .files = &files_,
        .make_resolver = [this](asio::io_context& io, const Config& config) { return names_.make_resolver(io, config); },
        .make_connector = [this](asio::io_context& io) { return make_connector(io, *handshake_lane_); },
        .seed = random_seed(),
        .crash_record = crash_record_.get(),
        .limits = &limits_,
        .disk = disk_.get(),
        .outages_file = (config_.get()->spool_directory / "outages").string(),
        .hold_excess = [this](const Config& config, queue::QueueId id,
                              proto::Envelope& envelope) { guard_.hold_excess(config.guard, id, envelope); },
        .sts = &sts_policies_,
        .has_route = system::has_route_to_world,
        .has_route_to = system::has_route_to,
        .followers = &followers_,
        .when_outage_changed = [this] { asio::post(main_, [this] { outage_response_->use_fallback(); }); }};
    dispatcher_ = std::make_unique<delivery::Dispatcher>(std::move(services));
    outage_response_.emplace(config_, reload_mutex_, *dispatcher_, sign_in_alarm_, last_hour_);
    if (crash_record_) suspect_trial_.emplace(main_, *dispatcher_, *crash_record_);
    context_.emplace(intake::Context{config_, *spool_, events_,
                                     [this](queue::QueueId id, const proto::Envelope& envelope) { dispatcher_->admit(id, envelope); },
                                     &guard_, &users_});
    intake_ = std::make_unique<intake::Intake>(*context_, contexts_of(loops_));
    drop_folder_ = std::make_unique<intake::DropFolder>(*context_);
    backend_.emplace(
        *spool_, *dispatcher_, config_, recovery_progress_, events_, counters_, [this] { return reload(); },
        [this, of_start = listeners_.failures] { return failures_of({config_, *logins_, sign_in_alarm_, guard_, *dispatcher_}, of_start); },
        [this] { return key_watch_.status(); }, [this] { return limits_.status(system::instant_now()); },
        [this](control::DaemonStatus& status) {
          outage_response_->describe(status);
          names_.describe(status, *config_.get());
          status.policies = sts::count_in_words(sts_policies_);
          status.last_policy_failure = sts::last_failure_in_words(sts_policies_);
        },
        control::Past{&history_search_, &dialogue_search_, &followers_});
  }

  // Sets the signer of `config`. Any thread.
  void watch_keys(routing::SigningKeys keys, Config& config) {
    auto signer =
        keys.domains.empty() ? nullptr : std::make_shared<content::DkimSigner>(dkim::KeyRing(), routing::signing_rule(config.senders));
    config.signer = signer;
    auto make = [this, dns = config::stub_config(config)] { return make_zone_resolver(main_.get_executor(), dns); };
    key_watch_.watch(std::move(keys), std::move(signer), std::move(make));
  }

  void wait_for_signal() {
    signals_.async_wait([this](boost::system::error_code error, int number) {
      if (error) return;
      if (number != SIGHUP) return begin_stop(0);
      if (auto status = reload(); !status)
        log(LogLine(Priority::error, "reload").add("kept", "the old configuration").add("reason", status.error().message));
      wait_for_signal();
    });
  }

  // After an error in a file the old configuration stays in use. Any thread.
  Status reload() {
    const std::lock_guard lock(reload_mutex_);
    system::notify_reloading();
    auto config = load_config(file_);
    auto keys = read_signing_keys(config);
    if (!keys) config = keys.error();
    if (config) {
      log_warnings(*config);
      read_files(*config, *logins_, *aliases_);
      watch_keys(std::move(*keys), *config);
      config->is_fallback_in_force = dispatcher_->outages().is_direct_out();
      config_.set(std::move(*config));
      sign_in_alarm_.clear();
      limits_.reconfigured(config_.get()->rate_rules, replies::rates_of(config_.get()->replies->limits()));
      names_.reconfigure(*config_.get());
      dispatcher_->reconfigured();
      log(LogLine(Priority::notice, "reload").add("file", config_.get()->file.string()));
    }
    system::notify_ready("accepting mail");
    return config ? Status() : Status(config.error());
  }

  // Called on a thread of the keeper.
  void login_changed(const std::string& name) {
    log(LogLine(Priority::notice, "login").add("credentials", name).add("note", "has changed: mail that waits for it is tried now"));
    dispatcher_->login_changed(name);
  }

  // If the spool cannot write for a long time the daemon stops, so that the service manager notices; no accepted mail is lost. Until then
  // no delivery begins whose outcome could not be recorded.
  void watch_health() {
    health_.expires_after(kHealthInterval);
    health_.async_wait([this](boost::system::error_code error) {
      if (error || stopping_) return;
      system::notify_watchdog();
      log_ended_repeats();
      const auto counters = spool_->counters();
      log_rooms().give_up(log_watch_.look(log_backlog()));
      dispatcher_->pause(!counters.accepting);
      seconds_broken_ = counters.accepting ? 0 : seconds_broken_ + 1;
      if (seconds_broken_ == 1) log(LogLine(Priority::error, "spool").add("reason", counters.not_accepting_because));
      if (seconds_broken_ * kHealthInterval > kBrokenFor) return begin_stop(1);
      watch_health();
    });
  }

  void begin_stop(int exit_code) {
    if (std::exchange(stopping_, true)) return;
    exit_code_ = exit_code;
    recovery_->give_up();
    if (suspect_trial_) suspect_trial_->stop();
    system::notify_stopping("finishing deliveries in flight");
    log(LogLine(Priority::info, "stopping"));
    stop_timer_.expires_after(kStopTime);
    stop_timer_.async_wait([this](boost::system::error_code) { main_.stop(); });
    drop_folder_->stop();
    intake_->stop([this] { dispatcher_->stop([this] { asio::post(main_, [this] { main_.stop(); }); }); });
  }

  void take_apart() {
    if (alerts_) alerts_->stop();
    logins_->tell_nobody();
    recovery_.reset();
    drop_folder_->stop();
    followers_.close();
    control_.reset();
    for (auto& loop : loops_) loop->stop();
    tls_reports_.stop();
    handshake_lane_.reset();
    files_.close();
    file_pool_.join();
    drop_folder_.reset();
    intake_.reset();
    spool_.reset();  // its last commit reports durable operations to the dispatcher
    dispatcher_.reset();
    loops_.clear();  // ends waiting coroutines, which the crash record notes
    limits_.close();
    crash_record_.reset();
    history_.stop();
    dialogues_.stop();
    log(LogLine(Priority::info, "stopped"));
  }

  std::optional<boost::filesystem::path> file_;
  std::mutex reload_mutex_;
  CurrentConfig config_;
  std::unique_ptr<auth::LoginKeeper> logins_;
  std::unique_ptr<routing::AliasWatch> aliases_;
  system::UserLookup users_;
  intake::Listeners listeners_;
  std::unique_ptr<queue::Disk> disk_;
  std::unique_ptr<queue::Spool> spool_;
  std::unique_ptr<system::CrashRecord> crash_record_;  // null: it is not available
  events::LogSink log_sink_;
  events::Counters counters_;
  events::SignInAlarm sign_in_alarm_;
  events::LoginSink login_sink_{*logins_};
  events::LastHour last_hour_;
  TlsReports tls_reports_{*disk_, config_, sts_policies_};
  history::Recorder history_{{*disk_, config_.get()->history_directory(), random_seed}, [this] { return history_limits(*config_.get()); }};
  history::Search history_search_{*disk_, config_.get()->history_directory(), [this] { history_.flush(); }};
  history::Recorder dialogues_{{*disk_, config_.get()->dialogue_directory(), random_seed},
                               [this] { return dialogue_limits(*config_.get()); },
                               history::Recorder::What::dialogues};
  history::Search dialogue_search_{*disk_, config_.get()->dialogue_directory(), [this] { dialogues_.flush(); }};
  events::Followers followers_;
  events::Hub events_{
      {&log_sink_, &counters_, &sign_in_alarm_, &login_sink_, &last_hour_, &tls_reports_.sink(), &history_, &dialogues_, &followers_}};
  asio::thread_pool file_pool_{kFileThreads};
  fairness::FileTurns files_{file_pool_, kFileThreads};
  std::optional<net::HandshakeLane> handshake_lane_{std::in_place};
  sts::Policies sts_policies_{disk_.get(), (config_.get()->spool_directory / sts::kFile).string(), &files_};
  rates::RateLimits limits_{rate_services(*disk_, config_, files_), config_.get()->rate_rules,
                            replies::rates_of(config_.get()->replies->limits())};
  std::vector<std::unique_ptr<LoopThread>> loops_;
  std::unique_ptr<delivery::Dispatcher> dispatcher_;
  std::optional<OutageResponse> outage_response_;
  intake::RateGuard guard_;
  std::optional<intake::Context> context_;
  std::unique_ptr<intake::Intake> intake_;
  std::unique_ptr<intake::DropFolder> drop_folder_;
  std::optional<control::LiveBackend> backend_;
  std::unique_ptr<control::ControlServer> control_;
  control::RecoveryProgress recovery_progress_;
  asio::io_context main_{1};
  NameResolution names_{main_.get_executor(), *config_.get()};
  records::KeyWatch key_watch_{main_.get_executor(), events_, records::seen_keys_file(config_.get()->spool_directory)};
  asio::signal_set signals_;
  Timer health_;
  Timer stop_timer_;
  std::optional<SuspectTrial> suspect_trial_;  // exists with crash_record_
  std::optional<Alerts> alerts_;               // while it runs
  std::optional<RecoveryThread> recovery_;     // from then on
  bool stopping_ = false;
  int exit_code_ = 0;
  system::LogWatch log_watch_;
  int seconds_broken_ = 0;
};

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(Config config, std::optional<boost::filesystem::path> file, system::PassedSockets passed) {
  if (auto status = system::raise_descriptor_limit(); !status) return status.error();
  if (auto status = prepare_folders(config); !status) return status.error();
  auto listeners = intake::open_listeners(config, std::move(passed));
  if (!listeners) return listeners.error();
  for (const auto& warning : listeners->warnings) log(LogLine(Priority::warning, "listener").add("note", warning));
  for (const auto& failure : listeners->failures) log(LogLine(Priority::error, "listener").add("reason", failure));
  if (auto status = system::give_up_root(config); !status) return status.error();
  auto keys = routing::load_signing_keys(config);
  if (!keys) return keys.error();
  auto logins = std::make_unique<auth::LoginKeeper>(oauth::make_login_source);
  auto aliases = std::make_unique<routing::AliasWatch>();
  read_files(config, *logins, *aliases);
  auto disk = std::make_unique<queue::SystemDisk>();
  auto spool = open_spool(*disk, config);
  if (!spool) return spool.error();
  auto crash_record = open_crash_record(config.spool_directory);
  auto daemon =
      std::make_unique<RunningDaemon>(std::move(config), std::move(file), std::move(*listeners), std::move(disk), std::move(*spool),
                                      std::move(crash_record), std::move(logins), std::move(aliases), std::move(*keys));
  if (auto status = daemon->open_control(); !status) return status.error();
  return std::unique_ptr<Daemon>(std::move(daemon));
}

}  // namespace mxpress::mta
