// What is taken out of the header of every submitted message, and what is completed in it: in one walk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proto/domain.h"
#include "proto/header.h"

namespace mxpress::proto {

// How the header of a program of this host is completed. RFC 6409 8
struct HeaderCompletion {
  const Domain* domain;  // outlives it; of addresses without one, in From, To and all other address fields: `To: root` of cron
  // Gives another address for one of an author: From, Sender, Reply-To, and the same with Resent-. Nothing: it stays. Empty: all stay.
  std::function<std::optional<std::string>(std::string_view address)> author{};
};

// Appends `header` (of a HeaderScanner) to `out` without Return-Path (RFC 5321 4.4), Bcc and Resent-Bcc (RFC 5322 3.6.3). If `completion`
// is not null, addresses are completed in the first 64 KiB of address fields, and their lists written as canonical_list() does; several To
// or Cc fields become one of each; of Date, From and Message-ID the first one that says something stays (RFC 5322 3.6). Everything else is
// copied byte for byte.
HeaderFacts clean_header(std::string_view header, const HeaderCompletion* completion, std::string& out);

// clean_header() in pieces: a header of 1 MiB takes some 20 ms, and others on the thread have their turn between the pieces.
class HeaderCleaner {
 public:
  // `header` and `completion` outlive it.
  HeaderCleaner(std::string_view header, const HeaderCompletion* completion);
  ~HeaderCleaner();
  // Takes fields until they have so many octets, or more if the last one is longer. `out` is always the same, and nobody else changes it.
  // True: that was all, and `out` is complete.
  bool go_on(std::size_t octets, std::string& out);
  // When `out` is complete.
  HeaderFacts take_facts();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Takes lines that a person reads as Bcc out of the paragraph behind a header that no empty line ended: whoever wrote them meant a header.
// A name counts whatever control characters, blanks and characters outside ASCII stand around it, and its continuation lines go with it.
class BlindCopyFilter {
 public:
  // Appends the text that stays. Pieces of any size, with CRLF line ends.
  void feed(std::string_view text, std::string& out);
  // No more text comes: appends what was held back to be looked at.
  void finish(std::string& out);

 private:
  enum class State { line_start, kept_line, dropped_line, done };
  void judge(std::string& out);

  State state_ = State::line_start;
  bool dropped_before_ = false;  // the line before this one
  std::string line_;             // its start, until it can be judged
};

}  // namespace mxpress::proto
