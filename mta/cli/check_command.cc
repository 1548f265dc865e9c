// Checks an address.
#include "mta/cli/check_command.h"

#include <pwd.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>

#include "mta/check/check.h"
#include "mta/check/message.h"
#include "mta/check/own_logins.h"
#include "mta/check/pace.h"
#include "mta/check/verdict.h"
#include "mta/cli/check_print.h"
#include "mta/cli/check_standing.h"
#include "mta/cli/json.h"
#include "mta/config/config.h"
#include "mta/replies/current_rules.h"
#include "mta/routing/senders.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using check::Verdict;

std::string shown(std::string_view text) { return proto::printable(text, 500); }

ExitCode complain(Streams streams, const std::string& text, ExitCode code) {
  streams.error << "mxpress: " << shown(text) << "\n";
  return code;
}

// That mail of this user would have, by sendmail.
Result<proto::Mailbox> usual_sender(const Config& config) {
  const passwd* const account = ::getpwuid(::getuid());
  if (!account) return Error::permanent("this user has no name; name a sender: --from ADDRESS");
  return proto::Mailbox::of_user(account->pw_name, config.own_domain());
}

Result<proto::ReversePath> sender_of(const CommandLine& line, const Config& config) {
  const std::string text = line.from ? line.from->string() : std::string();
  if (line.from && (text.empty() || text == "<>")) return proto::ReversePath();
  auto mailbox = line.from ? proto::Mailbox::parse_qualifying(text, config.own_domain()) : usual_sender(config);
  if (!mailbox) return Error::permanent("the sender " + text + ": " + mailbox.error().message);
  if (auto outside = routing::outside_sender(config, *mailbox)) return proto::ReversePath(std::move(*outside));
  return proto::ReversePath(std::move(*mailbox));
}

ExitCode code_of(const Verdict& verdict, const check::Findings& findings) {
  switch (verdict.kind) {
    case Verdict::Kind::accepted:
      return ExitCode::ok;
    case Verdict::Kind::refused:
      return ExitCode::unavailable;
    case Verdict::Kind::waits:
      return ExitCode::temporary;
    case Verdict::Kind::unknown:
      break;
  }
  return findings.own.is_local ? ExitCode::ok : ExitCode::nothing_matched;
}

using Notes = std::vector<std::string>;

void print_as_json(std::ostream& out, const check::Findings& findings, const Verdict& verdict, const Standing& standing,
                   const Notes& notes) {
  boost::json::object object = to_json(findings);
  boost::json::array message;
  for (const std::string& note : notes) message.emplace_back(shown(note));
  object["message"] = std::move(message);
  for (auto& [key, value] : to_json(verdict)) object[key] = value;
  boost::json::array destinations, outages;
  for (const Standing::Destination& one : standing.destinations)
    destinations.emplace_back(boost::json::object{{"destination", shown(one.name)},
                                                  {"site", shown(one.site)},
                                                  {"messages", one.messages},
                                                  {"next_try_ms", one.next_try_ms},
                                                  {"last", shown(one.last)}});
  for (const std::string& outage : standing.outages) outages.emplace_back(shown(outage));
  object["daemon"] = boost::json::object{{"failure", shown(standing.failure)},
                                         {"waiting", standing.waiting},
                                         {"held", standing.held},
                                         {"destination", std::move(destinations)},
                                         {"outage", std::move(outages)}};
  print_json(out, object);
}

void print(std::ostream& out, const Verdict& verdict, const Standing& standing, const Notes& notes) {
  if (!notes.empty()) out << "\nThe message:\n";
  for (const std::string& note : notes) out << "  " << shown(note) << "\n";
  out << "\nmxpressd:\n";
  for (const std::string& sentence : in_words(standing, Clock::current().wall())) out << "  " << sentence << "\n";
  print_verdict(out, verdict);
}

ExitCode check_now(const CommandLine& line, const std::shared_ptr<const Config>& config, const check::Asked& asked, std::ostream& out) {
  CheckPrinter printer(out);
  check::Watcher nobody;
  const check::Findings findings = check::check_address(config, asked, line.json ? nobody : printer);
  const Verdict verdict = check::judge(findings);
  const Standing standing = ask_standing(*config, findings.recipient, findings.domain);
  const Notes notes = asked.message ? check::message_notes(*asked.message, *config, findings) : Notes();
  if (line.json)
    print_as_json(out, findings, verdict, standing, notes);
  else
    print(out, verdict, standing, notes);
  return code_of(verdict, findings);
}

}  // namespace

ExitCode run_check(const CommandLine& line, const Config& config, Streams streams) {
  const std::string& text = line.arguments.front();
  auto recipient = proto::Mailbox::parse_qualifying(text, config.own_domain());
  if (!recipient) return complain(streams, text + ": " + recipient.error().message, ExitCode::usage);
  auto sender = sender_of(line, config);
  if (!sender) return complain(streams, sender.error().message, ExitCode::usage);
  std::optional<check::Message> message;
  if (line.message) {
    auto read = check::Message::read(*line.message, config.max_message_size);
    if (!read) return complain(streams, read.error().message, ExitCode::failed);
    message = std::move(*read);
  }
  if (const auto wait = check::begin_check(Clock::current().wall()))
    return complain(streams,
                    std::to_string(check::kMostInPeriod) +
                        " addresses were checked in the last minute; mail hosts take more for an attack. Next in " +
                        std::to_string(std::chrono::ceil<std::chrono::seconds>(*wait).count()) + " s",
                    ExitCode::refused);
  auto own = std::make_shared<Config>(config);
  own->route_files = check::readable_route_files(*own);
  own->replies = replies::current_rules(config).rules;
  const auto uid = static_cast<std::int64_t>(::getuid());
  return check_now(line, own, {std::move(*recipient), std::move(*sender), uid, message ? &*message : nullptr}, streams.out);
}

}  // namespace mxpress::mta::cli
