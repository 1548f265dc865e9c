// One call of sendmail, in order.
#include "mta/cli/sendmail_main.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "mta/cli/sendmail_caller.h"
#include "mta/cli/sendmail_input.h"
#include "mta/cli/sendmail_message.h"
#include "mta/cli/sendmail_options.h"
#include "mta/cli/sendmail_outlet.h"
#include "mta/cli/sendmail_programs.h"
#include "mta/cli/sendmail_relay.h"
#include "mta/cli/sendmail_settings.h"
#include "mta/cli/sendmail_submission.h"
#include "proto/header.h"

namespace mxpress::mta::cli {
namespace {

using proto::ExitCode;

constexpr const char* kHelp =
    "sendmail [-i] [-t] [-v] [-f sender] [-F name] [-N notify] [-R hdrs|full] [-V envid] [-O requiretls] [--] [recipient...]\n"
    "  reads a message from standard input and hands it to mxpressd, or leaves it for mxpressd to find.\n"
    "  -bs speaks SMTP, -bp (mailq) lists the queue, -q tries the queue now, -bv checks addresses; see sendmail(8).\n";

int tell(const ExitStatus& status) {
  if (!status.words.empty()) std::fprintf(stderr, "sendmail: %s\n", status.words.c_str());
  return static_cast<int>(status.code);
}

ExitStatus of_input(const Error& error) { return {error.is_transient() ? ExitCode::io : ExitCode::data, error.message}; }

// The header, and any text of the body that came with it. `more`: the input has not ended.
struct Start {
  std::string text;
  bool more = true;
  ExitStatus status;
  proto::HeaderScanner scanner{proto::MboxLines::are_dropped};
};

// The header must be searched for Bcc and recipients, and mxpressd refuses longer ones, too.
ExitStatus header_too_long() { return {ExitCode::data, "the header may have up to 1 MiB, and this one is longer; nothing was sent"}; }

Start read_start(Input& input) {
  Start start;
  bool is_found = false;
  while (start.more && !is_found && start.text.size() <= proto::kMaxHeader) {
    const auto more = input.read(start.text);
    if (!more.ok()) return {{}, false, of_input(more.error())};
    start.more = *more;
    is_found = start.scanner.find_end(start.text, start.more ? proto::Extent::may_grow : proto::Extent::is_whole);
  }
  if (!is_found || start.scanner.end() > proto::kMaxHeader) start.status = header_too_long();
  return start;
}

ExitStatus send_content(Outlet& outlet, Input& input, Start start) {
  proto::DataEncoder encoder;
  std::string piece = std::move(start.text);
  bool more = start.more;
  while (true) {
    std::string encoded;
    encoder.feed(piece, encoded);
    if (!more) encoder.finish(encoded);
    if (ExitStatus sent = outlet.send(encoded); !sent.ok() || !more) return sent;
    piece.clear();
    const auto read = input.read(piece);
    if (!read.ok()) return of_input(read.error());
    more = *read;
  }
}

ExitStatus deliver(const SendmailOptions& options, const SendmailSettings& settings) {
  const Caller caller = find_caller();
  const Sender sender = find_sender(options, caller);
  if (!sender.status.ok()) return sender.status;
  const LoneDot lone_dot = ::isatty(STDIN_FILENO) == 1 ? LoneDot::ends : LoneDot::ends_at_end;
  Input input(STDIN_FILENO, options.ignore_dots ? LoneDot::is_text : lone_dot);
  Recipients recipients;
  if (!options.recipients_of_header) recipients = find_recipients(options, {});
  if (!recipients.status.ok()) return recipients.status;
  Start start = read_start(input);
  if (!start.status.ok()) return start.status;
  if (options.recipients_of_header) recipients = find_recipients(options, start.scanner.header(start.text));
  if (!recipients.status.ok()) return recipients.status;
  start.text = complete_start(options, caller, sender.address, start.scanner, start.text);
  OpenedOutlet opened = open_outlet(settings);
  if (ExitStatus begun = begin_submission(opened, envelope_commands(options, sender.address, recipients), settings); !begun.ok())
    return begun;
  if (ExitStatus sent = send_content(*opened.outlet, input, std::move(start)); !sent.ok()) return sent;
  ExitStatus finished = opened.outlet->finish();
  if (!finished.ok()) return finished;
  finished.words = warning_of(recipients);
  if (options.verbose) (void)std::printf("%s\n", opened.outlet->place().c_str());  // the message is safe, even if this is not read
  return finished;
}

// Executes mxpress; returns only if that fails.
ExitStatus become_mxpress(const SendmailSettings& settings, std::vector<std::string> arguments) {
  if (!settings.config_file.empty()) arguments.insert(arguments.begin(), {"-c", settings.config_file});
  return {ExitCode::system_file, become_program("mxpress", std::move(arguments)).message + "; is it installed beside sendmail?"};
}

// mxpress looks up names of this host.
ExitStatus verify(const SendmailOptions& options, const SendmailSettings& settings) {
  const Recipients recipients = find_recipients(options, {});
  std::vector<std::string> names = {"verify", "--"};
  for (const std::string& address : recipients.addresses) {
    if (address.find('@') == std::string::npos)
      names.push_back(address);
    else
      std::printf("%s... is a mail address\n", address.c_str());
  }
  if (!recipients.status.ok()) return recipients.status;
  if (!recipients.malformed.empty()) return {ExitCode::data, recipients.why_malformed};
  if (names.size() == 2) return {};
  std::fflush(stdout);
  return become_mxpress(settings, std::move(names));
}

ExitStatus say(const char* words) {
  std::fputs(words, stdout);
  return {};
}

ExitStatus run(const SendmailOptions& options) {
  if (options.mode == SendmailMode::help) return say(kHelp);
  if (options.mode == SendmailMode::version) return say("sendmail of mxpress " MXPRESS_VERSION "\n");
  const SendmailSettings settings = find_settings();
  switch (options.mode) {
    case SendmailMode::smtp:
      return relay_smtp(settings);
    case SendmailMode::list_queue:
      return become_mxpress(settings, {"mailq"});
    case SendmailMode::flush_queue:
      return become_mxpress(settings, {"flush"});
    case SendmailMode::new_aliases:
      return become_mxpress(settings, {"newaliases"});
    case SendmailMode::verify:
      return verify(options, settings);
    case SendmailMode::daemon:
      return say("nothing to do: the daemon is mxpressd, which the service manager starts\n");
    default:
      return deliver(options, settings);
  }
}

}  // namespace

int sendmail_main(int count, char** arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  fill_closed_outputs();
  const auto options = parse_sendmail_options(count > 0 ? arguments[0] : "sendmail",
                                              std::vector<std::string>(arguments + std::min(count, 1), arguments + count));
  if (!options.ok()) return tell({ExitCode::usage, options.error().message});
  return tell(run(*options));
}

}  // namespace mxpress::mta::cli
