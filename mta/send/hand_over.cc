// Streams a message into an outlet of sendmail.
#include "mta/send/hand_over.h"

#include <utility>

#include "mta/cli/sendmail_message.h"
#include "mta/cli/sendmail_settings.h"
#include "mta/cli/sendmail_submission.h"
#include "mta/compose/message.h"
#include "mta/send/draft.h"
#include "proto/mail_data.h"

namespace mxpress::mta::send {
namespace {

using cli::ExitStatus;
using proto::ExitCode;

ExitStatus of(const Error& error) { return {error.is_transient() ? ExitCode::io : ExitCode::data, error.message}; }

ExitStatus check_size(const compose::Letter& letter, cli::Outlet& outlet) {
  const std::uint64_t size = compose::least_size(letter);
  const auto limit = outlet.limit();
  if (!limit || size <= *limit) return {};
  const std::string files = largest_files(letter);
  return {ExitCode::data, "the message would have " + shown_size(size) + ", and this host takes at most " + shown_size(*limit) +
                              " (max_message_size)" + (files.empty() ? "" : "; " + files)};
}

// The status of the outlet counts for more than that of the message, whose writing it ended.
ExitStatus send_content(const compose::Message& message, cli::Outlet& outlet, Progress& progress) {
  proto::DataEncoder encoder;
  ExitStatus sent;
  std::string encoded;
  const auto pass_on = [&](std::string_view piece) {
    encoded.clear();
    encoder.feed(piece, encoded);
    sent = outlet.send(encoded);
    progress.advance(piece.size());
    return sent.ok();
  };
  const Status written = message.write(pass_on);
  if (!sent.ok()) return sent;
  if (!written) return of(written.error());
  encoded.clear();
  encoder.finish(encoded);
  return outlet.send(encoded);
}

}  // namespace

Handed hand_over(Draft draft, const cli::SendmailSettings& settings, const Progress::Draw& draw) {
  cli::OpenedOutlet opened = cli::open_outlet(settings);
  if (!opened.outlet) return {opened.status, {}, {}};
  if (ExitStatus status = check_size(draft.letter, *opened.outlet); !status.ok()) return {status, {}, {}};
  Progress progress(compose::least_size(draft.letter), draw);
  const auto message = compose::Message::make(std::move(draft.letter));
  if (!message) return {of(message.error()), {}, {}};
  cli::Recipients recipients;
  recipients.addresses = std::move(draft.recipients);
  const auto commands = cli::envelope_commands({}, draft.sender, recipients);
  if (ExitStatus begun = cli::begin_submission(opened, commands, settings); !begun.ok()) return {begun, {}, {}};
  if (ExitStatus sent = send_content(*message, *opened.outlet, progress); !sent.ok()) return {sent, {}, {}};
  ExitStatus finished = opened.outlet->finish();
  if (!finished.ok()) return {finished, {}, {}};
  return {{}, opened.outlet->place(), opened.outlet->queue_id()};
}

}  // namespace mxpress::mta::send
