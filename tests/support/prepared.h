// The content for a mail host, with its signatures.
#pragma once

#include <utility>

#include "mta/content/pipeline.h"

namespace mxpress::testing {

// Both steps of a transaction, one after the other.
inline Task<mta::content::Prepared> prepare_all(mta::content::Pipeline& pipeline, mta::content::HostNeeds needs) {
  mta::content::Prepared content = co_await pipeline.prepare(needs);
  if (!content.refusal && pipeline.signs()) content = co_await pipeline.sign(std::move(content), needs.host);
  co_return content;
}

}  // namespace mxpress::testing
