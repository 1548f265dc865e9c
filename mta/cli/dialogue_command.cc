// Prints conversations and events.
#include "mta/cli/dialogue_command.h"

#include <ctime>
#include <ostream>
#include <string>

#include "mta/cli/dialogue_print.h"
#include "mta/cli/json.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using control_pb::EventInfo;

constexpr std::size_t kMostOfLine = 4000;  // octets

std::string clean(std::string_view text) { return proto::printable_utf8(text, kMostOfLine); }

std::string local_time(std::int64_t milliseconds, const char* format) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, format, &parts));
}

proto::Speaker speaker_in(const control_pb::DialogueLine& line) {
  for (const proto::Speaker one : {proto::Speaker::client, proto::Speaker::host, proto::Speaker::tls})
    if (line.from() == speaker_name(one)) return one;
  return proto::Speaker::note;
}

void print(std::ostream& out, const control_pb::DialogueLine& line) {
  print_dialogue_line(out, speaker_in(line), Duration(line.ms()), clean(line.text()));
}

void print(std::ostream& out, const control_pb::DialogueInfo& info) {
  out << clean(info.id()) << "  attempt that ended at " << local_time(info.time_ms(), "%F %T") << "\n";
  for (const control_pb::DialogueInfo::Host& host : info.host()) {
    out << "\n" << clean(host.host()) << " [" << clean(host.address()) << "], " << local_time(host.started_ms(), "%F %T") << "\n";
    for (const control_pb::DialogueLine& line : host.line()) print(out, line);
  }
}

void print(std::ostream& out, const EventInfo& info) {
  switch (info.kind()) {
    case EventInfo::LINE:
      return print(out, info.line());
    case EventInfo::HOST:
      out << clean(info.id()) << " asks " << clean(info.text()) << "\n";
      break;
    case EventInfo::LEFT_OUT:
      out << "(" << info.left_out() << " events left out: they came faster than they were read)\n";
      break;
    default:
      out << local_time(info.time_ms(), "%T") << "  " << clean(info.text()) << "\n";
  }
}

ExitCode code_of(const control_pb::End& end) {
  switch (end.result()) {
    case control_pb::End::OK:
      return ExitCode::ok;
    case control_pb::End::UNKNOWN:
      return ExitCode::nothing_matched;
    case control_pb::End::MALFORMED:
      return ExitCode::usage;
    case control_pb::End::REFUSED:
      return ExitCode::refused;
    default:
      return ExitCode::failed;
  }
}

// Passes each response but the End to `use`.
template <class Use>
std::pair<ExitCode, control_pb::End> ask(ControlClient& client, const control_pb::Request& request, Streams streams, Use use) {
  control_pb::End end;
  const Status asked = client.ask(request, [&](const control_pb::Response& response) {
    if (response.has_end())
      end = response.end();
    else
      use(response);
    streams.out << std::flush;
    return static_cast<bool>(streams.out);  // nobody reads any more: stop
  });
  if (!asked) return {(streams.error << "mxpress: " << clean(asked.error().message) << "\n", ExitCode::unreachable), end};
  if (!end.text().empty()) streams.error << "mxpress: " << clean(end.text()) << "\n";
  return {code_of(end), end};
}

// Events are printed as they come.
ExitCode follow(const CommandLine& line, ControlClient& client, const control_pb::Request& request, Streams streams, ExitCode& outcome) {
  return ask(client, request, streams,
             [&](const control_pb::Response& response) {
               const EventInfo& info = response.event();
               if (info.kind() == EventInfo::ALIVE) return;
               if (info.kind() == EventInfo::END)
                 outcome = info.outcome() == "delivered"  ? ExitCode::ok
                           : info.outcome() == "deferred" ? ExitCode::temporary
                                                          : ExitCode::unavailable;
               if (line.json)
                 print_json(streams.out, info);
               else
                 print(streams.out, info);
             })
      .first;
}

}  // namespace

ExitCode run_dialogue(const CommandLine& line, ControlClient& client, Streams streams) {
  control_pb::Request request;
  request.mutable_dialogue()->set_id(line.arguments.front());
  request.mutable_dialogue()->set_all(line.all);
  bool is_first = true;
  const auto [code, end] = ask(client, request, streams, [&](const control_pb::Response& response) {
    if (line.json) return print_json(streams.out, response.dialogue());
    if (!std::exchange(is_first, false)) streams.out << "\n\n";
    print(streams.out, response.dialogue());
  });
  if (!line.json && end.earlier() != 0)
    streams.out << "\nEarlier attempts: " << end.earlier() << ". See mxpress dialogue --all " << clean(line.arguments.front()) << "\n";
  return code;
}

ExitCode run_debug(const CommandLine& line, ControlClient& client, Streams streams) {
  control_pb::Request request;
  request.mutable_debug()->set_what(line.arguments.front());
  request.mutable_debug()->set_retry(line.retry);
  if (line.wait) request.mutable_debug()->set_wait_ms(line.wait->count());
  if (!line.json) streams.error << "mxpress: waiting for the next attempt to " << clean(line.arguments.front()) << " ...\n" << std::flush;
  ExitCode outcome = ExitCode::ok;
  const ExitCode code = follow(line, client, request, streams, outcome);
  return code == ExitCode::ok ? outcome : code;
}

ExitCode run_tail(const CommandLine& line, ControlClient& client, Streams streams) {
  control_pb::Request request;
  if (!line.arguments.empty()) request.mutable_tail()->set_what(line.arguments.front());
  request.mutable_tail();
  if (line.uid) request.mutable_tail()->set_uid(*line.uid);
  ExitCode outcome = ExitCode::ok;
  return follow(line, client, request, streams, outcome);
}

}  // namespace mxpress::mta::cli
