// What is asked of an HTTPS host, and what it answers. RFC 9110.
#pragma once

#include <string>

#include "mta/auth/secret.h"
#include "proto/https_url.h"

namespace mxpress::mta::http_client {

struct Request {
  proto::HttpsUrl url;
  std::string method = "POST";
  std::string content_type = "application/x-www-form-urlencoded";
  auth::Secret content;  // it may hold a secret, so does the answer's
};

struct Response {
  int status = 0;          // of three digits, never 1xx
  std::string media_type;  // lower case, without parameters: "application/json"; empty: not stated
  auth::Secret content;
};

// As it goes over the wire, for one exchange on a connection.
auth::Secret text_of(const Request& request);

}  // namespace mxpress::mta::http_client
