// Cleans the header of a submitted message in one pass: removes fields, and completes addresses.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/domain.h"
#include "proto/header.h"

namespace mxpress::proto {

// Settings for completing the header of a message from a program of this host. RFC 6409 8
struct HeaderCompletion {
  const Domain* domain;  // must outlive this; added to addresses without domain, in From, To and other address fields: `To: root` of cron
  // Returns another address for an author (From, Sender, Reply-To, and Resent- fields), or nullopt to keep it. An empty function keeps all.
  std::function<std::optional<std::string>(std::string_view address)> author{};
};

// Appends `header` (from a HeaderScanner) to `out` without Return-Path (RFC 5321 4.4), Bcc and Resent-Bcc (RFC 5322 3.6.3). If `completion`
// is not null, addresses are completed in the first 64 KiB of address fields, and their lists are written as by canonical_list(); several
// To or Cc fields are merged into one of each; of Date, From and Message-ID the first non-empty one is kept (RFC 5322 3.6). Everything else
// is copied byte for byte.
HeaderFacts clean_header(std::string_view header, const HeaderCompletion* completion, std::string& out);

// clean_header() in pieces: a header of 1 MiB takes some 20 ms, and other work of the thread can run between the pieces.
class HeaderCleaner {
 public:
  // `header` and `completion` must outlive it.
  HeaderCleaner(std::string_view header, const HeaderCompletion* completion);
  ~HeaderCleaner();
  // Processes fields up to this many octets, or more if the last one is longer. Pass the same `out` each time, unchanged. True: that was
  // all, and `out` is complete.
  bool go_on(std::size_t octets, std::string& out);
  // Call it when `out` is complete.
  HeaderFacts take_facts();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Removes lines that a person reads as Bcc from the paragraph behind a header that no empty line ended: its author meant them as header.
// Control characters, blanks and characters outside ASCII around the name are ignored, and continuation lines are removed with it.
class BlindCopyFilter {
 public:
  // Appends the text that is kept. Pieces of any size, with CRLF line ends.
  void feed(std::string_view text, std::string& out);
  // Ends the text: appends the part that was held back.
  void finish(std::string& out);

 private:
  enum class State { line_start, kept_line, dropped_line, done };
  void judge(std::string& out);

  State state_ = State::line_start;
  bool dropped_before_ = false;  // the previous line was removed
  std::string line_;             // the start of the line, until it can be judged
};

}  // namespace mxpress::proto
