// Reads stdin.
#include "mta/cli/sendmail_input.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mxpress::mta::cli {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kMostHeld = 64 * 1024;  // octets

Status judged(proto::Flaw flaw) {
  if (flaw == proto::Flaw::nul) return Error::permanent("the message has a NUL octet, which mail cannot carry; encode it (MIME base64)");
  return {};
}

}  // namespace

bool DotFinder::take(char octet, std::string& out) {
  if (octet == '\n' && !held_.empty()) return true;
  if ((at_line_start_ && octet == '.') || (octet == '\r' && held_ == ".")) {
    held_ += octet;
  } else {
    out += held_ + octet;
    held_.clear();
  }
  at_line_start_ = octet == '\n';
  return false;
}

bool DotFinder::feed(std::string_view text, std::string& out) {
  while (!text.empty()) {
    if (at_line_start_ || !held_.empty()) {
      if (take(text.front(), out)) return true;
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
    out += line;
    at_line_start_ = end != std::string_view::npos;
    text.remove_prefix(line.size());
  }
  return false;
}

// True if this octet continues the held text.
bool LastDotFilter::holds(char octet) const { return held_.size() < kMostHeld && (octet == '\n' || octet == '\r'); }

void LastDotFilter::feed(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const char octet = text.front();
    if (held_.empty() ? at_line_start_ && octet == '.' : holds(octet)) {
      held_ += octet;
      text.remove_prefix(1);
      continue;
    }
    at_line_start_ = held_.empty() ? at_line_start_ : held_.ends_with('\n');
    out += std::exchange(held_, {});
    if (at_line_start_ && octet == '.') continue;
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    out += line;
    at_line_start_ = line.ends_with('\n');
    text.remove_prefix(line.size());
  }
}

void LastDotFilter::finish(std::string& out) {
  if (held_.find('\n') == std::string::npos) out += held_;
  held_.clear();
}

Status Input::end(std::string& out) {
  ended_ = true;
  std::string rest;
  dots_.finish(rest);
  last_dot_.finish(rest);
  line_ends_.feed(rest, out);
  line_ends_.finish(out);
  return judged(line_ends_.flaw());
}

Result<bool> Input::read(std::string& out) {
  if (ended_) return false;
  char buffer[kPiece];
  ssize_t size = 0;
  do {
    size = ::read(descriptor_, buffer, sizeof buffer);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return Error::transient(std::string("cannot read the message: ") + std::strerror(errno));
  std::string text(buffer, static_cast<std::size_t>(size));
  bool lone_dot = false;
  if (lone_dot_ == LoneDot::ends) {
    std::string kept;
    lone_dot = dots_.feed(text, kept);
    text = std::move(kept);
  }
  if (lone_dot_ == LoneDot::ends_at_end) {
    std::string kept;
    last_dot_.feed(text, kept);
    text = std::move(kept);
  }
  line_ends_.feed(text, out);
  if (lone_dot) dots_ = DotFinder();
  if (size == 0 || lone_dot) {
    if (Status ended = end(out); !ended.ok()) return ended.error();
    return true;
  }
  if (Status clean = judged(line_ends_.flaw()); !clean.ok()) return clean.error();
  return true;
}

}  // namespace mxpress::mta::cli
