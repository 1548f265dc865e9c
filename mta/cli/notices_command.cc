// Texts of notices.
#include "mta/cli/notices_command.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "dns/async.h"
#include "mta/cli/install_file.h"
#include "mta/config/config.h"
#include "mta/languages/current_languages.h"
#include "mta/languages/text_file.h"
#include "mta/system/atomic_file.h"
#include "proto/dsn_text.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

constexpr std::size_t kMostNamed = 10;

std::string shown(std::string_view text) { return proto::printable_utf8(text, 1000); }

// A notice about a recipient that does not exist, as an example.
proto::Notice example(const Config& config, const proto::Phrases* phrases) {
  proto::Notice notice{proto::NoticeKind::failure, config.own_domain(), proto::Mailbox::parse("author@example.org").value()};
  notice.original = "Subject: An example\r\n\r\n";
  notice.now = notice.arrival = Clock::current().wall();
  notice.phrases = phrases;
  proto::NoticeRecipient recipient{proto::Mailbox::parse("nobody@example.com").value()};
  recipient.result = {proto::Stage::rcpt, "mx.example.com", "192.0.2.1", "", {5, 1, 1}, 550, "550 5.1.1 no such user here", false};
  recipient.last_attempt = notice.now;
  notice.recipients.push_back(std::move(recipient));
  return notice;
}

class NoticesCommand {
 public:
  NoticesCommand(const CommandLine& line, const Config& config, Streams streams)
      : words_(line.arguments), config_(config), streams_(streams) {}

  ExitCode run() {
    if (words_[0] == "show") return show();
    const auto text = good_file();
    if (!text) return text.error().message.empty() ? ExitCode::nothing_matched : failed(text.error().message);
    if (words_[0] == "check") return ExitCode::ok;
    return install_file(config_, languages::replacement_for(config_), *text, streams_);
  }

 private:
  ExitCode failed(const std::string& why) {
    streams_.error << "mxpress: " << shown(why) << "\n";
    return ExitCode::failed;
  }

  // The text of the file if it has no mistake; else they are printed, and the error has no message.
  Result<std::string> good_file() {
    auto text = system::read_small_file(words_[1]);
    if (!text) return text;
    const languages::TextFile file = languages::parse_texts(*text, words_[1]);
    for (const std::string& mistake : file.mistakes) streams_.error << shown(mistake) << "\n";
    if (!file.mistakes.empty()) return Error::permanent("");
    streams_.out << shown(words_[1]) << ": " << file.texts << " texts in " << file.catalogues.size()
                 << (file.catalogues.size() == 1 ? " language.\n" : " languages.\n");
    tell_unknown(file.unknown);
    return text;
  }

  void tell_unknown(const std::vector<std::string>& unknown) {
    for (std::size_t i = 0; i < std::min(unknown.size(), kMostNamed); ++i)
      streams_.out << "  not a sentence of mxpress: \"" << shown(unknown[i]) << "\"\n";
    if (unknown.size() > kMostNamed) streams_.out << "  and " << unknown.size() - kMostNamed << " more\n";
  }

  ExitCode show() {
    const languages::CurrentLanguages current = languages::current_languages(config_);
    if (!current.failure.empty()) streams_.error << "mxpress: " << shown(current.failure) << "; the texts of mxpress are used\n";
    const std::string tag = words_.size() > 1 ? words_[1] : config_.notices_language.empty() ? "en" : config_.notices_language;
    const proto::Phrases* const phrases = current.languages->find(tag);
    if (!phrases) return failed("there are no texts for \"" + tag + "\"");
    const proto::Notice notice = example(config_, phrases);
    std::string text = proto::notice_subject(notice) + "\n\n" + proto::notice_text(notice);
    std::erase(text, '\r');
    streams_.out << text;
    return ExitCode::ok;
  }

  const std::vector<std::string>& words_;
  const Config& config_;
  Streams streams_;
};

}  // namespace

std::optional<std::string> mistake_in_notices(const std::vector<std::string>& words) {
  const bool is_file = words.size() == 2 && (words[0] == "check" || words[0] == "use");
  const bool is_show = (words.size() == 1 || words.size() == 2) && words[0] == "show";
  if (is_file || is_show) return std::nullopt;
  return "say mxpress notices check FILE, mxpress notices use FILE, or mxpress notices show [LANGUAGE]";
}

ExitCode run_notices(const CommandLine& line, const Config& config, Streams streams) { return NoticesCommand(line, config, streams).run(); }

}  // namespace mxpress::mta::cli
