// A request to an HTTPS host, and its response. RFC 9110.
#pragma once

#include <string>

#include "mta/auth/secret.h"
#include "proto/https_url.h"

namespace mxpress::mta::http_client {

struct Request {
  proto::HttpsUrl url;
  std::string method = "POST";
  std::string content_type = "application/x-www-form-urlencoded";
  auth::Secret content;  // may hold a secret, as may the content of the response; empty for GET
  std::string accept = "application/json";
};

struct Response {
  int status = 0;          // of three digits, never 1xx
  std::string media_type;  // lower case, without parameters: "application/json"; empty: not given
  auth::Secret content;
};

// The wire form of the request, for a connection with one exchange.
auth::Secret text_of(const Request& request);

}  // namespace mxpress::mta::http_client
