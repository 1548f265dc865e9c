// Tests of mail data: the end of the data, dot stuffing and line ends, in pieces cut at every place.
#include "proto/mail_data.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

namespace {

struct Decoded {
  std::string content;
  std::string rest;  // behind the end of the data
  bool complete = false;
  Flaw flaw = Flaw::none;
};

Decoded decode(const std::vector<std::string_view>& pieces) {
  DataDecoder decoder;
  Decoded decoded;
  for (const std::string_view piece : pieces) decoded.rest += piece.substr(decoder.feed(piece, decoded.content));
  decoded.complete = decoder.complete();
  decoded.flaw = decoder.flaw();
  return decoded;
}

// Calls check with the data in one piece, in every two pieces, and octet by octet.
template <class Check>
void for_each_cut(std::string_view data, Check check) {
  for (std::size_t cut = 0; cut <= data.size(); ++cut) check(std::vector<std::string_view>{data.substr(0, cut), data.substr(cut)});
  std::vector<std::string_view> octets;
  for (std::size_t i = 0; i < data.size(); ++i) octets.push_back(data.substr(i, 1));
  check(octets);
}

std::string normalise(const std::vector<std::string_view>& pieces) {
  LineEndNormaliser normaliser;
  std::string out;
  for (const std::string_view piece : pieces) normaliser.feed(piece, out);
  normaliser.finish(out);
  return out;
}

std::string encode(const std::vector<std::string_view>& pieces) {
  DataEncoder encoder;
  std::string out;
  for (const std::string_view piece : pieces) encoder.feed(piece, out);
  encoder.finish(out);
  return out;
}

}  // namespace

TEST_CASE("mail data: dot stuffing is undone, and nothing behind the end is taken") {
  for_each_cut("a\r\n..b\r\n.c\r\n...\r\n\r\n.\r\nQUIT\r\n", [](const auto& pieces) {
    const Decoded decoded = decode(pieces);
    REQUIRE(decoded.complete);
    CHECK(decoded.content == "a\r\n.b\r\nc\r\n..\r\n\r\n");
    CHECK(decoded.rest == "QUIT\r\n");
    CHECK(decoded.flaw == Flaw::none);
  });
}

TEST_CASE("mail data: a dot at once is an empty message") {
  for_each_cut(".\r\n", [](const auto& pieces) {
    CHECK(decode(pieces).complete);
    CHECK(decode(pieces).content.empty());
  });
}

TEST_CASE("mail data: nothing but CRLF.CRLF ends the data, however it is cut") {
  const std::string nul(1, '\0');
  const std::string false_ends[] = {
      "\n.\n",
      "\r.\r",
      "\r\n.\n",
      "\n.\r\n",
      "\r.\r\n",
      "\r\n.\r",
      "\r\n.\r\r\n",
      "\r\n.\n\r\n",
      "\n\r.\r\n",
      "\r\r.\r\n",
      "\r\n" + nul + ".\r\n",
      "\r\n." + nul + "\r\n",
      nul + "\r\n." + "\n",
      "\r\n.\r" + nul + "\n",
      "\n.\r",
      "\r.\n",
      "\r\n .\r\n",
      "\r\n. \r\n",
      "\x85.\x85",
      "\r\n..\n",
      "\n..\r\n",
  };
  for (const std::string& end : false_ends) {
    CAPTURE(end);
    for_each_cut("a" + end + "MAIL FROM:<smuggler@example.org>\r\n.\r\n", [](const auto& pieces) {
      const Decoded decoded = decode(pieces);
      REQUIRE(decoded.complete);
      CHECK(decoded.rest.empty());
    });
    for_each_cut("a" + end, [](const auto& pieces) { CHECK_FALSE(decode(pieces).complete); });
  }
}

TEST_CASE("mail data: bare CR, bare LF and NUL are flaws, remembered to the true end") {
  const std::pair<std::string, Flaw> cases[] = {
      {"a\nb\r\n.\r\n", Flaw::bare_line_end},       {"a\rb\r\n.\r\n", Flaw::bare_line_end},
      {"\n\r\n.\r\n", Flaw::bare_line_end},         {"\r\r\n.\r\n", Flaw::bare_line_end},
      {"a\r\n.\rb\r\n.\r\n", Flaw::bare_line_end},  {"a\r\n.\nb\r\n.\r\n", Flaw::bare_line_end},
      {std::string("a\0b\r\n.\r\n", 8), Flaw::nul}, {std::string("\0\r\n.\r\n", 6), Flaw::nul},
      {"\xC3\xBC\t\x01\r\n.\r\n", Flaw::none},
  };
  for (const auto& [data, flaw] : cases) {
    CAPTURE(data);
    for_each_cut(data, [expected_flaw = flaw](const auto& pieces) {
      CHECK(decode(pieces).complete);
      CHECK(decode(pieces).flaw == expected_flaw);
    });
  }
  CHECK(refusal(Flaw::bare_line_end)->status == EnhancedStatus{5, 5, 2});
  CHECK(refusal(Flaw::nul)->status == EnhancedStatus{5, 6, 0});
  CHECK_FALSE(refusal(Flaw::none));
}

TEST_CASE("mail data: nothing is kept behind a flaw, but all of it is counted") {
  DataDecoder decoder;
  std::string out;
  decoder.feed("a\r\nb\nc", out);
  CHECK(out == "a\r\nb");
  decoder.feed(std::string(100000, '\n'), out);
  CHECK(out == "a\r\nb");
  CHECK(decoder.octets() > 100000);
}

TEST_CASE("mail data: what is taken as it stands is what feeding would have made of it") {
  const std::string lines = "one\r\n..two\r\n\r\nfour\r\n.\r\nQUIT\r\n";
  for (std::size_t at = 0; at <= lines.size(); ++at) {
    for (const std::string& octet :
         {std::string(), std::string("\r"), std::string("\n"), std::string(1, '\0'), std::string("."), std::string("x")}) {
      const std::string data = std::string(lines).insert(at, octet);
      const Decoded expected = decode({data});
      DataDecoder decoder;
      std::string_view rest = data;
      std::string out;
      while (!rest.empty() && !decoder.complete()) {
        const std::string_view plain = decoder.take_plain(rest);
        out.append(plain);
        rest.remove_prefix(plain.size());
        rest.remove_prefix(decoder.feed(rest.substr(0, 3), out));
      }
      CHECK(out == expected.content);
      CHECK(rest == expected.rest);
      CHECK(decoder.flaw() == expected.flaw);
    }
  }
}

TEST_CASE("mail data: octets, lines, the longest line and 8-bit are counted alike for every cut") {
  for_each_cut("\r\nabcd\r\n..a\xFF\r\nab\r\n.\r\n", [](const auto& pieces) {
    DataDecoder decoder;
    ContentInspector inspector;
    for (const std::string_view piece : pieces) {
      std::string out;
      decoder.feed(piece, out);
      inspector.feed(out);
    }
    const ContentFacts& facts = inspector.facts();
    CHECK(decoder.octets() == facts.octets);
    CHECK(facts.lines == 4);
    CHECK(facts.longest_line == 4);
    CHECK(facts.body() == BodyType::eight_bit);
  });
  CHECK_FALSE(inspect(std::string(998, 'x') + "\r\n").needs_reencoding());
  CHECK(inspect(std::string(999, 'x') + "\r\n").needs_reencoding());
  CHECK(inspect("a\r\nbcd").longest_line == 3);
  CHECK(inspect("abc").body() == BodyType::seven_bit);
}

TEST_CASE("mail data: local text gets CRLF line ends and a last line end, however it is cut") {
  const std::pair<const char*, const char*> cases[] = {
      {"a\nb\n", "a\r\nb\r\n"}, {"a\r\nb\r\n", "a\r\nb\r\n"}, {"a", "a\r\n"},           {"", ""},
      {"\n", "\r\n"},           {"\n\n", "\r\n\r\n"},         {".\n.\n", ".\r\n.\r\n"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    for_each_cut(text, [wanted = expected](const auto& pieces) { CHECK(normalise(pieces) == wanted); });
  }
}

TEST_CASE("mail data: in local text only LF ends a line; CRs around it vanish, other CRs are a space") {
  const std::pair<const char*, const char*> cases[] = {
      {"Subject: hi\rBcc: x\n", "Subject: hi Bcc: x\r\n"},
      {"a\r\rb\rc", "a b c\r\n"},
      {"A: 1\r\r\nB: 2\r\r\n\r\r\nbody\r\r\n", "A: 1\r\nB: 2\r\n\r\nbody\r\n"},
      {"A: 1\n\rB: 2\n\r\n\rbody\n\r", "A: 1\r\nB: 2\r\n\r\nbody\r\n"},
      {"\rA: 1\r \r\n", "A: 1  \r\n"},
      {"\r", ""},
      {"a\r", "a\r\n"},
      {"\r\n\n\r", "\r\n\r\n"},
      {"a\v\fb\xc2\x85"
       "c\xe2\x80\xa8"
       "d\n",
       "a\v\fb\xc2\x85"
       "c\xe2\x80\xa8"
       "d\r\n"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    for_each_cut(text, [wanted = expected](const auto& pieces) { CHECK(normalise(pieces) == wanted); });
  }
}

TEST_CASE("mail data: local text with a NUL is refused") {
  LineEndNormaliser normaliser;
  std::string out;
  normaliser.feed(std::string_view("a\0b", 3), out);
  CHECK(normaliser.flaw() == Flaw::nul);
}

TEST_CASE("mail data: what leaves has CRLF line ends, stuffed dots and one end, however it is cut") {
  const std::pair<const char*, const char*> cases[] = {
      {"", ".\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {".\r\n", "..\r\n.\r\n"},
      {".a\r\n..\r\n", "..a\r\n...\r\n.\r\n"},
      {"a\n.\n", "a\r\n..\r\n.\r\n"},
      {"a\r.\rMAIL", "a . MAIL\r\n.\r\n"},
      {"a\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n"},
      {"a\r\r\n.\r\n", "a\r\n..\r\n.\r\n"},
  };
  for (const auto& [content, expected] : cases) {
    CAPTURE(content);
    for_each_cut(content, [wanted = expected](const auto& pieces) { CHECK(encode(pieces) == wanted); });
  }
}

TEST_CASE("mail data: no content at all can end its own transmission early") {
  const std::string alphabet("\r\n.a\0", 5);
  for (std::size_t number = 0; number < 5 * 5 * 5 * 5 * 5 * 5; ++number) {
    std::string content;
    for (std::size_t rest = number, i = 0; i < 6; ++i, rest /= 5) content.push_back(alphabet[rest % 5]);
    const std::string sent = encode({content});
    const Decoded decoded = decode({sent});
    REQUIRE(decoded.complete);
    REQUIRE(decoded.rest.empty());
    REQUIRE(decoded.flaw != Flaw::bare_line_end);
    if (decoded.flaw == Flaw::none) REQUIRE(decoded.content == normalise({content}));
  }
}

TEST_CASE("mail data: what comes octet by octet and what comes at once is the same, whatever it is") {
  const std::string alphabet("\r\n.a\0", 5);
  for (std::size_t number = 0; number < 5 * 5 * 5 * 5 * 5 * 5 * 5; ++number) {
    std::string data = "ok\r\n";
    for (std::size_t rest = number, i = 0; i < 7; ++i, rest /= 5) data.push_back(alphabet[rest % 5]);
    std::vector<std::string_view> octets;
    for (std::size_t i = 0; i < data.size(); ++i) octets.push_back(std::string_view(data).substr(i, 1));
    const Decoded whole = decode({data}), slow = decode(octets);
    REQUIRE(whole.content == slow.content);
    REQUIRE(whole.rest == slow.rest);
    REQUIRE(whole.complete == slow.complete);
    REQUIRE(whole.flaw == slow.flaw);
    REQUIRE(encode({data}) == encode(octets));
  }
}
