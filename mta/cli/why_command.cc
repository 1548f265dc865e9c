// Prints explanations of messages.
#include "mta/cli/why_command.h"

#include <ctime>
#include <ostream>
#include <string>
#include <string_view>

#include "mta/cli/json.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

std::string clean(std::string_view text) { return proto::printable(text, 2000); }

std::string local_time(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, "%F %T", &parts));
}

std::string title(const control_pb::WhyInfo& info) {
  std::string text = clean(info.id());
  if (info.submitted_ms() != 0) text += "  " + local_time(info.submitted_ms());
  text += "  " + (info.sender().empty() ? std::string("<>") : clean(info.sender()));
  return info.recipient().empty() ? text : text + " -> " + clean(info.recipient());
}

// Line by line, because line ends are not printable.
void print_paste(std::ostream& out, std::string_view text) {
  out << "\nText to send:\n";
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out << "  | " << clean(text.substr(0, end)) << "\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

void print_history(std::ostream& out, const control_pb::WhyInfo& info) {
  if (info.line_size() == 0) return;
  out << "\nHistory:\n";
  if (info.earlier_lines() != 0) out << "  (" << info.earlier_lines() << " earlier lines are left out)\n";
  for (const control_pb::HistoryLine& line : info.line()) out << "  " << local_time(line.time_ms()) << "  " << clean(line.text()) << "\n";
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

}  // namespace

void print_why(std::ostream& out, const control_pb::WhyInfo& info) {
  out << title(info);
  if (info.brief()) {
    out << "  " << clean(info.state()) << "\n";
    return;
  }
  out << "\nState:         " << clean(info.state()) << "\nCause:         " << clean(info.cause())
      << "\nEvidence:      " << clean(info.evidence()) << "\nWho must act:  " << clean(info.who())
      << "\nWhat to do:    " << clean(info.todo()) << "\n";
  if (!info.paste().empty()) print_paste(out, info.paste());
  print_history(out, info);
  if (info.has_dialogue()) out << "\nWhat the mail host said: mxpress dialogue " << clean(info.id()) << "\n";
}

ExitCode run_why(const CommandLine& line, ControlClient& client, Streams streams) {
  control_pb::Request request;
  if (!line.arguments.empty()) request.mutable_why()->set_what(line.arguments.front());
  request.mutable_why()->set_last(line.last);
  control_pb::End end;
  bool had_brief = false;
  const Status asked = client.ask(request, [&](const control_pb::Response& response) {
    if (response.has_end()) {
      end = response.end();
    } else if (line.json) {
      print_json(streams.out, response.why());
    } else {
      if (response.why().brief() && !had_brief) streams.out << "\nEarlier:\n";
      had_brief = had_brief || response.why().brief();
      print_why(streams.out, response.why());
    }
    return static_cast<bool>(streams.out);
  });
  if (!asked) return streams.error << "mxpress: " << clean(asked.error().message) << "\n", ExitCode::temporary;
  if (!end.text().empty()) streams.error << "mxpress: " << clean(end.text()) << "\n";
  return code_of(end);
}

}  // namespace mxpress::mta::cli
