// Lists the daemon's own mailbox, prints its messages, and delivers them.
#include "mta/cli/mailbox_command.h"

#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/directory.hpp>
#include <boost/filesystem/operations.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <ostream>
#include <vector>

#include "mta/cli/json.h"
#include "mta/cli/print.h"
#include "mta/cli/sendmail_outlet.h"
#include "mta/cli/spool_backend.h"
#include "mta/config/config.h"
#include "mta/system/file_octets.h"
#include "proto/command.h"
#include "proto/mail_data.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

namespace fs = boost::filesystem;

constexpr std::string_view kSuffix = ".mxpress", kReturnPath = "Return-Path: <", kDeliveredTo = "Delivered-To: ", kSubject = "Subject:";
constexpr std::size_t kShown = 60;  // characters of a subject

std::string clean(std::string_view text) { return proto::printable(text, 300); }

// A file of new/ or cur/.
struct Letter {
  fs::path file;
  std::string id;  // its former queue id, or the name that a mail reader has given it
  std::uint64_t size = 0;
};

std::string id_of(const std::string& name) {
  const auto end = name.find(kSuffix);
  return end == 0 || end == name.npos ? name : name.substr(0, end);
}

// Sorted by id, which means by age.
Result<std::vector<Letter>> letters_in(const fs::path& maildir) {
  std::vector<Letter> letters;
  for (const char* part : {"new", "cur"}) {
    boost::system::error_code error;
    for (fs::directory_iterator at(maildir / part, error), end; !error && at != end; at.increment(error)) {
      boost::system::error_code gone;
      const std::uint64_t size = fs::file_size(at->path(), gone);
      if (!gone) letters.push_back({at->path(), id_of(at->path().filename().string()), size});
    }
    if (error && error != boost::system::errc::no_such_file_or_directory)
      return Error::permanent("cannot read " + (maildir / part).string() + ": " + error.message());
  }
  std::sort(letters.begin(), letters.end(), [](const Letter& a, const Letter& b) { return a.id < b.id; });
  return letters;
}

struct Opened {
  std::string sender, recipient;  // from the first two lines
  std::string text;               // after these
  bool is_ours = false;           // it has these lines
};

// Takes the next line, without its end, if it has this beginning.
bool take_line(std::string& text, std::string_view beginning, std::string& rest) {
  const auto end = text.find('\n');
  if (!text.starts_with(beginning) || end == text.npos) return false;
  rest = text.substr(beginning.size(), end - beginning.size());
  text.erase(0, end + 1);
  return true;
}

Result<Opened> open_letter(const fs::path& path) {
  std::ifstream file(path.string(), std::ios::binary);
  if (!file) return Error::permanent("cannot read " + path.string());
  Opened opened;
  opened.text = {std::istreambuf_iterator<char>(file), {}};
  opened.is_ours = take_line(opened.text, kReturnPath, opened.sender) && opened.sender.ends_with('>') &&
                   take_line(opened.text, kDeliveredTo, opened.recipient);
  if (opened.is_ours) opened.sender.pop_back();
  return opened;
}

// The first line of the header's first Subject field.
std::string subject_of(std::string_view text) {
  for (std::size_t at = 0; at < text.size() && text[at] != '\n';) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(kSubject)) return proto::printable(line.substr(std::min(line.size(), kSubject.size() + 1)), kShown);
    at = end + 1;
  }
  return "";
}

ExitCode list(const std::vector<Letter>& letters, const CommandLine& line, std::ostream& out) {
  for (const Letter& letter : letters) {
    const auto opened = open_letter(letter.file);
    if (!opened) continue;  // a mail reader has moved it
    const std::string from = clean(opened->sender), to = clean(opened->recipient), subject = subject_of(opened->text);
    if (line.json)
      print_json(out, {{"id", clean(letter.id)}, {"size", letter.size}, {"sender", from}, {"recipient", to}, {"subject", subject}});
    else
      out << clean(letter.id) << "  " << size_text(letter.size) << "  to " << to << "  from <" << from << ">  " << subject << "\n";
  }
  if (letters.empty() && !line.json) out << "The mailbox is empty.\n";
  return ExitCode::ok;
}

// Submits the message to the daemon for its recipient. The Error is the reason why it cannot be submitted, or the daemon's refusal.
Status hand_in(const Opened& opened, const Config& config) {
  const auto recipient = proto::Mailbox::parse_qualifying(opened.recipient, config.own_domain());
  if (!opened.is_ours || !recipient) return Error::permanent("it does not say in its second line for whom it is");
  proto::ReversePath sender;
  if (!opened.sender.empty()) {
    auto mailbox = proto::Mailbox::parse(opened.sender);
    if (!mailbox) return Error::permanent("its sender is no mail address: " + mailbox.error().message);
    sender = proto::ReversePath(std::move(*mailbox));
  }
  OpenedOutlet place = open_daemon(config.listen.submission_socket.string());
  if (place.is_down) place = open_drop(config.drop_directory().string());
  if (!place.outlet) return Error::transient(place.status.words);
  std::string wire;
  proto::DataEncoder encoder;
  encoder.feed(opened.text, wire);
  encoder.finish(wire);
  ExitStatus status = place.outlet->begin({proto::format_mail(sender, {}), proto::format_rcpt(*recipient, {}), "DATA\r\n"});
  if (status.ok()) status = place.outlet->send(wire);
  if (status.ok()) status = place.outlet->finish();
  return status.ok() ? Status() : Status(Error::transient(status.words));
}

// A crash between the two steps leaves the message in both places.
Status deliver(const Letter& letter, const Config& config) {
  const auto opened = open_letter(letter.file);
  if (!opened) return opened.error();
  if (Status status = hand_in(*opened, config); !status) return status;
  if (::unlink(letter.file.c_str()) != 0) return Error::permanent("it was delivered, and cannot be removed: " + letter.file.string());
  system::sync_folder(letter.file.parent_path().c_str());
  return {};
}

ExitCode deliver_all(const std::vector<Letter>& letters, const Config& config, Streams streams) {
  if (config.local.keeps_mail()) {
    streams.error << "mxpress: mail for users of this host would come back here: say systemctl enable --now mxpress-deliver.socket, or set"
                     " [local] deliver\n";
    return ExitCode::failed;
  }
  std::size_t failures = 0;
  for (const Letter& letter : letters) {
    const Status status = deliver(letter, config);
    if (status) streams.out << clean(letter.id) << "  is on its way\n";
    if (!status) streams.error << "mxpress: " << clean(letter.id) << " stays: " << clean(status.error().message) << "\n";
    if (!status) ++failures;
  }
  if (letters.empty()) streams.out << "The mailbox is empty.\n";
  return failures == 0 ? ExitCode::ok : ExitCode::failed;
}

// Letters with one of these ids; all if there are none.
std::vector<Letter> chosen(std::vector<Letter> letters, const std::vector<std::string>& ids) {
  if (ids.empty()) return letters;
  std::erase_if(letters, [&](const Letter& letter) { return std::find(ids.begin(), ids.end(), letter.id) == ids.end(); });
  return letters;
}

}  // namespace

ExitCode run_mailbox(const CommandLine& line, Config config, Streams streams) {
  const auto complain = [&](const std::string& why, ExitCode code) { return streams.error << "mxpress: " << clean(why) << "\n", code; };
  choose_local_delivery(config);
  if (const Status status = become_spool_owner(config.spool_directory); !status)
    return complain(status.error().message, ExitCode::unreachable);
  const auto letters = letters_in(config.mailbox_directory());
  if (!letters) return complain(letters.error().message, ExitCode::unreachable);
  const std::string& what = line.arguments.front();
  const std::vector<std::string> ids(line.arguments.begin() + 1, line.arguments.end());
  const auto wanted = chosen(*letters, ids);
  if (!ids.empty() && wanted.empty()) return complain("no such message is in the mailbox", ExitCode::nothing_matched);
  if (what == "list") return list(wanted, line, streams.out);
  if (what == "deliver") return deliver_all(wanted, config, streams);
  std::ifstream file(wanted.front().file.string(), std::ios::binary);
  streams.out << file.rdbuf();
  return file ? ExitCode::ok : complain("cannot read " + wanted.front().file.string(), ExitCode::failed);
}

}  // namespace mxpress::mta::cli
