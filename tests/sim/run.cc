// The run: mail, the operator, and the times of checks.
#include "tests/sim/run.h"

#include <boost/filesystem/operations.hpp>
#include <stdexcept>

#include "mta/config/config.h"
#include "queue/crc32c.h"

namespace mxpress::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// With fewer sessions, the first mail to thousands of hosts, some of which hang or crawl, takes longer than the ledger accepts.
constexpr std::uint64_t kDestinationsPerSession = 50;

mta::Config make_config(Chance& chance, const std::string& folder, std::uint64_t destinations) {
  const std::uint64_t sessions = chance.one_in(2) ? 200 : chance.between(40, 120);
  const std::string toml = "hostname = \"mail.here.example\"\nspool.directory = \"" + folder +
                           "\"\ndelivery.allow_addresses = [\"10.0.0.0/8\"]\ndelivery.max_sessions = " +
                           std::to_string(std::max(sessions, destinations / kDestinationsPerSession)) +
                           "\ndelivery.max_sessions_per_site = " + std::to_string(chance.one_in(2) ? 10 : chance.between(1, 9)) +
                           "\ndelivery.max_recipients = " + std::to_string(chance.one_in(2) ? 100 : chance.between(1, 10)) +
                           "\nretry.lifetime = \"" + std::to_string(chance.one_in(2) ? 5 : chance.between(1, 4)) +
                           "d\"\nretry.held_lifetime = \"" + std::to_string(chance.between(2, 8)) + "d\"\n";
  auto config = mta::parse_config(toml, "simulation");
  if (!config) throw std::runtime_error(config.error().message);
  return std::move(*config);
}

InternetLimits limits_of(const mta::Config& config) {
  return {config.delivery.max_sessions, config.delivery.max_sessions_per_site, {config.delivery.max_recipients}};
}

Duration sweep_interval(const Options& options) { return options.messages > 5000 ? Duration(hours(6)) : Duration(hours(1)); }

}  // namespace

Run::Run(const Options& options)
    : options_(options),
      chance_(mix(options.seed, 0x72756e)),
      folder_(boost::filesystem::temp_directory_path() / boost::filesystem::unique_path("mxpress-sim-%%%%%%%%")),
      config_(make_config(chance_, folder_.string(), options.destinations)),
      world_({options.seed, options.destinations, options.span}),
      ledger_(world_, {config_.get()->retry}),
      internet_(world_, ledger_, limits_of(*config_.get())),
      traffic_(world_, options.messages, options.span) {
  boost::filesystem::create_directories(folder_);
  mta::capture_log([](const mta::LogLine& line, void* run) { static_cast<Run*>(run)->log_line(line); }, this);
  start();
}

Run::~Run() {
  tear_down();
  mta::capture_log(nullptr, nullptr);
  boost::system::error_code ignored;
  boost::filesystem::remove_all(folder_, ignored);
}

Outcome Run::live() {
  const Instant begin = instant_now();
  const auto& arrivals = traffic_.arrivals();
  const std::uint64_t every = std::max<std::uint64_t>(1, options_.span.count() / (options_.messages / 50 + 10));
  const std::uint64_t between_crashes = options_.span.count() / (options_.crashes + 1);
  Instant next_action = begin + Duration(every), next_sweep = begin + sweep_interval(options_);
  Instant next_crash = options_.crashes > 0 ? begin + Duration(between_crashes) : Instant::max();
  for (std::size_t i = 0; i < arrivals.size() && ledger_.wrongs().empty();) {
    const Instant next = std::min({arrivals[i].at, next_action, next_sweep, next_crash});
    pass_until(next);
    if (next == next_crash) {
      crash();
      next_crash =
          crashes_ < options_.crashes ? instant_now() + Duration(between_crashes / 2 + chance_.below(between_crashes / 2)) : Instant::max();
    } else if (next == next_sweep) {
      sweep();
      next_sweep = instant_now() + sweep_interval(options_);
    } else if (next == next_action) {
      act();
      next_action = instant_now() + Duration(chance_.below(2 * every));
    } else {
      submit(arrivals[i++]);
    }
  }
  drain();
  Outcome outcome{ledger_.figures(),     internet_.connections(), crashes_,        actions_, internet_.most_connections(), longest_queue_,
                  instant_now() - begin, ledger_.events_hash(),   ledger_.wrongs()};
  return outcome;
}

void Run::pass_until(Instant when) {
  const Instant now = instant_now();
  if (when > now) time_.run_for(*io_, when - now);
}

void Run::submit(const Arrival& arrival) {
  const queue::QueueId id = spool_->next_id();
  queue::NewMessage message = traffic_.compose(arrival, id, ledger_.next_recipient());
  const proto::Envelope envelope = message.envelope;
  if (traffic_.is_large()) message.content = Traffic::large_content(message.content);
  const std::uint32_t checksum = queue::crc32c(message.content);
  if (message.content.size() > queue::kInlineContent) make_large(message);
  spool_->store_as(id, std::move(message), [this, id, envelope](Result<queue::QueueId> stored) {
    if (stored) dispatcher_->admit(id, envelope);
  });
  ledger_.set_checksum(id, checksum);
}

void Run::make_large(queue::NewMessage& message) {
  auto large = spool_->open_large();
  if (!large || !(*large)->append(message.content)) return ledger_.wrong("no room for a large message");
  message.content.clear();
  message.large = std::move(*large);
}

// The operator, acting with or without a reason.
void Run::act() {
  using queue::ActionKind;
  ++actions_;
  const auto& held = ledger_.held();
  const auto& open = ledger_.open();
  if (!held.empty() && chance_.one_in(3)) return act_on(ActionKind::release, {ledger_.message(held[chance_.below(held.size())]).id});
  if (open.empty()) return;
  const auto any = [&] { return ledger_.message(open[chance_.below(open.size())]).id; };
  switch (chance_.below(8)) {
    case 0:
    case 1:
      return act_on(ActionKind::hold, {any()});
    case 2:
      return act_on(ActionKind::remove, {any()});
    case 3:
      return act_on(ActionKind::bounce, {any()});
    default:
      return act_on(ActionKind::retry, {any()});
  }
}

void Run::act_on(queue::ActionKind action, std::vector<queue::QueueId> messages) {
  internet_.operator_asked();
  dispatcher_->act(action, messages, [this, action, messages](Result<std::vector<mta::delivery::ActionEffect>> effects) {
    if (effects) ledger_.stopped(messages.front(), action);
  });
}

// No more mail: within a lifetime, some retries and the notices everything must end.
void Run::drain() {
  const auto config = config_.get();
  const Instant end = instant_now() + 2 * (config->retry.lifetime + hours(8)) + config->retry.held_lifetime;
  while (!is_over() && instant_now() < end && ledger_.wrongs().empty()) {
    pass_until(instant_now() + sweep_interval(options_));
    sweep();
  }
  if (ledger_.wrongs().empty()) ledger_.close_book();
}

}  // namespace mxpress::sim
