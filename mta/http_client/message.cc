// Writes requests as text.
#include "mta/http_client/message.h"

namespace mxpress::mta::http_client {

// RFC 9112 3, 9.6. The memory is reserved at once: a growing string would leave copies of a secret behind.
auth::Secret text_of(const Request& request) {
  const std::string& content = request.content.reveal();
  std::string head = request.method + " " + request.url.target + " HTTP/1.1\r\nHost: " + request.url.authority() +
                     "\r\nUser-Agent: mxpress/" MXPRESS_VERSION "\r\nAccept: " + request.accept;
  if (request.method != "GET")
    head += "\r\nContent-Type: " + request.content_type + "\r\nContent-Length: " + std::to_string(content.size());
  head += "\r\nConnection: close\r\n\r\n";
  std::string text;
  text.reserve(head.size() + content.size());
  return auth::Secret(std::move(text.append(head).append(content)));
}

}  // namespace mxpress::mta::http_client
