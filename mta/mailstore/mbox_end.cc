// Searches the end of an mbox for a message.
#include "mta/mailstore/mbox_end.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>

namespace mxpress::mta::mailstore {
namespace {

constexpr std::string_view kNote = "mxpress appends from ";
constexpr std::string_view kBetween = "\n\n";  // the end of a message
constexpr std::size_t kBlock = 256u << 10;
constexpr std::size_t kMostAlike = 16;     // messages with the same front: of one sender within one second
constexpr std::size_t kFewestOfFront = 6;  // "From " and a letter: fewer octets prove nothing

// Returns fewer octets only at the end of the file.
Result<std::string> read_at(int file, off_t from, std::size_t size) {
  std::string octets(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(file, octets.data() + have, size - have, from + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::transient(std::string("cannot read the mailbox: ") + std::strerror(errno));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  octets.resize(have);
  return octets;
}

// Offsets of the messages with this front, from `from` on: the last kMostAlike of them, the last one first.
Result<std::deque<off_t>> find_front(int file, off_t from, off_t size, const std::string& front) {
  const std::string wanted = std::string(kBetween) + front;
  std::deque<off_t> found;
  for (off_t at = from; at < size; at += static_cast<off_t>(kBlock)) {
    const auto block = read_at(file, at, kBlock + wanted.size() - 1);  // so that no place is found twice
    if (!block) return block.error();
    if (at == 0 && block->starts_with(front)) found.push_front(0);
    for (auto place = block->find(wanted); place != block->npos; place = block->find(wanted, place + 1)) {
      found.push_front(at + static_cast<off_t>(place + kBetween.size()));
      if (found.size() > kMostAlike) found.pop_back();
    }
  }
  return found;
}

// The same if even the front is incomplete: the number of its octets.
Result<std::uint64_t> begun_front(int file, off_t size, const std::string& front) {
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(front.size() + kBetween.size()));
  const auto read = read_at(file, from, static_cast<std::size_t>(size - from));
  if (!read) return read.error();
  const std::string_view end = *read;
  for (std::size_t part = std::min(front.size(), end.size()); part >= kFewestOfFront; --part) {
    const std::string_view before = end.substr(0, end.size() - part);
    if (end.ends_with(front.substr(0, part)) && (before.ends_with(kBetween) || (before.empty() && from == 0))) return part;
  }
  return 0;
}

// Checks if the octets from `from` on are the message, or its beginning.
Result<MboxEnd> compare(int file, off_t from, off_t size, const Mail& mail) {
  enum class State { equal, ended, other } state = State::equal;
  off_t at = from;
  const auto step = [&](std::string_view octets) -> Status {
    const auto there = read_at(file, at, octets.size());
    if (!there) return there.error();
    if (octets.substr(0, there->size()) != *there)
      state = State::other;
    else if (there->size() < octets.size())
      state = State::ended;
    at += static_cast<off_t>(there->size());
    return state == State::equal ? Status() : Status(Error::permanent("it ends here"));
  };
  if (Status status = write_stored(mail, Layout::mbox, step); !status && state == State::equal) return status.error();
  MboxEnd end;
  end.is_there = state == State::equal;
  if (state == State::ended && at == size) end.begun = static_cast<std::uint64_t>(at - from);
  return end;
}

Result<std::string> separator_at(int file, off_t size) {
  if (size == 0) return std::string();
  const auto end = read_at(file, std::max<off_t>(0, size - 2), 2);
  if (!end) return end.error();
  if (*end == kBetween) return std::string();
  return std::string(end->ends_with('\n') ? "\n" : kBetween);
}

}  // namespace

Result<MboxEnd> look_at_end(int file, off_t size, const Mail& mail) {
  const std::string front = front_of(mail, Layout::mbox);
  const off_t from = std::max<off_t>(0, size - 2 * mail.size - static_cast<off_t>(2 * front.size() + kBlock));
  const auto places = find_front(file, from, size, front);
  if (!places) return places.error();
  for (const off_t place : *places) {
    auto compared = compare(file, place, size, mail);
    if (!compared || compared->is_there || compared->begun > 0) return compared;
  }
  const auto begun = begun_front(file, size, front);
  if (!begun) return begun.error();
  MboxEnd end;
  end.begun = *begun;
  if (end.begun > 0) return end;
  auto separator = separator_at(file, size);
  if (!separator) return separator.error();
  end.separator = std::move(*separator);
  return end;
}

std::string append_note(off_t begin, const std::string& front) { return std::string(kNote) + std::to_string(begin) + "\n" + front; }

// If the front is at the noted offset, and no other message follows it, it is that message or its beginning.
Result<std::optional<off_t>> left_unfinished(int file, off_t size, std::string_view note) {
  const auto end = note.find('\n');
  if (!note.starts_with(kNote) || end == note.npos) return std::optional<off_t>();
  off_t begin = 0;
  const auto [rest, error] = std::from_chars(note.data() + kNote.size(), note.data() + end, begin);
  const std::string front(note.substr(end + 1));
  const bool is_front = front.starts_with("From ") && front.ends_with('\n') && front.size() >= kFewestOfFront;
  if (error != std::errc() || rest != note.data() + end || begin < 0 || begin >= size || !is_front) return std::optional<off_t>();
  const auto there = read_at(file, begin, front.size());
  if (!there) return there.error();
  if (!front.starts_with(*there)) return std::optional<off_t>();
  const auto others = find_front(file, begin, size, "From ");
  if (!others) return others.error();
  const bool is_last = others->empty() || others->front() == begin;
  return is_last ? std::optional<off_t>(begin) : std::optional<off_t>();
}

}  // namespace mxpress::mta::mailstore
