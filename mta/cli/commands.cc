// The commands of mxpress: sends requests, and prints the answers.
#include "mta/cli/commands.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <thread>
#include <utility>

#include "dns/async.h"
#include "mta/cli/dialogue_command.h"
#include "mta/cli/json.h"
#include "mta/cli/print.h"
#include "mta/cli/why_command.h"
#include "mta/control/health.h"
#include "mta/control/selector.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

control_pb::Selector selector_of(const CommandLine& line) {
  control_pb::Selector selector;
  for (const std::string& id : line.arguments) selector.add_id(id);
  selector.set_domain(line.domain);
  selector.set_sender(line.sender);
  selector.set_recipient(line.recipient);
  if (line.uid) selector.set_uid(*line.uid);
  selector.set_older_ms(line.older.count());
  selector.set_all(line.all || line.state == "all" || !line.has_condition());
  if (line.state == "active") selector.set_state(control_pb::Selector::ACTIVE);
  if (line.state == "deferred") selector.set_state(control_pb::Selector::DEFERRED);
  if (line.state == "held") selector.set_state(control_pb::Selector::HELD);
  return selector;
}

control_pb::Action action_of(const std::string& command) {
  if (command == "hold") return control_pb::HOLD;
  if (command == "release") return control_pb::RELEASE;
  if (command == "retry" || command == "flush") return control_pb::RETRY;
  if (command == "remove") return control_pb::REMOVE;
  return command == "bounce" ? control_pb::BOUNCE : control_pb::ACTION_NONE;
}

std::string_view done_word(control_pb::Action action) {
  switch (action) {
    case control_pb::HOLD:
      return "held";
    case control_pb::RELEASE:
      return "released";
    case control_pb::RETRY:
      return "will be tried now";
    case control_pb::REMOVE:
      return "removed";
    case control_pb::BOUNCE:
      return "will go back to its sender";
    default:
      return "done";
  }
}

// Without a daemon the action is recorded, and the next daemon performs it.
std::string effect_text(control_pb::Action action, control_pb::Effect::What what, bool is_daemon) {
  const bool is_done = what == control_pb::Effect::DONE;
  if (!is_daemon && is_done && action == control_pb::RETRY) return "will be tried when mxpressd starts";
  switch (what) {
    case control_pb::Effect::IN_FLIGHT:
      if (action == control_pb::RETRY || action == control_pb::RELEASE) return std::string(done_word(action)) + "; in flight now";
      return std::string(done_word(action)) + "; in flight now: what the host accepts meanwhile is sent";
    case control_pb::Effect::HELD:
      return "held; will be tried when released";
    case control_pb::Effect::UNKNOWN:
      return "not in the queue any more";
    case control_pb::Effect::WOULD:
      return "is selected (dry run: nothing was done)";
    default:
      return std::string(done_word(action));
  }
}

// Runs one command with one client.
class Command {
 public:
  Command(const CommandLine& line, ControlClient& client, Streams streams)
      : line_(line), client_(client), out_(streams.out), error_(streams.error), now_(Clock::current().wall()) {}

  ExitCode run() {
    const std::string& name = line_.command;
    if (name == "queue") return line_.messages || line_.selects() || line_.ended ? messages() : destinations();
    if (name == "mailq") return mailq();
    if (name == "show") return line_.arguments.empty() ? show_selected() : show();
    if (name == "cat") return cat();
    if (name == "wait") return wait();
    if (name == "status") return status();
    if (name == "reload") return reload();
    return act();
  }

 private:
  // Passes each response except the End to `use`.
  template <class Use>
  ExitCode ask(const control_pb::Request& request, Use use) {
    control_pb::End end;
    const Status status = client_.ask(request, [&](const control_pb::Response& response) {
      if (response.has_end())
        end = response.end();
      else
        use(response);
      return static_cast<bool>(out_);  // nobody reads any more: stop
    });
    if (!status) return complain(status.error().message, ExitCode::unreachable);
    matched_ = end.matched();
    more_ended_ = end.more_ended();
    has_dialogue_ = end.has_dialogue();
    unlisted_ = {end.waiting() - std::min(end.waiting(), end.matched() + end.dropped()), end.dropped(), end.text()};
    switch (end.result()) {
      case control_pb::End::OK:
        return ExitCode::ok;
      case control_pb::End::REFUSED:
        return complain(end.text(), ExitCode::refused);
      case control_pb::End::UNKNOWN:
        return complain(end.text(), ExitCode::nothing_matched);
      case control_pb::End::MALFORMED:
        return complain(end.text(), ExitCode::usage);
      default:
        return complain(end.text(), ExitCode::failed);
    }
  }

  ExitCode complain(const std::string& text, ExitCode code) {
    error_ << "mxpress: " << proto::printable(text, 2000) << "\n";
    return code;
  }

  ExitCode destinations() {
    control_pb::Request request;
    request.mutable_destinations();
    std::vector<control_pb::DestinationInfo> rows;
    std::ostream quiet(nullptr);
    Command attempt(line_, client_, {out_, ::geteuid() == 0 ? error_ : quiet});
    const ExitCode code = attempt.ask(request, [&](const control_pb::Response& response) {
      if (line_.json)
        print_json(out_, response.destination());
      else
        rows.push_back(response.destination());
    });
    if (code == ExitCode::refused) return messages();  // a user who may not see everything sees his own mail
    if (code == ExitCode::ok && !line_.json) print_destinations(out_, rows, attempt.unlisted_, now_);
    return code;
  }

  control_pb::Request list_request() const {
    control_pb::Request request;
    *request.mutable_list()->mutable_selector() = selector_of(line_);
    request.mutable_list()->set_ended(line_.wanted_ended());
    return request;
  }

  ExitCode messages() {
    const control::Conditions conditions(selector_of(line_));
    const ExitCode code = ask(list_request(), [&](const control_pb::Response& response) {
      if (line_.json)
        print_json(out_, response.message());
      else
        print_message_line(out_, response.message(), conditions, now_);
    });
    return code == ExitCode::ok ? end_messages() : code;
  }

  ExitCode end_messages() {
    if (line_.json)
      print_json_unlisted(out_, matched_, unlisted_);
    else if (line_.has_condition() || line_.ended)
      out_ << (matched_ != 0 ? "" : "No message matches" + limits() + ".\n");
    else
      print_end_of_messages(out_, matched_, unlisted_);
    if (more_ended_ && line_.json) print_json(out_, {{"more_ended", true}});
    if (more_ended_ && !line_.json) out_ << "More have ended; --ended N shows so many.\n";
    return (line_.selects() || line_.ended) && matched_ == 0 ? ExitCode::nothing_matched : ExitCode::ok;
  }

  std::string limits() const { return unlisted_.who_sees_all.empty() ? "" : " (" + proto::printable(unlisted_.who_sees_all, 200) + ")"; }

  ExitCode mailq() {
    MailqPrinter printer(out_);
    const ExitCode code = ask(list_request(), [&](const control_pb::Response& response) {
      if (line_.json)
        print_json(out_, response.message());
      else
        printer.message(response.message());
    });
    if (code == ExitCode::ok && line_.json) print_json_unlisted(out_, matched_, unlisted_);
    if (code == ExitCode::ok && !line_.json) printer.end(unlisted_);
    return code;
  }

  control_pb::Request show_request() const {
    control_pb::Request request;
    request.mutable_show()->set_id(line_.arguments.front());
    return request;
  }

  ExitCode show() {
    const ExitCode code = ask(show_request(), [&](const control_pb::Response& response) {
      if (line_.json)
        print_json(out_, response.message());
      else
        print_story(out_, response.message(), now_);
    });
    if (has_dialogue_ && !line_.json) out_ << "\nWhat the mail host said: mxpress dialogue " << line_.arguments.front() << "\n";
    return code;
  }

  ExitCode show_selected() {
    control_pb::Request request = list_request();
    request.mutable_list()->set_attempts(true);
    bool is_first = true;
    const ExitCode code = ask(request, [&](const control_pb::Response& response) {
      if (line_.json) return print_json(out_, response.message());
      out_ << (std::exchange(is_first, false) ? "" : "\n");
      print_story(out_, response.message(), now_);
    });
    return code == ExitCode::ok ? end_messages() : code;
  }

  ExitCode cat() {
    control_pb::Request request;
    request.mutable_cat()->set_id(line_.arguments.front());
    return ask(request, [&](const control_pb::Response& response) { out_ << response.content(); });
  }

  ExitCode wait() {
    for (;;) {
      bool ended = false;
      const ExitCode code =
          ask(show_request(), [&](const control_pb::Response& response) { ended = response.message().state() == "ended"; });
      if (code != ExitCode::ok || ended) return code;
      if (!client_.is_daemon()) return complain("the message waits, and no daemon runs that could deliver it", ExitCode::unreachable);
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }

  ExitCode status() {
    control_pb::Request request;
    request.mutable_status();
    ExitCode health = ExitCode::cannot_send;
    const ExitCode code = ask(request, [&](const control_pb::Response& response) {
      health = health_in(response.status());
      if (line_.json)
        print_json(out_, response.status());
      else
        print_status(out_, response.status(), now_);
    });
    return code == ExitCode::ok ? health : code;
  }

  static ExitCode health_in(const control_pb::StatusInfo& status) {
    if (status.verdict() == control::kWell) return ExitCode::ok;
    return status.verdict() == control::kDegraded ? ExitCode::nothing_matched : ExitCode::cannot_send;
  }

  ExitCode reload() {
    if (!client_.is_daemon()) return complain("no daemon runs; it reads the configuration when it starts", ExitCode::unreachable);
    control_pb::Request request;
    request.mutable_reload();
    const ExitCode code = ask(request, [](const control_pb::Response&) {});
    if (code == ExitCode::ok) out_ << "The configuration has been read again.\n";
    return code;
  }

  ExitCode act() {
    const control_pb::Action action = action_of(line_.command);
    control_pb::Request request;
    request.mutable_act()->set_action(action);
    *request.mutable_act()->mutable_selector() = selector_of(line_);
    request.mutable_act()->set_dry_run(line_.dry_run);
    const ExitCode code = ask(request, [&](const control_pb::Response& response) {
      const control_pb::Effect& effect = response.effect();
      if (line_.json)
        print_json(out_, effect);
      else
        out_ << effect.id() << " " << effect_text(action, effect.what(), client_.is_daemon()) << "\n";
    });
    if (code != ExitCode::ok || matched_ != 0) return code;
    if (!line_.json) out_ << "No message matches.\n";
    return line_.command == "flush" ? ExitCode::ok : ExitCode::nothing_matched;
  }

  const CommandLine& line_;
  ControlClient& client_;
  std::ostream& out_;
  std::ostream& error_;
  WallTime now_;
  std::uint64_t matched_ = 0;
  bool more_ended_ = false, has_dialogue_ = false;
  Unlisted unlisted_;  // from the last answer
};

}  // namespace

ExitCode run_command(const CommandLine& line, ControlClient& client, Streams streams) {
  if (line.command == "why") return run_why(line, client, streams);
  if (line.command == "dialogue") return run_dialogue(line, client, streams);
  if (line.command == "debug") return run_debug(line, client, streams);
  if (line.command == "tail") return run_tail(line, client, streams);
  return Command(line, client, streams).run();
}

}  // namespace mxpress::mta::cli
