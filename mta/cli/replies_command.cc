// Rules about replies.
#include "mta/cli/replies_command.h"

#include <ostream>
#include <utility>

#include "mta/cli/install_file.h"
#include "mta/cli/json.h"
#include "mta/config/config.h"
#include "mta/replies/current_rules.h"
#include "mta/replies/meaning.h"
#include "mta/system/atomic_file.h"
#include "proto/printable.h"
#include "queue/retry.h"

namespace mxpress::mta::cli {
namespace {

using replies::When;

constexpr const char* kTypedHost = "mx.example.org";

std::string shown(std::string_view text) { return proto::printable(text, 1000); }

class RepliesCommand {
 public:
  RepliesCommand(const CommandLine& line, const Config& config, Streams streams)
      : words_(line.arguments), json_(line.json), config_(config), out_(streams.out), error_(streams.error) {}

  ExitCode run() {
    if (words_[0] == "test") return test();
    if (words_[0] == "limits") return limits();
    return words_[0] == "use" ? use() : check();
  }

 private:
  ExitCode failed(const std::string& why, ExitCode code = ExitCode::failed) {
    error_ << "mxpress: " << shown(why) << "\n";
    return code;
  }

  // The text of the file if it has no mistake; else they are printed.
  Result<std::string> good_file() {
    auto text = system::read_small_file(words_[1]);
    if (!text) return text;
    const replies::RuleFile file = replies::parse_rules(*text, words_[1]);
    for (const std::string& mistake : file.mistakes) error_ << shown(mistake) << "\n";
    if (!file.mistakes.empty()) return Error::permanent("");
    out_ << shown(words_[1]) << ": " << file.rules.rules().size() << " rules"
         << (file.rules.date().empty() ? "" : " of " + file.rules.date()) << ", " << file.samples.size() << " of them with a sample.\n";
    return text;
  }

  ExitCode outcome_of(const Error& error) { return error.message.empty() ? ExitCode::nothing_matched : failed(error.message); }

  ExitCode check() {
    const auto text = good_file();
    return text ? ExitCode::ok : outcome_of(text.error());
  }

  // A file with a mistake is never installed.
  ExitCode use() {
    const auto text = good_file();
    if (!text) return outcome_of(text.error());
    return install_file(config_, replies::replacement_for(config_), *text, {out_, error_});
  }

  // Of all providers, or of the one whose mail host is named.
  ExitCode limits() {
    const replies::CurrentRules current = replies::current_rules(config_);
    const replies::ProviderLimits* const own = words_.size() > 1 ? current.rules->limits_for(words_[1]) : nullptr;
    for (const replies::ProviderLimits& one : current.rules->limits())
      if (words_.size() == 1 || &one == own) tell(one);
    if (words_.size() == 1 || own) return ExitCode::ok;
    if (!json_) out_ << "No limit is known.\n";
    return ExitCode::nothing_matched;
  }

  void tell(const replies::ProviderLimits& one) {
    if (json_) {
      boost::json::array rates;
      for (const Rate& rate : one.rate) rates.emplace_back(rate.to_string());
      return print_json(out_, {{"name", one.name},
                               {"connections", one.connections},
                               {"messages", one.messages},
                               {"recipients", one.recipients},
                               {"rate", std::move(rates)}});
    }
    out_ << one.name << ":";
    for (const std::string& host : one.hosts) out_ << " " << host;
    const auto say = [&](std::size_t number, const char* what) {
      if (number != 0) out_ << "; " << what << number;
    };
    say(one.connections, "connections at a time: ");
    say(one.messages, "messages over each: ");
    say(one.recipients, "recipients in a transaction: ");
    for (const Rate& rate : one.rate) out_ << (&rate == &one.rate.front() ? "; messages in a time: " : ", ") << rate.to_string();
    out_ << "\n";
  }

  ExitCode test() {
    const replies::CurrentRules current = replies::current_rules(config_);
    if (!current.failure.empty()) error_ << "mxpress: " << shown(current.failure) << "; the rules of mxpress are used\n";
    const std::string host = words_.size() > 2 ? words_[2] : kTypedHost;
    const auto found = current.rules->match(replies::typed_reply(words_[1], host, When::rcpt));
    if (found) tell(*found, current.source, replies::typed_reply(words_[1], host, When::rcpt));
    const bool others = tell_other_places(*current.rules, host, found ? found->rule : nullptr);
    if (!found && !others && !json_) out_ << "No rule matches.\n";
    return found || others ? ExitCode::ok : ExitCode::nothing_matched;
  }

  void tell(const replies::Match& match, const std::string& source, const proto::HostResult& reply) {
    const replies::Rule& rule = *match.rule;
    if (json_) return tell_as_json(match, source);
    out_ << "rule: " << rule.name << " (line " << rule.line << " of " << (source == "mxpress" ? "the rules of mxpress" : shown(source))
         << ")\nclass: " << to_string(rule.kind) << "\ncause: " << rule.cause << "\nto act: " << proto::in_words(rule.who) << "\n";
    if (!rule.todo.empty()) out_ << "what to do: " << rule.todo << "\n";
    if (!rule.link.empty()) out_ << "see, or write to: " << rule.link << "\n";
    if (match.wait) out_ << "it asks to be tried again in " << queue::format_duration(*match.wait) << "\n";
    if (reply.reply_code / 100 != 5) return;
    out_ << (replies::is_own_fault(rule.kind) ? "mail that gets it is kept, and tried again\n" : "mail that gets it is returned at once\n");
  }

  void tell_as_json(const replies::Match& match, const std::string& source) {
    const replies::Rule& rule = *match.rule;
    print_json(out_, {{"rule", rule.name},
                      {"line", rule.line},
                      {"source", source},
                      {"reply_class", to_string(rule.kind)},
                      {"who", replies::to_string(rule.who)},
                      {"cause", rule.cause},
                      {"todo", rule.todo},
                      {"link", rule.link},
                      {"wait_ms", match.wait.value_or(Duration(0)).count()},
                      {"own_fault", replies::is_own_fault(rule.kind)}});
  }

  // The same words may mean something else in the greeting and behind DATA. True: some rule matches there.
  bool tell_other_places(const replies::RuleSet& rules, const std::string& host, const replies::Rule* usual) {
    bool any = false;
    for (const auto& [when, words] :
         {std::pair(When::greeting, "in the greeting"), {When::mail, "to MAIL"}, {When::data, "to the content"}}) {
      const auto found = rules.match(replies::typed_reply(words_[1], host, when));
      any = any || found;
      const replies::Rule* const rule = found ? found->rule : nullptr;
      if (rule != usual && !json_)
        out_ << words << ": " << (rule ? rule->name + ", " + std::string(to_string(rule->kind)) : "no rule") << "\n";
    }
    return any;
  }

  const std::vector<std::string>& words_;
  const bool json_;
  const Config& config_;
  std::ostream& out_;
  std::ostream& error_;
};

}  // namespace

std::optional<std::string> mistake_in_replies(const std::vector<std::string>& words) {
  const bool is_file = words.size() == 2 && (words[0] == "check" || words[0] == "use");
  const bool is_test = (words.size() == 2 || words.size() == 3) && words[0] == "test";
  const bool is_limits = words.size() <= 2 && !words.empty() && words[0] == "limits";
  if (is_file || is_test || is_limits) return std::nullopt;
  return "say mxpress replies check FILE, mxpress replies use FILE, mxpress replies limits [HOST], or mxpress replies test TEXT [HOST], "
         "with "
         "the text in quotes";
}

ExitCode run_replies(const CommandLine& line, const Config& config, Streams streams) { return RepliesCommand(line, config, streams).run(); }

}  // namespace mxpress::mta::cli
