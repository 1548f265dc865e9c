// Command lines out of a stream of octets.
#include "mta/smtp/server_lines.h"

#include <catch2/catch.hpp>

using mxpress::mta::smtp::LineReader;
using Kind = LineReader::Kind;

TEST_CASE("server lines: a line ends with CRLF, however the octets arrive") {
  for (std::size_t cut = 0; cut <= 12; ++cut) {
    const std::string bytes = "NOOP x\r\nQUIT";
    LineReader lines;
    lines.add(bytes.substr(0, cut));
    auto line = lines.next();
    const bool is_whole = line.kind != Kind::none;
    if (!is_whole) {
      lines.add(bytes.substr(cut));
      line = lines.next();
    }
    CHECK(line.kind == Kind::line);
    CHECK(line.text == "NOOP x");
    if (is_whole) lines.add(bytes.substr(cut));
    CHECK(lines.next().kind == Kind::none);
    CHECK(lines.rest() == "QUIT");
  }
}

TEST_CASE("server lines: a bare LF, a CR inside and a NUL are no clean line") {
  for (const std::string& bytes : {std::string("NOOP\n"), std::string("NO\rOP\r\n"), std::string("NO\0OP\r\n", 7), std::string("\n")}) {
    LineReader lines;
    lines.add(bytes + "QUIT\r\n");
    CHECK(lines.next().kind == Kind::bare);
    CHECK(lines.next().text == "QUIT");
  }
}

TEST_CASE("server lines: the line after one that is too long is read") {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{100000}}) {
    const std::string bytes = std::string(10'000, 'x') + "\r\nQUIT\r\n";
    LineReader lines;
    std::vector<Kind> kinds;
    for (std::size_t from = 0; from < bytes.size(); from += piece) {
      lines.add(std::string_view(bytes).substr(from, piece));
      for (auto line = lines.next(); line.kind != Kind::none; line = lines.next()) kinds.push_back(line.kind);
    }
    CHECK(kinds == std::vector<Kind>{Kind::too_long, Kind::line});
  }
}

TEST_CASE("server lines: the longest line has kMaxLine octets with its CRLF") {
  LineReader lines;
  lines.add(std::string(LineReader::kMaxLine - 2, 'x') + "\r\n" + std::string(LineReader::kMaxLine - 1, 'x') + "\r\n");
  CHECK(lines.next().kind == Kind::line);
  CHECK(lines.next().kind == Kind::too_long);
}

TEST_CASE("server lines: a line without end is a flood, and is not kept in memory") {
  LineReader lines;
  std::size_t given = 0;
  auto kind = Kind::none;
  while (kind == Kind::none && given < (1u << 20)) {
    lines.add(std::string(1000, 'x'));
    given += 1000;
    kind = lines.next().kind;
    REQUIRE(lines.rest().size() <= LineReader::kMaxLine + 1000);
  }
  CHECK(kind == Kind::flood);
  CHECK(given <= LineReader::kFlood + 1000);
}

TEST_CASE("server lines: nothing is lost or changed, however much arrives before it is taken") {
  std::string sent, seen;
  LineReader lines;
  for (int round = 0; round < 300; ++round) {
    const std::string piece(static_cast<std::size_t>(round * 37 % 5000), static_cast<char>('a' + round % 26));
    sent += piece;
    lines.add(piece);
    const std::size_t taken = lines.rest().size() * static_cast<std::size_t>(round % 4) / 3;
    seen += lines.rest().substr(0, taken);
    lines.take(taken);
  }
  CHECK(seen + std::string(lines.rest()) == sent);
}

TEST_CASE("server lines: the room grows for a client that fills it, and is small for one that does not") {
  LineReader lines;
  CHECK(lines.room().size() <= 8 * 1024);
  while (lines.room().size() < 32 * 1024) {
    lines.added(lines.room().size());
    lines.take(lines.rest().size());
  }
  CHECK(lines.room().size() <= 64 * 1024);
}
