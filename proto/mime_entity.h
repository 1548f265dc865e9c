// Splits a message into its entities while it arrives in pieces: headers, bodies, delimiter lines. RFC 2046 5.1.
//
// A message is read once, for any nesting: each line that begins with "--" is looked up among the boundaries of all open multiparts, the
// outermost first. Memory holds one header (at most kMaxEntityHeader), the beginning of one line, and a frame for each of at most
// kMaxNesting + 1 open entities.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/mime_header.h"

namespace mxpress::proto {

// Parts nested deeper inside multiparts and messages are not parsed: they are sent unchanged, or not at all.
inline constexpr std::size_t kMaxNesting = 100;
// An entity with a larger header is not parsed either. Intake accepts less, and reading this much takes some milliseconds.
inline constexpr std::size_t kMaxEntityHeader = 1280 * 1024;

enum class EntityKind {
  leaf,
  multipart,
  message,  // message/rfc822: the body is an entity
  closed,   // must not be changed, or cannot be parsed
};

struct Entity {
  std::uint32_t number = 0;  // in the order in which entities begin; the message itself is 0
  Level level = Level::message;
  EntityKind kind = EntityKind::leaf;
  const char* why_closed = "";
  EntityFacts facts{};
  bool has_parts = false;  // of a multipart: it has had a part so far
};

// Texts come in order, in pieces of any size; together they are the whole message. The text of a body comes between begin() and end() of
// its entity, for the innermost entity that has begun and not ended.
class EntitySink {
 public:
  virtual ~EntitySink() = default;
  // `blank_line` is the CRLF behind the header, or empty where the entity has no header, or no body.
  virtual void begin(const Entity& entity, std::string_view header, std::string_view blank_line) = 0;
  virtual void body(const Entity& entity, std::string_view text) = 0;    // of a leaf or closed entity
  virtual void around(const Entity& entity, std::string_view text) = 0;  // preamble and epilogue of a multipart
  // A delimiter line, with the line end before it, which belongs to it (RFC 2046 5.1.1), and its own.
  virtual void delimiter(const Entity& entity, std::string_view text) = 0;
  virtual void end(const Entity& entity) = 0;
};

class EntityReader {
 public:
  explicit EntityReader(EntitySink& sink);
  // The text has CRLF line ends, and is split anywhere.
  void feed(std::string_view text);
  // Call once, after the last piece.
  void finish();
  // Octets in memory.
  std::size_t held() const;

 private:
  struct Frame {
    Entity entity;
    std::string delimiter{};  // of an open multipart: "--boundary"
  };
  struct Match {
    std::size_t level = 0;  // in open_
    bool is_end = false;
  };
  enum class Place { line_start, inside_line, inside_delimiter };

  void open(Level level);
  void finish_header(std::string_view blank_line);
  void enter_body();
  void close_header_too_large();
  void close_down_to(std::size_t count);
  void lose_delimiter(Frame& frame, std::size_t level);

  std::size_t take_body(std::string_view text);
  std::size_t take_line_start(std::string_view text);
  std::size_t take_rest(std::string_view text);
  void line_start(std::string_view line);
  void header_line(std::string_view line);
  std::optional<Match> match(std::string_view line) const;
  void delimiter_line(Match match, std::string_view line);
  void pass_with_line_end(std::string_view text);
  void pass(std::string_view text);
  void emit(std::string_view text);

  EntitySink& sink_;
  std::vector<Frame> open_;                                     // outermost first
  std::map<std::string, std::size_t, std::less<>> delimiters_;  // of open_, with the level of the outermost that has it
  std::uint32_t next_number_ = 0;
  bool in_header_ = true;  // of the innermost entity
  std::string header_;
  Place place_ = Place::line_start;
  std::string start_;     // of the current line
  std::string line_end_;  // CRLF or CR that belongs to the text before it, unless a delimiter follows
};

}  // namespace mxpress::proto
