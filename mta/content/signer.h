// Who signs content, as the pipeline knows it.
#pragma once

#include <string>

#include "mta/content/data_source.h"
#include "proto/envelope.h"

namespace mxpress::mta::content {

struct Signature {
  std::string fields;  // header fields with CRLF, to be put in front of the content; empty: this message is not signed
  std::string domain;  // that signed
};

// Signs what a host gets, whatever scheme it is by: of the content alone (DKIM), or of the envelope, too. Any thread.
class Signer {
 public:
  virtual ~Signer() = default;
  // Reads the content, from its beginning to its end once or more; it has an empty line behind its header. An Error is transient: nothing
  // is sent unsigned because it could not be signed.
  virtual Task<Result<Signature>> sign(DataSource& content, const proto::Envelope& envelope) = 0;
};

}  // namespace mxpress::mta::content
