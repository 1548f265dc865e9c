// Stored as text, a line each: "H 1798761600000 192.0.2.1:25 mx1.example.org" begins a connection, "S 12 220 mx1 ESMTP" is a line of it.
#include "proto/dialogue.h"

#include <charconv>
#include <optional>

namespace mxpress::proto {
namespace {

constexpr std::string_view kMarks = "CSTN";  // in the order of Speaker
constexpr char kConnection = 'H';
constexpr std::size_t kRoomForNote = 80;

std::string line_of(const DialogueLine& line) {
  std::string text(1, kMarks[static_cast<std::size_t>(line.from)]);
  return text.append(" ").append(std::to_string(line.at.count())).append(" ").append(line.text).append("\n");
}

// Takes "123 " from the front.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

void take_line(std::string_view line, std::vector<HostDialogue>& dialogues) {
  if (line.size() < 2 || line[1] != ' ') return;
  const char mark = line.front();
  line.remove_prefix(2);
  const auto number = take_number(line);
  if (!number) return;
  if (mark == kConnection) {
    const std::size_t space = line.find(' ');
    if (space == line.npos) return;
    dialogues.push_back({std::string(line.substr(space + 1)), std::string(line.substr(0, space)), WallTime(Duration(*number)), {}});
    return;
  }
  const std::size_t from = kMarks.find(mark);
  if (from == kMarks.npos || dialogues.empty()) return;
  dialogues.back().lines.push_back({static_cast<Speaker>(from), std::string(line), Duration(*number)});
}

}  // namespace

// The first half of the room is for the beginning, the rest for the end.
void append(std::string& out, const HostDialogue& dialogue, std::size_t most) {
  std::string head(1, kConnection);
  head += " " + std::to_string(dialogue.started.time_since_epoch().count()) + " " + dialogue.address + " " + dialogue.host + "\n";
  if (out.size() + head.size() + kRoomForNote > most) return;
  out += head;
  std::vector<std::string> lines;
  for (const DialogueLine& line : dialogue.lines) lines.push_back(line_of(line));
  const std::size_t room = most - out.size() - kRoomForNote;
  std::size_t first = 0, last = lines.size(), used = 0;
  while (first < last && used + lines[first].size() <= (first == 0 ? room : room / 2)) used += lines[first++].size();
  while (first < last && used + lines[last - 1].size() <= room) used += lines[--last].size();
  for (std::size_t i = 0; i < first; ++i) out += lines[i];
  if (first < last) out += line_of({Speaker::note, "[" + with_commas(last - first) + " lines are left out]", dialogue.lines[first].at});
  for (std::size_t i = last; i < lines.size(); ++i) out += lines[i];
}

std::vector<HostDialogue> parse_dialogues(std::string_view stored) {
  std::vector<HostDialogue> dialogues;
  while (!stored.empty()) {
    const std::size_t end = stored.find('\n');
    take_line(stored.substr(0, end), dialogues);
    stored.remove_prefix(end == stored.npos ? stored.size() : end + 1);
  }
  return dialogues;
}

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

}  // namespace mxpress::proto
