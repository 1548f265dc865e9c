// Responses: complete ones in pieces of any size, and invalid ones.
#include "mta/http_client/response_reader.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {
namespace {

using mta::http_client::Response;
using mta::http_client::ResponseReader;

const std::string kJson = "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}";

// In pieces of that size, then the end of the connection.
Result<Response> read(const std::string& text, std::size_t piece) {
  ResponseReader reader;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const auto whole = reader.feed(std::string_view(text).substr(at, piece));
    if (!whole) return whole.error();
    if (*whole) return reader.take();
  }
  if (const Status status = reader.end(); !status) return status.error();
  return reader.take();
}

std::string failure(const Result<Response>& result) { return result ? "none" : result.error().message; }

}  // namespace

TEST_CASE("response: the same comes of it whatever the pieces") {
  const std::string texts[] = {
      kJson,
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n",
      "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kJson,
      kJson + "what stands behind it",
  };
  for (const std::string& text : texts) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, text.size()}) {
      INFO(text << " in pieces of " << piece);
      const auto response = read(text, piece);
      REQUIRE(failure(response) == "none");
      CHECK(response->status == 200);
      CHECK(response->media_type == "application/json");
      CHECK(response->content.reveal() == "{}");
    }
  }
}

TEST_CASE("response: a redirect and a refusal are responses like others") {
  const auto redirect = read("HTTP/1.1 302 Found\r\nLocation: https://other.example/\r\nContent-Length: 0\r\n\r\n", 10);
  REQUIRE(redirect);
  CHECK(redirect->status == 302);
  CHECK(redirect->media_type == "");
  const auto refusal = read("HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\noops", 10);
  REQUIRE(refusal);
  CHECK(refusal->status == 400);
  CHECK(refusal->content.reveal() == "oops");
}

TEST_CASE("response: what breaks off is no response") {
  CHECK_THAT(failure(read("", 1)), Catch::Contains("without an answer"));
  for (std::size_t length = 1; length < kJson.size(); ++length) {
    INFO(kJson.substr(0, length));
    CHECK_THAT(failure(read(kJson.substr(0, length), length)), Catch::Contains("broke off"));
  }
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", 1));
}

TEST_CASE("response: what is no HTTP, or has two lengths, is refused") {
  CHECK_FALSE(read("220 mx.there.example ESMTP\r\n", 1));
  CHECK_FALSE(read("HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", 1));
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 1));
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", 1));
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n{}", 1));
}

TEST_CASE("response: header, content and interim responses have bounds") {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  CHECK(read(
      head + "Content-Length: " + std::to_string(ResponseReader::kMaxContent) + "\r\n\r\n" + std::string(ResponseReader::kMaxContent, 'x'),
      8192));
  CHECK_FALSE(read(head + "Content-Length: " + std::to_string(ResponseReader::kMaxContent + 1) + "\r\n\r\n", 8192));
  CHECK_FALSE(read(head + "\r\n" + std::string(ResponseReader::kMaxContent + 1, 'x'), 8192));
  std::string chunks;
  for (std::size_t size = 0; size <= ResponseReader::kMaxContent; size += 4096) chunks += "1000\r\n" + std::string(4096, 'x') + "\r\n";
  CHECK_FALSE(read(head + "Transfer-Encoding: chunked\r\n\r\n" + chunks, 8192));
  std::string fields;
  while (fields.size() < ResponseReader::kMaxHeader) fields += "X-Field: " + std::string(1000, 'x') + "\r\n";
  CHECK_FALSE(read(head + fields + "\r\n", 8192));
  CHECK_FALSE(read(head + "X-Field: " + std::string(ResponseReader::kMaxHeader, 'x'), 8192));
  fields.clear();
  while (fields.size() + head.size() + 2 < ResponseReader::kMaxHeader) fields += "X: y\r\n";
  CHECK_FALSE(read(head + fields + "X: yz\r\n" + "\r\n", 64));
  fields.resize(fields.size() - 12);
  CHECK(read(head + fields + "\r\n", 64));
  std::string trailers;
  while (trailers.size() < ResponseReader::kMaxOctets) trailers += "X-Trailer: y\r\n";
  CHECK_FALSE(read(head + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + trailers + "\r\n", 8192));
  std::string interim;
  for (int i = 0; i <= ResponseReader::kMaxInterim; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  CHECK_FALSE(read(interim + kJson, 8192));
  CHECK_FALSE(read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 8192));
}

}  // namespace mxpress::testing
