// Checks every file of a spool.
#include "queue/survey.h"

#include <algorithm>

#include "proto/printable.h"
#include "queue/index.h"
#include "queue/message_file.h"
#include "queue/message_records.h"
#include "queue/open_folder.h"
#include "queue/replay.h"
#include "queue/segment_file.h"
#include "queue/segment_scan.h"

namespace mxpress::queue {
namespace {

using Remedy = Problem::Remedy;
using Kind = FolderEntry::Kind;

std::string shown(const Path& path) { return proto::printable(path.string(), 500); }

std::string_view kind_name(Kind kind) {
  if (kind == Kind::folder) return "a folder";
  return kind == Kind::file ? "a file" : "a symbolic link, FIFO, socket or device";
}

bool is_message_folder(std::string_view name) {
  return name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class Surveyor {
 public:
  Surveyor(Disk& disk, const Paths& paths) : disk_(disk), paths_(paths) {}

  Result<Survey> run() {
    if (auto s = look_at_root(); !s) return s.error();
    if (has_journal_ && has_messages_) {
      look_at_messages();
      look_at_incoming();
      if (look_at_segment_names()) look_at_journal();
    }
    if (auto s = look_at_quarantine(); !s) return s.error();
    return std::move(out_);
  }

 private:
  void add(Remedy remedy, const Path& path, const std::string& what) { out_.problems.push_back({remedy, path, shown(path) + " " + what}); }

  std::vector<FolderEntry> list(const Path& folder) {
    const auto there = disk_.exists(folder);
    if ((there && !*there) || is_told(folder.string())) return {};
    auto entries = disk_.list(folder);
    if (entries) return std::move(*entries);
    add(Remedy::wait, folder, "cannot be listed, and stays as it is: " + entries.error().message);
    return {};
  }

  Status look_at_root() {
    const auto entries = disk_.list(paths_.root);
    if (!entries) return entries.error();
    for (const auto& entry : *entries) look_at_root(entry);
    for (const auto& folder : {paths_.journal(), paths_.messages()})
      if (const auto there = disk_.exists(folder); there && !*there)
        add(Remedy::make_folder, folder, "is missing, and all that was only there");
    if (!format_is_right(disk_, paths_))
      add(Remedy::set_aside, paths_.root / "format", "does not say the format of the spool; without it mxpressd does not start");
    for (const auto& path : wrong_numbers(disk_, paths_))
      add(Remedy::set_aside, path, "cannot be read; what it counts goes on from what the rest of the spool tells");
    return {};
  }

  void look_at_root(const FolderEntry& entry) {
    has_journal_ |= entry.name == "journal" && entry.kind == Kind::folder;
    has_messages_ |= entry.name == "messages" && entry.kind == Kind::folder;
    const bool is_folder = entry.name == "journal" || entry.name == "messages" || entry.name == "incoming" || entry.name == "corrupt";
    const bool is_file = entry.name == "lock" || entry.name == "format.new" || entry.name == "start.new" || entry.name == "age.new";
    if (is_folder ? entry.kind == Kind::folder : !is_file || entry.kind == Kind::file) return;
    add(Remedy::set_aside, paths_.root / entry.name, "is " + std::string(kind_name(entry.kind)) + "; without it mxpressd does not start");
  }

  void look_at_messages() {
    for (const auto& folder : list(paths_.messages())) {
      const auto path = paths_.messages() / folder.name;
      if (folder.kind == Kind::folder && is_message_folder(folder.name))
        for (const auto& entry : list(path)) look_at_message(path, entry);
      else if (is_message_folder(folder.name))
        add(Remedy::set_aside, path, "is " + std::string(kind_name(folder.kind)) + " where messages are to be kept");
      else
        add(Remedy::none, path, "is not of mxpress, and is left alone");
    }
  }

  void look_at_message(const Path& folder, const FolderEntry& entry) {
    const auto path = folder / entry.name;
    const auto id = QueueId::parse(entry.name);
    const bool has_name_of_message = id && id->to_string() == entry.name;
    const auto inside = entry.kind == Kind::file ? id_inside(disk_, path) : std::nullopt;
    if (inside && paths_.file(*inside) != path) return look_at_misplaced(path, *inside);
    if (!has_name_of_message) return add(Remedy::none, path, "is not of mxpress, and is left alone");
    if (entry.kind != Kind::file) return add(Remedy::set_aside, path, "is " + std::string(kind_name(entry.kind)) + ", not a message");
    ++out_.counts.message_files;
    const auto file = read_message_file(disk_, path, *id);
    if (file) return look_inside(path, *id, *file);
    if (file.error().is_transient()) return add(Remedy::wait, path, "cannot be read, and stays as it is: " + file.error().message);
    add(Remedy::set_aside, path, "is not whole, and is not delivered: " + file.error().message);
  }

  void look_at_misplaced(const Path& path, QueueId id) {
    ++out_.counts.message_files;
    const auto file = read_message_file(disk_, path, id);
    const std::string what = "holds message " + id.to_string() + ", which has another place";
    if (!file) return add(file.error().is_transient() ? Remedy::wait : Remedy::set_aside, path, what);
    Path target = paths_.file(id);
    if (id_inside(disk_, target) == id) return add(Remedy::set_aside, path, what + ", and is there, too");
    // The file in its place is removed in this round, so this one follows in the next.
    if (is_there(target)) {
      target += ".misplaced";
      if (target == path) return add(Remedy::wait, path, what + ", which is not free yet");  // as an earlier repair left it
    }
    if (is_there(target)) return add(Remedy::set_aside, path, what);
    add(Remedy::move, path, what);
    out_.problems.back().target = target;
  }

  bool is_there(const Path& path) {
    const auto there = disk_.exists(path);
    return !there || *there;
  }

  void look_inside(const Path& path, QueueId id, const MessageFile& file) {
    if (const auto content = file_content(file.file, file.accepted)->verify(); !content) {
      const bool is_transient = content.error().is_transient();
      add(is_transient ? Remedy::wait : Remedy::none, path,
          "cannot be delivered to " + recipients(file.meta) + (is_transient ? " now: " : ", which its sender is told when it is due: ") +
              content.error().message);
    }
    if (file.damages.empty()) return;
    add(Remedy::rewrite, path, "has lost a part of what was tried for the message; a delivery may be repeated to " + recipients(file.meta));
    out_.problems.back().id = id;
  }

  static std::string recipients(const Accepted& meta) {
    std::string out;
    for (const auto& recipient : meta.envelope.recipients) out += (out.empty() ? "" : ", ") + recipient.mailbox.to_string();
    return proto::printable(out, 500);
  }

  void look_at_incoming() {
    for (const auto& entry : list(paths_.incoming()))
      if (entry.kind != Kind::file) add(Remedy::set_aside, paths_.incoming() / entry.name, "is " + std::string(kind_name(entry.kind)));
  }

  // True if the segments can be read.
  bool look_at_segment_names() {
    const auto before = out_.problems.size();
    for (const auto& entry : list(paths_.journal())) {
      const auto path = paths_.journal() / entry.name;
      const auto number = segment_number(entry.name);
      if (!number) continue;  // reported by list_segments()
      if (entry.kind != Kind::file)
        add(Remedy::set_aside, path, "is " + std::string(kind_name(entry.kind)) + ", not a segment of the journal");
      else if (const auto read = read_segment(disk_, path); !read)
        add(Remedy::set_aside, path, "cannot be read, nor the mail in it: " + read.error().message);
      else if (scan_segment(read->bytes).records.empty() && !is_segment_number_usable(*number))
        add(Remedy::set_aside, path, "is no segment of the journal, and leaves no number for the next one");
    }
    return out_.problems.size() == before;
  }

  void look_at_journal() {
    const auto list = list_segments(disk_, paths_);
    if (!list) return add(Remedy::wait, paths_.journal(), "cannot be read, and stays as it is: " + list.error().message);
    const auto found = replay(disk_, paths_, *list, 0);
    if (!found) return add(Remedy::wait, paths_.root, "cannot be read, and stays as it is: " + found.error().message);
    out_.counts.segments = list->files.size();
    out_.counts.records = found->records;
    for (const auto& file : found->damaged)
      if (!is_told(file.path.string())) add(Remedy::set_aside, file.path, "is not whole");
    for (const auto& finding : found->findings) {
      if (is_told(finding.text)) continue;
      const bool is_damage = finding.kind == Finding::Kind::damage;
      out_.problems.push_back({is_damage ? Remedy::empty_journal : Remedy::none, paths_.journal(), finding.text});
    }
    note_emptiness(*found);
    count_waiting(*found);
  }

  // These cases look the same as a sound spool.
  void note_emptiness(const Replayed& found) {
    if (found.index->segments.empty())
      add(Remedy::none, paths_.journal(),
          "has no segment, as before the first mail and after a repair; if there was mail in one, that is lost");
    for (const auto& [name, segment] : found.index->segments) {
      const auto path = segment_path(paths_.journal(), name);
      const bool is_told = std::any_of(out_.problems.begin(), out_.problems.end(),
                                       [&](const Problem& problem) { return problem.text.find(path.string()) != std::string::npos; });
      if (segment.size == 0 && !is_told)
        add(Remedy::none, path, "is empty: a crash can leave it so as it is made; if there was mail in it, that is lost");
    }
  }

  bool is_told(const std::string& text) const {
    return std::any_of(out_.problems.begin(), out_.problems.end(), [&](const Problem& problem) {
      return text.find(shown(problem.path)) != std::string::npos && problem.path != paths_.journal();
    });
  }

  void count_waiting(const Replayed& found) {
    found.index->entries.for_each([&](QueueId id, const Entry& entry) {
      if (entry.ended) return;
      ++out_.counts.waiting;
      if (const auto raw = read_raw(disk_, paths_, snapshot(*found.index, id, entry))) out_.counts.octets += raw->accepted.content_size;
    });
  }

  Status look_at_quarantine() {
    const auto there = disk_.exists(paths_.corrupt());
    if (!there || !*there) return {};
    const auto entries = disk_.list(paths_.corrupt());
    if (!entries) return {};  // reported above
    out_.counts.quarantined = entries->size();
    for (const auto& entry : *entries) {
      if (entry.kind != Kind::file) continue;
      auto remains = find_remains(disk_, paths_.corrupt() / entry.name);
      if (!remains) continue;
      for (auto& message : *remains) out_.counts.quarantine.push_back(std::move(message));
    }
    return {};
  }

  Disk& disk_;
  const Paths& paths_;
  Survey out_;
  bool has_journal_ = false, has_messages_ = false;
};

}  // namespace

Result<Survey> survey(Disk& disk, const Paths& paths) { return Surveyor(disk, paths).run(); }

}  // namespace mxpress::queue
