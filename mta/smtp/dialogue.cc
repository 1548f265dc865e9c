// Keeps octets as records in one string: the opening of the session, and the part about the current message.
#include "mta/smtp/dialogue.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "proto/printable.h"

namespace mxpress::mta::smtp {
namespace {

using proto::Speaker;

constexpr std::size_t kHead = 9;           // octets: kind, 4 of time, 4 of size
constexpr std::size_t kFirstPiece = 1024;  // octets that most dialogues take
constexpr std::size_t kMostOfRecord = 1024;
constexpr std::size_t kMostOfOpening = Dialogue::kUsual / 2;
constexpr std::string_view kUsedAgain = "[the connection was open; what follows is about this message]";

std::atomic<std::size_t> room_taken{0};

std::string octets_of(std::uint64_t number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

std::uint64_t number_in(std::string_view octets) {
  std::uint64_t number = 0;
  std::memcpy(&number, octets.data(), std::min(octets.size(), sizeof number));
  return number;
}

}  // namespace

struct Dialogue::Record {
  Kind kind;
  Duration at;
  std::string_view octets;
  std::size_t end;  // place behind it
};

// Makes lines of records.
class DialogueLines {
 public:
  explicit DialogueLines(std::size_t most_of_line) : most_of_line_(most_of_line) {}

  void take(Dialogue::Kind kind, std::string_view octets, Duration at, const DialogueListener& use) {
    switch (kind) {
      case Dialogue::Kind::client:
        return from_client_.feed(octets, [&](std::string_view line) { tell(Speaker::client, line, at, use); });
      case Dialogue::Kind::host:
        return from_host_.feed(octets, [&](std::string_view line) { tell(Speaker::host, line, at, use); });
      case Dialogue::Kind::tls:
        return tell(Speaker::tls, octets, at, use);
      case Dialogue::Kind::note:
        return tell(Speaker::note, octets, at, use);
      case Dialogue::Kind::content:
        return tell(Speaker::note, "[" + proto::with_commas(number_in(octets)) + " octets of content]", at, use);
      case Dialogue::Kind::gap:
        end(at, use);
        return tell(Speaker::note, "[" + proto::with_commas(number_in(octets)) + " octets are left out]", at, use);
    }
  }
  // Tells incomplete lines.
  void end(Duration at, const DialogueListener& use) {
    for (auto [speaker, lines] : {std::pair(Speaker::client, &from_client_), std::pair(Speaker::host, &from_host_)})
      if (const std::string rest = lines->take_rest(); !rest.empty())
        use({speaker, proto::visible_utf8(rest, most_of_line_) + " (the line is incomplete)", at});
  }

 private:
  void tell(Speaker speaker, std::string_view line, Duration at, const DialogueListener& use) const {
    use({speaker, proto::visible_utf8(line, most_of_line_), at});
  }

  const std::size_t most_of_line_;
  LineSplitter from_client_, from_host_;
};

Dialogue::Dialogue() = default;

Dialogue::~Dialogue() {
  listen(nullptr);
  shrink();
}

void Dialogue::listen(DialogueListener listener) {
  if (listener_) heard_->end(now_, listener_);
  listener_ = std::move(listener);
  heard_ = listener_ ? std::make_unique<DialogueLines>(kMostOfHeardLine) : nullptr;
  if (listener_) tell_all(*heard_, listener_);
}

void Dialogue::tell_all(DialogueLines& maker, const DialogueListener& use) const {
  for (std::size_t place = 0; place < octets_.size();) {
    const Record record = record_at(place);
    if (place == opening_ && is_used_again_) use({Speaker::note, std::string(kUsedAgain), record.at});
    maker.take(record.kind, record.octets, record.at, use);
    place = record.end;
  }
  if (is_used_again_ && octets_.size() == opening_) use({Speaker::note, std::string(kUsedAgain), now_});
}

Duration Dialogue::since_start(BootTime now) const { return std::chrono::duration_cast<Duration>(now - start_); }

void Dialogue::sent(std::string_view octets, BootTime now) {
  now_ = since_start(now);
  if (is_content_)
    content_ += octets.size();
  else
    add(Kind::client, octets, now_);
}

void Dialogue::received(std::string_view octets, BootTime now) { add(Kind::host, octets, now_ = since_start(now)); }

void Dialogue::said(Speaker speaker, std::string_view text, BootTime now) {
  now_ = since_start(now);
  const bool is_line = speaker == Speaker::client || speaker == Speaker::host;
  const Kind kind = static_cast<Kind>(speaker);
  is_line ? add(kind, std::string(text) + "\r\n", now_) : add(kind, text, now_);
}

void Dialogue::end_content() {
  is_content_ = false;
  add(Kind::content, octets_of(std::exchange(content_, 0)), now_);
}

void Dialogue::begin_message() {
  if (std::exchange(has_messages_, true)) {
    is_used_again_ = true;
    octets_.resize(opening_);
  } else {
    if (octets_.size() > kMostOfOpening) trim(kMostOfOpening);
    opening_ = octets_.size();
  }
  shrink();
}

void Dialogue::add(Kind kind, std::string_view octets, Duration at) {
  if (listener_) heard_->take(kind, octets, at, listener_);
  if (kind == Kind::host && continues_line(octets)) return;
  while (!octets.empty()) {
    const std::string_view piece = octets.substr(0, kMostOfRecord);
    make_room(piece.size() + kHead);
    put(kind, piece, at);
    octets.remove_prefix(piece.size());
  }
}

void Dialogue::put(Kind kind, std::string_view octets, Duration at) {
  char head[kHead];
  head[0] = static_cast<char>(kind);
  const auto time = static_cast<std::uint32_t>(at.count()), size = static_cast<std::uint32_t>(octets.size());
  std::memcpy(head + 1, &time, sizeof time);
  std::memcpy(head + 5, &size, sizeof size);
  if (octets_.capacity() < kFirstPiece) octets_.reserve(kFirstPiece);
  last_ = octets_.size();
  octets_.append(head, kHead).append(octets);
}

// A host may send a line octet by octet, without end: it stays one record of bounded size. True: `octets` had nothing else.
bool Dialogue::continues_line(std::string_view& octets) {
  const bool is_behind_line = octets_.size() <= opening_ || octets_.back() == '\n' || static_cast<Kind>(octets_[last_]) != Kind::host;
  if (is_behind_line) return false;
  const std::string_view record = std::string_view(octets_).substr(last_ + kHead);
  const std::size_t length = record.size() - (record.rfind('\n') + 1);  // npos + 1 is 0
  const std::size_t end = std::min(octets.find('\n'), octets.size());
  const bool is_ended = end < octets.size();
  std::string piece(octets.substr(0, std::min(end, LineSplitter::kMostKept - std::min(length, LineSplitter::kMostKept))));
  if (is_ended) piece += '\n';
  octets_ += piece;
  const auto size = static_cast<std::uint32_t>(record.size() + piece.size());
  std::memcpy(octets_.data() + last_ + 5, &size, sizeof size);
  octets.remove_prefix(end + is_ended);
  return octets.empty();
}

void Dialogue::make_room(std::size_t octets) {
  while (octets_.size() + octets > limit_ && grow()) {
  }
  if (octets_.size() + octets > limit_) trim(limit_ - std::min(limit_, opening_));
}

bool Dialogue::grow() {
  if (limit_ >= kMost || !take_room(limit_)) return false;
  limit_ *= 2;
  return true;
}

// Gives the room back; call it when the record fits into kUsual.
void Dialogue::shrink() {
  if (limit_ == kUsual) return;
  octets_.shrink_to_fit();
  give_room(limit_ - kUsual);
  limit_ = kUsual;
}

// Leaves out the middle of the current part, which has this room, so that half of it is free.
void Dialogue::trim(std::size_t room) {
  const std::size_t kept = room / 4, size = octets_.size();
  std::size_t from = opening_, to = opening_;
  std::uint64_t left_out = 0;
  for (std::size_t place = opening_; place < size;) {
    const Record record = record_at(place);
    if (to == from && record.kind != Kind::gap && record.end <= opening_ + kept) {
      from = to = record.end;
    } else if (place < last_ && size - record.end >= kept) {
      to = record.end;
      left_out += record.kind == Kind::gap ? number_in(record.octets) : record.octets.size();
    } else {
      break;
    }
    place = record.end;
  }
  if (to == from) return;
  const std::string tail = octets_.substr(to);
  const std::size_t last = last_ - to;
  const Duration at = record_at(from).at;
  octets_.resize(from);
  put(Kind::gap, octets_of(left_out), at);
  last_ = octets_.size() + last;
  octets_ += tail;
}

Dialogue::Record Dialogue::record_at(std::size_t place) const {
  std::uint32_t time = 0, size = 0;
  std::memcpy(&time, octets_.data() + place + 1, sizeof time);
  std::memcpy(&size, octets_.data() + place + 5, sizeof size);
  return {static_cast<Kind>(octets_[place]), Duration(time), std::string_view(octets_).substr(place + kHead, size), place + kHead + size};
}

std::vector<proto::DialogueLine> Dialogue::lines() const {
  std::vector<proto::DialogueLine> lines;
  DialogueLines maker(kMostOfLine);
  const DialogueListener keep = [&lines](const proto::DialogueLine& line) { lines.push_back(line); };
  tell_all(maker, keep);
  maker.end(now_, keep);
  return lines;
}

bool Dialogue::take_room(std::size_t octets) {
  if (room_taken.fetch_add(octets, std::memory_order_relaxed) + octets <= kRoom) return true;
  give_room(octets);
  return false;
}

void Dialogue::give_room(std::size_t octets) { room_taken.fetch_sub(octets, std::memory_order_relaxed); }

std::size_t Dialogue::taken_room() { return room_taken.load(std::memory_order_relaxed); }

}  // namespace mxpress::mta::smtp
