// mxpress fsck: checks the spool and prints its findings, in words or as JSON.
#include "mta/cli/fsck_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <ostream>

#include "mta/cli/json.h"
#include "mta/cli/print.h"
#include "mta/cli/spool_backend.h"
#include "mta/config/config.h"
#include "proto/printable.h"
#include "queue/fsck.h"

namespace mxpress::mta::cli {
namespace {

using queue::FsckFinding;
using queue::FsckReport;
using queue::Remains;
using Kind = FsckFinding::Kind;

constexpr std::size_t kMaxText = 2000;

std::string clean(std::string_view text) { return proto::printable(text, kMaxText); }

// As one word of a shell, whatever characters the address has.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : clean(text)) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct Words {
  std::string_view label, word;  // for people, for programs
};
Words words(Kind kind) {
  constexpr Words kWords[] = {
      {"note          ", "note"}, {"DAMAGED       ", "damage"}, {"repaired      ", "repaired"}, {"NOT REPAIRED  ", "unrepaired"}};
  return kWords[static_cast<std::size_t>(kind)];
}

std::string cut_out(const Remains& message) {
  return "tail -c +" + std::to_string(message.begin + 1) + " " + in_quotes(message.file.string()) + " | head -c " +
         std::to_string(message.size);
}

void print_message(std::ostream& out, const Remains& message) {
  out << "  " << message.id.to_string() << " in " << clean(message.file.string()) << "\n      ";
  if (message.sender) {
    out << "from <" << clean(*message.sender) << "> to";
    for (const auto& recipient : message.recipients) out << " <" << clean(recipient) << ">";
  } else {
    out << "its sender and recipients cannot be read";
  }
  out << "\n      " << size_text(message.size) << (message.is_whole ? ", whole" : ", NOT whole") << "; to look at it:\n        "
      << cut_out(message) << "\n";
  if (!message.sender || !message.is_whole) return;
  out << "      to send it again, to those who did not get it:\n        " << cut_out(message) << " | sendmail -i -f "
      << (message.sender->empty() ? "'<>'" : in_quotes(*message.sender)) << " --";
  for (const auto& recipient : message.recipients) out << " " << in_quotes(recipient);
  out << "\n";
}

void print_report(std::ostream& out, const FsckReport& report, const boost::filesystem::path& directory) {
  out << "spool      " << clean(directory.string()) << "\n"
      << "journal    " << report.segments << " segment(s), " << report.records << " whole record(s)\n"
      << "messages   " << report.waiting << " wait, " << size_text(report.octets) << "; " << report.message_files
      << " in files of their own\n";
  if (report.quarantined != 0) out << "set aside  " << report.quarantined << " file(s) in " << clean(directory.string()) << "/corrupt\n";
  for (const FsckFinding& finding : report.findings) out << words(finding.kind).label << clean(finding.text) << "\n";
  if (!report.quarantine.empty()) out << "\nMessages that were set aside, now or before:\n";
  for (const Remains& message : report.quarantine) print_message(out, message);
}

boost::json::object to_json(const Remains& message) {
  boost::json::array recipients;
  for (const auto& recipient : message.recipients) recipients.emplace_back(clean(recipient));
  return {{"file", clean(message.file.string())},
          {"id", message.id.to_string()},
          {"envelope", message.sender.has_value()},
          {"sender", clean(message.sender.value_or(""))},
          {"recipient", std::move(recipients)},
          {"begin", message.begin},
          {"size", message.size},
          {"whole", message.is_whole}};
}

// Prints one object for each finding and each message set aside, then one for the whole.
void print_report(std::ostream& out, const FsckReport& report) {
  for (const FsckFinding& finding : report.findings)
    cli::print_json(out, {{"kind", words(finding.kind).word}, {"text", clean(finding.text)}});
  for (const Remains& message : report.quarantine) cli::print_json(out, to_json(message));
  cli::print_json(out, {{"clean", report.is_clean()},
                        {"segments", report.segments},
                        {"records", report.records},
                        {"message_files", report.message_files},
                        {"waiting", report.waiting},
                        {"octets", report.octets},
                        {"quarantined", report.quarantined}});
}

ExitCode conclude(const CommandLine& line, const FsckReport& report, std::ostream& out) {
  std::string said = "The spool is in order.";
  ExitCode code = ExitCode::ok;
  if (const auto damages = report.count(Kind::damage); damages != 0) {
    said = std::to_string(damages) + " damage(s), and nothing was written. To repair: mxpress fsck --repair";
    code = ExitCode::nothing_matched;
  } else if (const auto left = report.count(Kind::unrepaired); left != 0) {
    said = std::to_string(left) + " damage(s) could not be repaired.";
    code = ExitCode::nothing_matched;
  } else if (report.count(Kind::repaired) != 0) {
    said = "The spool is in order again. Nothing was removed: what could not stay in its place is in the folder corrupt/ of the spool.";
    code = ExitCode::repaired;
  }
  if (!line.json) out << "\n" << said << "\n";
  return code;
}

// Detects a restore by another user: then nothing is damaged, and nothing must be set aside.
Status check_rights(const boost::filesystem::path& directory) {
  namespace fs = boost::filesystem;
  boost::system::error_code error;
  for (fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied, error), end; !error && at != end;
       at.increment(error)) {
    struct stat status{};
    const auto& path = at->path();
    if (::lstat(path.c_str(), &status) != 0 || status.st_uid == ::geteuid()) continue;
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) continue;
    if (::faccessat(AT_FDCWD, path.c_str(), S_ISDIR(status.st_mode) ? R_OK | W_OK | X_OK : R_OK, AT_EACCESS) == 0) continue;
    const auto owner = std::to_string(::geteuid());
    return Error::permanent(path.string() +
                            " belongs to another user than the spool, and cannot be used; nothing was written. Say chown -R " + owner +
                            ": " + directory.string());
  }
  return {};
}

}  // namespace

ExitCode run_fsck(const CommandLine& line, const Config& config, Streams streams) {
  const auto complain = [&](const Error& error) {
    const bool is_in_use = error.message.find(" is in use by ") != std::string::npos;
    streams.error << "mxpress: " << clean(error.message) << (is_in_use ? "; fsck needs the spool for itself: stop mxpressd first" : "")
                  << "\n";
    return ExitCode::unreachable;
  };
  if (const Status status = become_spool_owner(config.spool_directory); !status) return complain(status.error());
  boost::system::error_code ignored;
  const auto canonical = boost::filesystem::canonical(config.spool_directory, ignored);  // the spool itself may be a symbolic link
  const auto directory = ignored ? config.spool_directory : canonical;
  if (const Status status = check_rights(directory); !status) return complain(status.error());
  queue::SystemDisk disk;
  const auto report = line.repair ? queue::repair(disk, directory) : queue::examine(disk, directory);
  if (!report) return complain(report.error());
  if (line.json)
    print_report(streams.out, *report);
  else
    print_report(streams.out, *report, directory);
  return conclude(line, *report, streams.out);
}

}  // namespace mxpress::mta::cli
