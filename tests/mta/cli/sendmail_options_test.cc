// sendmail's command line.
#include "mta/cli/sendmail_options.h"

#include <catch2/catch.hpp>

#include "mta/cli/sendmail_input.h"
#include "mta/cli/sendmail_message.h"
#include "mta/cli/sendmail_settings.h"

using namespace mxpress::mta::cli;

namespace {

SendmailOptions parsed(std::vector<std::string> arguments, const char* program = "sendmail") {
  auto options = parse_sendmail_options(program, arguments);
  INFO((options.ok() ? "" : options.error().message));
  REQUIRE(options.ok());
  return *options;
}

bool is_refused(std::vector<std::string> arguments) { return !parse_sendmail_options("sendmail", arguments).ok(); }

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("sendmail options: sender, name, DSN and recipients, attached or apart") {
  const auto options = parsed({"-i", "-f", "a@b.example", "-FMy Name", "-N", "success,Delay", "-Rhdrs", "-V", "id", "x@y.example", "z"});
  CHECK(options.ignore_dots);
  CHECK(options.sender == "a@b.example");
  CHECK(options.full_name == "My Name");
  CHECK(options.notify.success);
  CHECK(options.notify.delay);
  CHECK_FALSE(options.notify.failure);
  CHECK(options.ret == mxpress::proto::Return::headers);
  CHECK(options.envid == "id");
  CHECK(options.recipients == Strings{"x@y.example", "z"});
  CHECK_FALSE(options.require_tls);
  CHECK(parsed({"-O", "RequireTLS", "x"}).require_tls);
  CHECK_FALSE(parsed({"-ORequireTLSnot", "x"}).require_tls);
  CHECK(parsed({"-Nnever"}).notify.never());
  CHECK(parsed({"-r<>", "x"}).sender == "");
  CHECK(parsed({"-f", "", "x"}).sender == "");
  CHECK_FALSE(parsed({"x"}).sender);
}

TEST_CASE("sendmail options: what programs put on the line is read and has no effect") {
  for (const Strings& quiet : {Strings{"-oem"},
                               {"-oep"},
                               {"-oeq"},
                               {"-odb"},
                               {"-odi"},
                               {"-odq"},
                               {"-om"},
                               {"-B8BITMIME"},
                               {"-B", "7BIT"},
                               {"-n"},
                               {"-U"},
                               {"-m"},
                               {"-G"},
                               {"-Ltag"},
                               {"-h", "5"},
                               {"-O", "QueueDirectory=/tmp"},
                               {"-OQueueDirectory=/tmp"},
                               {"-oQ/tmp"},
                               {"-X/var/www/x.php"},
                               {"-X", "/tmp/x"},
                               {"-C/tmp/evil.cf"},
                               {"-C", "/tmp/evil.cf"},
                               {"-c"},
                               {"-d0.1"},
                               {"-Am"},
                               {"-Dx=y"},
                               {"-e", "m"},
                               {"-p", "x"}}) {
    Strings arguments = quiet;
    arguments.push_back("you@there.example");
    INFO(quiet.front());
    const auto options = parsed(arguments);
    CHECK(options.mode == SendmailMode::deliver);
    CHECK(options.recipients == Strings{"you@there.example"});
    CHECK_FALSE(options.ignore_dots);
  }
}

TEST_CASE("sendmail options: -t, -i and clusters; two dashes end the options") {
  CHECK(parsed({"-ti"}).recipients_of_header);
  CHECK(parsed({"-ti"}).ignore_dots);
  CHECK(parsed({"-oi"}).ignore_dots);
  CHECK(parsed({"-itfme@b.example"}).sender == "me@b.example");
  CHECK(parsed({"a", "-i", "--", "-t", "--"}).recipients == Strings{"a", "-t", "--"});
}

TEST_CASE("sendmail options: modes, by option and by name") {
  CHECK(parsed({"-bs"}).mode == SendmailMode::smtp);
  CHECK(parsed({"-b", "p"}).mode == SendmailMode::list_queue);
  CHECK(parsed({"-bv", "x"}).mode == SendmailMode::verify);
  CHECK(parsed({"-bi"}).mode == SendmailMode::new_aliases);
  CHECK(parsed({"-bm", "x"}).mode == SendmailMode::deliver);
  CHECK(parsed({"-bd", "-q15m"}).mode == SendmailMode::daemon);
  CHECK(parsed({"-q"}).mode == SendmailMode::flush_queue);
  CHECK(parsed({"-q15m"}).mode == SendmailMode::daemon);
  CHECK(parsed({}, "/usr/bin/mailq").mode == SendmailMode::list_queue);
  CHECK(parsed({}, "newaliases").mode == SendmailMode::new_aliases);
  CHECK(parsed({"--help"}, "mailq").mode == SendmailMode::help);
}

TEST_CASE("sendmail options: nonsense is refused") {
  CHECK(is_refused({"-be", "x"}));  // another program's expansion of strings
  CHECK(is_refused({"-bt"}));
  CHECK(is_refused({"-Z"}));
  CHECK(is_refused({"-tZ"}));
  CHECK(is_refused({"--unknown"}));
  CHECK(is_refused({"-f"}));
  CHECK(is_refused({"-N", "sometimes"}));
  CHECK(is_refused({"-N", "never,success"}));
  CHECK(is_refused({"-R", "some"}));
}

TEST_CASE("sendmail: recipients come from arguments and header, each once; files and programs are none") {
  SendmailOptions options;
  options.recipients = {"a@b.example, Name <c@d.example>", "root", "a@b.example"};
  CHECK(find_recipients(options, {}).addresses == Strings{"a@b.example", "c@d.example", "root"});
  options.recipients_of_header = true;
  CHECK(find_recipients(options, "To: e@f.example,\r\n c@d.example\r\nBcc: secret@x.example\r\n").addresses ==
        Strings{"a@b.example", "c@d.example", "root", "e@f.example", "secret@x.example"});
  for (const char* bad : {"/etc/passwd", "|sh", "a@b@c", "a b", "<a@b.example", "a@b.example\r\nRCPT TO:<x@y.example>", ""}) {
    SendmailOptions one;
    one.recipients = {bad};
    INFO(bad);
    CHECK_FALSE(find_recipients(one, {}).status.ok());
  }
  CHECK(find_recipients(SendmailOptions{}, {}).status.code == mxpress::proto::ExitCode::usage);
}

TEST_CASE("sendmail: what is no address is kept apart from what is, wherever it stands; alone it is an error") {
  const struct {
    Strings arguments;
    const char* header;
    Strings good, malformed;
  } cases[] = {
      {{}, "To: a@x.example, n/a@, b@x.example\r\n", {"a@x.example", "b@x.example"}, {"n/a@"}},
      {{}, "To: a@x.example\r\nCc: \"open b@x.example\r\nBcc: c@x.example\r\n", {"a@x.example", "c@x.example"}, {"\"open b@x.example"}},
      {{},
       "To: a@x.example, <b@x.example, c@x.example\r\nCc: d@x.example\r\n",
       {"a@x.example", "d@x.example"},
       {"<b@x.example, c@x.example"}},
      {{}, "To: (none), a@x.example, b@@x.example, @x.example\r\n", {"a@x.example"}, {"b@@x.example", "@x.example"}},
      {{"a@x.example", "n/a@", "b@-x.example"}, "", {"a@x.example"}, {"n/a@", "b@-x.example"}},
      {{"a@x.example, two words@x.example"}, "", {"a@x.example"}, {"two words@x.example"}},
      {{"a@x.example", "/etc/passwd", "|sh"}, "", {"a@x.example"}, {"/etc/passwd", "|sh"}},
      {{"a@x.example", "", ",", "g:;"}, "", {"a@x.example"}, {}},
      {{"a@x.example", "b@x.example\nRCPT TO:<c@x.example>"}, "", {"a@x.example"}, {"b@x.example\nRCPT TO:<c@x.example>"}},
  };
  for (const auto& [arguments, header, good, malformed] : cases) {
    CAPTURE(header, arguments);
    SendmailOptions options;
    options.recipients = arguments;
    options.recipients_of_header = arguments.empty();
    const Recipients found = find_recipients(options, header);
    CHECK(found.status.ok());
    CHECK(found.addresses == good);
    CHECK(found.malformed == malformed);
    const auto commands = envelope_commands(options, "me", found);
    CHECK(commands.size() == 2 + good.size() + malformed.size());
    for (const std::string& command : commands) CHECK(command.find_first_of("\r\n") == command.size() - 2);
  }
  SendmailOptions options;
  options.recipients_of_header = true;
  CHECK(find_recipients(options, "To: n/a@\r\nCc: b@@x.example\r\n").status.code == mxpress::proto::ExitCode::data);
  CHECK(find_recipients(options, "To: <a@x.example\r\n").status.code == mxpress::proto::ExitCode::data);
  CHECK(find_recipients(options, "To: undisclosed-recipients:;\r\n").status.code == mxpress::proto::ExitCode::usage);
}

TEST_CASE("sendmail: one recipient in several guises is named once; local parts differ by case") {
  SendmailOptions options;
  options.recipients = {"you@x.example", "you@X.Example", "\"you\"@x.example", "<you@x.example.>", "Name <@r.example:you@x.example>",
                        "You@x.example"};
  options.recipients_of_header = true;
  CHECK(find_recipients(options, "Cc: (c) you@x.example, y\\ou@x.example\r\n").addresses == Strings{"you@x.example", "You@x.example"});
}

TEST_CASE("sendmail: the domain of a recipient is written in ASCII") {
  SendmailOptions options;
  options.recipients = {
      "You@b\xC3\xBC"
      "cher.example",
      "you@XN--BCHER-KVA.example", "root"};
  CHECK(find_recipients(options, "").addresses == Strings{"You@xn--bcher-kva.example", "you@XN--BCHER-KVA.example", "root"});
}

TEST_CASE("sendmail: the sender of -f is read as recipients are; a user name is quoted where it must be") {
  const auto sender = [](std::optional<std::string> given, const char* login = "joe") {
    SendmailOptions options;
    options.sender = std::move(given);
    return find_sender(options, {login, ""});
  };
  for (const char* given :
       {"a@b.example", "<a@b.example>", " < a@b.example > ", "Name <a@b.example>", "a@b.example (comment)", "\"Doe, J\" <a@b.example>",
        "(c) a @ b.example", "@relay.example:a@b.example", "<@relay.example:a@b.example>", "g:a@b.example;"}) {
    CAPTURE(given);
    CHECK(sender(given).status.ok());
    CHECK(sender(given).address == "a@b.example");
  }
  for (const char* null : {"", "<>", " <> ", "Mail Delivery System <>"}) {
    CHECK(sender(null).status.ok());
    CHECK(sender(null).address.empty());
  }
  for (const char* bad :
       {"a@b.example, c@d.example", "a b@c.example", "<a@b.example", "a@", "\"a@b.example", "a@b.example\r\nRCPT TO:<c>", ",", "g:;"}) {
    CAPTURE(bad);
    CHECK(sender(bad).status.code == mxpress::proto::ExitCode::usage);
  }
  CHECK(sender({}).address == "joe");
  CHECK(sender({}, "CORP\\jane").address == "\"CORP\\\\jane\"");
  CHECK(sender({}, "jane@corp").address == "\"jane@corp\"");
  CHECK(sender({}, ".jane.").address == "\".jane.\"");
  CHECK_FALSE(sender({}, "j\xc3\xbcrgen").status.ok());
}

TEST_CASE("sendmail: the start of the message loses its mbox line and gains From; the rest keeps its bytes") {
  const Caller caller{"joe", "Joe Doe"};
  SendmailOptions options;
  std::string sender = "joe";
  const auto completed = [&](const std::string& text) {
    mxpress::proto::HeaderScanner scanner(mxpress::proto::MboxLines::are_dropped);
    scanner.find_end(text, mxpress::proto::Extent::is_whole);
    return complete_start(options, caller, sender, scanner, text);
  };
  const std::string complete = "From: x@y.example\r\nBcc: z\r\n\r\nFrom here\r\n";
  CHECK(completed(complete) == complete);
  CHECK(completed("From joe Thu Jan 1\r\n" + complete) == complete);
  CHECK(completed("Subject: s\r\n\r\nb\r\n") == "From: Joe Doe <joe>\r\nSubject: s\r\n\r\nb\r\n");
  CHECK(completed("only text\r\n") == "From: Joe Doe <joe>\r\nonly text\r\n");
  CHECK(completed(" indented text\r\n") == " indented text\r\n");  // would become part of From
  options.full_name = "Evil\r\nBcc: x";
  sender = "a@b.example";
  CHECK(completed("\r\nb\r\n").find("\r\nBcc") == std::string::npos);
}

TEST_CASE("sendmail: a lone dot ends the text wherever it is cut, and dots elsewhere do not") {
  for (const std::string& end : {std::string("\n"), std::string("\r\n")}) {
    const std::string text = "..a" + end + ".b" + end + "." + end + "hidden" + end;
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      DotFinder dots;
      std::string out;
      CHECK((dots.feed(text.substr(0, cut), out) || dots.feed(text.substr(cut), out)));
      CHECK(out == "..a" + end + ".b" + end);
    }
  }
  DotFinder dots;
  std::string out;
  CHECK_FALSE(dots.feed("a\n.", out));
  dots.finish(out);
  CHECK(out == "a\n.");
}

TEST_CASE("sendmail: a lone dot of a program is text, but for one at the end of the text") {
  const std::pair<std::string, std::string> cases[] = {{"a\n.\nb\n", "a\n.\nb\n"},
                                                       {"a\n.\n", "a\n"},
                                                       {".\n", ""},
                                                       {"a\r\n.\r\n\r\n", "a\r\n"},
                                                       {"a\n.\n\n\n.\n\n", "a\n.\n\n\n"},
                                                       {"a\n.", "a\n."},
                                                       {"a\n..\n", "a\n..\n"},
                                                       {".a\n.b\n", ".a\n.b\n"},
                                                       {"a.\n.\r\nb", "a.\n.\r\nb"},
                                                       {"", ""}};
  for (const auto& [text, wanted] : cases) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      LastDotFilter filter;
      std::string out;
      filter.feed(text.substr(0, cut), out);
      filter.feed(text.substr(cut), out);
      filter.finish(out);
      CAPTURE(text, cut);
      CHECK(out == wanted);
    }
  }
}

TEST_CASE("sendmail settings: the keys are found among everything else") {
  SendmailSettings settings;
  read_settings(
      "# c\nhostname = 'h.example' # c\ndirectory = \"/no\"\n[spool]\n directory=\"/s\"\n[listen]\nsmtp = "
      "[\"127.0.0.1:25\"]\nsubmission_socket = \"/x\"",
      settings);
  CHECK(settings.spool_directory == "/s");
  CHECK(settings.submission_socket == "/x");
  read_settings("spool.directory = \"/t\"\n[[[\n=\n\"", settings);
  CHECK(settings.drop_directory() == "/t/drop");
}
