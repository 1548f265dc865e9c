// Splits a message into its entities.
#include "proto/mime_entity.h"

#include <algorithm>
#include <utility>

#include "proto/ascii.h"
#include "proto/header.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxBoundary = 70;        // RFC 2046 5.1.1
constexpr std::size_t kMaxStart = 1000;         // octets of a line that decide its kind
constexpr std::size_t kKeptHeader = 64 * 1024;  // octets of memory that are kept for the next header
constexpr std::string_view kDashes = "--";

// The reason why the contents of such an entity must not be changed; null if they may be.
const char* why_closed(const EntityFacts& facts) {
  const std::string& type = facts.type;
  if (type == "multipart/signed" || type == "multipart/encrypted") return "that would break its signature or encryption";
  const bool is_multipart = type.starts_with("multipart/");
  if (is_multipart && (facts.boundary.empty() || facts.boundary.size() > kMaxBoundary)) return "a multipart has no usable boundary";
  if (type.starts_with("message/") && type != "message/rfc822") return "a part of type message/... may not be encoded";
  return nullptr;
}

EntityKind kind_of(const EntityFacts& facts) {
  if (facts.type.starts_with("multipart/")) return EntityKind::multipart;
  return facts.type == "message/rfc822" ? EntityKind::message : EntityKind::leaf;
}

}  // namespace

EntityReader::EntityReader(EntitySink& sink) : sink_(sink) { open(Level::message); }

std::size_t EntityReader::held() const {
  return header_.capacity() + start_.capacity() + open_.capacity() * sizeof(Frame) + delimiters_.size() * (2 * kMaxBoundary);
}

void EntityReader::feed(std::string_view text) {
  while (!text.empty()) {
    if (place_ == Place::line_start && (in_header_ || !start_.empty() || text.front() == '-')) {
      text.remove_prefix(take_line_start(text));
    } else if (place_ == Place::inside_delimiter || in_header_) {
      text.remove_prefix(take_rest(text));
    } else {
      text.remove_prefix(take_body(text));
    }
  }
}

void EntityReader::finish() {
  if (!start_.empty()) line_start(std::exchange(start_, {}));
  if (!delimiters_.empty()) {  // the end delimiter of the outermost multipart is missing, but the line end before it is present
    std::size_t outermost = open_.size();
    for (const auto& [text, level] : delimiters_) outermost = std::min(outermost, level);
    close_down_to(outermost + 1);
  }
  pass({});
  close_down_to(0);
}

void EntityReader::open(Level level) {
  Entity entity{next_number_++, level};
  if (open_.size() > kMaxNesting) {
    entity.kind = EntityKind::closed;
    entity.why_closed = "its parts are nested too deeply";
  }
  open_.push_back({std::move(entity)});
  in_header_ = open_.back().entity.kind != EntityKind::closed;
  header_.clear();
  if (!in_header_) sink_.begin(open_.back().entity, {}, {});
}

// The innermost entity's header is complete.
void EntityReader::finish_header(std::string_view blank_line) {
  in_header_ = false;
  Frame& frame = open_.back();
  Entity& entity = frame.entity;
  entity.facts = read_entity_header(header_);
  const char* why = why_closed(entity.facts);
  entity.kind = why ? EntityKind::closed : kind_of(entity.facts);
  if (why) entity.why_closed = why;
  sink_.begin(entity, header_, blank_line);
  if (header_.capacity() > kKeptHeader) header_ = std::string();
  header_.clear();
  if (!blank_line.empty()) enter_body();
}

void EntityReader::enter_body() {
  Frame& frame = open_.back();
  if (frame.entity.kind == EntityKind::message) return open(Level::message);
  if (frame.entity.kind != EntityKind::multipart) return;
  frame.delimiter = std::string(kDashes) + frame.entity.facts.boundary;
  delimiters_.try_emplace(frame.delimiter, open_.size() - 1);
}

// Closes the entity without parsing it; its header so far becomes body.
void EntityReader::close_header_too_large() {
  Entity& entity = open_.back().entity;
  entity.kind = EntityKind::closed;
  entity.why_closed = "a header is too large";
  in_header_ = false;
  sink_.begin(entity, {}, {});
  sink_.body(entity, header_);
  header_ = std::string();
}

void EntityReader::lose_delimiter(Frame& frame, std::size_t level) {
  const auto known = delimiters_.find(frame.delimiter);
  if (known != delimiters_.end() && known->second == level) delimiters_.erase(known);
  frame.delimiter.clear();
}

void EntityReader::close_down_to(std::size_t count) {
  while (open_.size() > count) {
    if (in_header_) finish_header({});
    lose_delimiter(open_.back(), open_.size() - 1);
    sink_.end(open_.back().entity);
    open_.pop_back();
  }
}

// Takes many lines at once: up to the next that may be a delimiter.
std::size_t EntityReader::take_body(std::string_view text) {
  if (delimiters_.empty()) {  // nothing can end this body
    pass(text);
    place_ = Place::inside_line;
    return text.size();
  }
  std::size_t length = text.size() - (text.ends_with("\n-") ? 1 : 0);
  for (auto dashes = text.find("\n--"); dashes != std::string_view::npos;) {
    const auto end = text.find('\n', dashes + 1);
    if (end == std::string_view::npos || match(text.substr(dashes + 1, end - dashes))) {
      length = dashes + 1;
      break;
    }
    dashes = text.find("\n--", end);
  }
  pass_with_line_end(text.substr(0, length));
  return length;
}

// Takes the rest of a line whose kind is known.
std::size_t EntityReader::take_rest(std::string_view text) {
  const std::size_t length = std::min(text.size(), text.find('\n') == std::string_view::npos ? text.size() : text.find('\n') + 1);
  const std::string_view piece = text.substr(0, length);
  if (place_ != Place::inside_delimiter) {
    pass_with_line_end(piece);
  } else {
    sink_.delimiter(open_.back().entity, piece);
    if (piece.ends_with('\n')) open(Level::part);
  }
  return length;
}

std::size_t EntityReader::take_line_start(std::string_view text) {
  const auto end = text.find('\n');
  const std::size_t wanted = end == std::string_view::npos ? text.size() : end + 1;
  const std::size_t length = std::min(wanted, kMaxStart - start_.size());
  const std::string_view piece = text.substr(0, length);
  const bool is_whole = piece.ends_with('\n') || start_.size() + length == kMaxStart;
  if (is_whole && start_.empty()) {
    line_start(piece);
  } else {
    start_.append(piece);
    if (is_whole) line_start(std::exchange(start_, {}));
  }
  return length;
}

void EntityReader::line_start(std::string_view line) {
  if (const auto found = match(line)) return delimiter_line(*found, line);
  if (in_header_) return header_line(line);
  pass_with_line_end(line);
}

void EntityReader::header_line(std::string_view line) {
  pass({});
  if (!in_header_) return pass_with_line_end(line);  // it was too large
  if (line == "\r\n") return finish_header(line);
  if (belongs_to_header(line, header_)) return pass_with_line_end(line);
  finish_header({});  // the empty line is missing
  enter_body();
  line_start(line);
}

// RFC 2046 5.1.1: a delimiter line may have white space behind it. It belongs to the outermost multipart with such a boundary.
std::optional<EntityReader::Match> EntityReader::match(std::string_view line) const {
  if (delimiters_.empty() || !line.starts_with(kDashes)) return std::nullopt;
  line = line.substr(0, line.find_last_not_of(" \t\r\n", kMaxStart) + 1);
  if (line.size() > kMaxBoundary + 2 * kDashes.size()) return std::nullopt;
  std::optional<Match> found;
  if (const auto known = delimiters_.find(line); known != delimiters_.end()) found = Match{known->second, false};
  if (!line.ends_with(kDashes)) return found;
  line.remove_suffix(kDashes.size());
  const auto known = delimiters_.find(line);
  if (known != delimiters_.end() && (!found || known->second < found->level)) found = Match{known->second, true};
  return found;
}

void EntityReader::delimiter_line(Match found, std::string_view line) {
  close_down_to(found.level + 1);
  Frame& frame = open_.back();
  frame.entity.has_parts = true;
  if (found.is_end) lose_delimiter(frame, found.level);
  sink_.delimiter(frame.entity, line_end_ + std::string(line));
  line_end_.clear();
  place_ = Place::line_start;
  if (found.is_end && !line.ends_with('\n')) place_ = Place::inside_line;
  if (found.is_end) return;
  if (line.ends_with('\n')) {
    open(Level::part);
  } else {
    place_ = Place::inside_delimiter;
  }
}

// Passes text whose last line end may belong to a delimiter.
void EntityReader::pass_with_line_end(std::string_view text) {
  if (line_end_ == "\r" && text.starts_with('\n')) {
    line_end_.push_back('\n');
    text.remove_prefix(1);
    place_ = Place::line_start;
    if (text.empty()) return;
  }
  const std::size_t kept = text.ends_with("\r\n") ? 2 : text.ends_with('\r') ? 1 : 0;
  pass(text.substr(0, text.size() - kept));
  line_end_ = text.substr(text.size() - kept);
  place_ = kept == 2 ? Place::line_start : Place::inside_line;
}

void EntityReader::pass(std::string_view text) {
  if (!line_end_.empty()) emit(std::exchange(line_end_, {}));
  if (!text.empty()) emit(text);
}

void EntityReader::emit(std::string_view text) {
  const Entity& entity = open_.back().entity;
  if (in_header_) {
    header_.append(text);
    if (header_.size() > kMaxEntityHeader) close_header_too_large();
  } else if (entity.kind == EntityKind::multipart) {
    sink_.around(entity, text);
  } else {
    sink_.body(entity, text);
  }
}

}  // namespace mxpress::proto
