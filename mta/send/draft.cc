// Makes a letter and an envelope of options.
#include "mta/send/draft.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <set>
#include <utility>

#include "mta/compose/file_name.h"
#include "proto/mail_data.h"
#include "proto/printable.h"

namespace mxpress::mta::send {
namespace {

using compose::Correspondent;
using compose::Source;
using proto::ExitCode;

constexpr std::size_t kMostNamed = 3;      // files
constexpr std::size_t kLongestName = 200;  // octets

// Fills a draft; after the first mistake nothing is read any more.
class Drafting {
 public:
  Drafting(const Options& options, const cli::Caller& caller) : options_(options), caller_(caller) {}
  Draft draft(const Moment& moment);

 private:
  void read_author();
  void read_header(const Moment& moment);
  void read_files();
  void read_people(const char* option, const std::vector<std::string>& lists, std::vector<Correspondent>& people);
  void add_recipients(const std::vector<Correspondent>& people);
  void open_text(const std::optional<std::string>& path, std::optional<Source>& source);
  void open_files(const std::vector<std::string>& paths, std::vector<Source>& sources);
  void check_inline_names();
  void fail(ExitCode code, const std::string& why);
  bool ok() const { return draft_.status.ok(); }

  const Options& options_;
  const cli::Caller& caller_;
  Draft draft_;
  std::set<std::string> seen_;
};

void Drafting::fail(ExitCode code, const std::string& why) {
  if (ok()) draft_.status = {code, why};
}

void Drafting::read_people(const char* option, const std::vector<std::string>& lists, std::vector<Correspondent>& people) {
  for (const std::string& list : lists) {
    auto read = compose::read_correspondents(list);
    if (!read) return fail(ExitCode::data, std::string(option) + ": " + read.error().message);
    std::move(read->begin(), read->end(), std::back_inserter(people));
  }
}

void Drafting::add_recipients(const std::vector<Correspondent>& people) {
  for (const Correspondent& person : people) {
    if (seen_.insert(person.address).second) draft_.recipients.push_back(person.address);
  }
}

// The caller, like sendmail, if no author is given.
void Drafting::read_author() {
  compose::Letter& letter = draft_.letter;
  if (!options_.from) {
    const cli::Sender own = cli::find_sender({}, caller_);
    if (!own.status.ok()) return fail(own.status.code, "no mail address can hold your user name; say --from");
    letter.from.push_back({proto::printable_utf8(caller_.full_name, kLongestName), own.address});
  } else {
    read_people("--from", {*options_.from}, letter.from);
  }
  if (ok() && letter.from.size() != 1) return fail(ExitCode::usage, "--from takes one address");
  if (ok()) draft_.sender = letter.from.front().address;
}

std::string unique_text(const Moment& moment) {
  char text[40];
  (void)std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(moment.random[0]),
                      static_cast<unsigned long long>(moment.random[1]));
  return text;
}

// mxpressd makes the Message-ID where the author's domain is not known here.
std::string message_id_of(const Draft& draft) {
  const auto at = draft.sender.rfind('@');
  return at == draft.sender.npos ? std::string() : draft.unique + draft.sender.substr(at);
}

void Drafting::read_header(const Moment& moment) {
  compose::Letter& letter = draft_.letter;
  letter.date = moment.time;
  letter.zone_minutes = moment.zone_minutes;
  draft_.unique = unique_text(moment);
  letter.message_id = message_id_of(draft_);
  if (const Status status = compose::check_text_line("--subject", options_.subject); !status)
    return fail(ExitCode::data, status.error().message);
  letter.subject = options_.subject;
  if (options_.in_reply_to) {
    auto id = compose::read_message_id(*options_.in_reply_to);
    if (!id) return fail(ExitCode::data, "--in-reply-to: " + id.error().message);
    letter.in_reply_to = std::move(*id);
  }
  for (const std::string& text : options_.fields) {
    auto field = compose::read_field(text);
    if (!field) return fail(ExitCode::data, field.error().message);
    letter.fields.push_back(std::move(*field));
  }
}

void Drafting::open_text(const std::optional<std::string>& path, std::optional<Source>& source) {
  if (!path || !ok()) return;
  auto opened = *path == kStandardInput ? Source::copy_of(STDIN_FILENO, "standard input", proto::kMaxDropFile) : Source::open(*path);
  if (!opened) return fail(ExitCode::no_input, opened.error().message);
  source = std::move(*opened);
}

void Drafting::open_files(const std::vector<std::string>& paths, std::vector<Source>& sources) {
  for (const std::string& path : paths) {
    if (!ok()) return;
    auto opened = Source::open(path);
    if (!opened) return fail(ExitCode::no_input, opened.error().message);
    sources.push_back(std::move(*opened));
  }
}

// The name is the Content-ID, to which "cid:" refers. RFC 2392
void Drafting::check_inline_names() {
  std::set<std::string> names;
  for (const Source& source : draft_.letter.inlines) {
    const std::string name = compose::name_for_reader(source.path());
    if (!compose::is_plain_name(name))
      return fail(ExitCode::data, "--inline " + name + ": HTML cannot refer to this name; use letters of ASCII, digits, '.', '-' and '_'");
    if (!names.insert(name).second) return fail(ExitCode::data, "--inline: two files are called " + name);
  }
}

void Drafting::read_files() {
  open_files(options_.attachments, draft_.letter.attachments);
  open_files(options_.inlines, draft_.letter.inlines);
  if (ok()) check_inline_names();
  open_text(options_.html, draft_.letter.html);
  open_text(options_.text, draft_.letter.text);
}

Draft Drafting::draft(const Moment& moment) {
  compose::Letter& letter = draft_.letter;
  std::vector<Correspondent> hidden;
  read_author();
  read_people("--to", options_.to, letter.to);
  read_people("--cc", options_.cc, letter.cc);
  read_people("--bcc", options_.bcc, hidden);
  read_people("--reply-to", options_.reply_to, letter.reply_to);
  for (const auto* const people : {&letter.to, &letter.cc, &hidden}) add_recipients(*people);
  read_header(moment);
  if (ok()) read_files();
  return std::move(draft_);
}

}  // namespace

Draft make_draft(const Options& options, const cli::Caller& caller, const Moment& moment) {
  return Drafting(options, caller).draft(moment);
}

std::string shown_size(std::uint64_t octets) {
  constexpr double kKilo = 1000, kMega = 1000 * kKilo;
  char text[40];
  const auto size = static_cast<double>(octets);
  if (size < kMega)
    (void)std::snprintf(text, sizeof text, "%.1f kB", size / kKilo);
  else
    (void)std::snprintf(text, sizeof text, "%.1f MB", size / kMega);
  return text;
}

std::string largest_files(const compose::Letter& letter) {
  std::vector<const Source*> files;
  for (const auto* const sources : {&letter.attachments, &letter.inlines})
    for (const Source& source : *sources) files.push_back(&source);
  std::sort(files.begin(), files.end(), [](const Source* a, const Source* b) { return a->size() > b->size(); });
  std::string text;
  for (std::size_t i = 0; i < std::min(files.size(), kMostNamed); ++i)
    text += (i == 0 ? "" : ", ") + compose::name_for_reader(files[i]->path()) + " (" + shown_size(files[i]->size()) + ")";
  return text;
}

}  // namespace mxpress::mta::send
