// Responses by Boost.Beast.
#include "mta/http_client/response_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::http_client {
namespace {

namespace http = boost::beast::http;
using Parser = http::response_parser<http::string_body>;
using boost::system::error_code;

Error no_http(const error_code& code) {
  return Error::transient("the answer is no HTTP that can be used: " + proto::printable(code.message(), 100));
}

std::string media_type_of(std::string_view field) {
  constexpr std::size_t kMost = 100;
  return proto::printable(proto::lower_case(proto::trimmed(field.substr(0, field.find(';')))), kMost);
}

bool is_interim(unsigned status) { return status / 100 == 1; }

}  // namespace

struct ResponseReader::State {
  State() { begin(); }
  ~State() {
    auth::wipe(unread);
    auth::wipe(parser->get().body());
  }
  void begin() {
    parser.emplace();
    parser->header_limit(kMaxHeader);  // limit of the part that Beast has not parsed yet: the whole header is counted below
    parser->body_limit(kMaxContent);
    parser->eager(true);
  }
  Result<bool> parse();

  std::optional<Parser> parser;
  std::string unread;      // octets that the parser has not taken: it needs a complete header
  std::size_t octets = 0;  // in all
  std::size_t header = 0;  // of headers
  int interim = 0;
};

// RFC 9110 15.2: 1xx responses come before the final one. 101 was not asked for.
Result<bool> ResponseReader::State::parse() {
  while (!unread.empty() && !parser->is_done()) {
    error_code code;
    const bool is_header = !parser->is_header_done();
    const std::size_t offered = is_header ? std::min(unread.size(), kMaxHeader - header) : unread.size();
    const std::size_t used = parser->put(boost::asio::buffer(unread.data(), offered), code);
    unread.erase(0, used);
    if (code && code != http::error::need_more) return no_http(code);
    if (is_header) header += used;
    if (!parser->is_header_done() && header + unread.size() >= kMaxHeader) return Error::transient("the answer's header is too long");
    if (used == 0 && !parser->is_done()) break;
    if (!parser->is_done() || !is_interim(parser->get().result_int())) continue;
    if (parser->get().result_int() == 101 || ++interim > kMaxInterim)
      return Error::transient("the host answers with " + std::to_string(parser->get().result_int()) + ", which nobody has asked for");
    begin();
  }
  return parser->is_done();
}

ResponseReader::ResponseReader() : state_(std::make_unique<State>()) {}
ResponseReader::~ResponseReader() = default;

Result<bool> ResponseReader::feed(std::string_view octets) {
  state_->octets += octets.size();
  if (state_->octets > kMaxOctets) return Error::transient("the answer is too long");
  state_->unread.append(octets);
  return state_->parse();
}

// RFC 9112 6.3: without a length the content ends with the connection.
Status ResponseReader::end() {
  Parser& parser = *state_->parser;
  if (parser.is_done()) return {};
  if (!parser.got_some()) return Error::transient("the host closed the connection without an answer");
  error_code code;
  if (state_->unread.empty()) parser.put_eof(code);
  return parser.is_done() && !code ? Status() : Error::transient("the answer broke off");
}

Response ResponseReader::take() {
  auto& message = state_->parser->get();
  Response response;
  response.status = static_cast<int>(message.result_int());
  response.media_type = media_type_of(message[http::field::content_type]);
  response.content = auth::Secret(std::move(message.body()));
  return response;
}

}  // namespace mxpress::mta::http_client
