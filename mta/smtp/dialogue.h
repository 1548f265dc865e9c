// Records what both sides of a session with a mail host say, in little memory, until it is known whether anybody is to read it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dns/async.h"
#include "proto/dialogue.h"

namespace mxpress::mta::smtp {

class DialogueLines;

// Gets each line when it is complete, before it takes effect.
using DialogueListener = std::function<void(const proto::DialogueLine& line)>;

// The dialogue of one session. A line costs a copy of its octets: they become lines when somebody reads them. Content of mail is counted,
// not recorded; the caller gives it no secret. Memory: kUsual, and up to kMost while all together take less than kRoom beyond that; then
// the middle is left out. Thread: of the session; the room is shared by all threads.
class Dialogue {
 public:
  static constexpr std::size_t kUsual = 4 * 1024, kMost = 16 * 1024, kRoom = 512 * 1024;  // octets
  static constexpr std::size_t kMostOfLine = 512, kMostOfHeardLine = 1000;                // octets of a line that is shown

  Dialogue();
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;
  ~Dialogue();

  // Times are relative to this one.
  void start(BootTime connecting) { start_ = connecting; }
  // Null: nobody. A new listener first gets what is recorded.
  void listen(DialogueListener listener);

  // Octets of complete lines, or of content.
  void sent(std::string_view octets, BootTime now);
  // Octets as they come.
  void received(std::string_view octets, BootTime now);
  // The result of a handshake, or a line in the place of one that is not to be shown: without a line end.
  void said(proto::Speaker speaker, std::string_view text, BootTime now);
  // From now on content is sent; with end_content() it becomes a line.
  void begin_content() { is_content_ = true; }
  void end_content();

  // Another message follows on the session. Forgets everything about the one before; what was said before the first message stays.
  void begin_message();

  std::vector<proto::DialogueLine> lines() const;
  // The room that all share; also for what is kept of dialogues that have ended. False: there is not so much left.
  static bool take_room(std::size_t octets);
  static void give_room(std::size_t octets);
  static std::size_t taken_room();

 private:
  enum class Kind : std::uint8_t { client, host, tls, note, content, gap };
  struct Record;
  friend class DialogueLines;

  Duration since_start(BootTime now) const;
  void add(Kind kind, std::string_view octets, Duration at);
  void put(Kind kind, std::string_view octets, Duration at);
  bool continues_line(std::string_view& octets);
  void make_room(std::size_t octets);
  bool grow();
  void shrink();
  void trim(std::size_t room);
  Record record_at(std::size_t place) const;
  void tell_all(DialogueLines& maker, const DialogueListener& use) const;

  BootTime start_{};
  std::string octets_;  // records: kind, time, size, octets
  std::size_t limit_ = kUsual;
  std::size_t opening_ = 0;  // octets_ of what was said before the first message
  std::size_t last_ = 0;     // place of the last record, if octets_ is not empty
  bool has_messages_ = false, is_used_again_ = false, is_content_ = false;
  std::uint64_t content_ = 0;  // octets sent
  Duration now_{0};            // of the last octets
  DialogueListener listener_;
  std::unique_ptr<DialogueLines> heard_;  // for the listener
};

// Makes lines of octets.
class LineSplitter {
 public:
  static constexpr std::size_t kMostKept = Dialogue::kMostOfHeardLine + 1;  // octets of a line; the rest is dropped

  // Calls `take` with each complete line, without its line end.
  template <class Take>
  void feed(std::string_view octets, Take take) {
    while (!octets.empty()) {
      const std::size_t end = octets.find('\n');
      const bool is_whole = end != octets.npos;
      line_.append(octets.substr(0, std::min(is_whole ? end : octets.size(), kMostKept - line_.size())));
      if (!is_whole) return;
      octets.remove_prefix(end + 1);
      std::string line = take_rest();
      if (line.ends_with('\r')) line.pop_back();
      take(line);
    }
  }
  // An incomplete line; empty: there is none.
  std::string take_rest() { return std::exchange(line_, {}); }

 private:
  std::string line_;
};

}  // namespace mxpress::mta::smtp
