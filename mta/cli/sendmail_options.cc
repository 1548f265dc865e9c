// Reads sendmail's command line.
#include "mta/cli/sendmail_options.h"

#include "proto/ascii.h"

namespace mxpress::mta::cli {
namespace {

constexpr std::string_view kFlags = "GIUcimnstv";             // without a value; may be combined: -ti
constexpr std::string_view kWithValue = "ABCDFLNORVXefhopr";  // with a value, attached or as the next argument

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}
  Result<SendmailOptions> read();

 private:
  Status option(std::string_view text);
  Status flags(std::string_view letters);
  Status value(char letter, std::string_view attached);
  Status mode(std::string_view letter);
  Status notify(std::string_view list);
  Status ret(std::string_view word);
  void queue_run(std::string_view rest);

  const std::vector<std::string>& arguments_;
  std::size_t next_ = 0;
  SendmailOptions options_;
};

Error usage(std::string message) { return Error::permanent(std::move(message)); }

Result<SendmailOptions> Reader::read() {
  bool ended = false;
  while (next_ < arguments_.size()) {
    const std::string& argument = arguments_[next_++];
    if (ended || argument.empty() || argument.front() != '-' || argument == "-") {
      options_.recipients.push_back(argument);
    } else if (argument == "--") {
      ended = true;
    } else if (Status read = option(std::string_view(argument).substr(1)); !read.ok()) {
      return read.error();
    }
  }
  return std::move(options_);
}

Status Reader::option(std::string_view text) {
  if (text == "-help") return options_.mode = SendmailMode::help, Status();
  if (text == "-version") return options_.mode = SendmailMode::version, Status();
  const char letter = text.front();
  if (letter == 'q') return queue_run(text.substr(1)), Status();
  if (letter == 'd') return {};  // a debug level
  if (letter == 'b') return text.size() > 1 || next_ == arguments_.size() ? mode(text.substr(1)) : mode(arguments_[next_++]);
  if (kWithValue.find(letter) != std::string_view::npos) return value(letter, text.substr(1));
  return flags(text);
}

Status Reader::flags(std::string_view letters) {
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const char letter = letters[i];
    if (kWithValue.find(letter) != std::string_view::npos && i > 0) return value(letter, letters.substr(i + 1));
    if (kFlags.find(letter) == std::string_view::npos) return usage("unknown option -" + std::string(letters) + "; see sendmail --help");
    if (letter == 'i') options_.ignore_dots = true;
    if (letter == 't') options_.recipients_of_header = true;
    if (letter == 'v') options_.verbose = true;
  }
  return {};
}

Status Reader::value(char letter, std::string_view attached) {
  if (attached.empty() && next_ == arguments_.size()) return usage(std::string("option -") + letter + " needs a value");
  const std::string given = attached.empty() ? arguments_[next_++] : std::string(attached);
  switch (letter) {
    case 'f':
    case 'r':
      options_.sender = given == "<>" ? "" : given;
      break;
    case 'F':
      options_.full_name = given;
      break;
    case 'N':
      return notify(given);
    case 'R':
      return ret(given);
    case 'V':
      options_.envid = given;
      break;
    case 'o':
      options_.ignore_dots = options_.ignore_dots || given == "i";
      break;
    case 'O':
      options_.require_tls = options_.require_tls || proto::equal_in_any_case(given, "requiretls");
      break;
    default:
      break;  // without effect
  }
  return {};
}

Status Reader::mode(std::string_view letter) {
  if (letter == "m") return options_.mode = SendmailMode::deliver, Status();
  if (letter == "s") return options_.mode = SendmailMode::smtp, Status();
  if (letter == "p") return options_.mode = SendmailMode::list_queue, Status();
  if (letter == "i") return options_.mode = SendmailMode::new_aliases, Status();
  if (letter == "v") return options_.mode = SendmailMode::verify, Status();
  if (letter == "d" || letter == "D") return options_.mode = SendmailMode::daemon, Status();
  return usage("mode -b" + std::string(letter) + " does not exist here; see sendmail --help");
}

Status Reader::notify(std::string_view list) {
  options_.notify = {.given = true};
  if (proto::equal_in_any_case(list, "never")) return {};
  while (true) {
    const auto comma = list.find(',');
    const std::string_view word = proto::trimmed(list.substr(0, comma));
    const bool success = proto::equal_in_any_case(word, "success");
    const bool failure = proto::equal_in_any_case(word, "failure");
    const bool delay = proto::equal_in_any_case(word, "delay");
    if (!success && !failure && !delay) return usage("-N takes never, or success, failure and delay with commas between");
    options_.notify.success |= success;
    options_.notify.failure |= failure;
    options_.notify.delay |= delay;
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
}

Status Reader::ret(std::string_view word) {
  if (proto::equal_in_any_case(word, "hdrs")) return options_.ret = proto::Return::headers, Status();
  if (proto::equal_in_any_case(word, "full")) return options_.ret = proto::Return::full, Status();
  return usage("-R takes hdrs or full");
}

// "-q" alone requests a try now; with an interval it starts a daemon.
void Reader::queue_run(std::string_view rest) {
  if (options_.mode == SendmailMode::daemon) return;
  options_.mode = !rest.empty() && proto::is_digit(rest.front()) ? SendmailMode::daemon : SendmailMode::flush_queue;
}

}  // namespace

Result<SendmailOptions> parse_sendmail_options(std::string_view program, const std::vector<std::string>& arguments) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  auto options = Reader(arguments).read();
  if (!options.ok() || options->mode == SendmailMode::help || options->mode == SendmailMode::version) return options;
  if (name == "mailq") options->mode = SendmailMode::list_queue;
  if (name == "newaliases") options->mode = SendmailMode::new_aliases;
  return options;
}

}  // namespace mxpress::mta::cli
