// One call of mxpress-send, in order. docs/mxpress-send.1
#include "mta/send/program.h"

#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mta/cli/control_client.h"
#include "mta/cli/sendmail_caller.h"
#include "mta/cli/sendmail_settings.h"
#include "mta/compose/message.h"
#include "mta/config/config.h"
#include "mta/config/named_file.h"
#include "mta/send/draft.h"
#include "mta/send/express.h"
#include "mta/send/follow.h"
#include "mta/send/hand_over.h"
#include "mta/send/options.h"
#include "proto/printable.h"

namespace mxpress::mta::send {
namespace {

using proto::ExitCode;

constexpr std::uint64_t kOftenRefused = 25u << 20;  // octets: the largest providers take no more
constexpr std::size_t kMostWords = 2000;

int tell(const cli::ExitStatus& status) {
  if (!status.words.empty()) std::fprintf(stderr, "mxpress send: %s\n", proto::printable_utf8(status.words, kMostWords).c_str());
  return static_cast<int>(status.code);
}

Moment now() {
  Moment moment;
  moment.time = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  if (::localtime_r(&seconds, &local)) moment.zone_minutes = static_cast<int>(local.tm_gmtoff / 60);
  (void)::getrandom(moment.random, sizeof moment.random, 0);
  return moment;
}

void warn_of_size(const compose::Letter& letter) {
  const std::uint64_t size = compose::least_size(letter);
  if (size > kOftenRefused)
    std::fprintf(stderr, "mxpress send: warning: the message has %s; many mail hosts take at most 25 MB\n", shown_size(size).c_str());
}

Progress::Draw bar_of_terminal() {
  if (::isatty(STDERR_FILENO) != 1) return {};
  return [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  };
}

std::optional<boost::filesystem::path> file_of(const Options& options) {
  return config::named_file(options.config.empty() ? std::nullopt : std::optional<boost::filesystem::path>(options.config));
}

cli::ExitStatus follow_up(const Handed& handed, const Options& options) {
  if (handed.queue_id.empty())
    return {ExitCode::try_later, "mxpressd does not run, and delivers the message once it does: nothing to follow; do not send it again"};
  const auto daemon = cli::connect_to_daemon(control_socket_in(file_of(options)));
  if (!daemon) return {ExitCode::try_later, daemon.error().message + ": the message is " + handed.place + "; do not send it again"};
  const Watch watch{growing_waits(), [] { return now().time; }};
  return follow(**daemon, handed.queue_id, watch, std::cout);
}

cli::ExitStatus send_by_daemon(Draft draft, const Options& options) {
  const Handed handed = hand_over(std::move(draft), cli::find_settings(options.config), bar_of_terminal());
  if (!handed.status.ok()) return handed.status;
  (void)std::printf("%s\n", handed.place.c_str());  // the message is safe, even if this is not read
  std::fflush(stdout);
  return options.follow ? follow_up(handed, options) : cli::ExitStatus();
}

cli::ExitStatus send_now(Draft draft, const Options& options) {
  auto config = load_config(file_of(options));
  if (!config) return {ExitCode::configuration, config.error().message};
  return deliver_now(std::move(draft), std::make_shared<Config>(std::move(*config)), std::cout);
}

cli::ExitStatus send(const Options& options) {
  Draft draft = make_draft(options, cli::find_caller(), now());
  if (!draft.status.ok()) return draft.status;
  warn_of_size(draft.letter);
  return options.now ? send_now(std::move(draft), options) : send_by_daemon(std::move(draft), options);
}

}  // namespace

int run_send(int count, char** arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  cli::fill_closed_outputs();
  const auto options = parse_options(std::vector<std::string>(arguments + std::min(count, 1), arguments + count));
  if (!options) return tell({ExitCode::usage, options.error().message + " (mxpress send --help)"});
  if (options->help) return std::fputs(usage().c_str(), stdout), 0;
  if (options->version) return std::puts("mxpress-send " MXPRESS_VERSION), 0;
  return tell(send(*options));
}

}  // namespace mxpress::mta::send
