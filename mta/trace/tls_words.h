// What a host notes about TLS in a comment of its Received field. Pure.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::mta::trace {

struct TlsWords {
  std::string version;  // "TLSv1.3"; "TLS" if the comment names no version
  std::string cipher;   // "TLS_AES_256_GCM_SHA384"
};

bool is_about_tls(std::string_view comment);
TlsWords tls_words(std::string_view comment);

}  // namespace mxpress::mta::trace
