// Reads the options with Boost.
#include "mta/send/options.h"

#include <boost/program_options.hpp>
#include <sstream>

#include "proto/printable.h"

namespace mxpress::mta::send {
namespace {

namespace po = boost::program_options;

auto many(std::vector<std::string>& values, const char* name) { return po::value(&values)->composing()->value_name(name); }
auto files(std::vector<std::string>& values) { return many(values, "FILE...")->multitoken(); }

struct Once {
  std::string from, in_reply_to, text, html;
};

po::options_description description(Options& options, Once& once) {
  po::options_description all;
  all.add_options()("from", po::value(&once.from)->value_name("ADDRESS"), "the author (default: you)")(
      "to", many(options.to, "ADDRESS"), "recipients; each may have a name: 'Name <a@b.example>, c@d.example'")(
      "cc", many(options.cc, "ADDRESS"), "recipients of a copy")("bcc", many(options.bcc, "ADDRESS"), "recipients whom nobody is told")(
      "subject,s", po::value(&options.subject)->value_name("TEXT"), "the subject")("text", po::value(&once.text)->value_name("FILE|-"),
                                                                                   "the text; -: from standard input")(
      "html", po::value(&once.html)->value_name("FILE|-"), "the text in HTML; beside --text: the alternative that most readers show")(
      "attach,a", files(options.attachments), "attachments")(
      "inline", files(options.inlines), "images for --html, which refers to them as cid:NAME, the name of the file without folder")(
      "header", many(options.fields, "FIELD"), "another field of the header: 'Name: value'")(
      "reply-to", many(options.reply_to, "ADDRESS"), "where answers go")("in-reply-to", po::value(&once.in_reply_to)->value_name("ID"),
                                                                         "the Message-ID of the message that this one answers")(
      "follow", po::bool_switch(&options.follow), "wait, and show what becomes of it (exit code 0: delivered, 75: waits, 69: failed)")(
      "now", po::bool_switch(&options.now), "deliver it from here, at once, without mxpressd; one attempt")(
      "config,c", po::value(&options.config)->value_name("FILE"), "the configuration (default /etc/mxpress/mxpress.toml)")(
      "version", po::bool_switch(&options.version), "print the version")("help,h", po::bool_switch(&options.help), "print this text");
  return all;
}

Error mistake(const std::string& text) { return Error::permanent(proto::printable_utf8(text, 1000)); }

std::optional<Error> check(const Options& options) {
  if (options.help || options.version) return std::nullopt;
  if (options.to.empty() && options.cc.empty() && options.bcc.empty()) return mistake("no recipients: say --to, --cc or --bcc");
  if (!options.text && !options.html && options.attachments.empty())
    return mistake("say what to send: --text FILE (--text - for standard input), --html FILE or --attach FILE");
  if (options.text == kStandardInput && options.html == kStandardInput)
    return mistake("--text and --html cannot both be read from standard input");
  if (!options.inlines.empty() && !options.html) return mistake("--inline is for --html");
  if (options.now && options.follow) return mistake("--now waits for the result by itself: leave out --follow");
  return std::nullopt;
}

template <class T>
void take(const po::variables_map& values, const char* name, const std::string& value, std::optional<T>& out) {
  if (values.count(name)) out = value;
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  Options options;
  Once once;
  po::variables_map values;
  try {
    const auto all = description(options, once);
    const auto style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(arguments).options(all).positional({}).style(style).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    return mistake(error.what());
  }
  take(values, "from", once.from, options.from);
  take(values, "in-reply-to", once.in_reply_to, options.in_reply_to);
  take(values, "text", once.text, options.text);
  take(values, "html", once.html, options.html);
  if (const auto wrong = check(options)) return *wrong;
  return options;
}

std::string usage() {
  Options options;
  Once once;
  std::ostringstream text;
  text << "Usage: mxpress send --to ADDRESS [--subject TEXT] [--text FILE|-] [--attach FILE...] ...\n\n"
       << description(options, once)
       << "\nExit codes: 0 accepted, 64 usage, 65 the message cannot be sent, 66 a file cannot be read, 69 failed, 75 try again later,\n"
          "77 not allowed\n";
  return text.str();
}

}  // namespace mxpress::mta::send
